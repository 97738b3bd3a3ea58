"""What a get and a put are answered with, and what is then on disk."""

import os
import re
import stat
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

import cache_folder
from cacheprog import TestCase, action_id, fields, output_id

BODY = b"what a compiler wrote"
OTHER = b"what it wrote the next time"
ACTION = action_id("compile")
RFC3339_NANO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z")


def when(answer: dict) -> datetime:
    assert RFC3339_NANO.fullmatch(answer["Time"]), answer["Time"]
    return datetime.fromisoformat(answer["Time"][:26].rstrip("Z") + "+00:00")


class Session(TestCase):
    """One program for the whole test, which must have ended well."""

    def setUp(self):
        super().setUp()
        self.program = self.start()

    def tearDown(self):
        self.assert_well_ended(self.program, self.program.close())
        self.assertEqual(cache_folder.strangers(self.folder), [])
        self.assertEqual(cache_folder.untruths(self.folder), [])
        super().tearDown()

    def put(self, action=ACTION, body=BODY) -> Path:
        answer = self.program.put(action, body)
        self.assert_stored(answer, body)
        return Path(answer["DiskPath"])


class Answers(Session):
    def test_miss(self):
        self.assert_miss(self.program.get(ACTION))

    def test_hit(self):
        before = datetime.now(timezone.utc)
        self.put()
        after = datetime.now(timezone.utc)
        answer = self.program.get(ACTION)
        self.assert_hit(answer, BODY)
        self.assertEqual(set(answer), {"ID", "OutputID", "Size", "Time", "DiskPath"})
        self.assertLessEqual(before - timedelta(milliseconds=10), when(answer))
        self.assertLessEqual(when(answer), after + timedelta(milliseconds=10))

    def test_hit_of_an_earlier_session(self):
        self.put()
        first = self.program.get(ACTION)
        second = self.start().get(ACTION)
        self.assertEqual(second | {"ID": 0}, first | {"ID": 0})

    def test_disk_path(self):
        old = os.umask(0o027)
        self.addCleanup(os.umask, old)
        self.program = self.start()
        path = self.put()
        self.assertTrue(path.is_absolute())
        self.assertTrue(path.is_relative_to(self.folder))
        self.assertEqual(path.suffix, "")
        info = path.lstat()
        self.assertTrue(stat.S_ISREG(info.st_mode))
        self.assertEqual(stat.S_IMODE(info.st_mode), 0o640)
        self.assertEqual(self.program.get(ACTION)["DiskPath"], str(path))

    def test_layout_is_go_s_own(self):
        self.assertEqual(self.put(), cache_folder.output_path(self.folder, output_id(BODY)))
        action, output, size, _ = cache_folder.read_entry(cache_folder.entry_path(self.folder, ACTION))
        self.assertEqual((action, output, size), (ACTION, output_id(BODY), len(BODY)))

    def test_empty_body(self):
        path = self.put(body=b"")
        self.assertEqual(path.stat().st_size, 0)
        self.assert_hit(self.program.get(ACTION), b"")

    def test_one_output_of_many_actions(self):
        paths = {self.put(action_id(number)) for number in range(20)}
        self.assertEqual(len(paths), 1)
        for number in range(20):
            self.assert_hit(self.program.get(action_id(number)), BODY)

    def test_last_put_of_an_action_wins(self):
        self.put(body=BODY)
        self.put(body=OTHER)
        self.assert_hit(self.program.get(ACTION), OTHER)
        self.put(body=BODY)
        self.assert_hit(self.program.get(ACTION), BODY)

    def test_identical_put_renews_the_time(self):
        self.put()
        first = when(self.program.get(ACTION))
        self.put()
        second = when(self.program.get(ACTION))
        self.assertGreater(second, first)

    def test_time_is_that_of_the_action_and_not_of_the_output(self):
        self.put(action_id("old"))
        old = when(self.program.get(action_id("old")))
        self.put(action_id("new"))
        self.assertEqual(when(self.program.get(action_id("old"))), old)
        self.assertGreater(when(self.program.get(action_id("new"))), old)

    def test_time_ahead_of_the_clock_is_answered_as_now(self):
        self.put()
        ahead = datetime.now(timezone.utc) + timedelta(hours=1)
        cache_folder.write_entry(self.folder, ACTION, output_id(BODY), len(BODY), int(ahead.timestamp()) * 10**9)
        answer = self.program.get(ACTION)
        self.assert_hit(answer, BODY)
        self.assertLessEqual(when(answer), datetime.now(timezone.utc) + timedelta(seconds=1))


class RefusedPut(Session):
    """A body that is not what was announced is answered with an Err, and nothing of it stays."""

    def refuse(self, output: bytes, size: int, body: bytes):
        answer = self.program.ask(fields(self.program.next_id(), "put", ACTION, output, size), body)
        self.assert_refused(answer)
        self.assertFalse(cache_folder.output_path(self.folder, output).exists())
        self.assertFalse(cache_folder.output_path(self.folder, output_id(body)).exists())

    def test_body_of_another_hash(self):
        self.refuse(output_id(OTHER), len(BODY), BODY)
        self.assert_miss(self.program.get(ACTION))

    def test_body_too_short_or_too_long(self):
        for size in (1, len(BODY) - 1, len(BODY) + 1, 1 << 40):
            self.refuse(output_id(BODY), size, BODY)
        self.assert_miss(self.program.get(ACTION))

    def test_empty_body_with_the_id_of_another(self):
        answer = self.program.ask(fields(self.program.next_id(), "put", ACTION, output_id(BODY)))
        self.assert_refused(answer)
        self.assert_miss(self.program.get(ACTION))

    def test_the_entry_before_it_stays(self):
        self.put()
        self.refuse(output_id(OTHER), 5, b"wrong")
        self.assert_hit(self.program.get(ACTION), BODY)


class Damage(Session):
    """Files that others lost or changed: a miss where size or kind shows it; the next put heals."""

    def setUp(self):
        super().setUp()
        self.path = self.put()

    def check_heals(self):
        self.put()
        self.assertFalse(self.path.is_symlink())
        self.assert_hit(self.program.get(ACTION), BODY)
        self.assert_hit(self.start().get(ACTION), BODY)

    def check_miss_and_heals(self):
        self.assert_miss(self.program.get(ACTION))
        self.assert_miss(self.start().get(ACTION))
        self.check_heals()

    def test_removed(self):
        self.path.unlink()
        self.check_miss_and_heals()

    def test_truncated(self):
        self.path.write_bytes(BODY[:-1])
        self.check_miss_and_heals()

    def test_emptied(self):
        self.path.write_bytes(b"")
        self.check_miss_and_heals()

    def test_extended(self):
        self.path.write_bytes(BODY + b"!")
        self.check_miss_and_heals()

    def test_directory_in_its_place(self):
        self.path.unlink()
        self.path.mkdir()
        (self.path / "file").write_bytes(BODY)
        self.check_miss_and_heals()

    def test_symbolic_link_in_its_place(self):
        elsewhere = self.home / "elsewhere"
        elsewhere.write_bytes(BODY)
        self.path.unlink()
        self.path.symlink_to(elsewhere)
        self.check_miss_and_heals()
        self.assertEqual(elsewhere.read_bytes(), BODY)

    def test_fifo_in_its_place(self):
        self.path.unlink()
        os.mkfifo(self.path)
        self.check_miss_and_heals()

    def test_flipped_bit_heals_with_the_next_put(self):
        self.path.write_bytes(bytes([BODY[0] ^ 1]) + BODY[1:])
        self.check_heals()

    def test_flipped_bit_is_a_miss_under_verify_always(self):
        self.path.write_bytes(bytes([BODY[0] ^ 1]) + BODY[1:])
        self.assert_miss(self.start("--verify=always").get(ACTION))
        self.check_heals()

    def test_entry_removed(self):
        cache_folder.entry_path(self.folder, ACTION).unlink()
        self.check_miss_and_heals()

    def test_entry_that_is_no_record(self):
        entry = cache_folder.entry_path(self.folder, ACTION)
        good = entry.read_bytes()
        for bad in (b"", b"v1", good[:-1], good + b"\n", b"v2" + good[2:], good.replace(b" ", b"\t"), b"\0" * len(good),
                    good.upper(), good[:3] + action_id("x").hex().encode() + good[67:]):
            entry.write_bytes(bad)
            self.assert_miss(self.program.get(ACTION))
        self.check_heals()

    def test_directory_in_the_place_of_the_entry(self):
        entry = cache_folder.entry_path(self.folder, ACTION)
        entry.unlink()
        entry.mkdir()
        self.check_miss_and_heals()

    def test_the_whole_folder_removed(self):
        for path in cache_folder.files(self.folder):
            path.unlink()
        for path in self.folder.iterdir():
            path.rmdir()
        self.check_miss_and_heals()


class FolderOfGo(TestCase):
    def test_entry_that_go_wrote_is_a_hit(self):
        output = cache_folder.output_path(self.folder, output_id(BODY))
        output.parent.mkdir(parents=True)
        output.write_bytes(BODY)
        cache_folder.write_entry(self.folder, ACTION, output_id(BODY), len(BODY), 1_600_000_000_123_456_789)
        program = self.start()
        answer = program.get(ACTION)
        self.assert_hit(answer, BODY)
        self.assertEqual(answer["Time"], "2020-09-13T12:26:40.123456789Z")
        self.assert_well_ended(program, program.close())

    def test_use_renews_the_mtime_of_a_file_unused_for_an_hour(self):
        program = self.start()
        path = Path(program.put(ACTION, BODY)["DiskPath"])
        entry = cache_folder.entry_path(self.folder, ACTION)
        for file in (path, entry):
            cache_folder.make_old(file, 50 * 60)
        before = path.stat().st_mtime
        self.assert_hit(program.get(ACTION), BODY)
        self.assertEqual(path.stat().st_mtime, before)
        for file in (path, entry):
            cache_folder.make_old(file, 70 * 60)
        self.assert_hit(program.get(ACTION), BODY)
        for file in (path, entry):
            self.assertGreater(file.stat().st_mtime, before)

    def test_put_renews_the_mtime_of_an_output_that_is_there(self):
        program = self.start()
        path = Path(program.put(ACTION, BODY)["DiskPath"])
        cache_folder.make_old(path, 4 * 24 * 3600)
        before = path.stat().st_mtime
        self.assert_stored(program.put(action_id("other"), BODY), BODY)
        self.assertGreater(path.stat().st_mtime, before)

    def test_executable_that_go_stored_is_left_alone(self):
        folder = cache_folder.output_path(self.folder, output_id(b"program"))
        folder.mkdir(parents=True)
        (folder / "program").write_bytes(b"program")
        program = self.start()
        self.assert_miss(program.get(ACTION))
        self.assert_well_ended(program, program.close())
        self.assertEqual((folder / "program").read_bytes(), b"program")


if __name__ == "__main__":
    unittest.main()
