#!/usr/bin/env python3
"""Proves src/LAYERS: no include climbs, none enters another module's private header, no folder is unlisted."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
src = root / "src"
layers = [l for l in (src / "LAYERS").read_text().split("\n") if l and not l.startswith("#")]
rank = {name: i for i, name in enumerate(layers)}
faults = [f"src/{d.name} is not in src/LAYERS" for d in sorted(src.iterdir()) if d.is_dir() and d.name not in rank]
for path in sorted(src.rglob("*.[ch]*")):
    home = path.relative_to(src).parts[0]
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#include "((\w+)/([^"]+))"', line)
        if not match:
            continue
        target, module, header = match.groups()
        where = f"{path.relative_to(root)}:{number}: includes {target}"
        if module not in rank:
            faults.append(f"{where}, which is no module")
        elif rank[module] > rank.get(home, -1):
            faults.append(f"{where}, which lies above {home}")
        elif module not in (home, "base") and header != f"{module}.h":
            faults.append(f"{where}, a private header of {module}")
for fault in faults:
    print(fault)
print(f"layers: {len(rank)} modules, {len(faults)} faults")
sys.exit(bool(faults))
