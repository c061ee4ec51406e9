"""What Ctrl-C, a polite kill and a lost terminal do: the first one ends the run, and none of them ends the teardown. Must never
raise twice in one process: whoever cleans up after the first one is then left alone.
"""

import contextlib
import os
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """At most one `KeyboardInterrupt`, and none once `defer` was called."""

    def __init__(self):
        self.armed, self.holding, self.pending = True, False, False
        self.note = b"\nstopping: wait for the teardown, or kill -9 this process and run it again with --teardown\n"

    def install(self):
        for number in SIGNALS:
            signal.signal(number, self.came)
        return self

    def came(self, *_):
        if self.armed and self.holding:
            self.pending = True
        elif self.armed:
            self.armed = False
            raise KeyboardInterrupt
        else:
            # Not by `print`: what was interrupted may be one.
            with contextlib.suppress(OSError):
                os.write(2, self.note)

    def defer(self):
        """From now on they are only told of."""
        self.armed = False

    @contextlib.contextmanager
    def held(self):
        """For what must not be torn apart: a process that was started, and the note that it has to be stopped."""
        self.holding = True
        try:
            yield
        finally:
            self.holding = False
        if self.pending and self.armed:
            self.armed = False
            raise KeyboardInterrupt

    def guarding(self, work, after):
        """Does `work` until it ends, fails or is interrupted; gives `after` what it failed with, with nothing that could interrupt."""
        problem = None
        try:
            try:
                work()
            finally:
                self.armed = False
        except (Exception, KeyboardInterrupt, SystemExit) as failed:  # whatever it is, what was made has to go
            problem = failed
        return after(problem)
