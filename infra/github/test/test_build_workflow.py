"""The build workflow takes what the worker sends, and refuses everything else before it sees a secret."""

import re
import tempfile
import unittest
from pathlib import Path

import yaml

from runner import Job

HERE = Path(__file__).parent
WORKFLOW = HERE.parent / "workflows/build-image.yml"
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


class BuildWorkflow(unittest.TestCase):
    def setUp(self):
        self.workflow = yaml.safe_load(WORKFLOW.read_text())

    def test_the_inputs_are_those_that_the_worker_sends(self):
        sent = re.search(r"let inputs = \[(.*?)\];", WORKER.read_text(), re.DOTALL)[1]
        # YAML reads the key `on` as a truth.
        self.assertEqual(re.findall(r'\("(\w+)",', sent), list(self.workflow[True]["workflow_dispatch"]["inputs"]))

    def test_the_run_is_found_by_its_title_and_pushes_one_tag(self):
        for name in ("deployment_id", "commit"):
            self.assertIn(f"${{{{ inputs.{name} }}}}", self.workflow["run-name"])
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
            return job.outcomes[None], job.log["Check what was asked for"]

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


if __name__ == "__main__":
    unittest.main()
