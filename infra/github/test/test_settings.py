"""apply-settings.py sends what GitHub's own description of its API allows, and only then; it takes away nothing that is not
its own, and notices what did not take effect. The settings allow every action that the workflows use.
"""

import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import jsonschema
import yaml

from runner import Job

HERE = Path(__file__).parent
ROOT = HERE.parent
RULESET = json.loads((ROOT / "settings/ruleset-tags.json").read_text())["name"]
EMPTY = {"sent": [], "environments": {}, "policies": {}, "rulesets": [], "plain": {}}


def plain(schema):
    """A schema of OpenAPI 3.0 as JSON Schema: the two differ in how they say that null is allowed."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: plain(value) for key, value in schema.items()}
    if changed.pop("nullable", False) is True:
        return {"anyOf": [changed, {"type": "null"}]}
    return changed


class Settings(unittest.TestCase):
    def apply(self, state=None, **trouble):
        """The exit code, what was said, and the repository afterwards."""
        with tempfile.TemporaryDirectory() as folder:
            # By this Python, and without its site packages: it is started some forty times.
            _, rest = (HERE / "github.py").read_text().split("\n", 1)
            gh = Path(folder, "gh")
            gh.write_text(f"#!{sys.executable} -S\n{rest}")
            gh.chmod(0o755)
            memory = Path(folder, "state")
            memory.write_text(json.dumps({**EMPTY, **(state or {}), "sent": [], **trouble}))
            environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "GITHUB_STATE": str(memory)}
            command = [sys.executable, ROOT / "apply-settings.py", "acme/sample", "reviewers"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
            return done.returncode, done.stdout + done.stderr, json.loads(memory.read_text())

    def applied(self, state=None):
        code, said, after = self.apply(state)
        self.assertEqual(code, 0, said)
        self.assertTrue(said.endswith("settings applied to acme/sample, and read back\n"), said)
        return after

    def test_every_request_is_one_that_github_describes(self):
        api = json.loads(Path(os.environ["GITHUB_OPENAPI"]).read_text())
        components = plain(api["components"])
        requests = self.applied()["sent"]
        self.assertEqual(len(requests), 11)
        # A second time the ruleset is written by its number.
        requests += self.applied({**self.applied(), "rulesets": [{"id": 9, "name": RULESET, "target": "tag"}]})["sent"]
        for method, path, body in requests:
            with self.subTest(f"{method} {path}"):
                template = re.sub(r"^", "/repos/{owner}/{repo}/", path)
                template = re.sub(r"environments/\w+", "environments/{environment_name}", template)
                template = re.sub(r"rulesets/\d+", "rulesets/{ruleset_id}", template)
                template = template.replace("branches/main", "branches/{branch}")
                operation = api["paths"][template][method.lower()]
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                if "$ref" in schema:
                    schema = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
                jsonschema.validate(body, {"allOf": [plain(schema)], "components": components})
                # A name that GitHub does not know would be ignored in silence.
                self.assertLessEqual(set(body), set(schema["properties"]))

    def test_the_reviewers_are_the_team(self):
        bodies = {path: body for _, path, body in self.applied()["sent"]}
        production = bodies["environments/production"]
        self.assertEqual(production["reviewers"], [{"type": "Team", "id": 77}])
        self.assertTrue(production["prevent_self_review"])

    def test_what_exists_is_written_again_and_not_made_twice(self):
        after = self.applied(self.applied())
        self.assertNotIn("POST", [method for method, _, _ in after["sent"]])
        self.assertIn(["PUT", f"rulesets/{after['rulesets'][0]['id']}"], [sent[:2] for sent in after["sent"]])
        self.assertEqual(len(after["rulesets"]), 1)

    def test_a_ruleset_that_was_changed_is_put_right_and_others_stay(self):
        other = {"id": 8, "name": "Other", "target": "branch"}
        changed = {"id": 9, "name": RULESET, "target": "tag", "enforcement": "disabled", "rules": []}
        after = self.applied({"rulesets": [other, changed]})
        self.assertEqual(after["rulesets"][0], other)
        self.assertEqual(after["rulesets"][1]["enforcement"], "active")
        self.assertEqual(len(after["rulesets"]), 2)

    def test_an_environment_that_lets_in_more_is_refused_before_anything_is_written(self):
        state = self.applied()
        for policy in ({"id": 6, "name": "release/*"}, {"id": 6, "name": "main", "type": "tag"}):
            policies = {**state["policies"], "staging": [*state["policies"]["staging"], policy]}
            code, said, after = self.apply({**state, "policies": policies})
            self.assertEqual(code, 1)
            self.assertIn(f"staging lets in {policy.get('type', 'branch')} {policy['name']}: remove this", said)
            self.assertEqual((after["sent"], after["policies"]), ([], policies))

    def test_two_rulesets_of_the_name_are_refused_before_anything_is_written(self):
        code, said, after = self.apply({"rulesets": [{"id": number, "name": RULESET, "target": "tag"} for number in (1, 2)]})
        self.assertEqual((code, after["sent"]), (1, []))
        self.assertIn(f"2 rulesets are called {RULESET}", said)

    def test_what_cannot_be_read_ends_it_before_anything_is_written(self):
        state = self.applied()
        for path in ("environments?", "environments/production/deployment-branch-policies", "rulesets?"):
            code, said, after = self.apply(state, refuse=path)
            self.assertEqual((code, after["sent"]), (1, []), path)
            self.assertIn("HTTP 502", said)

    def test_what_had_no_effect_is_noticed(self):
        before = self.applied()
        loose = json.loads(json.dumps(before))
        loose["plain"]["actions/permissions"]["sha_pinning_required"] = False
        loose["plain"]["branches/main/protection"]["enforce_admins"]["enabled"] = False
        loose["plain"]["branches/main/protection"]["required_status_checks"]["checks"][0]["app_id"] = None
        loose["environments"]["production"]["protection_rules"] = []
        loose["rulesets"][0]["rules"] = [{"type": "update"}]
        ruleset = f"rulesets/{loose['rulesets'][0]['id']}"
        for path, words in (
            ("actions/permissions", "actions/permissions.sha_pinning_required is false, not true"),
            ("branches/main/protection", "branches/main/protection.enforce_admins is false, not true"),
            ("branches/main/protection", 'required_status_checks.checks has no {"context": "ci", "app_id": 15368}'),
            ("environments/production", "environments/production.reviewers is null"),
            (ruleset, 'rulesets.rules is [{"type": "update"}]'),
        ):
            with self.subTest(words):
                code, said, _ = self.apply(loose, forget=path)
                self.assertEqual(code, 1)
                self.assertIn("its settings are not those of the files", said)
                self.assertIn(words, said)
        # And if the branch's policy is not made, the environment lets nobody in.
        code, said, _ = self.apply(forget="environments/build/deployment-branch-policies")
        self.assertEqual(code, 1)
        self.assertIn("environments/build/deployment-branch-policies is []", said)

    def test_the_actions_that_workflows_use_are_allowed(self):
        allowed = json.loads((ROOT / "settings/actions-allowed.json").read_text())["patterns_allowed"]
        self.assertEqual(allowed, ["actions/*", "aws-actions/*", "docker/*", "dtolnay/*"])
        for file in (ROOT / "workflows").glob("*.yml"):
            for used in re.findall(r"uses: (\S+)@", file.read_text()):
                self.assertTrue(any(fnmatch.fnmatchcase(used, pattern) for pattern in allowed), used)

    def test_the_required_check_is_a_job_that_waits_for_all_others(self):
        required = json.loads((ROOT / "settings/branch-main.json").read_text())["required_status_checks"]
        jobs = yaml.safe_load((ROOT / "workflows/ci.yml").read_text())["jobs"]
        # By its app: else whoever may set a commit's status could make it green. 15368 is GitHub Actions.
        (check,) = required["checks"]
        self.assertEqual((required["contexts"], check), ([], {"context": "ci", "app_id": 15368}))
        (job,) = [job for job in jobs.values() if job["name"] == check["context"]]
        self.assertEqual(job["if"], "always()")
        self.assertEqual({*job["needs"], "ci"}, set(jobs))

    def test_it_is_green_only_if_all_of_them_passed(self):
        for results, outcome in (
            (["success"], "success"),
            (["success"] * 5, "success"),
            (["success", "skipped"], "failure"),
            (["success"] * 4 + ["failure"], "failure"),
            (["cancelled"], "failure"),
            ([], "failure"),
        ):
            with self.subTest(results), tempfile.TemporaryDirectory() as folder:
                needs = {f"job{number}": {"result": result} for number, result in enumerate(results)}
                job = Job(ROOT / "workflows/ci.yml", "ci", folder, {}, needs=needs)
                job.run()
                self.assertEqual(job.outcomes[None], outcome)


if __name__ == "__main__":
    unittest.main()
