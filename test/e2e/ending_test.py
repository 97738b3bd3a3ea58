"""Every way in which a session ends: close, end of input anywhere, signals, a reader that is gone."""

import os
import signal
import unittest

import cache_folder
from cacheprog import TestCase, action_id, close_request, get_request, put_request

BODY = b"what a compiler wrote"


def recorded_session() -> bytes:
    return b"".join((get_request(1, action_id("a")), put_request(2, action_id("a"), BODY),
                     put_request(3, action_id("empty"), b""), get_request(4, action_id("a")),
                     put_request(5, action_id("b"), BODY * 2), close_request(6)))


class EndOfInput(TestCase):
    def check_folder(self):
        self.assertEqual(cache_folder.strangers(self.folder), [])
        self.assertEqual(cache_folder.untruths(self.folder), [])

    def test_close_is_answered_and_the_program_ends(self):
        program = self.start()
        program.send(close_request(1))
        self.assertEqual(program.answer(1), {"ID": 1})
        # go waits for the end of stdout before it ends its own side.
        self.assertTrue(program.wait_ended())
        self.assert_well_ended(program, program.wait())

    def test_end_of_input_is_a_close(self):
        program = self.start()
        self.assert_stored(program.put(action_id(1), BODY), BODY)
        self.assert_well_ended(program, program.end())
        self.check_folder()

    def test_no_input_at_all(self):
        ended = self.run_to_end(b"")
        self.assertEqual((ended.code, ended.stderr, len(ended.answers)), (0, "", 1))

    def test_at_every_byte(self):
        session = recorded_session()
        for size in range(len(session)):
            with self.subTest(size):
                self.folder = self.home / str(size)
                ended = self.run_to_end(session[:size])
                self.assertEqual((ended.code, ended.stderr), (0, ""))
                self.assertEqual([answer["ID"] for answer in ended.answers], list(range(len(ended.answers))))
                for answer in ended.answers:
                    self.assertNotIn("Err", answer)
                    if "DiskPath" in answer:
                        self.assertTrue(os.path.isfile(answer["DiskPath"]))
                self.check_folder()

    def test_what_follows_a_close_is_not_read(self):
        ended = self.run_to_end(close_request(1) + get_request(2, action_id(1)))
        self.assertEqual((ended.code, [answer["ID"] for answer in ended.answers]), (0, [0, 1]))


class Signals(TestCase):
    """Ctrl-C reaches the whole process group, while go itself waits for the user's program."""

    def test_are_outlived_until_the_end_of_input(self):
        program = self.start()
        program.answer(0)
        self.assert_stored(program.put(action_id(1), BODY), BODY)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for _ in range(3):
                program.signal(number)
            self.assert_hit(program.get(action_id(1)), BODY)
            self.assert_stored(program.put(action_id(number), bytes([number])), bytes([number]))
        self.assert_well_ended(program, program.close())

    def test_in_the_middle_of_a_body(self):
        program = self.start()
        program.answer(0)
        data = put_request(1, action_id(1), BODY * 1000)
        program.send(data[:5000])
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            program.signal(number)
        program.send(data[5000:])
        self.assert_stored(program.answer(1), BODY * 1000)
        self.assert_well_ended(program, program.end())


class ReaderGone(TestCase):
    def test_before_the_hello(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        program = self.start(stdout=write_end)
        os.close(write_end)
        self.assertEqual((program.wait(), program.stderr()), (0, ""))

    def test_in_a_session(self):
        read_end, write_end = os.pipe()
        program = self.start(stdout=write_end)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as answers:
            answers.readline()
            program.send(put_request(1, action_id(1), BODY))
            answers.readline()
        program.send(get_request(2, action_id(1)))
        self.assertEqual((program.wait(), program.stderr()), (0, ""))
        self.assertEqual(cache_folder.untruths(self.folder), [])


class Quiet(TestCase):
    def test_stats_are_one_line_on_stderr(self):
        ended = self.run_to_end(recorded_session(), "--stats")
        self.assertEqual((ended.code, len(ended.stderr.splitlines())), (0, 1), ended.stderr)
        self.assertRegex(ended.stderr, r"^gopouch: .*\b1 hits?\b.*\b1 miss(es)?\b.*\b3 puts?\b")

    def test_logs_stay_off_stdout(self):
        ended = self.run_to_end(recorded_session(), "--log-level=debug", "--log-requests", "--log-responses")
        self.assertEqual((ended.code, [answer["ID"] for answer in ended.answers]), (0, list(range(7))))
        self.assertGreater(len(ended.stderr.splitlines()), 10)
        self.assertNotIn(BODY.decode(), ended.stderr)


if __name__ == "__main__":
    unittest.main()
