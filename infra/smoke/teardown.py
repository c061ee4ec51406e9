"""Deletes what one run made, found by its names. First everything is looked at: if one thing with such a name does not
carry the run's tag, nothing at all is touched. Can be run again until nothing is left.
"""

import time

from aws import Refused
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
# A cluster with tasks that stop, a group with interfaces that go: asked again.
BUSY = {"ClusterContainsTasksException", "ClusterContainsServicesException", "DependencyViolation", "UpdateInProgressException"}
PATIENCE = 600
PAUSE = 10


class Untagged(Exception):
    """Something has a run's name and not its tag."""


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


class Teardown:
    """Of the run with these names."""

    def __init__(self, aws, names, say=print, pause=PAUSE):
        self.aws, self.names, self.say, self.pause = aws, names, say, pause

    def run(self):
        """What is left afterwards: nothing, it should be. Raises `Untagged` before anything was touched."""
        things = self.look()
        strangers = [what for what, suffix, _ in things if not self.is_ours(suffix)]
        if strangers:
            raise Untagged(
                f"without the tag {TAG}={self.names.suffix}: {', '.join(strangers)}. Nothing was touched. Look whose it is; "
                "what this script makes it tags when it makes it"
            )
        self.say(f"tearing down {self.names.base}: {len(things)} things")
        left = []
        for what, _, delete in things:
            try:
                self.patiently(delete)
            except Refused as refused:
                left.append(f"{what}: {refused}")
        return left

    def is_ours(self, suffix):
        return self.aws.dry_run or suffix == self.names.suffix

    def patiently(self, delete):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return unless_gone(delete)
            except Refused as refused:
                if refused.code not in BUSY or time.monotonic() > end:
                    raise
            time.sleep(self.pause)

    def look(self):
        """What there is, in the order in which it can be deleted: its name, our tag's value on it, and how to delete it."""
        kinds = (self.services, self.definitions, self.cluster, self.rule, self.queues, self.table, self.group, self.repository, self.roles)
        return [thing for kind in kinds for thing in kind()]

    def services(self):
        aws, cluster = self.aws, self.names.cluster
        asked = {"cluster": cluster, "services": list(SERVICES), "include": ["TAGS"]}
        found = unless_gone(lambda: aws("ecs", "describe-services", **asked))
        for service in (found or {}).get("services", []):
            name = service["serviceName"]
            if service["status"] != "INACTIVE":
                delete = lambda name=name: aws("ecs", "delete-service", cluster=cluster, service=name, force=True)
                yield f"service {name}", tagged(service.get("tags", [])), delete

    def definitions(self):
        """All revisions of a family. The worker's own carry its marks and not our tag: then the family's first one tells."""
        aws = self.aws
        for family in self.names.families.values():
            for status in ("ACTIVE", "INACTIVE"):
                listed = aws("ecs", "list-task-definitions", familyPrefix=family, status=status, sort="ASC")
                for arn in listed["taskDefinitionArns"]:
                    if self.aws.dry_run or arn.rpartition("/")[2].rpartition(":")[0] == family:
                        yield f"task definition {arn.rpartition('/')[2]}", self.marked(arn), lambda arn=arn, status=status: self.retire(arn, status)

    def marked(self, arn):
        tags = self.aws("ecs", "describe-task-definition", taskDefinition=arn, include=["TAGS"]).get("tags", [])
        ours = tagged(tags)
        if ours is None and any(each.get("key") == "lockstep:deployment" for each in tags) and not arn.endswith(":1"):
            first = arn.rpartition(":")[0] + ":1"
            answer = unless_gone(lambda: self.aws("ecs", "describe-task-definition", taskDefinition=first, include=["TAGS"]))
            ours = tagged((answer or {}).get("tags", []))
        return ours

    def retire(self, arn, status):
        if status == "ACTIVE":
            self.aws("ecs", "deregister-task-definition", taskDefinition=arn)
        self.aws("ecs", "delete-task-definitions", taskDefinitions=[arn])

    def cluster(self):
        aws, name = self.aws, self.names.cluster
        for cluster in aws("ecs", "describe-clusters", clusters=[name], include=["TAGS"])["clusters"]:
            if cluster["status"] != "INACTIVE":
                yield f"cluster {name}", tagged(cluster.get("tags", [])), lambda: aws("ecs", "delete-cluster", cluster=name)

    def rule(self):
        aws, name = self.aws, self.names.rule
        arn = self.names.arn("events", f"rule/{name}")
        found = unless_gone(lambda: aws("events", "list-tags-for-resource", ResourceARN=arn))

        def delete():
            aws("events", "remove-targets", Rule=name, Ids=["requests", "probe"])
            aws("events", "delete-rule", Name=name)

        if found is not None:
            yield f"rule {name}", tagged(found["Tags"]), delete

    def queues(self):
        aws = self.aws
        for name in self.names.queues.values():
            found = unless_gone(lambda name=name: aws("sqs", "get-queue-url", QueueName=name))
            if found is None:
                continue
            url = found["QueueUrl"]
            tags = aws("sqs", "list-queue-tags", QueueUrl=url).get("Tags", {})
            yield f"queue {name}", tagged(tags), lambda url=url: aws("sqs", "delete-queue", QueueUrl=url)

    def table(self):
        aws, name = self.aws, self.names.table
        found = unless_gone(lambda: aws("dynamodb", "describe-table", TableName=name))
        if found is not None:
            tags = aws("dynamodb", "list-tags-of-resource", ResourceArn=found["Table"]["TableArn"])["Tags"]
            yield f"table {name}", tagged(tags), lambda: aws("dynamodb", "delete-table", TableName=name)

    def group(self):
        aws, name = self.aws, self.names.group
        found = aws("ec2", "describe-security-groups", Filters=[{"Name": "group-name", "Values": [name]}])
        for group in found["SecurityGroups"]:
            delete = lambda number=group["GroupId"]: aws("ec2", "delete-security-group", GroupId=number)
            yield f"security group {name}", tagged(group.get("Tags", [])), delete

    def repository(self):
        aws, name = self.aws, self.names.repository
        found = unless_gone(lambda: aws("ecr", "describe-repositories", repositoryNames=[name]))
        for repository in (found or {}).get("repositories", []):
            tags = aws("ecr", "list-tags-for-resource", resourceArn=repository["repositoryArn"])["tags"]
            yield f"images {name}", tagged(tags), lambda: aws("ecr", "delete-repository", repositoryName=name, force=True)

    def roles(self):
        aws = self.aws
        for name in self.names.roles.values():
            found = unless_gone(lambda name=name: aws("iam", "get-role", RoleName=name))
            if found is not None:
                yield f"role {name}", tagged(found["Role"].get("Tags", [])), lambda name=name: self.forget(name)

    def forget(self, role):
        aws = self.aws
        for policy in aws("iam", "list-attached-role-policies", RoleName=role)["AttachedPolicies"]:
            aws("iam", "detach-role-policy", RoleName=role, PolicyArn=policy["PolicyArn"])
        for policy in aws("iam", "list-role-policies", RoleName=role)["PolicyNames"]:
            aws("iam", "delete-role-policy", RoleName=role, PolicyName=policy)
        aws("iam", "delete-role", RoleName=role)
