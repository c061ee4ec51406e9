"""The stand-in for GitHub's runner does not hang, leaves nothing running, and shows a step no more than it should."""

import os
import shutil
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from runner import Job

WORKFLOW = """\
jobs:
  one:
    env:
      FROM_JOB: job
      BOTH: job
      GIVEN: job
    steps:
      - name: Step
        run: |
          %s
        env:
          BOTH: step
"""


def runs(process):
    """Whether it does; one that is dead and not yet collected by whoever inherited it does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Runner(unittest.TestCase):
    def job(self, script, environment=None, **settings):
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        workflow = folder / "workflow.yml"
        workflow.write_text(WORKFLOW % script.replace("\n", "\n          "))
        return Job(workflow, "one", folder, environment or {}, **settings)

    def test_a_step_that_hangs_fails_with_its_log_and_takes_its_children_along(self):
        job = self.job("sleep 3600 &\necho $! > child\necho I began\nwait", deadline=1)
        with self.assertRaisesRegex(AssertionError, "Step still runs after 1 s:\nI began"):
            job.run()
        child = int((job.checkout / "child").read_text())
        until = time.monotonic() + 30
        while runs(child) and time.monotonic() < until:
            time.sleep(0.05)
        self.assertFalse(runs(child))

    def test_what_is_given_comes_before_the_step_and_the_step_before_the_machine(self):
        machine = {"BOTH": "machine", "AWS_SECRET_ACCESS_KEY": "machine", "GITHUB_TOKEN": "machine"}
        with mock.patch.dict(os.environ, machine):
            job = self.job('echo "$FROM_JOB $BOTH $GIVEN ${AWS_SECRET_ACCESS_KEY-unset} ${GITHUB_TOKEN-unset}"', {"GIVEN": "given"})
            job.run()
        self.assertEqual(job.log["Step"], "job step given unset unset\n")


if __name__ == "__main__":
    unittest.main()
