#!/usr/bin/env python3
"""Makes a repository's settings those of settings/*.json (README, "Settings"): reads first, writes, then reads back and
compares. Needs gh, signed in as an administrator of the repository. Can be run again.

What a file here names is replaced whole, as GitHub's API does it: the allow-list, `main`'s branch protection, waiting time
and reviewers of the environments, the ruleset of the same name. Nothing else must change, and nothing is written if a
setting cannot be read or an environment lets in more than the default branch.

    apply-settings.py <owner>/<repository> <team that approves production>
"""

import json
import subprocess
import sys
from pathlib import Path

SETTINGS = Path(__file__).parent / "settings"
ENVIRONMENTS = ("build", "staging", "production")


def gh(*words, body=None):
    """What GitHub's API answers; None if it says nothing. Ends the program if it refuses."""
    request = None if body is None else json.dumps(body)
    done = subprocess.run(["gh", "api", *words], input=request, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        sys.exit(f"gh api {' '.join(words)}: {(done.stderr + done.stdout).strip()}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def pages(path, key=None):
    """All items of a list, whatever number of pages it has."""
    answers = gh("--paginate", "--slurp", f"{path}{'&' if '?' in path else '?'}per_page=100")
    return [item for answer in answers for item in (answer[key] if key else answer)]


def setting(name):
    return json.loads((SETTINGS / f"{name}.json").read_text(encoding="utf-8"))


def differences(wanted, found, where=""):
    """Where an answer is not what a file asks for. An answer may say more, and says `on` in an object of its own."""
    if isinstance(wanted, bool) and isinstance(found, dict):
        found = found.get("enabled")
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            yield from differences(value, found.get(key), f"{where}.{key}" if where else key)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for value in wanted:
            if all([*differences(value, other)] for other in found):
                yield f"{where} has no {json.dumps(value)}"
    elif wanted != found or isinstance(wanted, bool) != isinstance(found, bool):
        yield f"{where} is {json.dumps(found)}, not {json.dumps(wanted)}"


def as_asked(environment):
    """An environment in the form in which it is asked for: GitHub answers with rules."""
    rules = {rule["type"]: rule for rule in environment["protection_rules"]}
    approval = rules.get("required_reviewers", {})
    reviewers = [{"type": each["type"], "id": each["reviewer"]["id"]} for each in approval.get("reviewers", [])]
    return {
        "wait_timer": rules.get("wait_timer", {}).get("wait_timer", 0),
        "prevent_self_review": approval.get("prevent_self_review", False),
        "reviewers": reviewers or None,
        "deployment_branch_policy": environment["deployment_branch_policy"],
    }


class Repository:
    """The repository, and what its settings shall be."""

    def __init__(self, name, team):
        self.base = f"repos/{name}"
        owner = name.partition("/")[0]
        self.branch_policy, self.ruleset = setting("branch-policy"), setting("ruleset-tags")
        self.protection = f"branches/{self.branch_policy['name']}/protection"
        self.environments = {name: setting(f"environment-{name}") for name in ENVIRONMENTS}
        # The file cannot know the team's number.
        self.environments["production"]["reviewers"][0]["id"] = gh(f"orgs/{owner}/teams/{team}")["id"]
        self.plain = {
            "actions/permissions": setting("actions"),
            "actions/permissions/selected-actions": setting("actions-allowed"),
            "actions/permissions/workflow": setting("workflow-token"),
        }

    def get(self, path):
        return gh(f"{self.base}/{path}")

    def send(self, method, path, body):
        print(f"{method} {path}")
        gh("--method", method, f"{self.base}/{path}", "--input", "-", body=body)

    def policies(self, environment):
        return pages(f"{self.base}/environments/{environment}/deployment-branch-policies", "branch_policies")

    def rulesets(self):
        found = pages(f"{self.base}/rulesets?includes_parents=false")
        return [each["id"] for each in found if each["name"] == self.ruleset["name"]]

    def read(self):
        """What decides how to write: which environments lack the branch's policy, and the ruleset's number if any."""
        there = {each["name"] for each in pages(f"{self.base}/environments", "environments")}
        policies = {name: self.policies(name) if name in there else [] for name in ENVIRONMENTS}
        others = [
            f"{environment} lets in {policy.get('type', 'branch')} {policy['name']}"
            for environment, found in policies.items()
            for policy in found
            if [*differences(self.branch_policy, {"type": "branch", **policy})]
        ]
        rulesets = self.rulesets()
        if others:
            sys.exit(f"{'; '.join(others)}: remove this under Settings, Environments, or the default branch's review protects nothing")
        if len(rulesets) > 1:
            sys.exit(f"{len(rulesets)} rulesets are called {self.ruleset['name']}: leave one")
        return [name for name, found in policies.items() if not found], next(iter(rulesets), None)

    def write(self, without_policy, ruleset):
        for path, body in self.plain.items():
            self.send("PUT", path, body)
        for name, body in self.environments.items():
            self.send("PUT", f"environments/{name}", body)
            if name in without_policy:
                self.send("POST", f"environments/{name}/deployment-branch-policies", self.branch_policy)
        self.send("PUT", self.protection, setting("branch-main"))
        if ruleset is None:
            self.send("POST", "rulesets", self.ruleset)
        else:
            self.send("PUT", f"rulesets/{ruleset}", self.ruleset)

    def compare(self):
        """Where GitHub now says something else than the files."""
        for path, body in self.plain.items():
            yield from differences(body, self.get(path), path)
        for name, body in self.environments.items():
            path = f"environments/{name}"
            yield from differences(body, as_asked(self.get(path)), path)
            found = [{"type": "branch", **policy} for policy in self.policies(name)]
            yield from differences([self.branch_policy], found, f"{path}/deployment-branch-policies")
        protection = setting("branch-main")
        # GitHub fills this old form of `checks` by itself.
        del protection["required_status_checks"]["contexts"]
        yield from differences(protection, self.get(self.protection), self.protection)
        rulesets = self.rulesets()
        found = self.get(f"rulesets/{rulesets[0]}") if rulesets else None
        yield from differences(self.ruleset, found, "rulesets")


def main(name, team):
    repository = Repository(name, team)
    repository.write(*repository.read())
    wrong = [*repository.compare()]
    if wrong:
        sys.exit("\n".join(["GitHub took it, but its settings are not those of the files:", *wrong]))
    print(f"settings applied to {name}, and read back")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
