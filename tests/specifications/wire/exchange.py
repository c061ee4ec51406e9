"""One request with its answer, as crashes (tests/crashes/src/recorder/tape.rs) and the recording proxy write them down."""

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Exchange:
    service: str
    method: str
    path: str
    query: str | None
    headers: dict[str, str]
    body: str
    status: int
    answer: str
    # Where it was recorded, for people.
    source: str = field(default="", compare=False)

    def __str__(self):
        operation = self.headers.get("x-amz-target", "").rpartition(".")[2]
        asked = f"?{self.query}" if self.query else ""
        return f"{self.source}: {operation or f'{self.method} {self.path}{asked}'} -> {self.status}"

    def changed(self, **members):
        """The same with other members; for tests of what must be found."""
        other = copy.deepcopy(self)
        for name, value in members.items():
            setattr(other, name, value)
        return other

    def with_answer(self, change):
        """The same with its answer's JSON changed."""
        answer = json.loads(self.answer)
        change(answer)
        return self.changed(answer=json.dumps(answer))

    def with_body(self, change):
        """The same with its request's JSON changed."""
        body = json.loads(self.body)
        change(body)
        return self.changed(body=json.dumps(body))


def read(path, service):
    """The exchanges with a service in a recording, each once: what was said twice is said once."""
    seen, exchanges = set(), []
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        if line in seen:
            continue
        seen.add(line)
        members = json.loads(line)
        if members["service"] == service:
            exchanges.append(Exchange(**members, source=f"{Path(path).name}:{number}"))
    return exchanges
