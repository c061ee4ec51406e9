"""That the teardown goes through: after one interruption and after several, with calls that hang and reads that are refused; and
that what is left is said, with the commands that remove it. smoke.py runs as a process, against cloud.py. Needs nothing else.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).parent
SMOKE = HERE.parent / "smoke.py"
SUFFIX = "0123abcd"
# Seconds: how long a call may hang, and until something must have happened.
CALL, SOON = 2, 120


class Interrupted(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="smoke-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.cloud = self.folder / "cloud"
        self.cloud.mkdir()
        programs = self.folder / "bin"
        programs.mkdir()
        self.program(programs / "aws", f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "cloud.py"}" "$@"\n')
        self.program(programs / "docker", "#!/bin/sh\ncat >/dev/null\n")
        # Comes up never, and takes its time to go.
        self.program(self.folder / "sandbox", f"#!/bin/sh\ntrap 'sleep 4; echo gone >\"{self.folder}/stopped\"; exit' TERM\necho up\nsleep 600 & wait\n")
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "CLOUD": str(self.cloud),
            "SANDBOX_BIN": str(self.folder / "sandbox"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    @staticmethod
    def program(path, text):
        path.write_text(text)
        path.chmod(0o755)

    def start(self, *words, plan="{}"):
        command = [sys.executable, str(SMOKE), "--region", "us-east-1", "--call-seconds", str(CALL), "--pause", "0.1", *words]
        self.output = self.folder / "output"
        with self.output.open("wb") as output:
            process = subprocess.Popen(
                command,
                env={**self.environment, "CLOUD_PLAN": plan},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.addCleanup(self.kill, process)
        return process

    @staticmethod
    def kill(process):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def said(self):
        return self.output.read_text()

    def until(self, what, process):
        end = time.monotonic() + SOON
        while what not in self.said():
            self.assertLess(time.monotonic(), end, f"{what} was never said:\n{self.said()}")
            self.assertIsNone(process.poll(), self.said())
            time.sleep(0.05)

    def ended(self, process):
        code = process.wait(timeout=SOON)
        return code, self.said()

    def standing(self):
        return sorted(each.name for each in self.cloud.iterdir())

    def run_to_the_queues(self, plan):
        """Roles and a group are there by then."""
        process = self.start("--registry", "127.0.0.1:1/smoke", "--address", "127.0.0.1/32", plan=plan)
        self.until("+ aws sqs create-queue", process)
        return process

    def test_interrupted_once_everything_goes(self):
        process = self.run_to_the_queues('{"create-queue": "hang 1"}')
        self.assertEqual(len(self.standing()), 3, "two roles and a group")
        process.send_signal(signal.SIGINT)
        code, said = self.ended(process)
        self.assertEqual((code, self.standing()), (1, []), said)
        self.assertIn("error: interrupted", said)
        self.assertIn("nothing is left of lockstep-smoke-", said)

    def test_a_hail_of_signals_stops_neither_the_closing_nor_the_teardown(self):
        process = self.start("--registry", "127.0.0.1:1/smoke", "--address", "127.0.0.1/32", plan='{"delete-cluster": "hang 1"}')
        self.until("all services are steady", process)
        end = time.monotonic() + SOON
        while not any(each.read_text() for each in self.folder.glob("lockstep-smoke-*/sandbox.out")):
            self.assertLess(time.monotonic(), end, self.said())
            time.sleep(0.05)
        while process.poll() is None and time.monotonic() < end:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                process.send_signal(number)
            time.sleep(0.3)
        code, said = self.ended(process)
        self.assertEqual((code, self.standing()), (1, []), said)
        self.assertTrue((self.folder / "stopped").exists(), "what was started was waited for")
        self.assertIn("wait for the teardown", said)
        self.assertIn("nothing is left of lockstep-smoke-", said)

    def test_a_lost_terminal_stops_nothing(self):
        reader, writer = os.pipe()
        command = [sys.executable, str(SMOKE), "--region", "us-east-1", "--pause", "0.1", "--teardown", SUFFIX]
        self.put("cluster", SUFFIX)
        process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer, start_new_session=True)
        self.addCleanup(self.kill, process)
        os.close(writer)
        os.close(reader)
        self.assertEqual(process.wait(timeout=SOON), 0)
        self.assertEqual(self.standing(), [])

    def put(self, kind, tag, name=f"lockstep-smoke-{SUFFIX}"):
        (self.cloud / f"{kind} {name}").write_text(tag)

    def test_a_call_that_hung_and_was_done_all_the_same_is_found(self):
        process = self.run_to_the_queues('{"create-queue": "made 1"}')
        code, said = self.ended(process)
        self.assertEqual((code, self.standing()), (1, []), said)
        self.assertIn(f"no answer within {CALL} s", said)
        self.assertIn("nothing is left of lockstep-smoke-", said)

    def test_a_deletion_that_hangs_once_or_is_refused_once_is_done_in_the_end(self):
        for plan in ('{"delete-cluster": "hang 1"}', '{"delete-cluster": "refuse 1"}', '{"describe-clusters": "refuse 2"}', '{"get-role": "hang 1"}'):
            with self.subTest(plan):
                for count in self.folder.glob("cloud.*"):
                    count.unlink()
                self.put("cluster", SUFFIX)
                self.put("table", SUFFIX)
                code, said = self.ended(self.start("--teardown", SUFFIX, plan=plan))
                self.assertEqual((code, self.standing()), (0, []), said)

    def test_what_is_left_is_said_with_the_command_that_removes_it(self):
        for plan, why in (('{"delete-cluster": "refuse"}', "AccessDeniedException"), ('{"delete-cluster": "hang"}', "no answer within")):
            with self.subTest(plan):
                self.put("cluster", SUFFIX)
                self.put("table", SUFFIX)
                code, said = self.ended(self.start("--teardown", SUFFIX, plan=plan))
                name = f"lockstep-smoke-{SUFFIX}"
                self.assertEqual((code, self.standing()), (1, [f"cluster {name}"]), said)
                self.assertIn(f"left: cluster {name} (", said)
                self.assertIn(why, said)
                command = f"""aws ecs delete-cluster --region us-east-1 --cli-input-json '{{"cluster": "{name}"}}'"""
                self.assertIn(command, said)
                self.assertIn(f"--teardown {SUFFIX}", said)
                self.assertIn("resourcegroupstaggingapi get-resources", said)
                self.assertNotIn("nothing is left", said)

    def test_what_cannot_be_looked_at_is_not_said_to_be_gone_and_stops_nothing_else(self):
        for plan in ('{"describe-repositories": "refuse"}', '{"describe-repositories": "hang"}'):
            with self.subTest(plan):
                self.put("cluster", SUFFIX)
                code, said = self.ended(self.start("--teardown", SUFFIX, plan=plan))
                self.assertEqual((code, self.standing()), (1, []), said)
                self.assertIn("could not be looked at, so something may be left: repository", said)
                self.assertIn("    aws ecr describe-repositories --region us-east-1", said)
                self.assertNotIn("nothing is left", said)

    def test_with_a_registry_of_ones_own_ecr_is_not_asked(self):
        self.put("cluster", SUFFIX)
        words = ("--teardown", SUFFIX, "--registry", "127.0.0.1:1/smoke")
        code, said = self.ended(self.start(*words, plan='{"describe-repositories": "refuse"}'))
        self.assertEqual((code, self.standing()), (0, []), said)

    def test_an_unreadable_kind_saves_no_stranger(self):
        self.put("cluster", "00000001")
        self.put("table", SUFFIX)
        code, said = self.ended(self.start("--teardown", SUFFIX, plan='{"describe-repositories": "refuse"}'))
        self.assertEqual((code, len(self.standing())), (1, 2), said)
        self.assertIn("without the tag", said)


if __name__ == "__main__":
    unittest.main()
