"""smoke.py from its beginning to its end against stand-ins: ministack for AWS (with ecs.py for what its ECS lacks), the sandbox for
GitHub and the registry, docker.py for Docker. And that it deletes nothing that is not its own. Needs LOCKSTEP_BIN, SANDBOX_BIN, SMOKE_AWS and
SMOKE_MINISTACK (check.sh sets them). Must never reach anything but 127.0.0.1.

What ministack cannot show (that tasks crash, events, policies that refuse) is shown of the judgements in test_facts.py.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ecs import Ecs

HERE = Path(__file__).parent
SMOKE = HERE.parent / "smoke.py"
ACCOUNT, REGION = "123456789012", "us-east-1"
# Seconds: for a stand-in to come up, and for a whole run.
START, RUN = 180, 1500
# Made up, and looked for in everything that is printed.
SECRET = "a-secret-that-nobody-prints"


class Ready(BaseHTTPRequestHandler):
    """The application's readiness: ministack's tasks do not run."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def stop(process):
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)


class Smoke(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="smoke-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.port = free_port()
        cls.endpoint = f"http://127.0.0.1:{cls.port}"
        cls.start_ministack()
        cls.start_registry()
        cls.ready = ThreadingHTTPServer(("127.0.0.1", 0), Ready)
        threading.Thread(target=cls.ready.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.ready.server_close)
        cls.addClassCleanup(cls.ready.shutdown)
        # Lockstep pins images by their digest, so a digest that runs is the one that its definition names.
        cls.ecs = Ecs(cls.endpoint, lambda image: image.partition("@")[2] or "sha256:" + "0" * 64)
        threading.Thread(target=cls.ecs.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.ecs.server_close)
        cls.addClassCleanup(cls.ecs.shutdown)
        programs = cls.folder / "bin"
        programs.mkdir()
        shutil.copy(HERE / "docker.py", programs / "docker")
        # The AWS CLI takes another endpoint for SQS as an option only.
        (programs / "aws").write_text(
            "#!/bin/sh\n"
            f'endpoint={cls.endpoint}\n[ "$1" != ecs ] || endpoint={cls.ecs.url}\n'
            f'exec "{os.environ["SMOKE_AWS"]}" "$@" --endpoint-url "$endpoint"\n'
        )
        for each in programs.iterdir():
            each.chmod(0o755)
        cls.environment = {
            "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(cls.folder),
            "TMPDIR": str(cls.folder),
            "AWS_ACCESS_KEY_ID": "smoke",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": cls.endpoint,
            "AWS_ENDPOINT_URL_ECS": cls.ecs.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "LOCKSTEP_BIN": os.environ["LOCKSTEP_BIN"],
            "SANDBOX_BIN": os.environ["SANDBOX_BIN"],
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    @classmethod
    def start_ministack(cls):
        home = cls.folder / "ministack"
        home.mkdir()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(home),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(cls.port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            # None, whatever this machine has: tasks are then only written down.
            "DOCKER_HOST": "unix:///nonexistent",
        }
        log = (home / "log").open("wb")
        cls.addClassCleanup(log.close)
        started = subprocess.Popen(
            [os.environ["SMOKE_MINISTACK"]], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        cls.addClassCleanup(stop, started)
        cls.wait_for(lambda: urllib.request.urlopen(f"{cls.endpoint}/_ministack/health", timeout=5).status == 200, started)

    @classmethod
    def start_registry(cls):
        """A sandbox of its own: smoke.py starts another one, for GitHub."""
        folder = cls.folder / "registry"
        command = [os.environ["SANDBOX_BIN"], "--folder", str(folder), "--quiet"]
        started = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        cls.addClassCleanup(stop, started)

        def answers():
            cls.registry = f"127.0.0.1:{json.loads((folder / 'ports.json').read_text())['registry']}"
            return urllib.request.urlopen(f"http://{cls.registry}/v2/", timeout=5).status == 200

        cls.wait_for(answers, started)

    @classmethod
    def wait_for(cls, answers, process):
        end = time.monotonic() + START
        while time.monotonic() < end and process.poll() is None:
            try:
                if answers():
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"{process.args[0]} did not come up")

    def smoke(self, *words):
        command = [sys.executable, SMOKE, "--region", REGION, *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=RUN, check=False)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        return done.returncode, done.stdout + done.stderr

    def aws(self, *words):
        done = subprocess.run(
            ["aws", *words, "--region", REGION, "--output", "json"], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def options(self):
        readiness = f"http://127.0.0.1:{self.ready.server_address[1]}/{{environment}}"
        return ("--registry", f"{self.registry}/smoke", "--readiness", readiness, "--address", "127.0.0.1/32", "--pause", "1")

    def test_a_whole_run_deploys_promotes_finds_and_leaves_nothing(self):
        code, said = self.smoke(*self.options(), "--breaker-seconds", "3")
        self.assertEqual(code, 1, "an assumption that ministack does not bear out")
        suffix = said.partition("lockstep-smoke-")[2][:8]
        self.assertIn("[as assumed] Lockstep deploys to staging and promotes to production in a real account", said)
        self.assertIn("[as assumed] infra/policies/worker-actions.json is enough", said)
        self.assertIn("[as assumed] the tags given to RegisterTaskDefinition are shown at once", said)
        # ministack is not AWS: it takes such an update, and that is what has to be said.
        self.assertIn("[OTHERWISE] UpdateService to an INACTIVE task definition is refused", said)
        self.assertIn("[not seen] does the circuit breaker's rollback", said)
        self.assertIn("`ecs-svc/N` matches the service deployment", said)
        self.assertNotIn("could not be looked at", said)
        self.assertIn(f"nothing is left of lockstep-smoke-{suffix}", said)
        for service, list_them in (("ecs", "list-clusters"), ("sqs", "list-queues"), ("dynamodb", "list-tables"), ("iam", "list-roles")):
            self.assertNotIn(suffix, json.dumps(self.aws(service, list_them)))

    def test_a_killed_runs_rest_is_found_by_its_suffix_alone(self):
        suffix = "0123abcd"
        self.make_cluster_and_queue(suffix, tag=suffix)
        code, said = self.smoke("--teardown", suffix)
        self.assertEqual(code, 0, said)
        self.assertIn(": 2 things", said)
        self.assertEqual(self.standing(suffix), (False, False))

    def test_what_has_the_name_and_not_the_tag_is_not_touched_nor_what_is_beside_it(self):
        suffix = "00000001"
        self.make_cluster_and_queue(suffix, tag="00000002")
        code, said = self.smoke("--teardown", suffix)
        self.assertEqual(code, 1, said)
        self.assertIn(f"cluster lockstep-smoke-{suffix}", said.partition("without the tag")[2])
        self.assertEqual(self.standing(suffix), (True, True), "the queue is ours, but beside a stranger's cluster nothing is deleted")

    def make_cluster_and_queue(self, suffix, tag):
        name = f"lockstep-smoke-{suffix}"
        self.aws("ecs", "create-cluster", "--cluster-name", name, "--tags", f"key=lockstep-smoke,value={tag}")
        self.aws("sqs", "create-queue", "--queue-name", f"{name}-probe", "--tags", f"lockstep-smoke={suffix}")

    def standing(self, suffix):
        name = f"lockstep-smoke-{suffix}"
        clusters = self.aws("ecs", "describe-clusters", "--clusters", name)["clusters"]
        queues = self.aws("sqs", "list-queues", "--queue-name-prefix", name).get("QueueUrls", [])
        return any(each["status"] == "ACTIVE" for each in clusters), bool(queues)

    def test_a_failure_in_the_middle_is_torn_down_too(self):
        # ECR's repository is made, then the stand-in for Docker cannot sign in.
        code, said = self.smoke("--address", "127.0.0.1/32", "--pause", "1")
        self.assertEqual(code, 1, said)
        self.assertIn("+ aws ecr create-repository", said)
        self.assertIn("nothing is left of lockstep-smoke-", said)
        self.assertNotIn("lockstep-smoke-", json.dumps(self.aws("ecr", "describe-repositories")))

    def test_a_dry_run_calls_nothing(self):
        environment, self.environment = self.environment, {**self.environment, "PATH": str(self.folder / "nothing")}
        try:
            code, said = self.smoke("--dry-run")
        finally:
            self.environment = environment
        self.assertEqual(code, 0, said)
        for call in ("ecs create-cluster", "sqs create-queue", "iam put-role-policy", "lockstep promote", "ecs delete-cluster", "iam delete-role"):
            self.assertIn(f"+ {'' if call.startswith('lockstep') else 'aws '}{call}", said)
        self.assertNotIn("What turned out how", said)

    def test_a_suffix_is_eight_hexadecimal_digits(self):
        for wrong in ("*", "", "0123ABCD", "0123abcd-x"):
            code, said = self.smoke(f"--teardown={wrong}")
            self.assertEqual(code, 2, said)
            self.assertNotIn("describe", said)


if __name__ == "__main__":
    unittest.main()
