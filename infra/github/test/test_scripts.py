"""The scripts that workflows call, each by itself."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "scripts"
LOCKSTEP = os.environ["LOCKSTEP_BIN"]
RUN = {"GITHUB_REPOSITORY_ID": "7", "GITHUB_RUN_ID": "100", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "deploy"}


def run(script, *words, stdin=None, **environment):
    command = [SCRIPTS / script, *words]
    environment = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)
    return done.returncode, done.stdout, done.stderr


def new_id(**change):
    code, output, error = run("new-id.sh", **{**RUN, **change})
    assert code == 0, error
    return re.fullmatch(r"id=([0-9a-f-]{36})\n", output)[1]


class NewId(unittest.TestCase):
    def test_it_is_one_that_lockstep_takes(self):
        for run_id in range(20):
            id = new_id(GITHUB_RUN_ID=str(run_id))
            # With an id that it takes, the next thing that it looks for is its configuration.
            watch = subprocess.run(
                [LOCKSTEP, "--config", "/nonexistent.toml", "watch", id], capture_output=True, text=True, check=False
            )
            self.assertIn("/nonexistent.toml", watch.stderr, id)

    def test_only_the_time_differs_within_an_attempt(self):
        tail = slice(14, None)
        self.assertEqual(new_id()[tail], new_id()[tail])
        for key, other in (("GITHUB_RUN_ATTEMPT", "2"), ("GITHUB_RUN_ID", "101"), ("GITHUB_REPOSITORY_ID", "8")):
            self.assertNotEqual(new_id()[tail], new_id(**{key: other})[tail], key)

    def test_outside_a_run_there_is_none(self):
        code, output, error = run("new-id.sh", **{**RUN, "GITHUB_RUN_ATTEMPT": ""})
        self.assertNotEqual(code, 0)
        self.assertEqual(output, "")
        self.assertIn("GITHUB_RUN_ATTEMPT", error)


class Mask(unittest.TestCase):
    def mask(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text)
            file.flush()
            return run("mask.sh", file.name)

    def test_every_account_number_is_masked_once(self):
        url = 'url = "https://sqs.us-east-1.amazonaws.com/{}/lockstep"\n'
        code, output, _ = self.mask(url.format("111122223333") * 2 + url.format("444455556666"))
        self.assertEqual((code, output), (0, "::add-mask::111122223333\n::add-mask::444455556666\n"))

    def test_a_file_without_one_is_fine(self):
        self.assertEqual(self.mask("port = 1234567890123\n")[:2], (0, ""))


class Install(unittest.TestCase):
    def test_a_name_that_can_be_moved_is_refused(self):
        for image, words in (
            ("ghcr.io/example/lockstep:latest", "name it by digest"),
            ("ghcr.io/example/lockstep@sha256:12", "name it by digest"),
            ("ghcr.io/example/lockstep@sha256:" + "0" * 64, "still is the template's"),
        ):
            code, output, _ = run("install.sh", image)
            self.assertEqual(code, 1)
            self.assertIn("::error::", output)
            self.assertIn(words, output)


class Summary(unittest.TestCase):
    HISTORY = {
        "id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "state": "deploying/draining",
        "request": {
            "application": "shop",
            "environment": "staging",
            "target": {"kind": "commit", "reference": None},
            "requester": {"actor": "<b>alice</b>|x"},
        },
        "transitions": [
            {"at": "2026-11-23T09:30:00.1Z", "to": "locked", "detail": "[click](http://x) `rm`\n| a | b |"},
            {"at": "2026-11-23T09:31:00.1Z", "to": "built", "detail": ""},
        ],
        "verdict": None,
    }

    def summary(self, answer, code=0):
        with tempfile.TemporaryDirectory() as folder:
            lockstep = Path(folder, "lockstep")
            lockstep.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\nexit {code}\n")
            lockstep.chmod(0o755)
            return run("summary.sh", self.HISTORY["id"], PATH=f"{folder}:{os.environ['PATH']}")

    def test_words_from_outside_are_no_markup(self):
        code, output, error = self.summary(json.dumps(self.HISTORY))
        self.assertEqual((code, error), (0, ""))
        self.assertIn("No verdict yet", output)
        self.assertIn("&lt;b&gt;alice&lt;/b&gt;&#124;x", output)
        self.assertNotIn("[click]", output)
        self.assertNotIn("`rm`", output)
        self.assertIn("| 09:31:00 | +60.0 s | built |", output)
        # The cells of a row are as many as its head's, whatever is in them.
        self.assertEqual({line.count("|") for line in output.splitlines() if line.startswith("| 09:")}, {5})

    def test_without_a_record_it_says_so_and_fails_nothing(self):
        code, output, _ = self.summary("", code=2)
        self.assertEqual(code, 0)
        self.assertIn("## No record", output)


if __name__ == "__main__":
    unittest.main()
