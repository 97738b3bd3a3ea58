"""How long the end of a session waits for a slow remote: --flush wait, auto and background."""

import os
import time
import unittest

from cacheprog import TestCase, action_id
from object_server import KEYS, ObjectServer

SLACK = 2.0  # s; a busy machine is no failure


class Flush(TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.enterContext(ObjectServer())

    def close_takes(self, *options: str, puts: int = 60, size: int = 3000, **variables) -> tuple[float, str]:
        """Seconds from close to the end of stdout, and what was said."""
        program = self.start("--remote", self.server.remote, *options, variables=KEYS | variables)
        for number in range(puts):
            program.put(action_id(number), os.urandom(size))
        start = time.monotonic()
        number = program.next_id()
        program.send(b'{"ID":%d,"Command":"close"}\n\n' % number)
        self.assertNotIn("Err", program.answer(number))
        program.end_input()
        self.assertTrue(program.wait_ended())
        took = time.monotonic() - start
        self.running = program
        return took, program.stderr()

    def test_wait_sends_all(self):
        self.server.bytes_per_second = 1500
        took, said = self.close_takes("--flush=wait")
        self.assertEqual(len(self.server.entries()), 60)
        self.assertGreater(took, 2)
        self.assertIn("uploading", said)

    def test_ci_means_wait(self):
        self.server.bytes_per_second = 30_000
        self.close_takes(CI="true")
        self.assertEqual(len(self.server.entries()), 60)

    def test_wait_ends_when_nothing_moves(self):
        self.server.fault, self.server.fault_on = "hang", ("PUT",)
        took, said = self.close_takes("--flush=wait")
        self.assertLess(took, 5 + SLACK)
        self.assertIn("gave up", said)

    def test_wait_ends_with_the_timeout(self):
        self.server.bytes_per_second = 2000
        took, said = self.close_takes("--flush=wait", "--flush-timeout=3s", size=60_000)
        self.assertLess(took, 3 + SLACK)
        self.assertGreater(took, 2.9)
        self.assertRegex(said, r"gave up \d+ uploads: --flush-timeout is over")

    def test_auto_waits_a_little_and_goes_on_alone(self):
        self.server.bytes_per_second = 20_000
        took, said = self.close_takes("--flush=auto", size=10_000, puts=200)
        self.assertLess(took, 2 + SLACK)
        self.assertEqual(said, "")
        self.assertEqual(self.running.wait(), 0)
        self.assertEqual(len(self.server.entries()), 200)

    def test_background_does_not_wait(self):
        self.server.bytes_per_second = 20_000
        took, said = self.close_takes("--flush=background", size=10_000, puts=200)
        self.assertLess(took, SLACK)
        self.assertEqual(said, "")
        self.assertEqual(self.running.wait(), 0)
        self.assertEqual(len(self.server.entries()), 200)

    def test_end_of_input_flushes_too(self):
        program = self.start("--remote", self.server.remote, "--flush=wait", variables=KEYS)
        for number in range(60):
            program.put(action_id(number), b"x" * 3000)
        self.assertEqual(program.end(), 0)
        self.assertEqual(len(self.server.entries()), 60)

    def test_sync_uploads_are_there_with_the_answer(self):
        program = self.start("--remote", self.server.remote, "--upload=sync", variables=KEYS)
        for number in range(20):
            program.put(action_id(number), b"x" * 3000)
            self.assertEqual(len(self.server.entries()), number + 1)
        self.assert_well_ended(program, program.close())

    def test_a_failed_sync_upload_fails_no_put(self):
        self.server.fault = 403
        program = self.start("--remote", self.server.remote, "--upload=sync", variables=KEYS)
        body = b"x" * 3000
        self.assert_stored(program.put(action_id(1), body), body)
        self.assertEqual(program.close(), 0)


if __name__ == "__main__":
    unittest.main()
