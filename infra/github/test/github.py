#!/usr/bin/env python3
"""Stands in for GitHub's CLI (`gh api`), with a repository that remembers its settings and answers in GitHub's form. Its
memory is the file that GITHUB_STATE names. Must never be more forgiving than GitHub: what it does not know is an error.

The memory's keys: `sent` (every request that writes), `environments`, `policies`, `rulesets`, `plain` (everything else by
path); `refuse` (a GET of this path fails), `forget` (a write to this path is answered, and has no effect).
"""

import json
import os
import re
import sys
from pathlib import Path

FILE = Path(os.environ["GITHUB_STATE"])
REPOSITORY = "repos/acme/sample/"


def environment(name, body):
    """An environment that was asked for so, as GitHub answers with it."""
    rules = [{"id": 3, "type": "branch_policy"}]
    if body["wait_timer"]:
        rules.append({"id": 1, "type": "wait_timer", "wait_timer": body["wait_timer"]})
    if body["reviewers"]:
        reviewers = [{"type": each["type"], "reviewer": {"id": each["id"], "slug": "x"}} for each in body["reviewers"]]
        approval = {"id": 2, "type": "required_reviewers", "prevent_self_review": body["prevent_self_review"], "reviewers": reviewers}
        rules.append(approval)
    return {"id": 7, "name": name, "protection_rules": rules, "deployment_branch_policy": body["deployment_branch_policy"]}


def protection(body):
    """A branch's protection, likewise."""
    answer = {key: {"enabled": value} if isinstance(value, bool) else value for key, value in body.items() if value is not None}
    checks = answer["required_status_checks"]
    checks["contexts"] = [check["context"] for check in checks["checks"]]
    return answer | {"url": "https://api.github.com/x"}


def write(state, method, path, body):
    match [method, *path.split("/")]:
        case ["PUT", "environments", name]:
            state["environments"][name] = environment(name, body)
            state["policies"].setdefault(name, [])
        case ["POST", "environments", name, "deployment-branch-policies"]:
            state["policies"][name].append({"id": 5, "name": body["name"], "type": body["type"]})
        case ["POST", "rulesets"]:
            state["rulesets"].append({**body, "id": 40 + len(state["rulesets"]), "source_type": "Repository"})
        case ["PUT", "rulesets", number]:
            (there,) = [each for each in state["rulesets"] if each["id"] == int(number)]
            there.update(body)
        case ["PUT", "branches", "main", "protection"]:
            state["plain"][path] = protection(body)
        case ["PUT", "actions", *_]:
            state["plain"][path] = {**body, "url": "https://api.github.com/x"}
        case _:
            sys.exit(f"gh: Not Found (HTTP 404): {method} {path}")


def read(state, path):
    path = re.sub(r"[?].*", "", path)
    match path.split("/"):
        case ["environments"]:
            return {"environments": [*state["environments"].values()]}
        case ["environments", name] if name in state["environments"]:
            return state["environments"][name]
        case ["environments", name, "deployment-branch-policies"] if name in state["policies"]:
            return {"branch_policies": state["policies"][name]}
        case ["rulesets"]:
            return [{key: each[key] for key in ("id", "name", "target")} for each in state["rulesets"]]
        case ["rulesets", number]:
            (there,) = [each for each in state["rulesets"] if each["id"] == int(number)]
            return there
    if path not in state["plain"]:
        sys.exit(f"gh: Not Found (HTTP 404): {path}")
    return state["plain"][path]


def main(words):
    state = json.loads(FILE.read_text())
    match words:
        case ["api", "orgs/acme/teams/reviewers"]:
            print('{"id": 77}')
        case ["api", "--method", method, path, "--input", "-"] if path.startswith(REPOSITORY):
            path, body = path.removeprefix(REPOSITORY), json.load(sys.stdin)
            state["sent"].append([method, path, body])
            if path != state.get("forget"):
                write(state, method, path, body)
            FILE.write_text(json.dumps(state))
        case ["api", *pages, path] if path.startswith(REPOSITORY) and pages in ([], ["--paginate", "--slurp"]):
            path = path.removeprefix(REPOSITORY)
            if state.get("refuse") and path.startswith(state["refuse"]):
                sys.exit("gh: Server Error (HTTP 502)")
            answer = read(state, path)
            print(json.dumps([answer] if pages else answer))
        case _:
            sys.exit(f"gh: unknown: {words}")


main(sys.argv[1:])
