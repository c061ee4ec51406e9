"""The names of everything that one run makes: all of them out of its suffix, so that a killed run's things are found
again without a file. Must never give a name that something of somebody else's could have.
"""

import json
import re
import secrets
from pathlib import Path

# Everything that is made carries this tag, with the run's suffix as value.
TAG = "lockstep-smoke"
ROLES = ("execution", "worker", "trust")
# What Lockstep deploys to, and a service that only the probes touch.
SERVICES = ("staging", "production", "probe")
CONTAINER = "app"
POLICY = Path(__file__).parent.parent / "policies" / "worker-actions.json"


class Names:
    """Names and ARNs of the run with this suffix."""

    def __init__(self, suffix, account, region):
        if not re.fullmatch(r"[0-9a-f]{8}", suffix):
            raise ValueError(f"{suffix!r} is no suffix of a run: eight characters of 0-9 and a-f, as the run printed it")
        self.suffix, self.account, self.region = suffix, account, region
        self.base = f"lockstep-smoke-{suffix}"
        partition = "aws-us-gov" if region.startswith("us-gov-") else "aws-cn" if region.startswith("cn-") else "aws"
        self.partition = partition
        self.cluster = self.table = self.repository = self.group = self.rule = self.base
        self.queues = {name: f"{self.base}-{name}" for name in ("requests", "dead-letters", "probe")}
        self.roles = {name: f"{self.base}-{name}" for name in ROLES}
        self.families = {name: f"{self.base}-{name}" for name in SERVICES}

    @staticmethod
    def fresh():
        return secrets.token_hex(4)

    def arn(self, service, resource, region=True):
        return f"arn:{self.partition}:{service}:{self.region if region else ''}:{self.account}:{resource}"

    def role(self, name):
        return self.arn("iam", f"role/{self.roles[name]}", region=False)

    def queue(self, name):
        return self.arn("sqs", self.queues[name])

    def service(self, name):
        return self.arn("ecs", f"service/{self.cluster}/{name}")

    def tags(self, key="Key", value="Value"):
        """In the form that most services take; ECS spells it in lower case."""
        return [{key: TAG, value: self.suffix}]

    def worker_policy(self):
        """`policies/worker-actions.json` for this run's names: as `src/policies/resources.ts` does it for the stacks'."""
        deployed = [name for name in SERVICES if name != "probe"]
        path = f"{self.cluster}/"
        resources = {
            "queue": [self.queue("requests")],
            "dead-letter-queue": [self.queue("dead-letters")],
            "table": [self.arn("dynamodb", f"table/{self.table}")],
            "services": [self.service(name) for name in deployed],
            "service-deployments": [self.arn("ecs", f"service-deployment/{path}{name}/*") for name in deployed],
            "service-revisions": [self.arn("ecs", f"service-revision/{path}{name}/*") for name in deployed],
            "tasks": [self.arn("ecs", f"task/{path}*")],
            "task-definitions": [self.arn("ecs", f"task-definition/{self.families[name]}:*") for name in deployed],
            "task-roles": [self.role("execution")],
            "any": ["*"],
        }
        conditions = {
            "in-clusters": {"ArnEquals": {"ecs:cluster": self.arn("ecs", f"cluster/{self.cluster}")}},
            "while-registering": {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}},
            "to-ecs-tasks": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        }
        statements = []
        for stated in json.loads(POLICY.read_text(encoding="utf-8"))["statements"]:
            arns = sorted({arn for kind in stated["resources"] for arn in resources[kind]})
            statement = {"Sid": stated["sid"], "Effect": "Allow", "Action": sorted(stated["actions"]), "Resource": arns}
            if "condition" in stated:
                statement["Condition"] = conditions[stated["condition"]]
            statements.append(statement)
        return {"Version": "2012-10-17", "Statement": statements}
