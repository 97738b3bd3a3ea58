#!/usr/bin/env python3
"""Compares two commands, run in turn A B A B: wall time, and CPU of the whole process tree.

  pairs.py [-n 9] [--before CMD] [--cwd DIR] [--json] NAME_A CMD_A NAME_B CMD_B

Each command is split into words as a shell would, and run without one; `env X=Y cmd` sets variables.
--before runs before every run of either command and is not counted. The ratio printed is the median of
B/A over the pairs: a machine whose speed drifts moves both halves of a pair alike.

The go command never waits for its cache program, so the kernel does not add that program's CPU to go's.
This script makes itself the reaper of orphans (prctl, PR_SET_CHILD_SUBREAPER) and adds what it reaps. Wall
time ends with the command itself, as for the user who typed it.
"""

import argparse
import ctypes
import json
import os
import shlex
import statistics
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36


def run(words, cwd):
    """Runs one command to its end; returns (wall, cpu) in seconds."""
    begin = time.perf_counter()
    child = subprocess.Popen(words, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"pairs: exit code {child.returncode} from: {shlex.join(words)}")
    cpu = usage.ru_utime + usage.ru_stime
    while True:
        try:
            _, _, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return wall, cpu
        cpu += usage.ru_utime + usage.ru_stime


def compare(sides, n, before, cwd):
    """[[(wall, cpu), …] for each side], run in turn."""
    samples = [[], []]
    for _ in range(n):
        for side, words in enumerate(sides):
            if before:
                subprocess.run(before, cwd=cwd, check=True, stdin=subprocess.DEVNULL)
            samples[side].append(run(words, cwd))
    return samples


def summary(samples):
    """For wall and CPU: the median of each side, and the quartiles of the ratio B/A of the pairs."""
    result = {}
    for index, what in enumerate(("wall", "cpu")):
        a, b = ([sample[index] for sample in side] for side in samples)
        ratios = [y / x for x, y in zip(a, b)]
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        result[what] = {"a": statistics.median(a), "b": statistics.median(b), "ratio": middle, "low": low, "high": high}
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=9, help="pairs (default 9)")
    parser.add_argument("--before", default="", help="command to run before each run, not counted")
    parser.add_argument("--cwd", help="folder to run in")
    parser.add_argument("--json", action="store_true", help="one JSON line, with every sample")
    parser.add_argument("words", nargs=4, metavar="NAME CMD", help="name and command of A, then of B")
    options = parser.parse_args()
    name_a, command_a, name_b, command_b = options.words
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    samples = compare([shlex.split(command_a), shlex.split(command_b)], options.n, shlex.split(options.before), options.cwd)
    result = summary(samples)
    if options.json:
        print(json.dumps({"a": name_a, "b": name_b, "n": options.n, **result, "samples": samples}))
        return
    width = max(len(name_a), len(name_b), 10)
    print(f"{'':{width}}  {'wall s':>8}  {'CPU s':>8}")
    print(f"{name_a:{width}}  {result['wall']['a']:8.3f}  {result['cpu']['a']:8.3f}")
    print(f"{name_b:{width}}  {result['wall']['b']:8.3f}  {result['cpu']['b']:8.3f}")
    print(f"{'B / A':{width}}  {result['wall']['ratio']:8.3f}  {result['cpu']['ratio']:8.3f}", end="")
    print("   median of {} pairs; quartiles {:.3f} to {:.3f}, {:.3f} to {:.3f}".format(
        options.n, *(result[what][end] for what in ("wall", "cpu") for end in ("low", "high"))))


if __name__ == "__main__":
    main()
