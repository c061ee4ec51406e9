"""Runs one program to its end, or to the end of patience. Must never leave behind what it started."""

import contextlib
import os
import signal
import subprocess


def run(command, seconds, given=None, env=None):
    """(exit code, output, errors). In a group of its own, so that Ctrl-C is this script's alone, and the whole group is killed
    when the time is up (`subprocess.TimeoutExpired`) or the script is interrupted."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        start_new_session=True,
    )
    try:
        said, errors = process.communicate(given, timeout=seconds)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        raise
    return process.returncode, said, errors
