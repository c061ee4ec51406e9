"""docs/setup.md against what it names: shell syntax, every `lockstep` command and the configuration by the program itself, stacks,
outputs, exports and physical names by the synthesised templates, settings, secrets, workflows, paths and links.

Needs LOCKSTEP_BIN, and SYNTHESISED, the folder of `cdk synth` (infra/check.sh sets both). Must never run a command of the page.
"""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from documents import WORKSPACE, anchors, blocks, commands, heredocs, links

PAGE = WORKSPACE / "docs" / "setup.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = blocks(TEXT)
COMMANDS = [(line, words) for line, code in BLOCKS for words in commands(code) if words]
ENV_EXAMPLE = dict(
    line.split("=", 1) for line in (WORKSPACE / "infra/.env.example").read_text().splitlines() if re.match(r"[A-Z_]+=", line)
)
# Values for what the page sets by asking a service.
SAMPLES = {"BETA": "0.1.0-abcdef0.beta"}
AN_ID = "01a20a39-429f-70a6-9548-6a6f6f151e79"
# Programs that the page may use; the first word of a command must be one, or one that the page defines.
PROGRAMS = set("aws curl gh npx npm git cargo docker lockstep python3 find sed cp mkdir rm cat echo grep cut tr sleep cd export read".split())


def named(option, words):
    """The values of an option, however it is written."""
    found = [words[at + 1] for at, word in enumerate(words[:-1]) if word == option]
    return found + [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]


def templates():
    folder = Path(os.environ["SYNTHESISED"])
    return {file.name.partition(".")[0]: json.loads(file.read_text()) for file in folder.glob("*.template.json")}


def problems_of_lockstep(words):
    """What the program says of a command's words; empty if only the configuration, which is not there, is missing."""
    filled = [AN_ID if word.startswith("$(") else re.sub(r"\$(\w+)", lambda found: SAMPLES.get(found[1], "x"), word) for word in words[1:]]
    missing = "/nonexistent/lockstep.toml"
    environment = {"LOCKSTEP_CONFIG": missing, "PATH": "/usr/bin"}
    done = subprocess.run([os.environ["LOCKSTEP_BIN"], *filled], env=environment, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 or missing in done.stderr else done.stderr


def problems_of_configuration(text):
    """What the program says of a configuration; empty if it is taken (a service is out of reach then)."""
    given = {"GITHUB_APP_ID": "1", "AWS_REGION": "us-east-1", "STAGING_DOMAIN": "a.example", "PRODUCTION_DOMAIN": "b.example", "READINESS_PATH": "/ready"}
    text = re.sub(r"\$\(output \w+ \w+\)", "http://127.0.0.1:9/1/x", text)
    text = re.sub(r"\$([A-Z]+(?:_[A-Z]+)*)", lambda found: given.get(found[1], "x" + found[1].replace("_", "").lower()), text)
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text)
        file.flush()
        environment = {
            "LOCKSTEP_CONFIG": file.name,
            "PATH": "/usr/bin",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "LOCKSTEP__AWS": '{ region = "us-east-1", dynamodb_endpoint = "http://127.0.0.1:9", sqs_endpoint = "http://127.0.0.1:9" }',
        }
        done = subprocess.run([os.environ["LOCKSTEP_BIN"], "status"], env=environment, capture_output=True, text=True, timeout=120, check=False)
    # 1: a service failed. 2: the configuration cannot be used.
    return "" if done.returncode == 1 else f"exit code {done.returncode}: {done.stderr}"


class Setup(unittest.TestCase):
    def test_every_block_is_shell(self):
        self.assertGreater(len(BLOCKS), 15)
        for line, code in BLOCKS:
            done = subprocess.run(["bash", "-n"], input=code, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, f"{PAGE}:{line}: {done.stderr}")

    def test_every_command_is_of_a_program_that_is_asked_for(self):
        defined = set(re.findall(r"^(\w+)\(\)", TEXT, re.MULTILINE))
        for line, words in COMMANDS:
            first = words[0]
            known = first in PROGRAMS | defined or "/" in first
            self.assertTrue(known, f"{PAGE}:{line}: {first} in {words}")

    def test_every_variable_is_set_before_it_is_used(self):
        known = {"HOME", "PATH", "PWD"}
        for line, code in BLOCKS:
            known |= set(re.findall(r"(?:^|export |&& |; )([A-Za-z_]+)=", code, re.MULTILINE))
            known |= set(re.findall(r"\bfor (\w+) in\b", code)) | set(re.findall(r'\bread -r -s -p "[^"]*" (\w+)', code))
            # JMESPath, jq and sed have their own dollars, in single quotes.
            used = set(re.findall(r"\$\{?([A-Za-z_]\w*)", re.sub(r"'[^'\n]*'", "''", code)))
            self.assertLessEqual(used, known, f"{PAGE}:{line}")

    def test_every_lockstep_command_is_understood_by_the_program(self):
        found = [(line, words) for line, words in COMMANDS if words[0] == "lockstep"]
        self.assertGreater(len(found), 7)
        for line, words in found:
            self.assertEqual(problems_of_lockstep(words), "", f"{PAGE}:{line}: {words}")

    def test_the_configuration_is_taken_by_the_program(self):
        written = [text for _, code in BLOCKS for text in heredocs(code) if "[queue]" in text]
        self.assertEqual(len(written), 1)
        self.assertEqual(problems_of_configuration(written[0]), "")

    def test_stacks_outputs_and_exports_exist(self):
        stacks = templates()
        self.assertEqual(set(re.findall(r"\b\w+Stack\b", TEXT)) - set(stacks), set())
        asked = set(re.findall(r"\$\(output (\w+) (\w+)\)", TEXT))
        self.assertGreater(len(asked), 3)
        for stack, output in asked:
            self.assertIn(output, stacks[stack]["Outputs"])
        exports = {each["Export"]["Name"] for stack in stacks.values() for each in stack.get("Outputs", {}).values() if "Export" in each}
        wanted = {name.replace("$PROJECT", ENV_EXAMPLE["PROJECT"]) for name in re.findall(r'\$\(exported "([^"]+)"\)', TEXT)}
        self.assertTrue(wanted)
        self.assertEqual(wanted - exports, set())

    def test_physical_names_are_the_stacks(self):
        text = json.dumps(templates())
        for name in set(re.findall(r"\$PROJECT((?:[-/][a-z]+)+)", TEXT)):
            full = ENV_EXAMPLE["PROJECT"] + name
            self.assertRegex(text, rf'["/{re.escape(":")}]{re.escape(full)}["\\]', f"nothing is called {full}")

    def test_settings_are_those_of_the_example(self):
        asked = {words[1] for _, words in COMMANDS if words[0] == "setting"}
        self.assertGreater(len(asked), 15)
        self.assertEqual(asked - set(ENV_EXAMPLE), set())
        # Whatever is an example's own and cannot be right for anybody else is set.
        for key in ("AWS_ACCOUNT_ID", "HOSTED_ZONE_ID", "GITHUB_OWNER_ID", "GITHUB_REPOSITORY_ID", "WORKER_IMAGE"):
            self.assertIn(key, asked)

    def test_secrets_variables_and_workflows_are_those_of_the_templates(self):
        workflows = {file.name: file.read_text() for file in (WORKSPACE / "infra/github/workflows").glob("*.yml")}
        text = "".join(workflows.values())
        for kind in ("secret", "variable"):
            given = {words[3] for _, words in COMMANDS if words[:3] == ["gh", kind, "set"]}
            used = set(re.findall(rf"\b{ {'secret': 'secrets', 'variable': 'vars'}[kind] }\.([A-Z_]+)", text))
            self.assertEqual(given, used, f"each {kind} that a workflow reads is set, and no other")
        for _, words in COMMANDS:
            if words[:3] == ["gh", "workflow", "run"]:
                self.assertIn(words[3], workflows)
                for field in named("-f", words):
                    self.assertIn(f"      {field.partition('=')[0]}:", workflows[words[3]])
        own = {file.name for file in (WORKSPACE / ".github/workflows").glob("*.yml")}
        for workflow in re.findall(r"--workflow (\S+)", TEXT) + re.findall(r'^workflow = "(.+)"', TEXT, re.MULTILINE):
            self.assertIn(workflow, {*workflows, *own})

    def test_paths_and_links_exist(self):
        paths = {path.rstrip(".") for path in re.findall(r"(?<![\w/$.\"])((?:infra|docs|tests|worker)/[\w./*-]+)", TEXT)}
        self.assertGreater(len(paths), 5)
        for path in paths:
            # Made by the page itself.
            if path in ("infra/.env", "infra/.env.bak"):
                continue
            self.assertTrue(list(WORKSPACE.glob(path)), path)
        for link in links(TEXT):
            target, _, anchor = link.partition("#")
            file = (PAGE.parent / target).resolve() if target else PAGE
            self.assertTrue(file.exists(), link)
            if anchor:
                self.assertIn(anchor, anchors(file.read_text(encoding="utf-8")), link)

    def test_options_of_the_settings_script_and_of_secrets_are_right(self):
        script = (WORKSPACE / "infra/github/apply-settings.py").read_text()
        (call,) = [words for _, words in COMMANDS if words[0].endswith("apply-settings.py")]
        self.assertEqual(len(call) - 1, int(re.search(r"len\(sys\.argv\) != (\d)", script)[1]) - 1)
        secrets = json.dumps(templates())
        for _, words in COMMANDS:
            for secret in named("--secret-id", words):
                self.assertIn(f'"{secret.replace("$PROJECT", ENV_EXAMPLE["PROJECT"])}"', secrets)

    def test_the_guides_cases_are_there(self):
        for case in (
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            "No OpenIDConnect provider found",
            "Audience not allowed",
            "describe-services",
            "gh release view",
            "imagetools inspect",
            "No previous release",
        ):
            self.assertIn(case, TEXT)


class Negative(unittest.TestCase):
    """That these checks can fail."""

    def test_words_that_the_program_does_not_know_are_found(self):
        for wrong in (["lockstep", "depoly"], ["lockstep", "deploy", "staging", "--wiat"], ["lockstep", "promote", "v1"], ["lockstep", "unlock", "staging"]):
            self.assertNotEqual(problems_of_lockstep(wrong), "", wrong)

    def test_a_key_that_the_program_does_not_know_is_found(self):
        written = next(text for _, code in BLOCKS for text in heredocs(code) if "[queue]" in text)
        self.assertNotEqual(problems_of_configuration(written.replace("required_checks", "requird_checks")), "")

    def test_commands_are_found_in_every_corner(self):
        code = 'A="$(lockstep a "$(lockstep b)")" && (cd x && lockstep c | lockstep d) # lockstep e\nX=1 lockstep f <<EOF\nlockstep g\nEOF\n'
        self.assertEqual(sorted(words[1] for words in commands(code) if words[0] == "lockstep"), ["a", "b", "c", "d", "f"])


if __name__ == "__main__":
    unittest.main()
