"""This repository's own image workflow: it publishes only a version that is on main, only once, and only the archive that was
checked; and the job that may publish has neither the repository's code nor a compiler.
"""

import hashlib
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

from runner import Job

WORKFLOW = Path(__file__).parents[3] / ".github/workflows/image.yml"
RIGHTS = {"packages": "write", "id-token": "write", "attestations": "write"}
# Stands in for skopeo: what a registry that has `there` (or an answer of its own) says, and what it was told to push.
SKOPEO = """#!/bin/bash
set -e
here=$(dirname "$0")
case $1 in
login) [ "$(cat)" = no-token ] && echo "{}" > "$REGISTRY_AUTH_FILE" ;;
inspect)
    [ -e "$REGISTRY_AUTH_FILE" ]
    cat "$here/answer" >&2
    exit "$(cat "$here/code")" ;;
copy)
    [ "$2 $3" = "--preserve-digests --digestfile" ]
    echo "$5 $6" > "$here/pushed"
    printf 'sha256:%064d' 7 > "$4" ;;
*) exit 2 ;;
esac
"""
ABSENT = "time=x level=fatal msg=\"Error parsing image name: reading manifest v0.1.0 in ghcr.io/acme/sample: manifest unknown\""


def git(folder, *words):
    identity = ("-c", "user.name=x", "-c", "user.email=x@x.example")
    command = ["git", "-C", folder, *identity, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


class ImageWorkflow(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.folder = Path(temp.name)
        self.jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]

    def test_who_compiles_has_no_rights_and_who_has_rights_compiles_nothing(self):
        self.assertEqual(self.jobs["build"]["permissions"], {"contents": "read"})
        publish = self.jobs["publish"]
        self.assertEqual((publish["permissions"], publish["environment"], publish["needs"]), (RIGHTS, "release", "build"))
        used = [step["uses"].partition("@")[0] for step in publish["steps"] if "uses" in step]
        self.assertEqual(used, ["actions/download-artifact", "actions/attest-build-provenance"])
        script = "\n".join(step.get("run", "") for step in publish["steps"])
        self.assertNotRegex(script, r"cargo|rustc|podman|docker build|git |infra/|\./")

    def check(self, tag, branch="main", version="0.1.0"):
        """The step that decides about a tag, for a commit of `branch` in a clone where main is origin's."""
        origin, clone = self.folder / f"origin-{tag}-{branch}", self.folder / f"clone-{tag}-{branch}"
        origin.mkdir()
        git(origin, "init", "--quiet", "--initial-branch=main")
        (origin / "Cargo.toml").write_text(f'[workspace.package]\nversion = "{version}"\n')
        git(origin, "add", ".")
        git(origin, "commit", "--quiet", "--message=one")
        git(origin, "checkout", "--quiet", "-B", branch)
        git(origin, "commit", "--quiet", "--allow-empty", "--message=two")
        git(self.folder, "clone", "--quiet", origin, clone)
        # It also is on main if something was merged since.
        git(origin, "commit", "--quiet", "--allow-empty", "--message=three")
        environment = {"GITHUB_SHA": git(clone, "rev-parse", "HEAD"), "VERSION": tag}
        job = Job(WORKFLOW, "build", clone, environment)
        job.job["steps"] = [step for step in job.job["steps"] if "uses" not in step][:1]
        job.run()
        return job.outcomes[None], job.log["The tag is a version's, and on main"]

    def test_a_versions_tag_on_main_is_built(self):
        self.assertEqual(self.check("v0.1.0"), ("success", ""))

    def test_any_other_tag_is_refused(self):
        for tag, branch, words in (
            ("v0.1.0", "side", "is not on main"),
            ("v0.1.1", "main", "Cargo.toml's version is 0.1.0"),
            ("v0.1.0-rc.1", "main", "Cargo.toml's version is 0.1.0"),
        ):
            with self.subTest(tag=tag, branch=branch):
                outcome, log = self.check(tag, branch)
                self.assertEqual(outcome, "failure")
                self.assertIn(words, log)

    def publish(self, answer=ABSENT, code=1, sha256=None):
        content = b"an image"
        bin = Path(tempfile.mkdtemp(dir=self.folder))
        (bin / "skopeo").write_text(SKOPEO)
        (bin / "skopeo").chmod(0o755)
        (bin / "answer").write_text(answer)
        (bin / "code").write_text(str(code))
        environment = {
            "PATH": f"{bin}:/usr/local/bin:/usr/bin:/bin",
            "IMAGE": "ghcr.io/Acme/Sample",
            "VERSION": "v0.1.0",
            "GITHUB_ACTOR": "octocat",
        }
        needs = {"build": {"outputs": {"sha256": sha256 or hashlib.sha256(content).hexdigest()}}}
        checkout = Path(tempfile.mkdtemp(dir=self.folder))
        job = Job(WORKFLOW, "publish", checkout, environment, needs=needs)
        archive = checkout / ".runner/lockstep.tar"
        archive.write_bytes(content)
        job.run()
        self.assertFalse((checkout / ".runner/registry.json").exists(), "the registry's credential is left behind")
        pushed = bin / "pushed"
        return job, pushed.read_text().replace(str(archive), "ARCHIVE").strip() if pushed.exists() else None

    def test_the_archive_that_was_checked_is_published_and_named(self):
        job, pushed = self.publish()
        self.assertEqual(pushed, "oci-archive:ARCHIVE docker://ghcr.io/acme/sample:v0.1.0")
        digest = f"sha256:{7:064d}"
        self.assertEqual(job.outputs["push"], {"name": "ghcr.io/acme/sample", "digest": digest})
        self.assertEqual(job.summary, f"`ghcr.io/acme/sample@{digest}` is v0.1.0\n")

    def test_another_archive_is_not_published(self):
        job, pushed = self.publish(sha256="0" * 64)
        self.assertEqual((job.outcomes["push"], pushed), ("skipped", None))

    def test_a_version_is_published_once(self):
        for answer, code, words in (
            ("{}", 0, "is published already; a change needs a new version"),
            ("reading manifest v0.1.0: received unexpected HTTP status: 502", 1, "is unknown: reading manifest"),
            ("requested access to the resource is denied", 1, "is unknown: requested access"),
        ):
            with self.subTest(answer):
                job, pushed = self.publish(answer, code)
                self.assertEqual((job.outcomes["push"], pushed), ("failure", None))
                self.assertIn(words, job.log["Publish"])


if __name__ == "__main__":
    unittest.main()
