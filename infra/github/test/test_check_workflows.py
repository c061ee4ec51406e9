"""check-workflows.sh bites: a good workflow passes, and one mistake at a time makes it refuse, for that reason."""

import subprocess
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).parents[1] / "scripts/check-workflows.sh"

GOOD = """\
name: Good
on:
  pull_request:
permissions: {}
concurrency:
  group: good-${{ github.ref }}
  cancel-in-progress: true
jobs:
  only:
    name: Only
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read # to check out
    steps:
      - name: Check out
        uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - name: Say where
        run: echo "$REPOSITORY"
        env:
          REPOSITORY: ${{ github.repository }}
"""
PINNED = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"

# What is wrong, how a good workflow becomes so, and the words that the refusal must have.
BAD = {
    "an action by a tag": (PINNED, "actions/checkout@v7", "unpinned-uses"),
    "an action by a branch": (PINNED, "actions/checkout@main", "unpinned-uses"),
    "a commit without its version": (PINNED, PINNED.split(" ")[0], "not pinned as"),
    "a commit with a word for its version": (PINNED, PINNED.replace("v7.0.1", "latest"), "not pinned as"),
    "pull_request_target": ("pull_request:", "pull_request_target:", "dangerous-triggers"),
    "workflow_run": ("pull_request:", "workflow_run:\n    workflows: [Good]", "dangerous-triggers"),
    "the token's default permissions": ("permissions: {}\n", "", "excessive-permissions"),
    "a token that may do everything": ("permissions: {}", "permissions: write-all", "excessive-permissions"),
    "credentials left in the checkout": ("persist-credentials: false", "fetch-depth: 1", "artipacked"),
    "a title in a script": ("$REPOSITORY", "${{ github.event.pull_request.title }}", "template-injection"),
    "an input that is not there": ("${{ github.repository }}", "${{ inputs.nothing }}", '"nothing" is not defined'),
    "a key that is not there": ("runs-on:", "run-on:", "run-on"),
    "a quoting mistake in a script": ('echo "$REPOSITORY"', "cat $REPOSITORY", "SC2086"),
}


class CheckWorkflows(unittest.TestCase):
    def check(self, workflow):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, ".github/workflows/one.yml")
            file.parent.mkdir(parents=True)
            file.write_text(workflow)
            done = subprocess.run([CHECK, folder], capture_output=True, text=True, check=False, timeout=300)
            return done.returncode, done.stdout + done.stderr

    def test_a_good_workflow_passes(self):
        code, output = self.check(GOOD)
        self.assertEqual(code, 0, output)
        self.assertTrue(output.endswith("1 workflows checked\n"), output)

    def test_each_mistake_is_refused(self):
        for what, (good, bad, words) in BAD.items():
            with self.subTest(what):
                self.assertIn(good, GOOD)
                code, output = self.check(GOOD.replace(good, bad))
                self.assertEqual(code, 1, output)
                self.assertIn(words, output)

    def test_nothing_to_check_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([CHECK, folder], capture_output=True, text=True, check=False, timeout=300)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no workflow below", done.stderr)


if __name__ == "__main__":
    unittest.main()
