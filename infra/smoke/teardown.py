"""Deletes what one run made. First everything is looked at: if one thing with such a name does not carry the run's tag, nothing at
all is touched. Whatever refuses or hangs, the rest is deleted; at the end it is looked at once more, and what is left is said with the
commands that remove it. Must never say that nothing is left without having looked, nor go on without end.
"""

import time

from aws import Failed, Hung, written
from belongings import GONE, Belongings
from names import TAG

# A cluster with tasks that stop, a group with interfaces that go, a table that is not made yet: asked again.
BUSY = {
    "ClusterContainsTasksException",
    "ClusterContainsServicesException",
    "DependencyViolation",
    "ResourceInUseException",
    "UpdateInProgressException",
}
# Seconds: for one thing that is busy; for all of it, after which nothing new is begun.
PATIENCE, LONGEST = 600, 2400
PAUSE = 10
# How often all is looked at and deleted before the last look: what a call that hung made may appear after the first.
ROUNDS = 3


class Untagged(Exception):
    """Something has a run's name and not its tag."""


class Teardown:
    """Of the run with these names. `without` are kinds that it cannot have made, such as `repository`."""

    def __init__(self, aws, names, say=print, pause=PAUSE, without=(), longest=LONGEST):
        self.aws, self.names, self.say, self.pause = aws, names, say, pause
        self.belongings = Belongings(aws, names, pause, without)
        self.end = time.monotonic() + longest
        self.ours = set()

    def run(self):
        """What is left, by a look after everything that was done: nothing, it should be. Raises `Untagged` before anything was
        touched."""
        refused = {}
        things, unread = self.look()
        self.say(f"tearing down {self.names.base}: {len(things)} things")
        for number in range(1, ROUNDS + 1):
            for each in things:
                self.delete(each, refused)
            if self.aws.dry_run:
                return []
            things, unread = self.look()
            if not (things or unread) or number == ROUNDS or time.monotonic() > self.end:
                break
            self.say(f"  left so far: {', '.join([each.what for each in things] + [each.kind for each in unread])}; once more")
            time.sleep(self.pause)
        return [line for each in things for line in self.left(each, refused)] + [line for each in unread for line in self.unknown(each)]

    def look(self):
        things, unread = self.belongings.look()
        mine = lambda each: self.aws.dry_run or each.suffix == self.names.suffix or each.what in self.ours
        strangers = [each.what for each in things if not mine(each)]
        if strangers:
            raise Untagged(
                f"without the tag {TAG}={self.names.suffix}: {', '.join(strangers)}. Nothing without it was touched. Look whose it is; "
                "what this script makes it tags when it makes it"
            )
        self.ours |= {each.what for each in things}
        return things, unread

    def delete(self, each, refused):
        """One thing; whatever comes of it, the others have their turn."""
        for call in each.calls:
            try:
                self.patiently(*call)
            except Exception as problem:  # also an answer that is no JSON
                self.say(f"  {each.what}: {problem}")
                refused[each.what] = problem
                return

    def patiently(self, service, operation, parameters):
        end = min(time.monotonic() + PATIENCE, self.end)
        hung = False
        while True:
            try:
                return self.aws(service, operation, **parameters)
            except Failed as failed:
                if failed.code in GONE:
                    return None
                # What hung is tried again once: it is the same deletion.
                again = failed.code in BUSY or (isinstance(failed, Hung) and not hung)
                if not again or time.monotonic() > end:
                    raise
                hung = isinstance(failed, Hung)
            time.sleep(self.pause)

    def left(self, each, refused):
        why = f" ({refused[each.what]})" if each.what in refused else ""
        return [f"left: {each.what}{why}", *[f"    {line}" for line in each.by_hand(self.names.region)]]

    def unknown(self, each):
        command = getattr(each.problem, "command", "")
        return [f"could not be looked at, so something may be left: {each}", *([f"    {command}"] if command else [])]

    def by_tag(self):
        """The command that lists what carries the tag; AWS goes on listing there for some time what was deleted, and no roles."""
        filters = {"TagFilters": [{"Key": TAG, "Values": [self.names.suffix]}]}
        return written(self.names.region, "resourcegroupstaggingapi", "get-resources", filters)
