"""What facts.py says of what was seen: each fact both ways, and when nothing was seen."""

import unittest

import facts
from facts import AS_ASSUMED, LEARNED, NOT_SEEN, OTHERWISE, Look

GOOD, BAD = "arn:task-definition/probe:4", "arn:task-definition/probe:5"


def look(seconds, *deployments, **states):
    return Look(seconds, tuple(deployments), {BAD: states["bad"]} if states else {})


class Facts(unittest.TestCase):
    def test_each_fact_can_hold_fail_and_stay_open(self):
        cases = [
            (facts.tags_at_once([{}], True), AS_ASSUMED),
            (facts.tags_at_once([], True), OTHERWISE),
            (facts.tags_at_once([{}], False), OTHERWISE),
            (facts.inactive_refused("ClientException: TaskDefinition is inactive"), AS_ASSUMED),
            (facts.inactive_refused(None), OTHERWISE),
            (facts.same_definition("ecs-svc/1", "ecs-svc/1"), AS_ASSUMED),
            (facts.same_definition("ecs-svc/1", "ecs-svc/2"), OTHERWISE),
            (facts.matched_by_revision("ecs-svc/12", "arn:aws:ecs:r:1:service-revision/c/s/12"), AS_ASSUMED),
            (facts.matched_by_revision("ecs-svc/12", "arn:aws:ecs:r:1:service-revision/c/s/13"), OTHERWISE),
            (facts.matched_by_revision("ecs-svc/12", None), NOT_SEEN),
            (facts.current_is_fresh("a/1", "a/2", "a/2"), LEARNED),
            (facts.current_is_fresh("a/1", "a/1", "a/2"), LEARNED),
            (facts.current_is_fresh("a/1", "a/1", None), NOT_SEEN),
            (facts.listed_within(1.5, 20), AS_ASSUMED),
            (facts.listed_within(21, 20), OTHERWISE),
            (facts.listed_within(None, 20), OTHERWISE),
            (facts.started_by(["ecs-svc/1"], ["ecs-svc/1"]), AS_ASSUMED),
            (facts.started_by(["probe"], ["ecs-svc/1"]), OTHERWISE),
            (facts.started_by([], ["ecs-svc/1"]), NOT_SEEN),
            (facts.digests(["sha256:1", "sha256:1"]), AS_ASSUMED),
            (facts.digests(["sha256:1", None]), OTHERWISE),
            (facts.digests([]), NOT_SEEN),
            (facts.event_senders(["AIDAEVENTS"], set()), OTHERWISE),
            (facts.event_senders(["111122223333"], {"111122223333"}), OTHERWISE),
            (facts.event_senders(["x"], {"111122223333"}), AS_ASSUMED),
            (facts.event_senders([], set()), NOT_SEEN),
            (facts.own_sender("AROA1:me", "AROA1:me"), AS_ASSUMED),
            (facts.own_sender("AROA2:me", "AROA1:me"), OTHERWISE),
            (facts.own_sender(None, "AROA1:me"), NOT_SEEN),
            (facts.permitted("all well", True), AS_ASSUMED),
            (facts.permitted("AccessDeniedException: not authorized to perform: ecs:TagResource", True), OTHERWISE),
            (facts.permitted("all well", False), NOT_SEEN),
            (facts.trust_keys(None), AS_ASSUMED),
            (facts.trust_keys("MalformedPolicyDocument"), OTHERWISE),
        ]
        for finding, outcome in cases:
            with self.subTest(str(finding)):
                self.assertEqual(finding.outcome, outcome)

    def test_a_rollback_under_a_new_id(self):
        looks = [
            look(5, ("ecs-svc/2", BAD, "IN_PROGRESS"), ("ecs-svc/1", GOOD, "COMPLETED"), bad="IN_PROGRESS"),
            look(300, ("ecs-svc/3", GOOD, "IN_PROGRESS"), ("ecs-svc/2", BAD, "FAILED"), bad="ROLLBACK_IN_PROGRESS"),
            look(400, ("ecs-svc/3", GOOD, "COMPLETED"), bad="ROLLBACK_SUCCESSFUL"),
        ]
        self.assertEqual([each.outcome for each in facts.breaker(looks, "ecs-svc/1", GOOD, BAD)], [LEARNED, AS_ASSUMED, AS_ASSUMED])
        self.assertIn("a new id", facts.breaker(looks, "ecs-svc/1", GOOD, BAD)[0].seen)

    def test_a_rollback_under_the_old_id(self):
        looks = [
            look(5, ("ecs-svc/2", BAD, "IN_PROGRESS"), ("ecs-svc/1", GOOD, "COMPLETED"), bad="IN_PROGRESS"),
            look(400, ("ecs-svc/1", GOOD, "COMPLETED"), ("ecs-svc/2", BAD, "FAILED"), bad="ROLLBACK_FAILED"),
        ]
        self.assertEqual([each.outcome for each in facts.breaker(looks, "ecs-svc/1", GOOD, BAD)], [LEARNED, OTHERWISE, OTHERWISE])
        self.assertIn("the id from before", facts.breaker(looks, "ecs-svc/1", GOOD, BAD)[0].seen)

    def test_no_rollback_within_the_time(self):
        looks = [look(0, ("ecs-svc/1", GOOD, "COMPLETED")), look(5, ("ecs-svc/2", BAD, "IN_PROGRESS"), bad="IN_PROGRESS")]
        for seen in (looks, looks[:1], []):
            self.assertEqual([each.outcome for each in facts.breaker(seen, "ecs-svc/1", GOOD, BAD)], [NOT_SEEN] * 3)

    def test_a_stale_answer_is_told_from_a_fresh_one(self):
        self.assertIn("stale", facts.current_is_fresh("a/1", "a/1", "a/2").seen)
        self.assertNotIn("stale", facts.current_is_fresh("a/1", "a/2", "a/2").seen.replace("stale?", ""))

    def test_the_events_of_a_rollback(self):
        failed, completed = ("SERVICE_DEPLOYMENT_FAILED", "ecs-svc/2"), ("SERVICE_DEPLOYMENT_COMPLETED", "ecs-svc/3")
        judged = lambda events, back="ecs-svc/3": facts.events_of_rollback(events, back, "ecs-svc/2").outcome
        self.assertEqual(judged([failed, completed]), AS_ASSUMED)
        self.assertEqual(judged([failed]), OTHERWISE)
        self.assertEqual(judged([failed, completed], None), NOT_SEEN)
        self.assertEqual(judged([]), NOT_SEEN)


if __name__ == "__main__":
    unittest.main()
