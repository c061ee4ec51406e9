"""Reads docs/setup.md and docs/security.md: blocks of code, words that name something. Must never run a command of theirs."""

import re
from pathlib import Path

import bashlex

WORKSPACE = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEREDOC = re.compile(r"<<(-?)'?(\w+)'?\n(.*?)^\2$", re.MULTILINE | re.DOTALL)


def blocks(text, language="bash"):
    """(line, code) of each block."""
    return [(text.count("\n", 0, found.start()) + 2, found[2]) for found in FENCE.finditer(text) if found[1] == language]


def heredocs(code):
    """What a block writes into files."""
    return [found[3] for found in HEREDOC.finditer(code)]


def prose(text):
    return FENCE.sub("", text)


def links(text):
    """Targets of links into the tree, without their anchors."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(text))
    return [each for each in found if not each.startswith(("http:", "https:"))]


def anchors(text):
    """GitHub's anchors of the headings."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(code):
    """The words of every command, those inside substitutions as well; assignments before a command are left out."""
    found = []
    for tree in bashlex.parse(code):
        walk(tree, found)
    return found


def walk(node, found):
    if node.kind == "command":
        words = [part.word for part in node.parts if part.kind == "word"]
        found += [words] if words else []
    for child in [*getattr(node, "parts", []), *getattr(node, "list", []), getattr(node, "command", None)]:
        if child is not None:
            walk(child, found)
