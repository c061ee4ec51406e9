"""The sandbox: everything that Lockstep talks to and a worker, as one program. One for all tests, since it takes seconds
to come up. Must never be left running.
"""

import atexit
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.request
from functools import cache
from pathlib import Path

# Seconds: for the sandbox to come up, and for one command.
START, COMMAND = 120, 240
# Made up (tests/sandbox/src/environment.rs).
TOKEN = "sandbox-github-token"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "LOCKSTEP_GITHUB_CREDENTIAL": TOKEN,
}
FOREIGN = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "GITHUB_ACTIONS"}


def environment():
    return {name: value for name, value in os.environ.items() if name not in FOREIGN} | CREDENTIALS


@cache
def town():
    return Town()


class Town:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="specifications-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.process = subprocess.Popen(
            [os.environ["SANDBOX_BIN"], "--folder", self.folder, "--quiet"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=environment(),
        )
        atexit.register(self.stop)
        self.await_it()
        self.ports = json.loads((self.folder / "ports.json").read_text())
        self.config = self.folder / "lockstep.toml"

    def await_it(self):
        said = []
        watchdog = threading.Timer(START, os.killpg, (self.process.pid, signal.SIGKILL))
        watchdog.start()
        try:
            for line in self.process.stdout:
                said.append(line)
                # The last line that it says.
                if line.startswith("Staging answers at"):
                    return
        finally:
            watchdog.cancel()
        raise AssertionError(f"the sandbox did not come up within {START} s:\n" + "".join(said))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=30)
        self.process.stdout.close()

    def push(self, version, **release):
        """Commits a version to main, with its check passed."""
        changes = {
            "apps/server/Cargo.toml": f'[package]\nname = "server"\nversion = "{version}"\n',
            "release.json": json.dumps(release),
        }
        message = f"Version {version}"
        sha = self.control("commits", {"branch": "main", "message": message, "author": "octocat", "changes": changes})["sha"]
        self.control("checks", {"commit": sha, "name": "ci", "status": "completed", "conclusion": "success"})
        return sha

    def control(self, what, body):
        """The simulator's own routes, which are not GitHub's."""
        url = f"http://127.0.0.1:{self.ports['github']}/_sim/repos/acme/sample/{what}"
        request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=COMMAND) as answer:
            return json.loads(answer.read())

    def lockstep(self, *words, codes=(0,), config=None):
        command = [os.environ["LOCKSTEP_BIN"], "--config", config or self.config, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND, env=environment())
        assert done.returncode in codes, f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout
