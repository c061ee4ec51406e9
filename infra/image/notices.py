"""Prints the licences of what the program holds beside its own code: of each crate the declared licence and every licence,
copyright and notice file of its package, and of the C library what Debian or Ubuntu say. Fails if a crate declares none.

Standard input: the crates, as `cargo tree --prefix none` prints them. First argument: what `cargo metadata` says, a file.
"""

import json
import re
import sys
from pathlib import Path

WANTED = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense|patents)([-._].*)?", re.IGNORECASE)
SOURCE = re.compile(r".*\.(rs|c|h|go|py|toml|json)", re.IGNORECASE)
# Of the machine that builds: its C library is linked in.
C_LIBRARY = [Path("/usr/share/doc/libc6-dev/copyright"), Path("/usr/share/common-licenses/LGPL-2.1")]


def texts(folder):
    """The files of a package that are owed to whoever gets its code, code that it brings along included."""
    for file in sorted(folder.rglob("*")):
        if WANTED.fullmatch(file.name) and not SOURCE.fullmatch(file.name) and file.is_file():
            yield file.read_text(encoding="utf-8", errors="replace").strip()


def main(metadata):
    packages = {(each["name"], each["version"]): each for each in json.loads(Path(metadata).read_text())["packages"]}
    crates = sorted({tuple(line.split()[:2]) for line in sys.stdin})
    crates = [packages[name, version.removeprefix("v")] for name, version in crates]
    # Of other people's; this repository's own have LICENSE.
    crates = [each for each in crates if each["source"]]
    undeclared = [each["name"] for each in crates if not (each["license"] or each["license_file"])]
    if not crates or undeclared:
        sys.exit(f"{len(crates)} crates; without a licence: {undeclared}")

    holders, without = {}, []
    print("What is linked into the program lockstep beside its own code.\n")
    for each in crates:
        name = f"{each['name']} {each['version']}"
        print(f"{name}: {each['license'] or each['license_file']}, {each['repository'] or 'no repository named'}")
        found = [*texts(Path(each["manifest_path"]).parent)]
        for text in dict.fromkeys(found):
            holders.setdefault(text, []).append(name)
        if not found:
            without.append(name)
    print("The GNU C Library: LGPL-2.1-or-later and others, below. infra/image/build.sh in Lockstep's source links the program")
    print("with another version of it; whoever passes the program on has to offer that source (LGPL 2.1, section 6).")
    print(f"\nPackages without a file of their licence: {', '.join(without) or 'none'}.")
    holders |= {file.read_text(encoding="utf-8", errors="replace").strip(): ["the GNU C Library"] for file in C_LIBRARY}
    for text, names in holders.items():
        print(f"\n{'-' * 100}\n{', '.join(names)}:\n\n{text}")
    print(f"{len(crates)} crates, {len(without)} of them without a file of their licence", file=sys.stderr)


main(sys.argv[1])
