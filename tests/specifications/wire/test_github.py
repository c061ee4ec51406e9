"""The worker's requests to GitHub and the simulator's answers against GitHub's own OpenAPI description: from a recording of
every flow of the crash suite, from `lockstep doctor`, and from calls to what else the simulator answers.
"""

import base64
import os
import re
import unittest
import urllib.error
import urllib.request
import json
from pathlib import Path

import exchange
from exceptions import EXCEPTIONS, reasoned
from github_api import Description
from recorder import Recorder
from town import COMMAND, TOKEN, town

DESCRIPTION = Description(Path(os.environ["GITHUB_OPENAPI"]))

# What the worker calls in these flows: a recording without one of them shows less than it says.
CALLED = {
    "actions/create-workflow-dispatch",
    "actions/get-workflow-run",
    "actions/list-workflow-runs",
    "actions/list-workflow-runs-for-repo",
    "checks/list-for-ref",
    "git/get-ref",
    "repos/compare-commits-with-basehead",
    "repos/create-release",
    "repos/get",
    "repos/get-combined-status-for-ref",
    "repos/get-commit",
    "repos/get-content",
    "repos/get-latest-release",
    "repos/get-release-by-tag",
    "repos/update-release",
}


def name(recorded):
    operation = DESCRIPTION.operation(recorded.method, recorded.path)
    return operation and operation[1]["operationId"]


class Recorded(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.exchanges = exchange.read(os.environ["RECORDING"], "GitHub")

    def one(self, operation, status=None):
        return next(found for found in self.exchanges if name(found) == operation and status in (None, found.status))

    def test_everything_recorded_is_as_github_describes_it(self):
        needed = set()
        for recorded in self.exchanges:
            with self.subTest(str(recorded)):
                rest, excused = reasoned(DESCRIPTION.violations(recorded))
                needed |= excused
                self.assertEqual(rest, [])
        self.assertEqual(needed, set(range(len(EXCEPTIONS))), "an exception is needed no more: take it out")

    def test_every_call_of_the_worker_is_recorded(self):
        self.assertLessEqual(CALLED, {name(recorded) for recorded in self.exchanges})

    def found(self, violating, operation, part, *words):
        violations = DESCRIPTION.violations(violating)
        self.assertEqual([(violation[0], violation[1]) for violation in violations], [(operation, part)], violations)
        for word in words:
            self.assertIn(word, violations[0][2])

    def test_an_answer_without_what_must_be_there_is_found(self):
        run = self.one("actions/get-workflow-run").with_answer(lambda answer: answer.pop("head_sha"))
        self.found(run, "actions/get-workflow-run", "answer", "'head_sha' is a required property")

    def test_an_answer_of_another_type_is_found(self):
        run = self.one("actions/get-workflow-run").with_answer(lambda answer: answer.update(id=str(answer["id"])))
        self.found(run, "actions/get-workflow-run", "answer", "id: ", "is not of type 'integer'")

    def test_a_time_that_is_none_is_found(self):
        run = self.one("actions/get-workflow-run").with_answer(lambda answer: answer.update(created_at="yesterday"))
        self.found(run, "actions/get-workflow-run", "answer", "created_at: ", "'date-time'")

    def test_a_word_that_github_does_not_have_is_found(self):
        def another(answer):
            answer["check_runs"][0]["status"] = "thinking"

        self.found(self.one("checks/list-for-ref").with_answer(another), "checks/list-for-ref", "answer", "'thinking' is not one of")

    def test_a_request_that_github_would_ignore_or_refuse_is_found(self):
        create = self.one("repos/create-release")
        misspelt = create.with_body(lambda body: body.update(pre_release=body.pop("prerelease", True)))
        self.found(misspelt, "repos/create-release", "request", "pre_release")
        self.found(create.with_body(lambda body: body.pop("tag_name")), "repos/create-release", "request", "'tag_name'")
        self.found(create.with_body(lambda body: body.update(draft="no")), "repos/create-release", "request", "draft", "boolean")
        listing = self.one("actions/list-workflow-runs-for-repo")
        misspelt = listing.changed(query=f"{listing.query}&page_size=5")
        self.found(misspelt, "actions/list-workflow-runs-for-repo", "parameter", "page_size")
        self.found(listing.changed(query="per_page=many"), "actions/list-workflow-runs-for-repo", "parameter", "per_page", "integer")

    def test_a_path_and_a_status_that_github_does_not_have_are_found(self):
        get = self.one("repos/get")
        self.found(get.changed(path=f"{get.path}/tag-names"), "none", "path", "/tag-names")
        self.found(get.changed(method="POST"), "none", "path", "POST")
        self.found(get.changed(status=418), "repos/get", "answer", "418 is not documented")

    def test_an_exception_excuses_nothing_else(self):
        rest, needed = reasoned([("repos/get", "answer", "query created: '>=2026-01-01T' is not a 'date-time'")])
        self.assertEqual((len(rest), needed), (1, set()))


class Simulator(unittest.TestCase):
    """What the recording does not reach: asked for here."""

    @classmethod
    def setUpClass(cls):
        cls.recorder = Recorder("GitHub", town().ports["github"])
        cls.addClassCleanup(cls.recorder.close)
        cls.sha = town().push("0.0.9")

    def call(self, method, path, body=None, accept="application/vnd.github+json"):
        """The answer's JSON, whatever its status."""
        headers = {"authorization": f"Bearer {TOKEN}", "accept": accept, "user-agent": "specifications"}
        if body is not None:
            headers["content-type"] = "application/json"
        url = f"{self.recorder.url}/repos/acme/sample{path}"
        request = urllib.request.Request(url, body and json.dumps(body).encode(), headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=COMMAND) as answer:
                text = answer.read()
        except urllib.error.HTTPError as refused:
            text = refused.read()
        return json.loads(text) if text else None

    def assert_as_described(self, *operations):
        recorded, self.recorder.exchanges = self.recorder.exchanges, []
        for one in recorded:
            with self.subTest(str(one)):
                self.assertEqual(reasoned(DESCRIPTION.violations(one))[0], [])
        self.assertLessEqual(set(operations), {name(one) for one in recorded})

    def test_source(self):
        sha = self.sha
        self.assertEqual(self.call("GET", f"/commits/{sha[:7]}")["sha"], sha)
        self.call("GET", "/commits/no-such-commit")
        self.call("GET", f"/commits/{sha}/check-suites?per_page=100")
        self.call("GET", f"/commits/{sha}/check-runs?filter=latest")
        self.call("GET", f"/commits/{sha}/status")
        self.call("GET", f"/commits/{sha}/statuses")
        self.call("POST", f"/statuses/{sha}", {"state": "success", "context": "lint", "description": "fine"})
        self.call("GET", f"/commits/{sha}/statuses")
        self.assertEqual(self.call("GET", f"/compare/{sha}...main")["status"], "identical")
        found = self.call("GET", "/contents/apps/server/Cargo.toml?ref=main")
        self.assertIn("0.0.9", base64.b64decode(found["content"]).decode())
        self.call("GET", "/contents/no-such-file")
        self.assert_as_described(
            "repos/get-commit",
            "checks/list-suites-for-ref",
            "checks/list-for-ref",
            "repos/get-combined-status-for-ref",
            "repos/list-commit-statuses-for-ref",
            "repos/create-commit-status",
            "repos/compare-commits-with-basehead",
            "repos/get-content",
        )

    def test_references_and_annotated_tags(self):
        tag = self.call("POST", "/git/tags", {"tag": "v9", "message": "nine", "object": self.sha, "type": "commit"})
        self.call("POST", "/git/refs", {"ref": "refs/tags/v9", "sha": tag["sha"]})
        self.assertEqual(self.call("GET", "/git/ref/tags/v9")["object"]["type"], "tag")
        self.call("GET", f"/git/tags/{tag['sha']}")
        self.call("GET", "/git/matching-refs/tags/v")
        self.call("PATCH", "/git/refs/tags/v9", {"sha": self.sha, "force": True})
        self.call("DELETE", "/git/refs/tags/v9")
        self.call("GET", "/git/ref/tags/v9")
        self.assert_as_described(
            "git/create-tag", "git/create-ref", "git/get-ref", "git/get-tag", "git/list-matching-refs", "git/update-ref", "git/delete-ref"
        )

    def test_releases(self):
        created = self.call("POST", "/releases", {"tag_name": "9.0.0", "target_commitish": self.sha, "name": "Nine", "make_latest": "false"})
        # The tag is taken.
        refused = self.call("POST", "/releases", {"tag_name": "9.0.0", "target_commitish": self.sha})
        self.assertEqual(refused["errors"][0]["code"], "already_exists")
        self.call("GET", "/releases")
        self.call("GET", f"/releases/{created['id']}")
        self.call("GET", "/releases/tags/9.0.0")
        self.call("PATCH", f"/releases/{created['id']}", {"body": "Notes.", "make_latest": "true"})
        self.call("GET", "/releases/latest")
        self.call("POST", "/releases/generate-notes", {"tag_name": "9.0.1", "target_commitish": "main"})
        self.call("DELETE", f"/releases/{created['id']}")
        self.assert_as_described(
            "repos/create-release",
            "repos/list-releases",
            "repos/get-release",
            "repos/get-release-by-tag",
            "repos/update-release",
            "repos/get-latest-release",
            "repos/generate-release-notes",
            "repos/delete-release",
        )

    def test_workflows_and_runs(self):
        inputs = {"image_tag": "build-9", "commit": self.sha, "version": "0.0.9", "deployment_id": "9"}
        self.call("GET", "/actions/workflows")
        self.call("GET", "/actions/workflows/build-image.yml")
        dispatch = "/actions/workflows/build-image.yml/dispatches"
        self.call("POST", dispatch, {"ref": "no-such-branch", "inputs": inputs})
        self.assertIsNone(self.call("POST", dispatch, {"ref": "main", "inputs": inputs}))
        run = self.call("POST", dispatch, {"ref": "main", "inputs": inputs, "return_run_details": True})["workflow_run_id"]
        runs = self.call("GET", "/actions/workflows/build-image.yml/runs?event=workflow_dispatch")["workflow_runs"]
        self.assertIn(run, [one["id"] for one in runs])
        self.call("GET", f"/actions/runs/{run}")
        self.call("GET", f"/actions/runs/{run}/attempts/1")
        self.call("GET", f"/actions/runs/{run}/jobs")
        self.call("GET", f"/actions/runs/{run}/attempts/1/jobs")
        self.call("GET", "/actions/runs?status=queued")
        self.call("POST", f"/actions/runs/{run}/cancel")
        self.call("GET", "/actions/runs/1")
        self.assert_as_described(
            "actions/list-repo-workflows",
            "actions/get-workflow",
            "actions/create-workflow-dispatch",
            "actions/list-workflow-runs",
            "actions/get-workflow-run",
            "actions/get-workflow-run-attempt",
            "actions/list-jobs-for-workflow-run",
            "actions/list-jobs-for-workflow-run-attempt",
            "actions/list-workflow-runs-for-repo",
            "actions/cancel-workflow-run",
        )

    def test_deployments(self):
        created = self.call("POST", "/deployments", {"ref": self.sha, "environment": "staging", "required_contexts": []})
        self.call("POST", f"/deployments/{created['id']}/statuses", {"state": "success", "environment_url": "https://example.com/"})
        statuses = self.call("GET", f"/deployments/{created['id']}/statuses")
        self.call("GET", f"/deployments/{created['id']}/statuses/{statuses[0]['id']}")
        self.call("GET", f"/deployments/{created['id']}")
        self.call("GET", "/deployments?environment=staging")
        self.assert_as_described(
            "repos/create-deployment",
            "repos/create-deployment-status",
            "repos/list-deployment-statuses",
            "repos/get-deployment-status",
            "repos/get-deployment",
            "repos/list-deployments",
        )

    def test_what_the_doctor_asks(self):
        text = town().config.read_text()
        config = town().folder / "recorded.toml"
        config.write_text(re.sub(r'(?m)^api_url = ".*"$', f'api_url = "{self.recorder.url}"', text))
        town().lockstep("doctor", "--json", config=config, codes=(0, 10, 11))
        recorded, self.recorder.exchanges = self.recorder.exchanges, []
        self.assertTrue(recorded)
        for one in recorded:
            with self.subTest(str(one)):
                violations = DESCRIPTION.violations(one)
                # The simulator has no protection settings; then only the request counts.
                absent = one.status == 404
                self.assertEqual([found for found in violations if not (absent and found[1] == "answer")], [])


if __name__ == "__main__":
    unittest.main()
