"""The stream of requests in every shape that a go command, or a version of one, may give it."""

import base64
import unittest

from cacheprog import (TestCase, action_id, close_request, encode, fields, get_request, output_id, put_request,
                       text_of)

BODY = b"what a compiler wrote"


class Hello(TestCase):
    def test_comes_at_once_and_offers_get_put_close(self):
        program = self.start()
        self.assertEqual(program.answer(0), {"ID": 0, "KnownCommands": ["get", "put", "close"]})
        self.assertLess(program.hello_after, 0.5)
        self.assert_well_ended(program, program.close())

    def test_is_first_even_when_requests_wait_already(self):
        ended = self.run_to_end(get_request(1, action_id(1)) + close_request(2))
        self.assertEqual([answer["ID"] for answer in ended.answers], [0, 1, 2])


class Framing(TestCase):
    """The same short session, in other bytes."""

    def session(self):
        return [put_request(1, action_id("a"), BODY), get_request(2, action_id("a")),
                put_request(3, action_id("empty"), b""), get_request(4, action_id("none")), close_request(5)]

    def check(self, program, code):
        self.assert_stored(program.answer(1), BODY)
        self.assert_hit(program.answer(2), BODY)
        self.assert_stored(program.answer(3), b"")
        self.assert_miss(program.answer(4))
        self.assertEqual(program.answer(5), {"ID": 5})
        self.assert_well_ended(program, code)

    def check_bytes(self, *pieces):
        program = self.start()
        for piece in pieces:
            program.send(piece)
        self.check(program, program.end())

    def test_as_go_writes_it(self):
        self.check_bytes(*self.session())

    def test_all_in_one_write(self):
        self.check_bytes(b"".join(self.session()))

    def test_byte_by_byte(self):
        self.check_bytes(*(bytes([byte]) for byte in b"".join(self.session())))

    def test_without_blank_lines(self):
        self.check_bytes(b"".join(self.session()).replace(b"\n\n", b"\n"))

    def test_without_any_white_space(self):
        self.check_bytes(b"".join(self.session()).replace(b"\n", b""))

    def test_with_more_white_space(self):
        self.check_bytes(b"\r\n \t\n" + b"".join(self.session()).replace(b"\n", b" \r\n\t\n"))

    def test_without_a_last_newline(self):
        self.check_bytes(b"".join(self.session()).rstrip(b"\n"))

    def test_a_large_body_byte_by_byte_at_its_ends(self):
        body = bytes(range(256)) * 4096
        data = put_request(1, action_id("a"), body)
        program = self.start()
        for byte in data[:300]:
            program.send(bytes([byte]))
        program.send(data[300:-300])
        for byte in data[-300:]:
            program.send(bytes([byte]))
        self.assert_stored(program.answer(1), body)
        self.assert_well_ended(program, program.close())


class Objects(TestCase):
    def setUp(self):
        super().setUp()
        self.program = self.start()

    def test_unknown_fields_are_skipped(self):
        nested = {"a": [1, {"b": "}\"]{"}, None, True, -1.5e3], "c": {}, "d": []}
        put = fields(1, "put", action_id(1), output_id(BODY), len(BODY), Future=nested, Time="x\\u0022")
        self.assert_stored(self.program.ask({"Before": nested} | put, BODY), BODY)
        self.assert_hit(self.program.get(action_id(1)), BODY)

    def test_fields_in_any_order(self):
        put = fields(7, "put", action_id(1), output_id(BODY), len(BODY))
        self.assert_stored(self.program.ask(dict(reversed(put.items())), BODY), BODY)

    def test_escapes_in_strings(self):
        put = encode(fields(1, "put", action_id(1), output_id(BODY), len(BODY)), BODY)
        head, blank, body = put.partition(b"\n\n")
        head = head.replace(b'"put"', b'"p\\u0075t"').replace(b"/", b"\\/").replace(b"=", b"\\u003d")
        self.program.send(head + blank + body)
        self.assert_stored(self.program.answer(1), BODY)
        self.assert_hit(self.program.get(action_id(1)), BODY)

    def test_object_id_is_the_old_name_of_output_id(self):
        put = fields(1, "put", action_id(1), None, len(BODY), ObjectID=text_of(output_id(BODY)))
        self.assert_stored(self.program.ask(put, BODY), BODY)

    def test_output_id_wins_over_object_id(self):
        wrong = text_of(output_id(b"something else"))
        put = fields(1, "put", action_id(1), output_id(BODY), len(BODY))
        self.assert_stored(self.program.ask(put | {"ID": 1, "ObjectID": wrong}, BODY), BODY)
        self.assert_stored(self.program.ask({"ObjectID": wrong} | put | {"ID": 2}, BODY), BODY)

    def test_ids_are_echoed_whatever_their_order(self):
        numbers = [900, 3, 2**62, 17, 1, 2**63 - 1]
        self.program.send(b"".join(get_request(number, action_id(number)) for number in numbers))
        for number in numbers:
            self.assert_miss(self.program.answer(number))

    def tearDown(self):
        self.assert_well_ended(self.program, self.program.end())
        super().tearDown()


class Refused(TestCase):
    """A request that cannot be meant is answered with an Err under its ID, and the session goes on."""

    def setUp(self):
        super().setUp()
        self.program = self.start()

    def tearDown(self):
        self.assert_stored(self.program.put(action_id("after"), BODY), BODY)
        self.assert_hit(self.program.get(action_id("after")), BODY)
        self.assert_well_ended(self.program, self.program.end())
        super().tearDown()

    def ask(self, request, body=b""):
        return self.program.ask({"ID": 1000} | request, body)

    def test_unknown_command(self):
        self.assert_refused(self.ask({"Command": "sing"}))
        self.assert_refused(self.ask({"ID": 1001, "Command": "GET", "ActionID": text_of(action_id(1))}))
        self.assert_refused(self.ask({"ID": 1002, "Command": ""}))
        self.assert_refused(self.ask({"ID": 1003}))

    def test_action_id_of_another_length(self):
        for number, size in enumerate((0, 1, 31, 33, 64)):
            get = {"ID": 1000 + number, "Command": "get", "ActionID": text_of(bytes(b"x" * size))}
            self.assert_refused(self.ask(get))

    def test_action_id_that_is_no_base64(self):
        good = text_of(action_id(1))
        for number, text in enumerate(("*" * 44, good[:-1], good[:-1] + "A", "=" * 44, "../" * 14 + "xx")):
            self.assert_refused(self.ask({"ID": 1000 + number, "Command": "get", "ActionID": text}))

    def test_fields_of_another_type(self):
        for number, value in enumerate((12, True, [], {"a": 1})):
            self.assert_refused(self.ask({"ID": 1000 + number, "Command": "get", "ActionID": value}))
            self.assert_refused(self.ask({"ID": 1100 + number, "Command": value}))

    def test_get_or_put_without_ids(self):
        self.assert_refused(self.ask({"Command": "get"}))
        self.assert_refused(self.ask({"ID": 1001, "Command": "put"}))
        self.assert_refused(self.ask(fields(1002, "put", action_id(1))))
        self.assert_refused(self.ask(fields(1003, "put", None, output_id(b""))))

    def test_put_with_bad_ids_and_a_body(self):
        for number, output in enumerate((b"", b"x" * 31, b"x" * 33)):
            put = fields(1000 + number, "put", action_id(1), output, len(BODY))
            self.assert_refused(self.ask(put, BODY))
            put = fields(1100 + number, "put", output, output_id(BODY), len(BODY))
            self.assert_refused(self.ask(put, BODY))
        self.assert_miss(self.program.get(action_id(1)))

    def test_negative_body_size(self):
        self.assert_refused(self.ask(fields(1000, "put", action_id(1), output_id(BODY), -1)))

    def test_unknown_command_with_a_body(self):
        self.assert_refused(self.ask(fields(1000, "sing", action_id(1), output_id(BODY), len(BODY)), BODY))

    def test_body_that_is_no_base64(self):
        good = base64.b64encode(BODY)
        for number, text in enumerate((b"*" * len(good), good[:-1], good + b"=", good[:4] + b"\\n" + good[4:])):
            put = encode(fields(2000 + number, "put", action_id(1), output_id(BODY), len(BODY)))
            self.program.send(put + b'"' + text + b'"\n')
            self.assert_refused(self.program.answer(2000 + number))
        self.assert_miss(self.program.get(action_id(1)))

    def test_body_that_does_not_come(self):
        self.program.send(encode(fields(2000, "put", action_id(1), output_id(BODY), len(BODY))))
        self.assert_miss(self.program.get(action_id(1)))
        self.assert_refused(self.program.answer(2000))


class Broken(TestCase):
    """What is no stream of requests ends the session: one line on stderr, exit code 1, no torn answer."""

    def check(self, junk: bytes):
        ended = self.run_to_end(put_request(1, action_id(1), BODY) + junk + get_request(2, action_id(1)))
        self.assertEqual(ended.code, 1, junk[:80])
        self.assertEqual(len(ended.stderr.splitlines()), 1, ended.stderr)
        self.assertEqual([answer["ID"] for answer in ended.answers], [0, 1])
        self.assert_stored(ended.answers[1], BODY)

    def test_junk(self):
        for junk in (b"hello\n", b"}\n", b"[1]\n", b"12\n", b"\x00", b"\xff\xfe", b"{]", b'{"ID"}', b'{"ID":1,}',
                     b'{"ID":1 "Command":"get"}', b"{ID:1}", b'{"ID":"one"}', b'{"ID":1.5}', b'{"ID":1e99}'):
            with self.subTest(junk):
                self.check(junk)

    def test_depth_without_end(self):
        self.check(b'{"ID":2,"x":' + b"[" * 10_000)

    def test_object_longer_than_64_kib(self):
        self.check(b'{"ID":2,"Command":"get","x":"' + b"y" * (64 << 10) + b'"}\n')

    def test_object_of_one_megabyte_that_never_closes(self):
        self.check(b'{"ID":2,"Command":"get","x":"' + b"y" * (1 << 20))

    def test_object_just_below_the_bound(self):
        long = encode(fields(2, "get", action_id(1), x="y" * ((64 << 10) - 200)))
        ended = self.run_to_end(long)
        self.assertEqual((ended.code, ended.stderr), (0, ""))
        self.assert_miss(ended.answers[1])


if __name__ == "__main__":
    unittest.main()
