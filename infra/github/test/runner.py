"""Runs a job's `run:` steps as GitHub's runner would, as far as this folder's workflows need it: bash -e, the step's and
the job's environment, the files behind GITHUB_OUTPUT, GITHUB_PATH and GITHUB_STEP_SUMMARY, `if:`, `continue-on-error:`, and a cancelled run's
two signals. `uses:` steps are left out: what they leave behind is the caller's to provide. Must never guess: an
expression that it does not know is an error. Must never wait for ever, nor leave a step's processes behind.
"""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import yaml

# What the runner sends when a run is cancelled; it waits 7.5 s before the second, and kills 2.5 s after that.
GITHUBS = (signal.SIGINT, signal.SIGTERM)

# Seconds after which a step hangs; none here takes one of its minutes.
DEADLINE = 240
# What a step may see of the machine that tests it. All else (credentials, a runner's own variables) stays out.
INHERITED = ("PATH", "HOME", "TMPDIR", "USER", "LANG", "LC_ALL")

GITHUB = {
    "token": "no-token",
    "repository": "acme/sample",
    "ref_name": "v0.1.0",
    "event.repository.default_branch": "main",
}


class Job:
    """One job of a workflow, in a checkout of its own. `environment` stands above what the workflow says; `needs` is the
    context of that name, and so are `variables` and `secrets`. `outcomes` may be told those of `uses:` steps."""

    def __init__(
        self,
        workflow,
        name,
        checkout,
        environment,
        inputs=None,
        needs=None,
        deadline=DEADLINE,
        variables=None,
        secrets=None,
    ):
        document = yaml.safe_load(Path(workflow).read_text())
        self.job = document["jobs"][name]
        self.checkout = Path(checkout)
        self.inputs, self.needs, self.deadline = inputs or {}, needs or {}, deadline
        self.variables, self.secrets = variables or {}, secrets or {}
        self.outcomes, self.outputs, self.log = {}, {}, {}
        self.cancelled = False
        self.failed = False
        temp = self.checkout / ".runner"
        temp.mkdir()
        self.files = {key: temp / key for key in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for file in self.files.values():
            file.touch()
        self.inherited = {key: os.environ[key] for key in INHERITED if key in os.environ}
        self.environment = {**environment, "RUNNER_TEMP": str(temp), "GITHUB_ACTIONS": "true"}
        self.environment |= {key: str(file) for key, file in self.files.items()}

    @property
    def summary(self):
        return self.files["GITHUB_STEP_SUMMARY"].read_text()

    def run(self, cancel_when=None, signals=GITHUBS):
        """Runs every step. `cancel_when` says, of a step's log so far, when the run is cancelled: then `signals` go to
        the step's shell alone."""
        for step in self.job["steps"]:
            name = step["name"]
            if "uses" in step:
                continue
            if not self.wanted(step):
                self.outcomes[step.get("id")] = "skipped"
                continue
            outcome = self.step(step, cancel_when, signals)
            self.outcomes[step.get("id")] = outcome
            self.failed = self.failed or (outcome == "failure" and not step.get("continue-on-error", False))
            self.collect(step.get("id"))
            print(f"--- {name}: {outcome}\n{self.log[name]}")

    def wanted(self, step):
        condition = step.get("if")
        if condition is None:
            return not (self.cancelled or self.failed)
        terms = [self.term(term.strip()) for term in condition.split("&&")]
        return all(terms)

    def term(self, term):
        if term == "always()":
            return True
        if term == "cancelled()":
            return self.cancelled
        match = re.fullmatch(r"(\S+) (!=|==) '([a-z]*)'", term)
        if match is None:
            raise ValueError(f"a condition that this runner does not know: {term}")
        return (self.value(match[1]) == match[3]) == (match[2] == "==")

    def value(self, expression):
        if expression == "toJSON(needs.*.result)":
            return json.dumps([need["result"] for need in self.needs.values()], indent=2)
        match expression.split("."):
            case ["steps", step, "outputs", output]:
                return self.outputs.get(step, {}).get(output, "")
            case ["steps", step, "outcome"]:
                return self.outcomes[step]
            case ["needs", job, "outputs", output]:
                return self.needs[job]["outputs"][output]
            case ["vars", name]:
                return self.variables.get(name, "")
            case ["secrets", name]:
                return self.secrets.get(name, "")
            case ["inputs", name]:
                return self.inputs[name]
            case ["github", *name] if ".".join(name) in GITHUB:
                return GITHUB[".".join(name)]
        raise ValueError(f"an expression that this runner does not know: {expression}")

    def step(self, step, cancel_when, signals):
        values = {**self.job.get("env", {}), **step.get("env", {})}
        expression = re.compile(r"\$\{\{ (.+?) \}\}")
        filled = {key: expression.sub(lambda m: self.value(m[1]), str(value)) for key, value in values.items()}
        path = self.files["GITHUB_PATH"].read_text().split()[::-1]
        environment = {**self.inherited, **filled, **self.environment}
        environment["PATH"] = ":".join([*path, environment["PATH"]])
        log = self.checkout / ".runner" / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
                cwd=self.checkout,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.wait(process, step["name"], log, cancel_when, signals)
        finally:
            end(process)
        self.log[step["name"]] = log.read_text()
        if self.cancelled and cancel_when and step.get("if") is None:
            return "cancelled"
        return "success" if process.returncode == 0 else "failure"

    def wait(self, process, name, log, cancel_when, signals):
        until = time.monotonic() + self.deadline
        while process.poll() is None:
            if time.monotonic() > until:
                raise AssertionError(f"the step {name} still runs after {self.deadline} s:\n{log.read_text()}")
            time.sleep(0.05)
            if cancel_when and not self.cancelled and cancel_when(log.read_text()):
                self.cancelled = True
                for number in signals:
                    process.send_signal(number)
                    time.sleep(0.5)

    def collect(self, step):
        if step is None:
            return
        lines = self.files["GITHUB_OUTPUT"].read_text().splitlines()
        self.outputs[step] = dict(line.split("=", 1) for line in lines)
        self.files["GITHUB_OUTPUT"].write_text("")


def end(process):
    """Ends a process that leads a group, and whatever it started, if any of it is left."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait(timeout=30)
