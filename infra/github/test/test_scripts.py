"""The scripts that workflows call, each by itself."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from html import escape
from pathlib import Path

import cmarkgfm

SCRIPTS = Path(__file__).parents[1] / "scripts"
LOCKSTEP = os.environ["LOCKSTEP_BIN"]
RUN = {"GITHUB_REPOSITORY_ID": "7", "GITHUB_RUN_ID": "100", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "deploy"}

# What cmarkgfm makes of a comment; GitHub leaves nothing of it.
COMMENT = "<!-- raw HTML omitted -->"


def run(script, *words, stdin=None, **environment):
    command = [SCRIPTS / script, *words]
    environment = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60, env=environment)
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
            command = [LOCKSTEP, "--config", "/nonexistent.toml", "watch", id]
            watch = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
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

    def test_a_file_that_cannot_be_read_fails_the_job(self):
        for path in ("/nonexistent.toml", tempfile.gettempdir()):
            code, output, _ = run("mask.sh", path)
            self.assertEqual(code, 1)
            self.assertEqual(output, f"::error::{path} cannot be read, so its account numbers cannot be masked.\n")

    def test_no_other_trouble_of_greps_passes_for_nothing_to_mask(self):
        with tempfile.TemporaryDirectory() as folder:
            grep = Path(folder, "grep")
            grep.write_text("#!/bin/sh\nexit 2\n")
            grep.chmod(0o755)
            settings = Path(folder, "lockstep.toml")
            settings.touch()
            code, _, _ = run("mask.sh", settings, PATH=f"{folder}:{os.environ['PATH']}")
        self.assertNotEqual(code, 0)


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

    def summary(self, answer, code=0, error=""):
        with tempfile.TemporaryDirectory() as folder:
            lockstep = Path(folder, "lockstep")
            lockstep.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\ncat >&2 <<'END'\n{error}\nEND\nexit {code}\n")
            lockstep.chmod(0o755)
            code, output, error = run("summary.sh", self.HISTORY["id"], PATH=f"{folder}:{os.environ['PATH']}")
        self.assertEqual((code, error), (0, ""), "it fails no job")
        return output

    def rendered(self, **change):
        """As the dialect of Markdown that GitHub reads makes it HTML."""
        return cmarkgfm.github_flavored_markdown_to_html(self.summary(json.dumps({**self.HISTORY, **change})))

    def test_the_timeline_is_a_table(self):
        output = self.summary(json.dumps(self.HISTORY))
        self.assertIn("No verdict yet", output)
        self.assertIn("| 09:31:00 | +60.0 s | built |", output)
        # The cells of a row are as many as its head's, whatever is in them.
        self.assertEqual({line.count("|") for line in output.splitlines() if line.startswith("| 09:")}, {5})

    def test_words_from_outside_are_no_markup(self):
        for words in (
            "<b>bold</b>",
            "[click](http://x.example)",
            "![](http://x.example/a.png)",
            "`code` *this* _that_ ~~gone~~ a|b",
            "https://x.example/path",
            "see www.x.example, or WWW.x.example",
            "mail a@x.example",
            "# heading",
            "- item",
            "+ item",
            "1. item",
            "12) item",
            "---",
            "===",
            "> quote",
            "    code",
            "```\ncode",
            "&lt;b&gt; &#35;",
        ):
            verdict = {"reason": words, "operator_needed": False, "warnings": [words], "build_url": f"https://x|{words}"}
            item = {**self.HISTORY["transitions"][0], "detail": words}
            with self.subTest(words):
                html = self.rendered(verdict=verdict, transitions=[item], state=words)
                tags = {tag for tag in re.findall(r"<([a-z0-9]+)", html)}
                self.assertEqual(tags, {"h2", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"})
                self.assertEqual([html.count(tag) for tag in ("<h2>", "<p>", "<li>", "<table>")], [1, 1, 1, 2])
                self.assertIn(f"<p>{' '.join(escape(words).split())}</p>", html.replace(COMMENT, "").replace('"', "&quot;"))

    def test_an_address_of_githubs_own_is_a_link(self):
        verdict = {"reason": "fine", "operator_needed": False, "warnings": [], "build_url": "https://x.example/run/1"}
        self.assertIn('<a href="https://x.example/run/1">', self.rendered(verdict=verdict))

    def test_only_the_clis_word_for_it_is_no_record(self):
        error = f"error: there is no deployment {self.HISTORY['id']} in table deployments: check the id"
        output = self.summary("", code=2, error=f"{error}\n::error::{error}")
        self.assertTrue(output.startswith("## No record\n"), output)

    def test_a_record_that_cannot_be_read_is_unknown_with_the_reason(self):
        absent = f"there is no deployment {self.HISTORY['id']} in table deployments"
        for code, error in ((2, "error: lockstep.toml: unknown key"), (1, "error: DynamoDB: throttled"), (1, absent)):
            output = self.summary("", code=code, error=f"{error}\n::error::twice\n# <b>*x*</b>")
            self.assertTrue(output.startswith("## Unknown: the record could not be read\n"), output)
            self.assertIn(f"    lockstep history ended with {code}: {error}\n    # <b>*x*</b>\n", output)
            self.assertNotIn("twice", output)
            self.assertNotIn("No record", output)

    def test_an_answer_of_another_form_is_unknown(self):
        for answer in ("{", "", "[]", '{"id": 1}', json.dumps({**self.HISTORY, "transitions": [{"at": "then"}]})):
            output = self.summary(answer)
            self.assertTrue(output.startswith("## Unknown: the record could not be read\n"), output)
            self.assertRegex(output, r"\n    the answer has another form than expected: [\w.]*Error: ")


if __name__ == "__main__":
    unittest.main()
