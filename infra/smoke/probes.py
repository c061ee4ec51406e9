"""Tries out, on a service that nothing else uses, what facts.py judges. Must never touch a service of the deployments.
"""

import json
import time

import facts
from account import STEADY, definition, described, steady
from aws import Failed, Refused
from names import CONTAINER

SERVICE = "probe"
# The circuit breaker took up to forty minutes in the field.
BREAKER = 3600
# A third of worker.claim_lease_seconds, by default: within it an update must be listed (worker/src/config/types.rs).
LISTED = 20


def primary(service):
    return next((each for each in service["deployments"] if each["status"] == "PRIMARY"), {"id": None, "taskDefinition": None})


class Probes:
    """On the run's own service, with the image that it runs."""

    def __init__(self, aws, names, image, queues, identity, patience=BREAKER, pause=10):
        self.aws, self.names, self.image = aws, names, image
        self.queue, self.identity = queues["probe"], identity
        self.patience, self.pause = patience, pause
        self.crashed = self.restored = None

    def run(self):
        """Every finding. One probe that fails is said, and the others go on."""
        for probe in (self.sender, self.tags, self.inactive, self.update, self.tasks, self.crash, self.events, self.trust):
            try:
                yield from probe()
            except (Failed, TimeoutError, KeyError, IndexError) as error:
                yield facts.unanswered(probe.__doc__.strip().partition(":")[0], error)

    def register(self, **container):
        asked = definition(self.names, SERVICE, self.image, **container)
        return self.aws("ecs", "register-task-definition", **asked)["taskDefinition"]["taskDefinitionArn"]

    def service(self):
        return described(self.aws, self.names.cluster, SERVICE)

    def point_to(self, arn):
        return self.aws("ecs", "update-service", cluster=self.names.cluster, service=SERVICE, taskDefinition=arn)["service"]

    def sender(self):
        """SenderId: a message of our own, looked at before there are events."""
        self.aws("sqs", "send-message", QueueUrl=self.queue, MessageBody="who am I?")
        mine = [each for each in self.received(30, enough=lambda all: "who am I?" in [one["Body"] for one in all]) if each["Body"] == "who am I?"]
        yield facts.own_sender(mine[0]["Attributes"]["SenderId"] if mine else None, self.identity["UserId"])

    def tags(self):
        """Tags and listing: right after a revision was registered."""
        arn = self.register(environment={"PROBE": "tags"})
        shown = self.aws("ecs", "describe-task-definition", taskDefinition=arn, include=["TAGS"]).get("tags", [])
        listed = self.aws("ecs", "list-task-definitions", familyPrefix=self.names.families[SERVICE])["taskDefinitionArns"]
        yield facts.tags_at_once(shown, arn in listed)

    def inactive(self):
        """INACTIVE: an update to a deregistered revision."""
        arn = self.register(environment={"PROBE": "inactive"})
        self.aws("ecs", "deregister-task-definition", taskDefinition=arn)
        try:
            self.point_to(arn)
            refusal = None
        except Refused as refused:
            refusal = refused.said
        yield facts.inactive_refused(refusal)
        if refusal is None:
            self.point_to(f"{self.names.families[SERVICE]}:1")

    def update(self):
        """An update: its ids, how soon it is listed, and the same once more."""
        before = self.service()
        arn = self.register(environment={"PROBE": "update"})
        known = set(self.listed())
        asked = time.monotonic()
        after = self.point_to(arn)
        current = self.service().get("currentServiceDeployment")
        newest = waited = None
        while newest is None and time.monotonic() - asked < 3 * LISTED and not self.aws.dry_run:
            newest = next((each for each in self.listed() if each not in known), None)
            waited = time.monotonic() - asked
        yield facts.listed_within(waited if newest else None, LISTED)
        yield facts.current_is_fresh(before.get("currentServiceDeployment"), current, newest)
        yield facts.matched_by_revision(primary(after)["id"], self.revision_of(arn))
        self.aws.until("the probe is steady", STEADY, lambda: steady(self.aws, self.names.cluster, SERVICE), pause=self.pause)
        yield facts.same_definition(primary(self.service())["id"], primary(self.point_to(arn))["id"])

    def listed(self):
        asked = {"cluster": self.names.cluster, "service": SERVICE}
        answer = self.aws("ecs", "list-service-deployments", quiet=True, **asked)
        return [each["serviceDeploymentArn"] for each in answer["serviceDeployments"]]

    def service_deployments(self):
        """(targetServiceRevisionArn, definition, status) of the newest twenty."""
        arns = self.listed()[:20]
        if not arns:
            return []
        found = self.aws("ecs", "describe-service-deployments", quiet=True, serviceDeploymentArns=arns)["serviceDeployments"]
        targets = {each["targetServiceRevision"]["arn"]: each["status"] for each in found if each.get("targetServiceRevision")}
        asked = {"serviceRevisionArns": list(targets)}
        revisions = self.aws("ecs", "describe-service-revisions", quiet=True, **asked)["serviceRevisions"] if targets else []
        return [(each["serviceRevisionArn"], each["taskDefinition"], targets.get(each["serviceRevisionArn"])) for each in revisions]

    def revision_of(self, definition):
        return next((arn for arn, of, _ in self.service_deployments() if of == definition), None)

    def tasks(self):
        """Tasks: who started them, and the digests of what they run."""
        deployments = [each["id"] for each in self.service()["deployments"]]
        arns = self.aws("ecs", "list-tasks", cluster=self.names.cluster, serviceName=SERVICE)["taskArns"]
        tasks = self.aws("ecs", "describe-tasks", cluster=self.names.cluster, tasks=list(arns))["tasks"] if arns else []
        yield facts.started_by([each.get("startedBy") for each in tasks], deployments)
        yield facts.digests([one.get("imageDigest") for each in tasks for one in each["containers"] if one["name"] == CONTAINER])

    def crash(self):
        """The circuit breaker: a revision whose container ends at once."""
        before = primary(self.service())
        bad = self.register(entryPoint=["/bin/false"], command=[])
        begun = time.monotonic()
        self.point_to(bad)
        looks = []

        def ended():
            service = self.service()
            deployments = sorted(service["deployments"], key=lambda each: each["status"] != "PRIMARY")
            shape = tuple((each["id"], each["taskDefinition"], each.get("rolloutState")) for each in deployments)
            states = {definition: status for _, definition, status in self.service_deployments()}
            looks.append(facts.Look(time.monotonic() - begun, shape, states))
            first = shape[0] if shape else None
            back = len(shape) == 1 and first[1] != bad and first[2] == "COMPLETED"
            return back and str(states.get(bad, "")).startswith(("ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED"))

        try:
            self.aws.until("the circuit breaker has rolled back", self.patience, ended, pause=self.pause)
        except TimeoutError:
            pass  # said by what was seen
        self.crashed = next((look.deployments[0][0] for look in looks if look.deployments[0][1] == bad), None)
        last = looks[-1].deployments[0]
        self.restored = last[0] if last[1] != bad and self.crashed else None
        yield from facts.breaker(looks, before["id"], before["taskDefinition"], bad)

    def events(self):
        """Events: what EventBridge put into the probe's queue meanwhile."""
        received = self.received(60)
        events = [json.loads(each["Body"]) for each in received if each["Body"].startswith("{")]
        senders = [each["Attributes"]["SenderId"] for each in received if each["Body"].startswith("{")]
        yield facts.event_senders(senders, {self.identity["UserId"].partition(":")[0], self.identity["Account"]})
        named = [each["detail"] for each in events if each.get("resources", [""])[0].endswith(f"/{SERVICE}")]
        yield facts.events_of_rollback([(each["eventName"], each["deploymentId"]) for each in named], self.restored, self.crashed)

    def received(self, seconds, enough=lambda all: False):
        """Messages of the probe's queue, until it is empty for a long poll or the time is up."""
        messages, end = [], time.monotonic() + seconds
        asked = {"QueueUrl": self.queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": min(20, int(self.pause * 2))}
        while True:
            answer = self.aws("sqs", "receive-message", quiet=True, AttributeNames=["SenderId"], **asked)
            if self.aws.dry_run:
                return []
            found = answer.get("Messages", [])
            for each in found:
                self.aws("sqs", "delete-message", quiet=True, QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
            messages += found
            if not found or enough(messages) or time.monotonic() > end:
                return messages

    def trust(self):
        """Condition keys: a role that trusts a repository which does not exist, made and left to the teardown."""
        provider = "token.actions.githubusercontent.com"
        condition = {
            f"{provider}:aud": "sts.amazonaws.com",
            f"{provider}:sub": f"repo:{self.names.base}/none:environment:none",
            f"{provider}:repository_id": "0",
            f"{provider}:ref": "refs/heads/none",
        }
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": self.names.arn("iam", f"oidc-provider/{provider}", region=False)},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": condition},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = self.names.roles["trust"]
        try:
            self.aws("iam", "create-role", RoleName=role, AssumeRolePolicyDocument=policy, Tags=self.names.tags())
            refusal = None
        except Refused as refused:
            refusal = refused.said
        yield facts.trust_keys(refusal)
