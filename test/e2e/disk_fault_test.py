"""A folder that takes no more: the put goes to the second folder; where that is impossible too, it is
answered with an Err; the session always goes on.

The faults that need mounts are in disk_full.sh and read_only_folder.sh.
"""

import resource
import unittest
from pathlib import Path

import cache_folder
from cacheprog import TestCase, action_id

SMALL = b"fits everywhere"
LARGE = bytes(1 << 20)
NOWHERE = "/proc/nowhere"  # no folder can be made there


class DiskFault(TestCase):
    def start_limited(self, what: int, limit: int, *options: str):
        return self.start(*options, preexec_fn=lambda: resource.setrlimit(what, (limit, limit)))

    def assert_ended(self, program, lines: int = 1):
        """The session went to its end, and said of its faults no more than that."""
        self.assertEqual(program.close(), 0)
        self.assertEqual(program.faults, [])
        self.assertLessEqual(len(program.stderr().splitlines()), lines, program.stderr())

    def test_file_size_limit(self):
        program = self.start_limited(resource.RLIMIT_FSIZE, len(LARGE) // 2, "--fallback-dir", NOWHERE)
        self.assert_refused(program.put(action_id(1), LARGE))
        self.assert_miss(program.get(action_id(1)))
        self.assert_stored(program.put(action_id(2), SMALL), SMALL)
        self.assert_hit(program.get(action_id(2)), SMALL)
        self.assert_ended(program, 2)
        self.assertEqual(cache_folder.strangers(self.folder), [])
        self.assertEqual(cache_folder.untruths(self.folder), [])

    def test_few_descriptors(self):
        program = self.start_limited(resource.RLIMIT_NOFILE, 32)
        for number in range(200):
            body = f"body {number}".encode()
            self.assert_stored(program.put(action_id(number), body), body)
            self.assert_hit(program.get(action_id(number)), body)
        self.assert_well_ended(program, program.close())

    def test_no_descriptors(self):
        program = self.start()
        self.assert_stored(program.put(action_id(1), SMALL), SMALL)
        usual = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (0, usual[1]))
        for number in range(20):
            self.assert_miss(program.get(action_id(1)))
            self.assert_refused(program.put(action_id(1000 + number), SMALL))
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, usual)
        self.assert_hit(program.get(action_id(1)), SMALL)
        self.assert_stored(program.put(action_id(2), LARGE), LARGE)
        self.assert_ended(program, 2)

    def test_folder_that_cannot_be_made(self):
        fallback = self.home / "second"
        program = self.start("--cache-dir", NOWHERE, "--fallback-dir", str(fallback))
        answer = program.put(action_id(1), SMALL)
        self.assert_stored(answer, SMALL)
        self.assertTrue(Path(answer["DiskPath"]).is_relative_to(fallback))
        self.assert_hit(program.get(action_id(1)), SMALL)
        self.assert_ended(program)

        # What had to be put there is still good for the next session.
        program = self.start("--cache-dir", NOWHERE, "--fallback-dir", str(fallback))
        self.assert_hit(program.get(action_id(1)), SMALL)
        self.assert_ended(program)

    def test_file_in_the_place_of_the_folder(self):
        self.folder.write_text("no folder")
        program = self.start("--fallback-dir", str(self.home / "second"))
        self.assert_stored(program.put(action_id(1), SMALL), SMALL)
        self.assert_hit(program.get(action_id(1)), SMALL)
        self.assert_ended(program)

    def test_no_folder_at_all(self):
        program = self.start("--cache-dir", NOWHERE, "--fallback-dir", NOWHERE)
        self.assert_miss(program.get(action_id(1)))
        for number in range(10):
            self.assert_refused(program.put(action_id(number), SMALL))
        self.assert_ended(program, 3)

    def test_second_folder_that_others_may_write_to(self):
        shared = self.home / "shared"
        shared.mkdir()
        shared.chmod(0o777)
        program = self.start("--cache-dir", NOWHERE, "--fallback-dir", str(shared))
        self.assert_refused(program.put(action_id(1), SMALL))
        self.assert_ended(program, 3)


if __name__ == "__main__":
    unittest.main()
