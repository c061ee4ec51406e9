"""The real `lockstep`: a worker under its own role, one deployment to staging, one promotion. AWS is real; GitHub is the
sandbox's simulator, on this machine. Must never print a credential, nor leave a process behind.
"""

import json
import os
import signal
import subprocess
import threading
import time
import tomllib
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from commands import run
from names import CONTAINER

VERSION = "0.1.0"
# Seconds that a deployment may take from here: two rollouts of Fargate.
WAIT = 3000
START = 300
# The sandbox's own, made up (tests/sandbox/src/environment.rs).
GITHUB_TOKEN = "sandbox-github-token"


def new_id():
    """A version 7 UUID: 48 bits of time, then chance."""
    number = (int(time.time() * 1000) << 80) | (int.from_bytes(os.urandom(10), "big"))
    number = (number & ~(0xF << 76) & ~(0x3 << 62)) | (0x7 << 76) | (0x2 << 62)
    return str(uuid.UUID(int=number))


def stop(process):
    """A process that leads a group, and what it started."""
    for number, patience in ((signal.SIGTERM, 60), (signal.SIGKILL, 30)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass
        try:
            return process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            continue
    return None


class GitHub:
    """The sandbox, for its GitHub alone: what else it starts is not used."""

    def __init__(self, program, folder):
        self.folder = Path(folder)
        self.log = self.folder / "sandbox.out"
        with self.log.open("wb") as log:
            command = [program, "--folder", str(self.folder / "sandbox"), "--quiet"]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def settings(self):
        """The section `github` of the sandbox's application, once it answers."""
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            try:
                text = (self.folder / "sandbox/lockstep.toml").read_text(encoding="utf-8")
                (application,) = tomllib.loads(text)["applications"].values()
                self.repository = f"{application['github']['owner']}/{application['github']['repository']}"
                self.url = application["github"]["api_url"]
                self.post("commits", self.commit_of(VERSION))
                return application["github"]
            except (OSError, ValueError, KeyError):
                time.sleep(1)
        raise SystemExit(f"the sandbox did not come up; see {self.log}")

    @staticmethod
    def commit_of(version):
        manifest = f'[package]\nname = "server"\nversion = "{version}"\n'
        release = json.dumps({"behaviour": "ok", "slow_start_ms": 0, "migrations": [], "seed": []})
        changes = {"apps/server/Cargo.toml": manifest, "release.json": release}
        return {"branch": "main", "changes": changes, "message": f"Version {version}", "author": "octocat"}

    def post(self, what, body):
        request = urllib.request.Request(
            f"{self.url}/_sim/repos/{self.repository}/{what}",
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def commit(self):
        """A commit whose check has passed."""
        sha = self.post("commits", self.commit_of(VERSION))["sha"]
        self.post("checks", {"commit": sha, "name": "ci", "status": "completed", "conclusion": "success"})
        return sha

    def stop(self):
        stop(self.process)


class Readiness:
    """Answers on 127.0.0.1 for the tasks, whose addresses change: /staging and /production ask the tasks that run now."""

    def __init__(self, aws, cluster):
        self.aws, self.cluster = aws, cluster
        readiness = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status = readiness.status(self.path.strip("/"))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, environment):
        return f"http://127.0.0.1:{self.server.server_address[1]}/{environment}"

    def status(self, service):
        """200 if every running task answers; else the first that does not, 503 if there is none."""
        try:
            addresses = self.addresses(service)
            answers = [self.asked(address) for address in addresses]
        except Exception:  # whatever it is, the service is not known to be ready
            return 503
        return next((each for each in answers if each != 200), 200) if answers else 503

    @staticmethod
    def asked(address):
        try:
            with urllib.request.urlopen(f"http://{address}/", timeout=5) as answer:
                return answer.status
        except OSError:
            return 503

    def addresses(self, service):
        arns = self.aws("ecs", "list-tasks", quiet=True, cluster=self.cluster, serviceName=service)["taskArns"]
        if not arns:
            return []
        tasks = self.aws("ecs", "describe-tasks", quiet=True, cluster=self.cluster, tasks=arns)["tasks"]
        details = [one for task in tasks for attached in task["attachments"] for one in attached["details"]]
        ids = [one["value"] for one in details if one["name"] == "networkInterfaceId"]
        found = self.aws("ec2", "describe-network-interfaces", quiet=True, NetworkInterfaceIds=ids)["NetworkInterfaces"]
        return [each["Association"]["PublicIp"] for each in found]

    def stop(self):
        self.server.shutdown()


class Images:
    """Builds the sample for a commit, as the application's workflow would, and pushes it. Docker's sign-in is kept in the
    run's own folder and goes with it."""

    def __init__(self, repository, base, folder, say, dry_run=False):
        self.repository, self.base, self.say, self.dry_run = repository, base, say, dry_run
        self.environment = {**os.environ, "DOCKER_CONFIG": str(Path(folder) / "docker")}

    def docker(self, *words, given=None):
        self.say(f"+ docker {' '.join(words)}")
        if self.dry_run:
            return
        code, _, errors = run(["docker", *words], 1800, given, self.environment)
        if code != 0:
            raise SystemExit(f"docker {words[0]}: {errors.strip()[-2000:]}")

    def sign_in(self, password):
        self.docker("login", "--username", "AWS", "--password-stdin", self.repository.partition("/")[0], given=password)

    def push(self, tag, commit):
        image = f"{self.repository}:{tag}"
        label = f"org.opencontainers.image.revision={commit}"
        self.docker("build", "--platform", "linux/amd64", "--label", label, "--tag", image, "-", given=f"FROM {self.base}\n")
        self.docker("push", image)


def configuration(names, places, github):
    """The run's lockstep.toml. JSON's strings are TOML's."""
    text = json.dumps
    lines = [
        f"table = {text(names.table)}",
        "[queue]",
        f"url = {text(places['requests'])}",
        f"dead_letter_url = {text(places['dead-letters'])}",
        "[aws]",
        f"region = {text(names.region)}",
        *[f"{key} = {text(value)}" for key, value in places.get("endpoints", {}).items()],
        "[applications.smoke.github]",
        *[f"{key} = {text(github[key])}" for key in ("api_url", "owner", "repository", "version_file", "build_workflow")],
        "[applications.smoke.registry]",
        f"repository = {text(places['repository'])}",
        *(["plain_http = true"] if places["repository"].startswith("127.0.0.1:") else ['username = "AWS"']),
    ]
    for environment in ("staging", "production"):
        lines += [
            f"[applications.smoke.environments.{environment}]",
            f"kind = {text(environment)}",
            f"cluster = {text(names.cluster)}",
            f"service = {text(environment)}",
            f"container = {text(CONTAINER)}",
            f"readiness = {{ url = {text(places['readiness'][environment])} }}",
        ]
        # The account's queue is this run's own, and it asks from a terminal.
        lines += ["anyone_may_ask = true"] if environment == "production" else []
    return "\n".join(lines) + "\n"


class Lockstep:
    """The program, with a configuration. `worker_variables` are the worker's own credentials."""

    def __init__(self, program, folder, variables, say):
        self.program, self.folder, self.say = program, Path(folder), say
        self.config = self.folder / "lockstep.toml"
        self.variables = {**os.environ, **variables, "LOCKSTEP_GITHUB_CREDENTIAL": GITHUB_TOKEN, "LOCKSTEP_CONFIG": str(self.config)}
        self.worker = None

    @property
    def log(self):
        file = self.folder / "worker.log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def start_worker(self, credentials):
        self.say("+ lockstep worker   (as the worker's role)")
        with (self.folder / "worker.log").open("wb") as log:
            environment = {**self.variables, **credentials}
            environment.pop("AWS_PROFILE", None)
            self.worker = subprocess.Popen(
                [self.program, "worker"], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def run(self, *words):
        """Shows what it says; its exit code."""
        self.say(f"+ lockstep {' '.join(words)}")
        code, said, errors = run([self.program, *words], WAIT + 300, env=self.variables)
        self.say(said.rstrip())
        if errors.strip():
            self.say(errors.strip()[-2000:])
        return code

    def stop(self):
        if self.worker is not None:
            stop(self.worker)
