"""Calls of the AWS CLI, one a line on the screen. A dry run prints them and makes none. Must never print an answer: some
hold credentials.
"""

import json
import os
import shlex
import subprocess
import time

from commands import run

# Seconds after which one call hangs.
PATIENCE = 120


class Failed(Exception):
    """A call that has no answer; `command` is how to try it by hand."""

    code = ""

    def __init__(self, call, said, command=""):
        self.said, self.command = said, command
        super().__init__(f"{call}: {said}")


class Refused(Failed):
    """AWS said no; `code` is its error's name."""

    def __init__(self, call, said, command=""):
        super().__init__(call, said.strip() or "no answer", command)
        # "An error occurred (ClusterNotFoundException) when calling ..."
        self.code = said.partition("(")[2].partition(")")[0] if "An error occurred (" in said else ""


class Hung(Failed):
    """No answer within the patience. It may have been done all the same."""


def written(region, service, operation, parameters):
    """The call as it can be typed into a shell."""
    words = ["aws", service, operation, "--region", region]
    if parameters:
        words += ["--cli-input-json", json.dumps(parameters)]
    return shlex.join(words)


class Unknown(str):
    """What a dry run would have been answered: every member of it is again one of these, under its own name."""

    def __getitem__(self, key):
        return Unknown(f"<{key}>") if isinstance(key, str) else self

    def get(self, key, default=None):  # as a dictionary's; the default is never it
        return self[key]

    def __iter__(self):
        return iter((self,))


class Aws:
    """The AWS CLI, in one region. `variables` go over the environment's: another identity's credentials."""

    def __init__(self, region, dry_run=False, say=print, variables=None, patience=PATIENCE):
        self.region, self.dry_run, self.say, self.patience = region, dry_run, say, patience
        self.environment = {
            **os.environ,
            **(variables or {}),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "5",
        }

    def __call__(self, service, operation, /, quiet=False, **parameters):
        """The answer. `quiet` is for what is asked again and again. Raises `Failed`."""
        command = ["aws", service, operation, "--output", "json"]
        if parameters:
            command += ["--cli-input-json", json.dumps(parameters)]
        if not quiet or self.dry_run:
            self.say(f"+ aws {service} {operation} {json.dumps(parameters) if parameters else ''}".rstrip())
        if self.dry_run:
            return Unknown("<answer>")
        said = self.said(command, written(self.region, service, operation, parameters))
        return json.loads(said) if said.strip() else {}

    def said(self, command, by_hand=""):
        call = " ".join(command[:3])
        try:
            code, said, errors = run(command, self.patience, env=self.environment)
        except subprocess.TimeoutExpired:
            raise Hung(call, f"no answer within {self.patience:g} s", by_hand) from None
        if code != 0:
            raise Refused(call, errors, by_hand)
        return said

    def registry_password(self):
        """Of ECR, for twelve hours."""
        self.say("+ aws ecr get-login-password")
        if self.dry_run:
            return "none"
        return self.said(["aws", "ecr", "get-login-password"]).strip()

    def until(self, what, seconds, look, pause=10):
        """Looks until it sees something, and gives that; a dry run looks once. Raises `TimeoutError`."""
        self.say(f"  waiting until {what} ({seconds} s at most)")
        end = time.monotonic() + seconds
        while True:
            seen = look()
            if seen or self.dry_run:
                return seen
            if time.monotonic() > end:
                raise TimeoutError(f"after {seconds} s it is still not so that {what}")
            time.sleep(pause)
