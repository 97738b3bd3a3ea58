"""Whatever a remote gives back, no wrong byte is served, and nothing of it stays on this machine."""

import base64
import random
import unittest

import cache_folder
from cacheprog import TestCase, action_id
from object_server import KEYS, ObjectServer


class RemoteBytes(TestCase):
    COUNT = 140

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(ObjectServer())
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
        return self.start("--remote", self.server.remote, "--flush=wait", "--stats", *options, variables=KEYS)

    def end(self, program) -> str:
        self.assertEqual(program.close(), 0)
        self.assertEqual(program.faults, [])
        self.assertEqual(cache_folder.untruths(self.folder), [])
        return program.stderr()

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
            else:  # two spellings of a zstd frame that mean the same
                self.assert_hit(answer, body)
        self.assertGreaterEqual(missed, self.COUNT - 2)
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

    def test_no_secret_is_said(self):
        program = self.remote_program("b", "--log-level=debug", "--log-requests", "--log-responses")
        self.server.fault = 403
        for action in list(self.bodies)[:10]:
            program.get(action)
        said = self.end(program)
        self.assertIn("403", said)
        self.assertNotIn("hunter2", said)
        self.assertNotIn("Signature", said)


if __name__ == "__main__":
    unittest.main()
