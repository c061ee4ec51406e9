"""Which things the teardown takes for its own, with answers given by hand: the tag in every spelling, and revisions that the
worker registered."""

import unittest

from aws import Refused
from belongings import tagged
from names import Names
from teardown import Teardown, Untagged

OURS = [{"key": "lockstep-smoke", "value": "0123abcd"}]
FAMILY = "lockstep-smoke-0123abcd-staging"
ARN = f"arn:aws:ecs:us-east-1:1:task-definition/{FAMILY}"


class Aws:
    """Answers by operation and by what is asked; everything else is not there."""

    dry_run, region = False, "us-east-1"

    def __init__(self, revisions=None, cluster=None):
        self.revisions, self.tags_of_cluster, self.deleted = revisions or {}, cluster, []

    def __call__(self, service, operation, **asked):
        match operation:
            case "list-task-definitions":
                found = [f"{ARN}:{number}" for number in self.revisions] if asked["familyPrefix"] == FAMILY and asked["status"] == "ACTIVE" else []
                return {"taskDefinitionArns": found}
            case "describe-task-definition":
                return {"tags": self.revisions[int(asked["taskDefinition"].rpartition(":")[2])]}
            case "describe-clusters":
                cluster = {"status": "ACTIVE", "tags": self.tags_of_cluster}
                return {"clusters": [cluster] if self.tags_of_cluster is not None else []}
            case "describe-security-groups":
                return {"SecurityGroups": []}
            case "delete-cluster" | "deregister-task-definition" | "delete-task-definitions":
                return self.delete(operation, asked)
        raise Refused(operation, f"An error occurred ({'NoSuchEntity' if service == 'iam' else 'ResourceNotFoundException'}) when calling")

    def delete(self, operation, asked):
        self.deleted.append(operation)
        if operation == "delete-cluster":
            self.tags_of_cluster = None
        if operation == "delete-task-definitions":
            self.revisions.pop(int(asked["taskDefinitions"][0].rpartition(":")[2]))
        return {}


def teardown(aws):
    return Teardown(aws, Names("0123abcd", "1", "us-east-1"), say=lambda line: None, pause=0)


class Ours(unittest.TestCase):
    def test_the_tag_is_read_however_a_service_spells_it(self):
        for tags in (OURS, [{"Key": "lockstep-smoke", "Value": "0123abcd"}], {"lockstep-smoke": "0123abcd"}):
            self.assertEqual(tagged(tags), "0123abcd")
        for tags in ([], {}, [{"key": "other", "value": "0123abcd"}], [{"key": "0123abcd", "value": "lockstep-smoke"}]):
            self.assertIsNone(tagged(tags))

    def test_the_workers_revisions_are_ours_if_the_familys_first_is(self):
        mark = [{"key": "lockstep:deployment", "value": "x"}]
        aws = Aws(revisions={1: OURS, 2: mark})
        self.assertEqual(teardown(aws).run(), [])
        self.assertEqual(len(aws.deleted), 4)
        for strangers in ({1: [], 2: mark}, {1: OURS, 2: []}, {1: mark}):
            aws = Aws(revisions=strangers)
            self.assertRaises(Untagged, teardown(aws).run)
            self.assertEqual(aws.deleted, [])

    def test_without_any_tag_nothing_is_touched(self):
        for tags, deleted in ((OURS, ["delete-cluster"]), ([], None), ([{"key": "lockstep-smoke", "value": "00000000"}], None)):
            aws = Aws(cluster=tags)
            if deleted is None:
                self.assertRaises(Untagged, teardown(aws).run)
            else:
                self.assertEqual(teardown(aws).run(), [])
            self.assertEqual(aws.deleted, deleted or [])


if __name__ == "__main__":
    unittest.main()
