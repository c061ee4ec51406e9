"""The AWS CLI against the simulator of ECS: it follows a rollout to its end, and a rolled-back one as ECS would show it.
Everything that it says and is told is held against botocore's service model.
"""

import json
import os
import subprocess
import time
import unittest

from ecs_model import Model
from recorder import Recorder
from town import COMMAND, environment, town

# Seconds: for a rollout of the simulator's to end, and between two looks.
ROLLOUT, PAUSE = 90, 0.5
STAGING = ("--cluster", "staging")
ENDED = {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}


class Failed(Exception):
    """The CLI ended with another code than 0; what it said."""


class Aws:
    """The CLI, at one endpoint."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def ecs(self, *words):
        command = [os.environ["AWS_BIN"], "--endpoint-url", self.endpoint, "--output", "json", "ecs", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND, env=environment())
        if done.returncode != 0:
            raise Failed(f"{words[0]} ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def service(self, name="app"):
        (service,) = self.ecs("describe-services", *STAGING, "--services", name)["services"]
        return service

    def rollouts(self):
        """The service deployments of staging's application, newest first."""
        return self.ecs("list-service-deployments", *STAGING, "--service", "app")["serviceDeployments"]

    def follow(self, arn):
        """A service deployment, looked at until it has ended: the states it was seen in, and the last look."""
        states, deadline = [], time.monotonic() + ROLLOUT
        while time.monotonic() < deadline:
            (rollout,) = self.ecs("describe-service-deployments", "--service-deployment-arns", arn)["serviceDeployments"]
            if rollout["status"] not in states:
                states.append(rollout["status"])
            if rollout["status"] in ENDED:
                return states, rollout
            time.sleep(PAUSE)
        raise AssertionError(f"{arn} has not ended after {ROLLOUT} s: {states}")


class Cli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = Model()
        cls.port = town().ports["ecs"]
        cls.recorder = Recorder("ECS", cls.port)
        cls.addClassCleanup(cls.recorder.close)
        cls.aws = Aws(cls.recorder.url)
        town().push("0.1.0")
        town().lockstep("deploy", "staging", "--wait")

    def assert_as_described(self):
        self.assertTrue(self.recorder.exchanges)
        for recorded in self.recorder.exchanges:
            with self.subTest(str(recorded)):
                self.assertEqual(self.model.violations(recorded), [])

    def test_what_lockstep_deployed_is_shown(self):
        service = self.aws.service()
        (primary,) = service["deployments"]
        self.assertEqual((primary["status"], primary["rolloutState"]), ("PRIMARY", "COMPLETED"))
        self.assertEqual((service["status"], service["runningCount"]), ("ACTIVE", service["desiredCount"]))
        newest = self.aws.rollouts()[0]
        self.assertEqual(newest["status"], "SUCCESSFUL")
        self.assertEqual(service["currentServiceDeployment"], newest["serviceDeploymentArn"])
        definition = self.aws.ecs("describe-task-definition", "--task-definition", service["taskDefinition"], "--include", "TAGS")
        marks = {tag["key"] for tag in definition["tags"]}
        self.assertLessEqual({"lockstep:deployment", "lockstep:leg", "lockstep:fence"}, marks)
        self.assert_as_described()

    def test_a_rollout_is_followed_to_its_end(self):
        before = self.aws.service()
        updated = self.aws.ecs("update-service", *STAGING, "--service", "app", "--force-new-deployment")["service"]
        primary = next(entry for entry in updated["deployments"] if entry["status"] == "PRIMARY")
        self.assertEqual(primary["rolloutState"], "IN_PROGRESS")
        newest = self.aws.rollouts()[0]["serviceDeploymentArn"]
        self.aws.ecs("wait", "services-stable", *STAGING, "--services", "app")
        states, rollout = self.aws.follow(newest)
        self.assertEqual(states, ["SUCCESSFUL"])
        self.assertLessEqual(rollout["createdAt"], rollout["startedAt"])
        self.assertLessEqual(rollout["startedAt"], rollout["finishedAt"])
        self.assertNotIn("rollback", rollout)
        after = self.aws.service()
        (primary,) = after["deployments"]
        self.assertEqual(primary["rolloutState"], "COMPLETED")
        self.assertEqual(after["taskDefinition"], before["taskDefinition"])
        self.assertIn("has reached a steady state", after["events"][0]["message"])
        self.assert_as_described()

    def test_a_rolled_back_one_is_shown_as_such(self):
        before = self.aws.service()
        definition = self.aws.ecs("describe-task-definition", "--task-definition", before["taskDefinition"])["taskDefinition"]
        kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "containerDefinitions")
        changed = {key: definition[key] for key in kept}
        image = changed["containerDefinitions"][0]["image"].partition("@")[0]
        changed["containerDefinitions"][0]["image"] = f"{image}@sha256:{'0' * 64}"
        bad = self.aws.ecs("register-task-definition", "--cli-input-json", json.dumps(changed))["taskDefinition"]
        self.aws.ecs("update-service", *STAGING, "--service", "app", "--task-definition", bad["taskDefinitionArn"])
        newest = self.aws.rollouts()[0]
        states, rollout = self.aws.follow(newest["serviceDeploymentArn"])
        self.assertEqual(rollout["status"], "ROLLBACK_SUCCESSFUL", states)
        self.assertLessEqual(set(states), {"PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"})
        self.assertEqual(rollout["deploymentCircuitBreaker"]["status"], "TRIGGERED")
        self.assertGreaterEqual(rollout["deploymentCircuitBreaker"]["failureCount"], rollout["deploymentCircuitBreaker"]["threshold"])
        back = rollout["rollback"]["serviceRevisionArn"]
        revisions = self.aws.ecs(
            "describe-service-revisions", "--service-revision-arns", back, rollout["targetServiceRevision"]["arn"]
        )["serviceRevisions"]
        definitions = [revision["taskDefinition"] for revision in revisions]
        self.assertEqual(definitions, [before["taskDefinition"], bad["taskDefinitionArn"]])
        # Stable again, and by the old definition.
        self.aws.ecs("wait", "services-stable", *STAGING, "--services", "app")
        self.assertEqual(self.aws.service()["taskDefinition"], before["taskDefinition"])
        stopped = self.aws.ecs("list-tasks", *STAGING, "--service-name", "app", "--desired-status", "STOPPED")["taskArns"]
        reasons = [task.get("stoppedReason", "") for task in self.aws.ecs("describe-tasks", *STAGING, "--tasks", *stopped)["tasks"]]
        self.assertTrue(any("CannotPullContainerError" in reason for reason in reasons), reasons)
        self.aws.ecs("deregister-task-definition", "--task-definition", bad["taskDefinitionArn"])
        self.assert_as_described()

    def test_what_does_not_exist_is_refused_as_the_cli_expects(self):
        with self.assertRaisesRegex(Failed, "ClusterNotFoundException"):
            self.aws.ecs("describe-services", "--cluster", "no-such-cluster", "--services", "app")
        with self.assertRaisesRegex(Failed, "ServiceNotFoundException"):
            self.aws.ecs("update-service", *STAGING, "--service", "no-such-service", "--desired-count", "1")
        # The waiter's own end for a service that is not there.
        with self.assertRaisesRegex(Failed, 'Waiter ServicesStable failed: Waiter encountered a terminal failure state.*"MISSING"'):
            self.aws.ecs("wait", "services-stable", *STAGING, "--services", "no-such-service")
        self.assert_as_described()

    def test_an_answer_that_departs_is_found_by_the_cli_and_by_the_model(self):
        """The violation that must be found: a simulator that says INACTIVE of a service that runs, and a count as text."""

        def depart(exchange):
            text = exchange.answer.replace('"status":"ACTIVE"', '"status":"INACTIVE"')
            return text.replace('"desiredCount":1', '"desiredCount":"one"')

        recorder = Recorder("ECS", self.port, depart)
        self.addCleanup(recorder.close)
        with self.assertRaisesRegex(Failed, 'Waiter ServicesStable failed: .*"INACTIVE"'):
            Aws(recorder.url).ecs("wait", "services-stable", *STAGING, "--services", "database")
        (exchange,) = recorder.exchanges
        problems = [problem for _, _, problem in self.model.violations(exchange)]
        self.assertTrue(any("services[0].desiredCount" in problem for problem in problems), problems)


if __name__ == "__main__":
    unittest.main()
