"""Bodies pass through; they are never held."""

import base64
import time
import unittest

from cacheprog import TestCase, action_id, encode, fields, output_id
from object_server import KEYS, ObjectServer

MIB = 1 << 20


class Memory(TestCase):
    def setUp(self):
        super().setUp()
        self.program = self.start()

    def test_body_of_64_mib(self):
        body = b"0123456789abcdef" * (4 * MIB)
        self.assert_stored(self.program.put(action_id(1), body), body)
        self.assertLess(self.program.peak_memory(), 32 * MIB)
        self.assert_hit(self.program.get(action_id(1)), body)
        self.assert_well_ended(self.program, self.program.close())

    def test_3000_gets(self):
        bodies = [b"x" * number for number in range(300)]
        for number, body in enumerate(bodies):
            self.assert_stored(self.program.put(action_id(number), body), body)
        for number in range(3000):
            self.assert_hit(self.program.get(action_id(number % 300)), bodies[number % 300])
        self.assertLessEqual(self.program.peak_memory(), 16 * MIB)
        self.assert_well_ended(self.program, self.program.close())

    def test_body_that_comes_slowly(self):
        body = bytes(range(256)) * 1024
        text = b'"' + base64.b64encode(body) + b'"\n'
        self.program.send(encode(fields(1, "put", action_id(1), output_id(body), len(body))))
        step = len(text) // 40
        for at in range(0, len(text), step):
            self.program.send(text[at:at + step])
            time.sleep(0.01)
        self.assert_stored(self.program.answer(1), body)
        self.assertLessEqual(self.program.peak_memory(), 16 * MIB)
        self.assert_well_ended(self.program, self.program.close())


class Bombs(TestCase):
    """Entries of a remote that unpack to more than they say, or say more than there can be."""

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(ObjectServer())
        self.body = bytes(64 * MIB)
        program = self.machine("a")
        self.assert_stored(program.put(action_id(1), self.body), self.body)
        self.assert_well_ended(program, program.close())

    def machine(self, name: str):
        self.folder = self.home / name
        return self.start("--remote", self.server.remote, "--flush=wait", "--prefetch=off", variables=KEYS)

    def test_lies_about_sizes(self):
        whole = dict(self.server.objects)
        for at, number in ((24, 10), (24, 1 << 40), (24, (1 << 32) - 1), (32, 1 << 40), (32, 10)):
            with self.subTest(at=at, number=number):
                self.server.objects = dict(whole)
                self.server.change_headers(at, number)
                program = self.machine(f"m-{at}-{number}")
                self.assert_miss(program.get(action_id(1)))
                self.assertLess(program.peak_memory(), 64 * MIB)
                self.assert_well_ended(program, program.close())
                self.assertEqual(list(self.folder.rglob("*-d")), [])


if __name__ == "__main__":
    unittest.main()
