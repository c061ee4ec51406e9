"""The worker's requests to ECS and the simulator's answers against the service model that botocore ships. The recording
is of every flow of the crash suite.
"""

import os
import unittest

import exchange
from ecs_model import Model

# What the worker calls (tests/crashes/src/recorder/known.rs): a recording without one of them shows less than it says.
CALLED = {
    "DeregisterTaskDefinition",
    "DescribeServiceDeployments",
    "DescribeServiceRevisions",
    "DescribeServices",
    "DescribeTaskDefinition",
    "DescribeTasks",
    "ListServiceDeployments",
    "ListTaskDefinitions",
    "ListTasks",
    "RegisterTaskDefinition",
    "UpdateService",
}


class Ecs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = Model()
        cls.exchanges = exchange.read(os.environ["RECORDING"], "ECS")

    def one(self, operation):
        return next(found for found in self.exchanges if self.model.operation(found) == operation)

    def test_everything_recorded_is_as_aws_describes_it(self):
        for recorded in self.exchanges:
            with self.subTest(str(recorded)):
                self.assertEqual(self.model.violations(recorded), [])

    def test_every_call_of_the_worker_is_recorded(self):
        self.assertLessEqual(CALLED, {self.model.operation(recorded) for recorded in self.exchanges})

    def found(self, violating, operation, part, *words):
        violations = self.model.violations(violating)
        self.assertEqual([(violation[0], violation[1]) for violation in violations], [(operation, part)], violations)
        for word in words:
            self.assertIn(word, violations[0][2])

    def test_a_request_with_a_misspelt_member_is_found(self):
        update = self.one("UpdateService")
        self.assertEqual(self.model.violations(update), [])
        misspelt = update.with_body(lambda body: body.update(desiredcount=0))
        self.found(misspelt, "UpdateService", "request", "desiredcount")

    def test_a_request_without_what_must_be_there_is_found(self):
        self.found(self.one("UpdateService").with_body(lambda body: body.pop("service")), "UpdateService", "request", "service")

    def test_a_count_that_is_text_is_found(self):
        described = self.one("DescribeServices")

        def as_text(answer):
            answer["services"][0]["runningCount"] = "1"

        self.found(described.with_answer(as_text), "DescribeServices", "answer", "services[0].runningCount", "int")

    def test_a_state_that_does_not_exist_is_found(self):
        def another(answer):
            answer["services"][0]["deployments"][0]["rolloutState"] = "STUCK"

        self.found(self.one("DescribeServices").with_answer(another), "DescribeServices", "answer", "rolloutState", "'STUCK'")

    def test_a_time_that_is_text_is_found(self):
        def as_text(answer):
            answer["services"][0]["createdAt"] = "2026-11-23T09:00:00Z"

        self.found(self.one("DescribeServices").with_answer(as_text), "DescribeServices", "answer", "createdAt", "number")

    def test_a_member_that_does_not_exist_is_found(self):
        described = self.one("DescribeTasks").with_answer(lambda answer: answer["tasks"][0].update(digest="sha256:1"))
        self.found(described, "DescribeTasks", "answer", "digest")

    def test_null_is_found(self):
        described = self.one("DescribeTasks").with_answer(lambda answer: answer["tasks"][0].update(tags=None))
        violations = self.model.violations(described)
        self.assertIn(("DescribeTasks", "answer", "tasks[0].tags is null"), violations)

    def test_an_operation_and_an_error_that_do_not_exist_are_found(self):
        update = self.one("UpdateService")
        target = {"x-amz-target": "AmazonEC2ContainerServiceV20141113.RestartService"}
        self.found(update.changed(headers=target), "none", "path", "RestartService")
        error = update.changed(status=400, answer='{"__type":"NoSuchServiceException","message":"no"}')
        self.found(error, "UpdateService", "answer", "NoSuchServiceException")


if __name__ == "__main__":
    unittest.main()
