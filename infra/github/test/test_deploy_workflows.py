"""The deploy workflows' own steps, run against the sandbox: they deploy, promote, cancel and report. What `uses:` steps
do (checkout, credentials) and Docker are replaced; everything else is what GitHub's runner would run.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from runner import Job

HERE = Path(__file__).parent
LOCKSTEP = os.environ["LOCKSTEP_BIN"]
SANDBOX = os.environ["SANDBOX_BIN"]
# The sandbox's made-up credentials (tests/sandbox/src/environment.rs).
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
# Seconds: for the sandbox to come up, and for one command of lockstep.
START, COMMAND = 300, 240
# Stands in for Docker: an image that holds the program.
DOCKER = """#!/bin/sh
case $1 in
pull) echo pulled ;;
create) echo container ;;
cp) [ "$2" = container:/lockstep ] && cp "$LOCKSTEP_BIN" "$3" ;;
rm) ;;
esac
"""
GH = """#!/bin/sh
[ "$1 $2 $4 $5 $6 $7" = "release view --json isPrerelease --jq .isPrerelease" ] || exit 2
case $3 in 0.1.0-aaaaaaa.beta) echo true ;; 0.1.0-bbbbbbb.beta) echo false ;; *) echo "release not found" >&2; exit 1 ;; esac
"""


class DeployWorkflows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="workflows-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.sandbox = subprocess.Popen(
            [SANDBOX, "--folder", cls.folder / "sandbox"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        cls.addClassCleanup(cls.stop)
        cls.await_sandbox()
        cls.bin = cls.folder / "bin"
        cls.bin.mkdir()
        for name, script in (("docker", DOCKER), ("gh", GH)):
            (cls.bin / name).write_text(script)
            (cls.bin / name).chmod(0o755)
        released = cls.lockstep("status", "production", "--json")
        cls.commit, cls.beta = cls.release(released)

    @classmethod
    def await_sandbox(cls):
        said = []
        # The whole group: whatever it started (a build, if its programs are old) holds the output open that is read below.
        watchdog = threading.Timer(START, os.killpg, (cls.sandbox.pid, signal.SIGKILL))
        watchdog.start()
        try:
            for line in cls.sandbox.stdout:
                said.append(line)
                # The last line that it says: a commit is deployed and promoted, and it stays up.
                if line.startswith("Staging answers at"):
                    return
        finally:
            watchdog.cancel()
        raise AssertionError(f"the sandbox did not come up within {START} s:\n" + "".join(said))

    @classmethod
    def stop(cls):
        cls.sandbox.terminate()
        try:
            cls.sandbox.wait(timeout=30)
        except subprocess.TimeoutExpired:
            cls.sandbox.kill()
            cls.sandbox.wait(timeout=30)
        cls.sandbox.stdout.close()

    @classmethod
    def lockstep(cls, *words, codes=(0,)):
        command = [LOCKSTEP, "--config", cls.folder / "sandbox/lockstep.toml", *words]
        environment = {**os.environ, **CREDENTIALS}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND, env=environment)
        assert done.returncode in codes, f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    @classmethod
    def release(cls, status):
        (environment,) = json.loads(status)["environments"]
        healthy = environment["record"]["last_healthy"]
        return healthy["commit"], environment["deployments"][0]["target"]

    def job(self, workflow, name, run, inputs=None):
        checkout = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copytree(HERE.parent / "scripts", checkout / ".github/lockstep", ignore=shutil.ignore_patterns(".*"))
        shutil.copy(self.folder / "sandbox/lockstep.toml", checkout)
        environment = {
            **CREDENTIALS,
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "LOCKSTEP_BIN": LOCKSTEP,
            # The template's digest is refused.
            "LOCKSTEP_IMAGE": "ghcr.io/example/lockstep@sha256:" + "1" * 64,
            "GITHUB_SHA": self.commit,
            "GITHUB_ACTOR": "octocat",
            "GITHUB_REPOSITORY_ID": "7",
            "GITHUB_RUN_ID": str(run),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_JOB": name,
        }
        return Job(HERE.parent / "workflows" / workflow, name, checkout, environment, inputs)

    def verdict(self, job):
        history = json.loads(self.lockstep("history", job.outputs["deployment"]["id"], "--json"))
        return history["state"]

    def test_staging_is_deployed_and_reported(self):
        job = self.job("deploy-staging.yml", "deploy", 101)
        job.run()
        self.assertEqual(job.outcomes["deploy"], "success")
        self.assertEqual(self.verdict(job), "healthy")
        self.assertIn("::add-mask::000000000000", job.log["Mask account numbers"])
        self.assertIn("## healthy", job.summary)
        self.assertIn("| By | octocat |", job.summary)
        self.assertIn(self.commit, job.summary)
        self.assertIn("deploying/rolling-out-baseline", job.summary)

    def test_production_is_promoted_to(self):
        job = self.job("deploy-production.yml", "deploy", 102, {"beta_tag": self.beta})
        job.run()
        self.assertEqual(self.verdict(job), "healthy")
        self.assertIn(f"| Asked for | {self.beta} |", job.summary)

    def test_a_beta_that_does_not_exist_fails_the_job_with_the_reason(self):
        job = self.job("deploy-production.yml", "deploy", 103, {"beta_tag": "9.9.9-abcdef0.beta"})
        job.run()
        self.assertEqual(job.outcomes["deploy"], "failure")
        self.assertEqual(self.verdict(job), "rejected")
        self.assertIn("::error::", job.log["Deploy"])
        self.assertIn("## rejected", job.summary)

    def test_the_runners_signals_cancel_the_deployment(self):
        job = self.job("deploy-staging.yml", "deploy", 104)
        job.run(cancel_when=lambda log: "locked/checking-source" in log)
        self.assertIn(self.verdict(job), ("cancelled", "rolled-back"))
        self.assertIn("the workflow step that waited for it was cancelled", self.lockstep("history", job.outputs["deployment"]["id"]))

    def test_the_last_step_cancels_it_when_no_signal_did(self):
        job = self.job("deploy-staging.yml", "deploy", 105)
        job.run(cancel_when=lambda log: "locked/checking-source" in log, signals=(signal.SIGKILL,))
        self.assertIn("asked for deployment", job.log["Cancel the deployment"])
        id = job.outputs["deployment"]["id"]
        # 5 rolled back, 6 cancelled.
        self.lockstep("watch", id, codes=(5, 6))
        self.assertIn("workflow run 105 was cancelled", self.lockstep("history", id))

    def test_only_a_prerelease_is_put_to_the_reviewer(self):
        for beta, outcome, words in (
            ("0.1.0-aaaaaaa.beta", "success", "true"),
            ("0.1.0-bbbbbbb.beta", "failure", "not a prerelease"),
            ("0.1.0-ccccccc.beta", "failure", "not a prerelease"),
            ("v0.1.0-aaaaaaa.beta", "failure", "not a beta tag"),
            ("0.1.0", "failure", "not a beta tag"),
            ("0.1.0-aaaaaaa.beta 0.2.0-bbbbbbb.beta", "failure", "not a beta tag"),
            ("0.1.0-aaaaaaa.beta\n::warning::x", "failure", "not a beta tag"),
        ):
            with self.subTest(beta):
                job = self.job("deploy-production.yml", "beta", 106, {"beta_tag": beta})
                job.run()
                self.assertEqual(job.outcomes[None], outcome)
                self.assertIn(words, job.log["The tag names a prerelease"])


if __name__ == "__main__":
    unittest.main()
