"""Calls of the AWS CLI, one a line on the screen. A dry run prints them and makes none. Must never print an answer: some
hold credentials.
"""

import json
import os
import subprocess
import time

# Seconds after which one call hangs.
PATIENCE = 120


class Refused(Exception):
    """AWS said no; `code` is its error's name."""

    def __init__(self, call, said):
        self.said = said.strip()
        # "An error occurred (ClusterNotFoundException) when calling ..."
        self.code = said.partition("(")[2].partition(")")[0] if "An error occurred (" in said else ""
        super().__init__(f"{call}: {self.said or 'no answer'}")


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

    def __init__(self, region, dry_run=False, say=print, variables=None):
        self.region, self.dry_run, self.say = region, dry_run, say
        self.environment = {
            **os.environ,
            **(variables or {}),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "5",
        }

    def __call__(self, service, operation, /, quiet=False, **parameters):
        """The answer. `quiet` is for what is asked again and again. Raises `Refused`."""
        command = ["aws", service, operation, "--output", "json"]
        if parameters:
            command += ["--cli-input-json", json.dumps(parameters)]
        if not quiet or self.dry_run:
            self.say(f"+ aws {service} {operation} {json.dumps(parameters) if parameters else ''}".rstrip())
        if self.dry_run:
            return Unknown("<answer>")
        said = self.said(command)
        return json.loads(said) if said.strip() else {}

    def said(self, command):
        """In a group of its own: an interrupted script decides itself what becomes of a call that is under way."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False, start_new_session=True
        )
        if done.returncode != 0:
            raise Refused(" ".join(command[:3]), done.stderr)
        return done.stdout

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
