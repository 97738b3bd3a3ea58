"""Rounds of random damage to the files of a cache under a replay of puts and gets.

With --verify=always no wrong byte is ever answered; by default what size or kind shows is a miss. Never a
crash, and a put always heals. Each round is one seed, which a failure names.
"""

import base64
import os
import random
import shutil
import unittest

import cache_folder
from cacheprog import TestCase, action_id, output_id

ACTIONS = 8
STEPS = 12
SESSION_ROUNDS = 50  # with one pair of programs
NOWHERE = "/proc/nowhere"  # no folder can be made there


def flip(path, rng):
    data = bytearray(path.read_bytes())
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def truncate(path, rng):
    os.truncate(path, rng.randrange(path.stat().st_size + 1))


def extend(path, rng):
    with path.open("ab") as file:
        file.write(rng.randbytes(rng.randrange(1, 10)))


def forbid(path, _):
    path.chmod(0)


def remove(path, _):
    path.unlink()


def make_directory(path, rng):
    path.unlink()
    path.mkdir()
    if rng.random() < 0.5:
        (path / "file").write_bytes(b"in the way")


def make_link(path, rng):
    data = path.read_bytes()
    path.unlink()
    target = path.with_name("target")
    target.write_bytes(data)
    path.symlink_to(target if rng.random() < 0.5 else "nowhere")


KINDS = (flip, truncate, extend, forbid, remove, make_directory, make_link)
SHOWN = (truncate, extend, remove, make_directory, make_link)  # by size or kind


class Damage(TestCase):
    SEEDS = range(500)
    damaged = 0  # files

    def test_no_wrong_byte_and_no_crash(self):
        for first in range(self.SEEDS.start, self.SEEDS.stop, SESSION_ROUNDS):
            # A second folder would hold what the first one lost.
            verifying = self.start("--fallback-dir", NOWHERE, "--verify=always")
            trusting = self.start("--fallback-dir", NOWHERE)
            for seed in range(first, min(first + SESSION_ROUNDS, self.SEEDS.stop)):
                with self.subTest(seed=seed):
                    rng = random.Random(seed)
                    self.replay(verifying, rng, KINDS)
                    self.replay(trusting, rng, SHOWN)
            for program in (verifying, trusting):
                self.assert_well_ended(program, program.close())
        self.assertGreater(self.damaged, len(self.SEEDS) * STEPS // 4)

    def replay(self, program, rng, kinds):
        for path in self.folder.glob("??"):
            shutil.rmtree(path)
        latest = {}
        self.touched = set()  # once each: two faults may add up to the right size
        for _ in range(STEPS):
            name = rng.randrange(ACTIONS)
            if name not in latest or rng.random() < 0.3:
                latest[name] = self.body(rng)
                self.assert_stored(program.put(action_id(name), latest[name]), latest[name])
                self.check_get(program, name, latest, must_hit=True)
            else:
                self.damage(rng, kinds)
                self.check_get(program, name, latest)

    @staticmethod
    def body(rng) -> bytes:
        return rng.randbytes(rng.choice((0, 1, 50, 3000)))

    def damage(self, rng, kinds):
        paths = [path for path in cache_folder.files(self.folder) if path.name[-2:] in ("-a", "-d")]
        whole = [path for path in paths if path not in self.touched and path.is_file() and not path.is_symlink()]
        if whole:
            self.damaged += 1
            path = rng.choice(whole)
            self.touched.add(path)
            # No size or kind shows a flipped bit in a record, but its grammar or the missing output may.
            (rng.choice(kinds) if path.name.endswith("-d") else rng.choice(SHOWN))(path, rng)

    def check_get(self, program, name, latest, must_hit=False):
        answer = program.get(action_id(name))
        self.assertNotIn("Err", answer)
        if "Miss" in answer:
            self.assertFalse(must_hit)
            return
        body = latest[name]
        self.assertEqual(base64.b64decode(answer["OutputID"]), output_id(body))
        with open(answer["DiskPath"], "rb") as file:
            self.assertEqual(file.read(), body)


if __name__ == "__main__":
    unittest.main()
