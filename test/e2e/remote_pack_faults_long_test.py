"""A remote that hangs, drips, resets or says no while a manifest or a range of a pack is on its way: it costs no hit
and little time, since entries are the truth. The time that each fault adds is printed.
"""

import random
import sys
import time
import unittest

from cacheprog import TestCase, action_id
from object_server import KEYS, ObjectServer

COUNT = 120
AT_ONCE = 4

# Seconds that each may add.
FAULTS = {"hang": 5, "drip": 5, "reset": 3, "cut": 3, "page": 3, 503: 5, 403: 3, 404: 3}
SURE = ("reset", "cut", "page", 403, 404)  # those that do not make us leave the remote alone


class PackFaults(TestCase):
    KIND = "s3"
    SIZES = (0, 500, 5000, 50_000, 400_000)

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(ObjectServer(kind=self.KIND))
        rng = random.Random(1)
        self.bodies = {action_id(number): rng.randbytes(rng.choice(self.SIZES))
                       for number in range(COUNT)}
        program = self.remote_program("a")
        for action, body in self.bodies.items():
            program.get(action)
            program.put(action, body)
        self.assertEqual(program.close(), 0)
        self.assertTrue(any("/v1/p/" in key for key in self.server.objects))
        self.usual = self.session("usual")[0]

    def remote_program(self, machine: str):
        self.folder = self.home / machine
        return self.start("--remote", self.server.remote, "--flush=wait", "--stats", "--scope=one", variables=KEYS)

    def session(self, machine: str) -> tuple[float, int, str]:
        """A fresh machine asks for everything; seconds, how much it got, and what was said."""
        start = time.monotonic()
        program = self.remote_program(machine)
        actions = list(self.bodies)
        hits = 0
        for at in range(0, COUNT, AT_ONCE):
            numbers = {program.next_id(): action for action in actions[at:at + AT_ONCE]}
            for number, action in numbers.items():
                program.send_get(number, action)
            for number, action in numbers.items():
                answer = program.answer(number)
                if "Miss" not in answer:
                    self.assert_hit(answer, self.bodies[action])
                    hits += 1
        self.assertEqual(program.close(), 0)
        self.assertEqual(program.faults, [])
        return time.monotonic() - start, hits, program.stderr()

    def check(self, where: str, fault, most: float, after: int = 0):
        """`most`: seconds that it may add."""
        self.server.fault, self.server.fault_in, self.server.after = fault, where, after
        took, hits, said = self.session(f"{where.replace('/', '')}-{fault}")
        self.server.fault = None
        print(f"{fault} of {where or 'everything'}{f' after {after}' if after else ''}: {took - self.usual:+.2f} s, "
              f"{hits} of {COUNT} hits", file=sys.stderr)
        # A second more: how fast this machine is today is no fault. A hang is far beyond.
        self.assertLess(took - self.usual, most + 1, said)
        if where and fault in SURE:
            self.assertEqual(hits, COUNT, "entries are the truth")

    def test_manifests_and_ranges(self):
        for where in ("/v1/m/", "/v1/p/"):
            for fault, most in FAULTS.items():
                with self.subTest(where, fault=fault):
                    self.check(where, fault, most)

    def test_everything_after_the_manifest(self):
        for fault, most in FAULTS.items():
            with self.subTest(fault):
                self.check("", fault, most, after=1)

    def test_comes_back(self):
        """Hits go on when the remote answers again; what was missed is asked for singly."""
        self.server.fault, self.server.fault_in = "reset", "/v1/"
        program = self.remote_program("b")
        actions = list(self.bodies)
        self.assert_miss(program.get(actions[0]))
        self.server.fault = None
        deadline = time.monotonic() + 30  # the breaker's pauses, and a busy machine
        while "Miss" in program.get(actions[1]):
            self.assertLess(time.monotonic(), deadline, "hits never resumed")
            time.sleep(0.3)
        for action in actions[1:]:
            self.assert_hit(program.get(action), self.bodies[action])
        self.assertEqual(program.close(), 0)


if __name__ == "__main__":
    unittest.main()
