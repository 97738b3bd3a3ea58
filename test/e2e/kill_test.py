"""SIGKILL at any moment of a session: the next session finds nothing torn and leaves nothing behind."""

import contextlib
import random
import shutil
import threading
import time
import unittest

import cache_folder
from cacheprog import TestCase, action_id, get_request, put_request

HOUR = 3600
LONGEST_LIFE = 0.03  # s after the hello


class Kill(TestCase):
    SEEDS = range(20)

    def test_nothing_torn_and_nothing_left(self):
        for seed in self.SEEDS:
            with self.subTest(seed=seed):
                rng = random.Random(seed)
                bodies = {action_id(f"{seed} {number}"): rng.randbytes(rng.choice((0, 10, 3000, 300_000)))
                          for number in range(30)}
                self.killed_session(rng, bodies)
                self.check_next_session(bodies)
                shutil.rmtree(self.folder)

    def killed_session(self, rng, bodies):
        program = self.start()
        program.answer(0)
        feeder = threading.Thread(target=self.feed, args=(program, bodies))
        feeder.start()
        time.sleep(rng.uniform(0, LONGEST_LIFE))
        program.signal(9)
        self.assertEqual(program.wait(), -9)
        feeder.join()
        self.assertEqual([fault for fault in program.faults if not fault.startswith("no answer")], [])

    @staticmethod
    def feed(program, bodies):
        """Puts and gets until nobody reads them."""
        with contextlib.suppress(BrokenPipeError):
            while True:
                for action, body in bodies.items():
                    program.send(put_request(program.next_id(), action, body))
                    program.send(get_request(program.next_id(), action))

    def check_next_session(self, bodies):
        self.assertEqual(cache_folder.untruths(self.folder), [])
        for name in cache_folder.strangers(self.folder):
            cache_folder.make_old(self.folder / name, 2 * HOUR)
        program = self.start()
        for action, body in bodies.items():
            answer = program.get(action)
            if "Miss" not in answer:
                self.assert_hit(answer, body)
            self.assert_stored(program.put(action, body), body)
        # A trim is due, and takes what the killed program may have left.
        (self.folder / "trim.txt").unlink(missing_ok=True)
        self.assert_well_ended(program, program.close())
        self.assertEqual(cache_folder.strangers(self.folder), [])


if __name__ == "__main__":
    unittest.main()
