"""200 sessions in turn, of ten scopes that share a bucket, while their sources are edited.

Every get that a store which never forgets would answer is answered, with the right output: all but some of the
indexes that go asks for first, which cost no more than a look at a directory. And the bucket stays
small: what its packs take, swept by `prune remote`, is on average at most half as much again as what the scopes' last
sessions used. It is more for some sessions after an edit that touches nearly everything, and never twice as much.

No compiler runs here. Modules are graphs of packages; an edit changes what a package's own action and those of all
that import it are called, as go's does. What a `go` command asks for is told by its words, and it is started by
something whose name is go, so that scopes are found as they always are.
"""

import hashlib
import os
import random
import shutil
import struct
import subprocess
import sys
import unittest
from pathlib import Path

from cacheprog import PROGRAM, TestCase, environment, get_request, put_request

HEADER = 128  # bytes of an entry before its body
DAY = 86400
AT_ONCE = 4  # gets, as go on four cores

SIZES = (300, 1500, 3000, 3000, 8000, 8000, 20_000, 40_000, 100_000, 250_000)  # of packages, compiled


def digest(*words) -> bytes:
    return hashlib.sha256(repr(words).encode()).digest()


def body_of(output: bytes, size: int) -> bytes:
    """Bytes that compress to a half."""
    return random.Random(output).randbytes(size // 2) + b" " * (size - size // 2)


class Package:
    def __init__(self, name: str, imports: list, size: int, own: bool):
        self.name, self.imports, self.size, self.own = name, imports, size, own
        self.version = 0  # of its files
        self.meaning = 0  # of its files, comments left out


class Step:
    """What a go command asks for: an action, and the output it gives; None: go never puts it."""

    def __init__(self, action: bytes, seed=None, size: int = 0, indexed: int = 0):
        self.action, self.seed, self.size = action, seed, size
        self.indexed = indexed  # packages, in an index


class Module:
    def __init__(self, name: str, rng, std: list):
        self.name, self.rng = name, rng
        self.packages = list(std)
        self.checkout = 0  # each has times of its own
        for layer, count in (("dep", 90), ("own", 30)):
            for number in range(count):
                imports = rng.sample(self.packages, rng.randrange(2, 7))
                imports += rng.sample(self.packages[-20:], 2)  # the near ones
                self.packages.append(Package(f"{name}/{layer}{number}", imports, rng.choice(SIZES), layer == "own"))

    def state(self) -> list:
        return [(one.version, one.meaning) for one in self.packages]

    def restore(self, state: list):
        for one, (version, meaning) in zip(self.packages, state, strict=True):
            one.version, one.meaning = version, meaning

    def edit(self):
        layer = self.rng.choices(("own", "dep", "std"), (90, 8, 2))[0]
        one = self.rng.choice([one for one in self.packages if layer in one.name])
        one.version += 1
        one.meaning += self.rng.random() < 0.85

    def compiled(self, packages: list, flags: str) -> tuple[list, dict]:
        """The steps that compile the packages, and the output of each."""
        steps, outputs = [], {}
        for one in packages:
            inputs = [outputs[each.name] for each in one.imports]
            outputs[one.name] = digest(one.name, flags, one.meaning, inputs)
            steps.append(Step(digest("compile", one.name, flags, one.version, inputs), outputs[one.name], one.size))
        return steps, outputs

    def indexes(self, packages: list) -> list:
        """Of directories, or of a module that is in the module cache."""
        return [Step(digest("index", one.name, one.version, self.checkout if one.own else 0),
                     digest("index", one.name, one.version), 800, 2 if "/dep" in one.name else 1) for one in packages]

    def steps(self, command: str) -> list:
        packages = self.packages
        if "cmd" in command:
            packages = self.below(self.packages[-1])
        flags = "-race" if "-race" in command else ""
        steps, outputs = self.compiled(packages, flags)
        steps[:0] = self.indexes(packages)
        if command.startswith("build"):
            steps.append(Step(digest("link", flags, outputs[packages[-1].name])))
        for one in packages:
            inputs = [outputs[each.name] for each in one.imports]
            if command.startswith("vet"):
                steps.append(Step(digest("vet", one.name, one.version, inputs), digest("vet", one.name),
                                  120 if "dep" in one.name else 0))
            if command.startswith("test") and one.own:
                mine = digest("test", outputs[one.name])
                steps.append(Step(digest("test compile", mine), digest("test archive", mine), one.size + 2000))
                steps.append(Step(digest("test link", mine)))
                steps.append(Step(digest("test run", mine), digest("test log", mine), 90))
        return steps

    def below(self, top: Package) -> list:
        wanted = {top.name}
        for one in reversed(self.packages):
            if one.name in wanted:
                wanted.update(each.name for each in one.imports)
        return [one for one in self.packages if one.name in wanted]


COMMANDS = ("build ./...", "build ./cmd/tool", "vet ./...", "test ./...", "build -race ./...")


class ManySessions(TestCase):
    SESSIONS = 200
    SEED = 1
    MEAN, MOST = 1.5, 2.0  # bytes in packs, of those in use
    WARM = 60  # sessions before that counts

    def setUp(self):
        super().setUp()
        self.rng = random.Random(self.SEED)
        self.bucket = self.home / "bucket"
        self.bucket.mkdir()
        self.remote = f"file://{self.bucket}"
        # A shell whose name is go, and whose first argument is a script that starts the program.
        self.go = self.home / "bin" / "go"
        self.go.parent.mkdir()
        shutil.copy(os.path.realpath("/bin/bash"), self.go)
        std = []
        for number in range(150):
            imports = self.rng.sample(std, min(len(std), self.rng.randrange(0, 5)))
            std.append(Package(f"std{number}", imports, self.rng.choice(SIZES), False))
        self.modules = [Module(name, self.rng, std) for name in ("one", "two")]
        for module in self.modules:
            folder = self.home / module.name
            folder.mkdir()
            (folder / "go.mod").write_text(f"module example.com/{module.name}\n")
            for verb in ("build", "test", "vet"):
                (folder / verb).write_text('"$GOPOUCH"\nexit $?\n')
        self.known = {}   # actions that were put: the output
        self.sizes = {}   # of outputs, in the bucket
        self.last = {}    # by scope: the outputs of its last session
        self.machines = 0
        self.hits = self.gets = self.indexed_again = 0
        self.packs = {}   # that ever were: their sizes

    def output(self, step: Step) -> tuple[bytes, bytes]:
        body = body_of(step.seed, step.size)
        if step.indexed:
            head = b"go index v2\n" + struct.pack("<II", step.size // 2, step.indexed)
            body = head + body[len(head):]
        return hashlib.sha256(body).digest(), body

    def session(self, module: Module, command: str, folder: Path):
        steps = module.steps(command)
        self.folder = folder
        variables = {"GOPOUCH": PROGRAM, "GOPOUCH_REMOTE": self.remote, "GOPOUCH_FLUSH": "wait",
                     "GOVERSION": "go1.26.8", "PWD": str(self.home / module.name)}
        program = self.start(command=[str(self.go), *command.split()], variables=variables,
                             cwd=self.home / module.name)
        for at in range(0, len(steps), AT_ONCE):
            some = steps[at:at + AT_ONCE]
            numbers = [program.next_id() for _ in some]
            program.send(b"".join(get_request(number, step.action)
                                  for number, step in zip(numbers, some, strict=True)))
            missed = []
            for number, step in zip(numbers, some, strict=True):
                self.gets += 1
                answer = program.answer(number)
                if step.indexed and step.action in self.known and "Miss" in answer:
                    self.indexed_again += 1
                    missed.append(step)
                elif step.action in self.known:
                    self.assertNotIn("Miss", answer, f"{command}: a store that never forgets has it")
                    self.hits += 1
                    self.check(answer, step)
                else:
                    self.assert_miss(answer)
                    missed.append(step)
            self.put(program, [step for step in missed if step.seed])
        code = program.close()
        self.assert_well_ended(program, code)
        self.last[module.name, command] = {self.known[step.action] for step in steps if step.seed}
        self.packs |= {path.name: path.stat().st_size for path in (self.bucket / "v1" / "p").rglob("*")
                       if path.is_file()}

    def check(self, answer: dict, step: Step):
        output = self.known[step.action]
        self.assertEqual(answer["Size"], step.size)
        path = Path(answer["DiskPath"])
        self.assertEqual(path.name, f"{output.hex()}-d")
        if self.rng.random() < 0.1:
            self.assertEqual(hashlib.sha256(path.read_bytes()).digest(), output)

    def put(self, program, steps: list):
        numbers = [program.next_id() for _ in steps]
        for number, step in zip(numbers, steps, strict=True):
            output, body = self.output(step)
            program.send(put_request(number, step.action, body))
            self.known[step.action] = output
        for number in numbers:
            self.assertNotIn("Err", program.answer(number))

    def measure(self, kind: str) -> int:
        return sum(path.stat().st_size for path in (self.bucket / "v1" / kind).rglob("*") if path.is_file())

    def in_use(self) -> int:
        """Bytes of what the scopes' last sessions used, compressed as entries are. Modules share no packs, so what
        is in two of them counts twice."""
        stored = {self.known[bytes.fromhex(path.name)]: path.stat().st_size - HEADER
                  for path in (self.bucket / "v1" / "e").rglob("*") if path.is_file()}
        used = {(name, output) for (name, _), outputs in self.last.items() for output in outputs}
        return sum(stored.get(output, 0) for _, output in used)

    def pass_time(self, seconds: int):
        for kind in ("p", "m", "e"):
            for path in (self.bucket / "v1" / kind).rglob("*"):
                when = path.stat().st_mtime - seconds
                os.utime(path, (when, when))

    def prune(self):
        subprocess.run([PROGRAM, "prune", "remote", "--remote", self.remote], check=True, capture_output=True,
                       env=environment(self.folder, self.home), timeout=60)

    def test_in_turn(self):
        shares, states = [], {module.name: [module.state()] for module in self.modules}
        for number in range(self.SESSIONS):
            module, command = self.rng.choice(self.modules), self.rng.choice(COMMANDS)
            for _ in range(self.rng.choice((0, 1, 1, 2, 3))):
                module.edit()
            states[module.name].append(module.state())
            branch = self.rng.random() < 0.1
            if branch:  # of some days ago
                module.restore(self.rng.choice(states[module.name][-10:]))
            laptop = self.rng.random() < 0.15  # else a machine that has nothing
            folder = self.home / (f"laptop-{module.name}" if laptop else f"machine-{number}")
            module.checkout = number
            self.session(module, command, folder)
            if not laptop:
                shutil.rmtree(folder)
            if branch:
                module.restore(states[module.name][-1])
            self.pass_time(DAY // 10)
            if number % 10 == 9:
                self.prune()
                shares.append(self.share(number + 1))
        self.pass_time(2 * DAY)  # beyond the grace period
        self.prune()
        shares.append(self.share(self.SESSIONS))
        shares = shares[self.WARM // 10:]
        print(f"packs of those in use: {sum(shares) / len(shares):.2f} on average, {max(shares):.2f} at most, "
              f"{shares[-1]:.2f} at the end", file=sys.stderr)
        self.assertLessEqual(sum(shares) / len(shares), self.MEAN)
        self.assertLessEqual(max(shares), self.MOST)

    def share(self, sessions: int) -> float:
        used, packed = self.in_use(), self.measure("p")
        print(f"{sessions} sessions: {self.hits:,} hits of {self.gets:,} gets, {self.indexed_again} indexes again; packs {packed / 1e6:.1f} MB for "
              f"{used / 1e6:.1f} MB in use: {packed / used:.2f}; entries {self.measure('e') / 1e6:.1f} MB; "
              f"{sum(self.packs.values()) / 1e6:.1f} MB of packs were written", file=sys.stderr)
        return packed / used


if __name__ == "__main__":
    unittest.main()
