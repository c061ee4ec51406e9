"""apply-settings.sh sends what GitHub's own description of its API allows, sends it once, and allows every action that the
workflows use.
"""

import fnmatch
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import jsonschema
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parent
# Stands in for GitHub's CLI: remembers what is sent, and answers from the files in ANSWERS.
GH = """#!/usr/bin/env python3
import json, os, sys
words = sys.argv[1:]
assert words.pop(0) == "api"
if words[0] == "--method":
    _, method, path, _, file = words
    body = (sys.stdin if file == "-" else open(file)).read()
    with open(os.environ["SENT"], "a") as sent:
        print(json.dumps([method, path, json.loads(body)]), file=sent)
elif words[0] == "orgs/acme/teams/reviewers":
    print(77)
else:
    print(os.environ.get("EXISTING", ""))
"""


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
    def sent(self, existing=""):
        with tempfile.TemporaryDirectory() as folder:
            gh, sent = Path(folder, "gh"), Path(folder, "sent")
            gh.write_text(GH)
            gh.chmod(0o755)
            environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "SENT": str(sent), "EXISTING": existing}
            command = [ROOT / "apply-settings.sh", "acme/sample", "reviewers"]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            self.assertTrue(done.stdout.endswith("settings applied to acme/sample\n"), done.stdout)
            return [json.loads(line) for line in sent.read_text().splitlines()]

    def test_every_request_is_one_that_github_describes(self):
        api = json.loads(Path(os.environ["GITHUB_OPENAPI"]).read_text())
        components = plain(api["components"])
        requests = self.sent()
        self.assertEqual(len(requests), 11)
        for method, path, body in requests:
            with self.subTest(f"{method} {path}"):
                template = re.sub(r"^repos/acme/sample", "/repos/{owner}/{repo}", path)
                template = re.sub(r"environments/\w+", "environments/{environment_name}", template)
                template = template.replace("branches/main", "branches/{branch}")
                operation = api["paths"][template][method.lower()]
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                if "$ref" in schema:
                    schema = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
                jsonschema.validate(body, {"allOf": [plain(schema)], "components": components})
                # A name that GitHub does not know would be ignored in silence.
                self.assertLessEqual(set(body), set(schema["properties"]))

    def test_the_reviewers_are_the_team(self):
        bodies = {path: body for _, path, body in self.sent()}
        production = bodies["repos/acme/sample/environments/production"]
        self.assertEqual(production["reviewers"], [{"type": "Team", "id": 77}])
        self.assertTrue(production["prevent_self_review"])

    def test_what_exists_is_not_made_twice(self):
        existing = "main\nVersions stay where they are"
        self.assertNotIn("POST", [method for method, _, _ in self.sent(existing)])

    def test_the_actions_that_workflows_use_are_allowed(self):
        allowed = json.loads((ROOT / "settings/actions-allowed.json").read_text())["patterns_allowed"]
        self.assertEqual(allowed, ["actions/*", "aws-actions/*", "docker/*", "dtolnay/*"])
        for file in (ROOT / "workflows").glob("*.yml"):
            for used in re.findall(r"uses: (\S+)@", file.read_text()):
                self.assertTrue(any(fnmatch.fnmatchcase(used, pattern) for pattern in allowed), used)

    def test_the_required_check_is_a_job_that_waits_for_all_others(self):
        required = json.loads((ROOT / "settings/branch-main.json").read_text())["required_status_checks"]
        jobs = yaml.safe_load((ROOT / "workflows/ci.yml").read_text())["jobs"]
        (name,) = required["contexts"]
        (job,) = [job for job in jobs.values() if job["name"] == name]
        self.assertEqual(job["if"], "always()")
        self.assertEqual({*job["needs"], "ci"}, set(jobs))


if __name__ == "__main__":
    unittest.main()
