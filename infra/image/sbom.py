"""Refuses a bill of materials (first argument, CycloneDX) that does not name every crate of the program, with its licence.
Standard input: the crates, as `cargo tree --prefix none` prints them.
"""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    bill = json.load(file)
components = {(each["name"], each["version"]): each for each in bill["components"]}
program = bill["metadata"]["component"]["name"]

wanted = set()
for line in sys.stdin:
    name, version, *_ = line.split()
    if name != program:
        wanted.add((name, version.removeprefix("v")))
missing = sorted(wanted - components.keys())
unlicensed = sorted(name for (name, _), each in components.items() if not each.get("licenses"))

if not wanted or missing or unlicensed:
    sys.exit(f"{sys.argv[1]}: {len(wanted)} crates; missing {missing}; without a licence {unlicensed}")
print(f"{len(components)} crates, {len(wanted)} of them in the program, each with its licence")
