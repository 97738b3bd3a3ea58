"""SIGKILL at any moment of a session that shares: entries, packs and manifests in the remote are whole or not there,
and what the next machine gets is right.
"""

import hashlib
import random
import shutil
import threading
import time
import unittest

import cache_folder
from cacheprog import TestCase, action_id, close_request
from object_server import KEYS, ObjectServer

COUNT = 60


class RemoteKill(TestCase):
    SEEDS = range(5)

    def setUp(self):
        super().setUp()
        self.bucket = self.home / "bucket"
        self.bucket.mkdir()

    def bodies_of(self, seed: int) -> dict:
        """A third of them is of this round alone."""
        return {action_id(f"{seed if number % 3 == 0 else ''} {number}"):
                random.Random(f"{seed if number % 3 == 0 else ''} {number}").randbytes(
                    (0, 300, 4000, 70_000, 300_000)[number % 5]) for number in range(COUNT)}

    def test_folder(self):
        for seed in self.SEEDS:
            with self.subTest(seed=seed):
                self.round(f"file://{self.bucket}", seed)
                self.check_objects({str(path.relative_to(self.bucket)): path.read_bytes()
                                    for path in self.bucket.rglob("*") if path.is_file()}, strict=False)

    def test_s3(self):
        with ObjectServer() as server:
            for seed in self.SEEDS:
                with self.subTest(seed=seed):
                    self.round(server.remote, seed)
                    self.check_objects({key.removeprefix("bucket/prefix/"): body
                                        for key, body in server.objects.items()}, strict=True)

    def round(self, remote: str, seed: int):
        rng = random.Random(seed)
        bodies = self.bodies_of(seed)
        self.killed_session(remote, rng, bodies)
        self.folder = self.home / "next"
        program = self.start("--remote", remote, "--flush=wait", "--stats", "--scope=one", variables=KEYS)
        for action, body in bodies.items():
            answer = program.get(action)
            if "Miss" not in answer:
                self.assert_hit(answer, body)
        self.assertEqual(program.close(), 0)
        self.assertEqual(program.faults, [])
        self.assertNotIn("damaged", program.stderr())
        self.assertEqual(cache_folder.untruths(self.folder), [])
        shutil.rmtree(self.folder)

    def killed_session(self, remote: str, rng, bodies: dict):
        """It has put all and is told to close; some time after that it is killed."""
        self.folder = self.home / "killed"
        program = self.start("--remote", remote, "--flush=wait", "--scope=one", variables=KEYS)
        early = rng.random() < 0.3
        killer = threading.Timer(rng.uniform(0, 0.3), program.signal, (9,))
        try:
            if early:
                killer.start()
            for action, body in bodies.items():
                program.get(action)
                program.put(action, body)
            program.send(close_request(1))
            if not early:
                time.sleep(rng.uniform(0, 0.25))
                program.signal(9)
        except (AssertionError, BrokenPipeError):
            self.assertTrue(early, "it died by itself")
        killer.join() if early else None
        program.wait()
        shutil.rmtree(self.folder, ignore_errors=True)  # it may have been killed before it made one

    def check_objects(self, objects: dict, strict: bool):
        for key, body in objects.items():
            parts = key.split("/")
            whole = len(parts) == 3 and parts[0] == "v1" and parts[1] in "epm" and len(parts[2]) == 64
            self.assertTrue(whole or not strict, f"a stranger: {key}")
            if not whole:
                continue  # what a writer of files may leave, and no reader looks for
            self.assertEqual(body[:7], b"gopouch", key)
            if parts[1] == "p":
                self.assertEqual(hashlib.sha256(body).hexdigest(), parts[2])
            if parts[1] == "e":
                self.assertEqual(hashlib.sha256(body[:104]).digest()[:24], body[104:128])
                self.assertEqual(len(body), 128 + int.from_bytes(body[32:40], "little"))
            if parts[1] == "m":
                stored = int.from_bytes(body[12:16], "little")
                self.assertEqual(len(body), 64 + stored)
                self.assertEqual(hashlib.sha256(body[:32] + body[64:]).digest(), body[32:64])


if __name__ == "__main__":
    unittest.main()
