"""A Go build cache on disk, read without the program's help.

The layout is that of cmd/go/internal/cache/cache.go: `xx/<action>-a` names the output in `xx/<output>-d`.
"""

import hashlib
import os
import re
import time
from pathlib import Path

_RECORD = re.compile(rb"v1 ([0-9a-f]{64}) ([0-9a-f]{64}) ([ 0-9]{20}) ([ 0-9]{20})\n")
_FILE = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}-[ad]")
_OTHER_FILES = {"trim.txt", "testexpire.txt", "README", "gopouch/usage"}


def entry_path(folder: Path, action: bytes) -> Path:
    return folder / action.hex()[:2] / f"{action.hex()}-a"


def output_path(folder: Path, output: bytes) -> Path:
    return folder / output.hex()[:2] / f"{output.hex()}-d"


def read_entry(path: Path):
    """(action, output, size, unix ns of the put), or None for what is no record."""
    match = _RECORD.fullmatch(path.read_bytes())
    if not match:
        return None
    action, output, size, when = match.groups()
    return bytes.fromhex(action.decode()), bytes.fromhex(output.decode()), int(size), int(when)


def write_entry(folder: Path, action: bytes, output: bytes, size: int, when: int):
    path = entry_path(folder, action)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"v1 {action.hex()} {output.hex()} {size:20} {when:20}\n")


def make_old(path: Path, seconds: float):
    """As if nobody had used the file for so long."""
    then = time.time() - seconds
    os.utime(path, (then, then), follow_symlinks=False)


def files(folder: Path) -> list:
    return sorted(path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())


def strangers(folder: Path) -> list:
    """Files that belong to no cache: what a torn write would have left."""
    names = [str(path.relative_to(folder)) for path in files(folder)]
    return [name for name in names if name not in _OTHER_FILES and not _FILE.fullmatch(name)]


def untruths(folder: Path) -> list:
    """Entries and outputs that are not what their names say, a line each."""
    found = []
    for path in files(folder):
        if path.name.endswith("-d") and hashlib.sha256(path.read_bytes()).hexdigest() != path.name[:-2]:
            found.append(f"{path.name}: not these bytes")
        if path.name.endswith("-a"):
            entry = read_entry(path)
            if entry is None or path.name != f"{entry[0].hex()}-a":
                found.append(f"{path.name}: no record of its action")
                continue
            output = output_path(folder, entry[1])
            if not output.is_file() or output.stat().st_size != entry[2]:
                found.append(f"{path.name}: no such output")
    return found
