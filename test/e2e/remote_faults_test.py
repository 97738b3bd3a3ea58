"""A remote that refuses, hangs, drips, resets or says no costs little and breaks nothing: every get is a
miss, every put is stored, one line is said, and the time that all of it adds is bounded."""

import time
import unittest

from cacheprog import TestCase, action_id
from object_server import KEYS, ObjectServer, remote_at, unused_port

COUNT = 120


class RemoteFaults(TestCase):
    KIND = "s3"
    STATUSES = ((503, 5), (429, 5), (500, 5), (403, 3), (404, 3))

    def session(self, remote: str, *options: str):
        """Gets and puts as a cold build would, two at a time; seconds, and what was said."""
        self.folder = self.home / f"m{time.monotonic_ns()}"
        program = self.start("--remote", remote, "--flush=wait", *options, variables=KEYS)
        start = time.monotonic()
        for number in range(0, COUNT, 2):
            actions = [action_id(number), action_id(number + 1)]
            asked = []
            for action in actions:
                asked.append(program.next_id())
                program.send_get(asked[-1], action)
            for one in asked:
                self.assert_miss(program.answer(one))
            for action in actions:
                body = b"some body" * 500
                self.assert_stored(program.put(action, body), body)
        code = program.close()
        took = time.monotonic() - start
        self.assertEqual(code, 0)
        self.assertEqual(program.faults, [])
        return took, program.stderr()

    def check(self, remote: str, most: float, *words: str):
        took, said = self.session(remote)
        for word in words:
            self.assertIn(word, said)
        self.assertLessEqual(len(said.splitlines()), 3, said)
        # Twice the bound: how fast this machine is today is no fault. A hang is far beyond.
        self.assertLess(took, 2 * most + 1, said)

    def test_refuses(self):
        self.check(remote_at(self.KIND, f"http://127.0.0.1:{unused_port()}"), 3, "going on with the local cache")

    def test_hangs_drips_resets(self):
        for fault, most in (("hang", 5), ("drip", 5), ("reset", 3)):
            with self.subTest(fault), ObjectServer(kind=self.KIND) as server:
                program = self.start("--remote", server.remote, "--flush=wait", variables=KEYS)
                for number in range(COUNT):
                    program.put(action_id(number), b"some body" * 500 + bytes([number]))
                self.assertEqual(program.close(), 0)
                server.fault = fault
                self.check(server.remote, most, "going on with the local cache")

    def test_says_no(self):
        for status, most in self.STATUSES:
            with self.subTest(status), ObjectServer(kind=self.KIND) as server:
                server.fault = status
                self.check(server.remote, most, "going on with the local cache")
                self.assertLess(len(server.requests), 120, "it was left alone soon")

    def test_comes_back(self):
        with ObjectServer(kind=self.KIND) as server:
            program = self.start("--remote", server.remote, "--flush=wait", "--prefetch=off", variables=KEYS)
            for number in range(40):
                program.put(action_id(number), bytes([number]) * 5000)
            self.assertEqual(program.close(), 0)

            self.folder = self.home / "b"
            program = self.start("--remote", server.remote, "--flush=wait", "--prefetch=off", variables=KEYS)
            server.after, server.fault = 10, 500
            for number in range(20):
                program.get(action_id(number))
            server.fault = None
            self.assert_miss(program.get(action_id(30)))
            deadline = time.monotonic() + 30
            while "Miss" in program.get(action_id(31)):
                self.assertLess(time.monotonic(), deadline, "hits never resumed")
                time.sleep(0.5)
            self.assertEqual(program.close(), 0)


if __name__ == "__main__":
    unittest.main()
