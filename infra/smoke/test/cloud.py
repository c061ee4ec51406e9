#!/usr/bin/env python3
"""Stands in for the `aws` program where it matters what hangs, refuses or is gone: it knows what was created and what was deleted, as
files of the folder CLOUD, and answers as little as smoke.py reads. CLOUD_PLAN says of operations what they do instead: `hang`,
`refuse`, or `made` (done, and then no answer), each for ever or so many times (`hang 1`).
Must never reach anything.
"""

import json
import os
import sys
import time
from pathlib import Path

CLOUD = Path(os.environ["CLOUD"])
PLAN = json.loads(os.environ.get("CLOUD_PLAN", "{}"))
TAG = "lockstep-smoke"
# The operation that makes it, the one that deletes it, and the parameters of both that name it.
KINDS = {
    "cluster": ("create-cluster", "delete-cluster", "clusterName", "cluster"),
    "queue": ("create-queue", "delete-queue", "QueueName", "QueueUrl"),
    "table": ("create-table", "delete-table", "TableName", "TableName"),
    "role": ("create-role", "delete-role", "RoleName", "RoleName"),
    "group": ("create-security-group", "delete-security-group", "GroupName", "GroupId"),
}
service, operation = sys.argv[1:3]
asked = json.loads(sys.argv[sys.argv.index("--cli-input-json") + 1]) if "--cli-input-json" in sys.argv else {}


def refuse(code):
    sys.exit(f"An error occurred ({code}) when calling the {operation} operation: no")


def thing(kind, name):
    return CLOUD / f"{kind} {name.rpartition('/')[2]}"


def suffix_of(tags):
    if isinstance(tags, dict):
        return tags.get(TAG)
    return next((each.get("value", each.get("Value")) for each in tags if TAG in each.values()), None)


def tags_of(name):
    return [{"key": TAG, "value": name}, {"Key": TAG, "Value": name}]


def made(kind, name):
    specified = asked.get("tags") or asked.get("Tags") or asked.get("TagSpecifications", [{"Tags": []}])[0]["Tags"]
    thing(kind, name).write_text(suffix_of(specified) or "")


def cluster():
    kept = thing("cluster", asked["clusters"][0])
    return {"clusters": [{"status": "ACTIVE", "tags": tags_of(kept.read_text())[:1]}] if kept.exists() else []}


def group():
    kept = thing("group", asked["Filters"][0]["Values"][0])
    found = {"GroupId": kept.name.partition(" ")[2], "Tags": tags_of(kept.read_text())[1:]} if kept.exists() else None
    return {"SecurityGroups": [found] if found else []}


def there(kind, code):
    name = next(iter(asked.values()))
    kept = thing(kind, name)
    if not kept.exists():
        refuse(code)
    tags = tags_of(kept.read_text())[1:]
    return {"QueueUrl": f"https://queues/{name}", "Table": {"TableArn": name, "TableStatus": "ACTIVE"}, "Role": {"Tags": tags}}


def services():
    if "include" in asked:
        refuse("ClusterNotFoundException")
    steady = {"status": "PRIMARY", "rolloutState": "COMPLETED"}
    return {"services": [{"deployments": [steady], "runningCount": 1, "desiredCount": 1}]}


READS = {
    "get-caller-identity": lambda: {"Account": "123456789012", "UserId": "AIDASMOKE"},
    "describe-clusters": cluster,
    "describe-security-groups": group,
    "get-queue-url": lambda: there("queue", "QueueDoesNotExist"),
    "describe-table": lambda: there("table", "ResourceNotFoundException"),
    "get-role": lambda: there("role", "NoSuchEntity"),
    "list-queue-tags": lambda: {"Tags": {TAG: thing("queue", asked["QueueUrl"]).read_text()}},
    "list-tags-of-resource": lambda: {"Tags": tags_of(thing("table", asked["ResourceArn"]).read_text())[1:]},
    "list-attached-role-policies": lambda: {"AttachedPolicies": []},
    "list-role-policies": lambda: {"PolicyNames": []},
    "list-task-definitions": lambda: {"taskDefinitionArns": []},
    "describe-services": services,
    "describe-vpcs": lambda: {"Vpcs": [{"VpcId": "vpc-1"}]},
    "describe-subnets": lambda: {"Subnets": [{"SubnetId": "subnet-1"}]},
    "list-tags-for-resource": lambda: refuse("ResourceNotFoundException"),
    "describe-repositories": lambda: refuse("RepositoryNotFoundException"),
}


def answer():
    if operation in READS:
        return READS[operation]()
    for kind, (make, delete, named, deleted) in KINDS.items():
        if operation == make:
            made(kind, asked[named])
            return {"QueueUrl": f"https://queues/{asked[named]}", "GroupId": asked[named]}
        if operation == delete:
            thing(kind, asked[deleted]).unlink(missing_ok=True)
    return {}


planned = PLAN.get(operation)
if planned:
    # How often: a plan of two words ends after so many calls.
    what, _, times = planned.partition(" ")
    count = CLOUD.parent / f"{CLOUD.name}.{operation}"
    before = len(count.read_bytes()) if count.exists() else 0
    with count.open("ab") as file:
        file.write(b".")
    if not times or before < int(times):
        if what == "refuse":
            refuse("AccessDeniedException")
        if what == "made":
            answer()
        time.sleep(600)
print(json.dumps(answer()))
