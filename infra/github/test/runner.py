"""Runs a job's `run:` steps as GitHub's runner would, as far as this folder's workflows need it: bash -e, the step's and
the job's environment, the files behind GITHUB_OUTPUT, GITHUB_PATH and GITHUB_STEP_SUMMARY, `if:`, and a cancelled run's
two signals. `uses:` steps are left out: what they leave behind is the caller's to provide. Must never guess: an
expression that it does not know is an error.
"""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import yaml

# What the runner sends when a run is cancelled; it waits 7.5 s before the second, and kills 2.5 s after that.
GITHUBS = (signal.SIGINT, signal.SIGTERM)

GITHUB = {
    "token": "no-token",
    "repository": "acme/sample",
    "event.repository.default_branch": "main",
}


class Job:
    """One job of a workflow, in a checkout of its own."""

    def __init__(self, workflow, name, checkout, environment, inputs=None):
        document = yaml.safe_load(Path(workflow).read_text())
        self.job = document["jobs"][name]
        self.checkout = Path(checkout)
        self.inputs = inputs or {}
        self.outcomes, self.outputs, self.log = {}, {}, {}
        self.cancelled = False
        self.failed = False
        temp = self.checkout / ".runner"
        temp.mkdir()
        self.files = {key: temp / key for key in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for file in self.files.values():
            file.touch()
        self.environment = {**os.environ, **environment, "RUNNER_TEMP": str(temp), "GITHUB_ACTIONS": "true"}
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
            self.failed = self.failed or outcome == "failure"
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
        match = re.fullmatch(r"(\S+) != '([a-z]*)'", term)
        if match is None:
            raise ValueError(f"a condition that this runner does not know: {term}")
        return self.value(match[1]) != match[2]

    def value(self, expression):
        match expression.split("."):
            case ["steps", step, "outputs", output]:
                return self.outputs.get(step, {}).get(output, "")
            case ["steps", step, "outcome"]:
                return self.outcomes[step]
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
        environment = {**filled, **self.environment}
        environment["PATH"] = ":".join([*path, self.environment["PATH"]])
        log = self.checkout / ".runner" / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
                cwd=self.checkout,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            while process.poll() is None:
                time.sleep(0.05)
                if cancel_when and not self.cancelled and cancel_when(log.read_text()):
                    self.cancelled = True
                    for number in signals:
                        process.send_signal(number)
                        time.sleep(0.5)
        self.log[step["name"]] = log.read_text()
        if self.cancelled and cancel_when and step.get("if") is None:
            return "cancelled"
        return "success" if process.returncode == 0 else "failure"

    def collect(self, step):
        if step is None:
            return
        lines = self.files["GITHUB_OUTPUT"].read_text().splitlines()
        self.outputs[step] = dict(line.split("=", 1) for line in lines)
        self.files["GITHUB_OUTPUT"].write_text("")
