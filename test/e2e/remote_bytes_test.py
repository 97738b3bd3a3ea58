"""Whatever a remote gives back, no wrong byte is served, and nothing of it stays on this machine."""

import base64
import datetime
import random
import time
import unittest

import cache_folder
from cacheprog import TestCase, action_id
from object_server import KEYS, ObjectServer


class Bytes(TestCase):
    KIND = "s3"
    COUNT = 140
    OPTIONS = ()

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(ObjectServer(kind=self.KIND))
        rng = random.Random(7)
        self.bodies = {action_id(number): rng.choice((b"words " * 800, rng.randbytes(700), b"x", b"words" * 40_000))
                       + str(number).encode() for number in range(self.COUNT)}
        program = self.remote_program("a")
        for action, body in self.bodies.items():
            self.assert_stored(program.put(action, body), body)
        self.end(program)
        self.assertEqual(len(self.server.entries()), self.COUNT)

    def remote_program(self, machine: str, *options: str):
        self.folder = self.home / machine
        return self.start("--remote", self.server.remote, "--flush=wait", "--stats", *self.OPTIONS, *options,
                          variables=KEYS)

    def end(self, program) -> str:
        self.assertEqual(program.close(), 0)
        self.assertEqual(program.faults, [])
        self.assertEqual(cache_folder.untruths(self.folder), [])
        return program.stderr()


class EntryBytes(Bytes):
    OPTIONS = ("--prefetch=off",)

    def test_another_machine_gets_all(self):
        program = self.remote_program("b")
        for action, body in self.bodies.items():
            self.assert_hit(program.get(action), body)
        self.assertIn(f"{self.COUNT} hits ({self.COUNT} remote, 0 local), 0 misses", self.end(program))

    def check_all_miss(self, machine: str):
        program = self.remote_program(machine)
        for action in self.bodies:
            self.assert_miss(program.get(action))
        self.assertIn(f"{self.COUNT} damaged objects", self.end(program))
        self.assertEqual(list(self.folder.rglob("*-d")), [])

    def test_a_flipped_bit(self):
        rng = random.Random(1)

        def flip(body: bytes) -> bytes:
            at = rng.randrange(len(body))
            return body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]

        self.server.change(flip)
        program = self.remote_program("b")
        missed = 0
        for action, body in self.bodies.items():
            answer = program.get(action)
            if "Miss" in answer:
                missed += 1
            else:  # two spellings of a zstd frame that mean the same: one flip in 180 makes one
                self.assert_hit(answer, body)
        self.assertGreaterEqual(missed, self.COUNT - 10)
        self.assertIn(f"{missed} damaged objects", self.end(program))

    def test_cut_short_longer_empty_or_a_page(self):
        whole = dict(self.server.objects)
        for number, change in enumerate((lambda body: body[: len(body) // 2], lambda body: body[:-1],
                                         lambda body: body + b"x", lambda _: b"",
                                         lambda _: b"<html>Welcome</html>" * 20)):
            self.server.objects = dict(whole)
            self.server.change(change)
            with self.subTest(number):
                self.check_all_miss(f"m{number}")

    def test_bytes_of_another_action(self):
        keys = list(self.server.objects)
        self.server.objects = dict(zip(keys, [self.server.objects[key] for key in keys[1:] + keys[:1]], strict=True))
        self.check_all_miss("b")

    def test_answers_that_lie_about_themselves(self):
        for fault in ("reset", "cut", "page"):
            with self.subTest(fault):
                self.server.fault = fault
                program = self.remote_program(f"m-{fault}")
                for action in list(self.bodies)[:20]:
                    self.assert_miss(program.get(action))
                self.end(program)
        self.server.fault = None

    def test_what_was_damaged_is_put_right(self):
        self.server.change(lambda body: body[:-1])
        program = self.remote_program("b")
        for action, body in self.bodies.items():
            self.assert_miss(program.get(action))
            self.assert_stored(program.put(action, body), body)
        self.end(program)
        program = self.remote_program("c")
        for action, body in self.bodies.items():
            answer = program.get(action)
            self.assert_hit(answer, body)
            self.assertEqual(len(base64.b64decode(answer["OutputID"])), 32)
        self.end(program)

    def test_a_writers_clock_that_is_ahead(self):
        """What it put is held to be put now: else go clean -testcache would not be honoured for an hour."""
        self.server.change_headers(16, time.time_ns() + 3600 * 10**9)
        program = self.remote_program("b")
        for action, body in list(self.bodies.items())[:10]:
            answer = program.get(action)
            self.assert_hit(answer, body)
            put = datetime.datetime.fromisoformat(answer["Time"][:19] + "+00:00").timestamp()
            self.assertLessEqual(put, time.time())
            self.assertGreater(put, time.time() - 60)
        self.end(program)

    def test_no_secret_is_said(self):
        program = self.remote_program("b", "--log-level=debug", "--log-requests", "--log-responses")
        self.server.fault = 403
        for action in list(self.bodies)[:10]:
            program.get(action)
        said = self.end(program)
        self.assertIn("403", said)
        self.assertNotIn("hunter2", said)
        self.assertNotIn("Signature", said)


class PackBytes(Bytes):
    """The same bodies, which the machine that put them has also packed."""

    OPTIONS = ("--scope=one",)

    def damage(self, change, kinds=("p", "m", "e")):
        marks = tuple(f"bucket/prefix/v1/{kind}/" for kind in kinds)
        self.server.objects = {key: change(body) if key.startswith(marks) else body
                               for key, body in self.server.objects.items()}

    def check(self, machine: str) -> tuple[int, str]:
        """Asks for everything: what comes is right. How many do not, and the line of stats."""
        program = self.remote_program(machine)
        missed = 0
        for action, body in self.bodies.items():
            answer = program.get(action)
            if "Miss" in answer:
                missed += 1
            else:
                self.assert_hit(answer, body)
        return missed, self.end(program)

    def test_another_machine_gets_all(self):
        before = len(self.server.requests)
        missed, said = self.check("b")
        self.assertEqual(missed, 0)
        self.assertIn(f"{self.COUNT} prefetched", said)
        self.assertLess(len(self.server.requests) - before, 10)

    def test_damaged_packs_and_manifests_cost_no_hit(self):
        whole = dict(self.server.objects)
        rng = random.Random(3)

        def flip(body: bytes) -> bytes:
            changed = bytearray(body)
            for at in range(rng.randrange(100), len(body), 100):
                changed[at] ^= 1
            return bytes(changed)

        for number, change in enumerate((flip, lambda body: body[: len(body) // 2], lambda body: body + b"x", lambda _: b"",
                                         lambda _: b"<html>Welcome</html>" * 20)):
            for kind in ("p", "m"):
                self.server.objects = dict(whole)
                self.damage(change, kind)
                with self.subTest(number, kind=kind):
                    self.assertEqual(self.check(f"m{number}-{kind}")[0], 0, "entries are the truth")

    def test_everything_damaged_is_a_miss_at_most(self):
        self.damage(lambda body: body[:-1] + bytes([body[-1] ^ 1]))
        missed, said = self.check("b")
        self.assertGreater(missed, 0)
        self.assertIn("damaged objects", said)

    def test_same_size_poison(self):
        """Text that is swapped in place, in packs that are not compressed enough to hide it."""
        poisoned = []

        def swap(body: bytes) -> bytes:
            changed = body.replace(b"words", b"WORDS").replace(b"word", b"WORD")
            poisoned.append(changed != body)
            return changed

        self.damage(swap)
        self.assertTrue(any(poisoned))
        self.check("b")

    def test_a_pack_that_is_gone_costs_no_hit(self):
        self.server.objects = {key: body for key, body in self.server.objects.items() if "/v1/p/" not in key}
        self.assertEqual(self.check("b")[0], 0)


if __name__ == "__main__":
    unittest.main()
