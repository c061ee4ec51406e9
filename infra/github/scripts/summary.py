"""The answer of `lockstep history --json` (standard input) as Markdown (standard output).

Words in it come from outside (GitHub, ECS, the application); none may become markup.
"""

import html
import json
import re
import sys
from datetime import datetime


def text(value):
    """A value as plain text, at a line's start too."""
    flat = " ".join(str(value).split())
    escaped = html.escape(flat, quote=False)
    escaped = re.sub(r"[\\`*_\[\]|~]", entity, escaped)
    # What begins a heading, a list or a rule; a number with a dot or a parenthesis begins a list as well.
    escaped = re.sub(r"^[#+=-]", entity, escaped)
    escaped = re.sub(r"^\d+[.)](?=\s|$)", lambda start: f"{start[0][:-1]}&#{ord(start[0][-1])};", escaped)
    # What GitHub makes a link by itself. Mail it looks for once entities are read, so a comment has to stand in between.
    escaped = re.sub(r":(?=//)|(?<=www)\.", entity, escaped, flags=re.IGNORECASE)
    return escaped.replace("@", "@<!-- -->")


def entity(mark):
    """The character that was matched, so that it means itself."""
    return f"&#{ord(mark[0])};"


def link(url):
    """An address of GitHub's own as a link; anything else stays text."""
    return f"<{url}>" if url.startswith("https://") and not set(url) & set("<>| \n") else text(url)


def table(*rows):
    """Lines of a table; the first row is its head."""
    head, *body = rows
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in body:
        yield f"| {' | '.join(row)} |"


def wanted(target):
    """What was asked for."""
    return " ".join(str(value) for key, value in sorted(target.items()) if key != "kind" and value)


def facts(history):
    request, verdict = history["request"], history["verdict"] or {}
    yield ("Deployment", text(history["id"]))
    yield ("Environment", text(f"{request['environment']} of {request['application']}"))
    yield ("Asked for", text(wanted(request["target"]) or "the default branch"))
    yield ("By", text(request["requester"]["actor"]))
    for key in ("version", "beta", "commit", "digest"):
        if verdict.get(key):
            yield (key.capitalize(), text(verdict[key]))
    for key in ("build_url", "release_url"):
        if verdict.get(key):
            yield (key.removesuffix("_url").capitalize(), link(verdict[key]))


def timeline(transitions):
    before = None
    for item in transitions:
        at = datetime.fromisoformat(item["at"])
        took = "" if before is None else f"+{(at - before).total_seconds():.1f} s"
        before = at
        yield (f"{at:%H:%M:%S}", took, text(item["to"]), text(item["detail"]))


def page(history):
    verdict = history["verdict"]
    yield f"## {text(history['state'])}"
    yield ""
    yield text(verdict["reason"]) if verdict else "No verdict yet: the deployment goes on without this run."
    if verdict and verdict["operator_needed"]:
        yield ""
        yield "**An operator is needed.**"
    yield ""
    yield from table(("", ""), *facts(history))
    warnings = verdict["warnings"] if verdict else []
    if warnings:
        yield ""
        yield from (f"- Warning: {text(warning)}" for warning in warnings)
    yield ""
    yield from table(("UTC", "", "State", ""), *timeline(history["transitions"]))


print("\n".join(page(json.load(sys.stdin))))
