"""What one run made, found by its names, each thing with the value of our tag on it and the very calls that delete it. Only reads.
Must never find something by its tag alone, nor leave out a thing because another could not be read.
"""

import time
from dataclasses import dataclass

from aws import Failed, Refused, written
from names import SERVICES, TAG

# What the services say of something that is not there.
GONE = {
    "ClusterNotFoundException",
    "ServiceNotFoundException",
    "ServiceNotActiveException",
    "RepositoryNotFoundException",
    "NoSuchEntity",
    "ResourceNotFoundException",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "InvalidGroup.NotFound",
}
# How often one kind is read before it counts as unreadable.
READS = 3


def unless_gone(look):
    try:
        return look()
    except Refused as refused:
        if refused.code in GONE:
            return None
        raise


def tagged(tags):
    """The value of our tag, whichever way the service spells its list."""
    if isinstance(tags, dict):
        return tags.get(TAG)
    return next((each.get("value", each.get("Value")) for each in tags if TAG in (each.get("key"), each.get("Key"))), None)


@dataclass(frozen=True)
class Thing:
    """`calls` delete it, in this order: (service, operation, parameters)."""

    what: str
    suffix: str | None
    calls: tuple

    def by_hand(self, region):
        return [written(region, *call) for call in self.calls]


@dataclass(frozen=True)
class Unread:
    """A kind that could not be looked at: something of it may be left."""

    kind: str
    problem: Exception

    def __str__(self):
        return f"{self.kind}: {self.problem}"


def thing(what, tags, *calls):
    return Thing(what, tagged(tags), calls)


class Belongings:
    """Of the run with these names. `without` are kinds that it cannot have made."""

    def __init__(self, aws, names, pause, without=()):
        self.aws, self.names, self.pause = aws, names, pause
        kinds = (self.services, self.definitions, self.cluster, self.rule, self.queues, self.table, self.group, self.repository, self.roles)
        self.kinds = [kind for kind in kinds if kind.__name__ not in without]

    def look(self):
        """What there is, in the order in which it can be deleted, and what could not be looked at."""
        things, unread = [], []
        for kind in self.kinds:
            found, problem = self.read(kind)
            things += found
            if problem is not None:
                unread.append(Unread(kind.__name__, problem))
        return things, unread

    def read(self, kind):
        """Of one kind, and why that is not all. A refusal that lasts is asked three times, a call that hangs once more."""
        for attempt in range(1, READS + 1):
            found = []
            try:
                for each in kind():
                    found.append(each)
                return found, None
            except Exception as problem:  # also an answer of a shape that nobody expected
                last = not isinstance(problem, Failed) or attempt == READS or (attempt > 1 and not isinstance(problem, Refused))
                if last:
                    return found, problem
            time.sleep(self.pause)
        raise AssertionError("the last attempt returns")

    def services(self):
        aws, cluster = self.aws, self.names.cluster
        asked = {"cluster": cluster, "services": list(SERVICES), "include": ["TAGS"]}
        found = unless_gone(lambda: aws("ecs", "describe-services", **asked))
        for service in (found or {}).get("services", []):
            name = service["serviceName"]
            if service["status"] != "INACTIVE":
                delete = ("ecs", "delete-service", {"cluster": cluster, "service": name, "force": True})
                yield thing(f"service {name}", service.get("tags", []), delete)

    def definitions(self):
        """All revisions of a family. The worker's own carry its marks and not our tag: then the family's first one tells, so it goes
        last."""
        aws = self.aws
        for family in self.names.families.values():
            for status in ("INACTIVE", "ACTIVE"):
                listed = aws("ecs", "list-task-definitions", familyPrefix=family, status=status, sort="DESC")
                for arn in listed["taskDefinitionArns"]:
                    if aws.dry_run or arn.rpartition("/")[2].rpartition(":")[0] == family:
                        retire = [("ecs", "deregister-task-definition", {"taskDefinition": arn})] if status == "ACTIVE" else []
                        delete = ("ecs", "delete-task-definitions", {"taskDefinitions": [arn]})
                        yield Thing(f"task definition {arn.rpartition('/')[2]}", self.marked(arn), (*retire, delete))

    def marked(self, arn):
        tags = self.aws("ecs", "describe-task-definition", taskDefinition=arn, include=["TAGS"]).get("tags", [])
        ours = tagged(tags)
        if ours is None and any(each.get("key") == "lockstep:deployment" for each in tags) and not arn.endswith(":1"):
            first = arn.rpartition(":")[0] + ":1"
            answer = unless_gone(lambda: self.aws("ecs", "describe-task-definition", taskDefinition=first, include=["TAGS"]))
            ours = tagged((answer or {}).get("tags", []))
        return ours

    def cluster(self):
        name = self.names.cluster
        for cluster in self.aws("ecs", "describe-clusters", clusters=[name], include=["TAGS"])["clusters"]:
            if cluster["status"] != "INACTIVE":
                yield thing(f"cluster {name}", cluster.get("tags", []), ("ecs", "delete-cluster", {"cluster": name}))

    def rule(self):
        name = self.names.rule
        arn = self.names.arn("events", f"rule/{name}")
        found = unless_gone(lambda: self.aws("events", "list-tags-for-resource", ResourceARN=arn))
        if found is not None:
            targets = ("events", "remove-targets", {"Rule": name, "Ids": ["requests", "probe"]})
            yield thing(f"rule {name}", found["Tags"], targets, ("events", "delete-rule", {"Name": name}))

    def queues(self):
        aws = self.aws
        for name in self.names.queues.values():
            found = unless_gone(lambda name=name: aws("sqs", "get-queue-url", QueueName=name))
            if found is None:
                continue
            url = found["QueueUrl"]
            # A queue that was deleted is named for a minute yet.
            tags = unless_gone(lambda url=url: aws("sqs", "list-queue-tags", QueueUrl=url))
            if tags is not None:
                yield thing(f"queue {name}", tags.get("Tags", {}), ("sqs", "delete-queue", {"QueueUrl": url}))

    def table(self):
        aws, name = self.aws, self.names.table
        found = unless_gone(lambda: aws("dynamodb", "describe-table", TableName=name))
        # One that is being deleted takes no second deletion, and there is no way back for it.
        if found is not None and found["Table"].get("TableStatus") != "DELETING":
            tags = aws("dynamodb", "list-tags-of-resource", ResourceArn=found["Table"]["TableArn"])["Tags"]
            yield thing(f"table {name}", tags, ("dynamodb", "delete-table", {"TableName": name}))

    def group(self):
        name = self.names.group
        found = self.aws("ec2", "describe-security-groups", Filters=[{"Name": "group-name", "Values": [name]}])
        for group in found["SecurityGroups"]:
            delete = ("ec2", "delete-security-group", {"GroupId": group["GroupId"]})
            yield thing(f"security group {name}", group.get("Tags", []), delete)

    def repository(self):
        aws, name = self.aws, self.names.repository
        found = unless_gone(lambda: aws("ecr", "describe-repositories", repositoryNames=[name]))
        for repository in (found or {}).get("repositories", []):
            tags = aws("ecr", "list-tags-for-resource", resourceArn=repository["repositoryArn"])["tags"]
            yield thing(f"images {name}", tags, ("ecr", "delete-repository", {"repositoryName": name, "force": True}))

    def roles(self):
        aws = self.aws
        for name in self.names.roles.values():
            found = unless_gone(lambda name=name: aws("iam", "get-role", RoleName=name))
            if found is None:
                continue
            attached = aws("iam", "list-attached-role-policies", RoleName=name)["AttachedPolicies"]
            inline = aws("iam", "list-role-policies", RoleName=name)["PolicyNames"]
            yield thing(
                f"role {name}",
                found["Role"].get("Tags", []),
                *[("iam", "detach-role-policy", {"RoleName": name, "PolicyArn": policy["PolicyArn"]}) for policy in attached],
                *[("iam", "delete-role-policy", {"RoleName": name, "PolicyName": policy}) for policy in inline],
                ("iam", "delete-role", {"RoleName": name}),
            )
