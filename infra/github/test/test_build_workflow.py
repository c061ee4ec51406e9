"""The build workflow takes what the worker sends, and refuses everything else before it sees a secret."""

import json
import re
import tempfile
import unittest
from pathlib import Path

import jsonschema
import yaml

from runner import Job

HERE = Path(__file__).parent
WORKFLOW = HERE.parent / "workflows/build-image.yml"
SCHEMA = HERE.parents[2] / "events/schemas/build-finished.schema.json"
STACK = HERE.parents[1] / "src/shared/github-identity.ts"
WORKER = HERE.parents[2] / "worker/src/effects/build.rs"
ID = "01890a5d-ac96-774b-bcce-b302099a8057"
GOOD = {
    "deployment_id": ID,
    "commit": "a" * 40,
    "version": "0.1.0-rc.1",
    "image_tag": f"build-{ID}",
    "fence": "7",
}
# Stands in for GitHub's CLI: one commit is on the default branch, one is not, one does not exist.
GH = """#!/bin/sh
[ "$1 $3 $4" = "api --jq .status" ] || exit 2
case $2 in
repos/acme/sample/compare/main...aaaa*) echo behind ;;
repos/acme/sample/compare/main...bbbb*) echo diverged ;;
*) echo "Not Found" >&2; exit 1 ;;
esac
"""


# Stands in for AWS's CLI: keeps what it was called with, one argument a line, and ends as it is told.
AWS = """#!/bin/sh
printf '%s\\n' "$@" > "$RUNNER_TEMP/aws"
echo "An error of arn:aws:sts::123456789012:assumed-role/builder" >&2
exit "$AWS_ENDS_WITH"
"""
ROLE = "arn:aws:iam::123456789012:role/sample-lockstep-builder"


class BuildWorkflow(unittest.TestCase):
    def setUp(self):
        self.workflow = yaml.safe_load(WORKFLOW.read_text())

    def test_the_inputs_are_those_that_the_worker_sends(self):
        sent = re.search(r"let inputs = \[(.*?)\];", WORKER.read_text(), re.DOTALL)[1]
        # YAML reads the key `on` as a truth.
        self.assertEqual(re.findall(r'\("(\w+)",', sent), list(self.workflow[True]["workflow_dispatch"]["inputs"]))

    def test_the_run_is_found_by_its_title_and_pushes_one_tag(self):
        self.assertIn("${{ inputs.deployment_id }}", self.workflow["run-name"])
        steps = self.workflow["jobs"]["build"]["steps"]
        (push,) = [step["with"] for step in steps if "build-push-action" in step.get("uses", "")]
        self.assertEqual(push["tags"], "${{ env.IMAGE }}:${{ inputs.image_tag }}")

    def check(self, inputs):
        with tempfile.TemporaryDirectory() as folder:
            gh = Path(folder, "gh")
            gh.write_text(GH)
            gh.chmod(0o755)
            path = f"{folder}:/usr/local/bin:/usr/bin:/bin"
            job = Job(WORKFLOW, "build", folder, {"PATH": path}, inputs)
            job.job["steps"] = job.job["steps"][:1]
            job.run()
            return job.outcomes["asked"], job.log["Check what was asked for"]

    def test_what_the_worker_sends_passes(self):
        self.assertEqual(self.check(GOOD), ("success", ""))

    def test_everything_else_is_refused_with_the_reason(self):
        for change, words in (
            ({"image_tag": "latest"}, "moves no other tag"),
            ({"image_tag": f"build-{ID}\nlatest"}, "moves no other tag"),
            ({"deployment_id": "x", "image_tag": "build-x"}, "not a version 7 UUID"),
            ({"deployment_id": "936da01f-9abd-4d9d-80c7-02af85c822a8"}, "not a version 7 UUID"),
            ({"commit": "main"}, "not a full commit SHA"),
            ({"commit": "b" * 40}, "is not on main"),
            ({"commit": "c" * 40}, "Not Found"),
            ({"version": "0.1.0; id"}, "version is not"),
            ({"fence": ""}, "fence is not"),
        ):
            with self.subTest(change):
                outcome, log = self.check(GOOD | change)
                self.assertEqual(outcome, "failure")
                self.assertIn(words, log)

    def tell(self, inputs=GOOD, build="success", identity="success", ends_with=0, queue="sample-lockstep"):
        """Runs the steps without the build itself, of which this came; what `aws` was called with, if it was."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("gh", GH), ("aws", AWS)):
                program = Path(folder, name)
                program.write_text(text)
                program.chmod(0o755)
            environment = {
                "PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin",
                "AWS_ENDS_WITH": str(ends_with),
                "AWS_REGION": "eu-central-1",
                "GITHUB_RUN_ID": "12345678901",
                "GITHUB_RUN_ATTEMPT": "2",
            }
            variables, secrets = {"LOCKSTEP_QUEUE": queue}, {"AWS_BUILDER_ROLE_ARN": ROLE}
            job = Job(WORKFLOW, "build", folder, environment, inputs, variables=variables, secrets=secrets)
            steps = {step["name"]: step for step in job.job["steps"]}
            told = steps["Tell Lockstep that the build has ended"]
            built = {"name": "Build", "run": "exit 1" if build == "failure" else "true"}
            job.job["steps"] = [steps["Check what was asked for"], built, told]
            # As the runner has it: the step before is skipped unless its own condition holds.
            job.outcomes["identity"] = identity
            job.run()
            called = Path(folder, ".runner", "aws")
            return job, called.read_text().splitlines() if called.exists() else None

    def test_the_end_of_a_build_is_told_in_the_message_that_the_worker_reads(self):
        for build in ("success", "failure"):
            with self.subTest(build):
                job, called = self.tell(build=build)
                self.assertEqual(job.failed, build == "failure")
                options = dict(zip(called[2::2], called[3::2]))
                self.assertEqual(called[:2], ["sqs", "send-message"])
                url = "https://sqs.eu-central-1.amazonaws.com/123456789012/sample-lockstep"
                self.assertEqual((options["--queue-url"], options["--delay-seconds"]), (url, "20"))
                message = json.loads(options["--message-body"])
                jsonschema.validate(message, json.loads(SCHEMA.read_text()))
                body = {"id": ID, "workflow_run_id": 12345678901, "workflow_run_attempt": 2}
                self.assertEqual(message["body"], body)

    def test_no_way_to_fail_to_tell_fails_the_build(self):
        job, called = self.tell(ends_with=254)
        self.assertIsNotNone(called)
        self.assertFalse(job.failed)
        for step in self.workflow["jobs"]["build"]["steps"][-2:]:
            self.assertEqual((step["continue-on-error"], step["timeout-minutes"]), (True, 1), step["name"])
            self.assertTrue(step["if"].startswith("always() && "), "a build that failed has ended, too")

    def test_the_account_is_masked_before_anything_can_print_it(self):
        job, _ = self.tell(ends_with=254)
        log = job.log["Tell Lockstep that the build has ended"]
        first, *rest = log.splitlines()
        self.assertEqual(first, "::add-mask::123456789012")
        self.assertIn("123456789012", rest[0], "the stand-in prints it, as AWS's CLI may")
        identity = self.workflow["jobs"]["build"]["steps"][-2]["with"]
        self.assertEqual(identity["role-to-assume"], "${{ secrets.AWS_BUILDER_ROLE_ARN }}")
        self.assertIs(identity["mask-aws-account-id"], True)

    def test_nothing_is_told_of_what_was_refused_nor_without_an_identity(self):
        identity = self.workflow["jobs"]["build"]["steps"][-2]
        for wanted, inputs, queue in ((True, GOOD, "q"), (False, GOOD | {"fence": ""}, "q"), (False, GOOD, "")):
            with self.subTest(inputs=inputs, queue=queue):
                job, _ = self.tell(inputs, queue=queue)
                self.assertEqual(job.wanted(identity), wanted)
        for outcome in ("skipped", "failure"):
            self.assertIsNone(self.tell(identity=outcome)[1])

    def test_only_the_environment_that_the_builder_role_trusts_can_tell(self):
        self.assertEqual(self.workflow["jobs"]["build"]["environment"], "build")
        self.assertIn('BUILD_ENVIRONMENT = "build"', STACK.read_text())
        writes = [name for name, job in self.workflow["jobs"].items() if "id-token" in job["permissions"]]
        self.assertEqual(writes, ["build"])


if __name__ == "__main__":
    unittest.main()
