"""A body of 1 GiB costs no more memory than a small one."""

import base64
import hashlib
import unittest
from pathlib import Path

import cache_folder
from cacheprog import TestCase, action_id, encode, fields

MIB = 1 << 20
PIECE = bytes(range(256)) * (3 * MIB // 256)  # a multiple of three: its base64 needs no padding
PIECES = 342  # 1,026 MiB


class BigBody(TestCase):
    def test_one_gib(self):
        hasher = hashlib.sha256()
        for _ in range(PIECES):
            hasher.update(PIECE)
        output = hasher.digest()
        size = len(PIECE) * PIECES
        text = base64.b64encode(PIECE)

        program = self.start()
        program.send(encode(fields(1, "put", action_id(1), output, size)) + b'"')
        for _ in range(PIECES):
            program.send(text)
        program.send(b'"\n')
        path = Path(program.answer(1)["DiskPath"])
        self.assertLess(program.peak_memory(), 64 * MIB)
        self.assertEqual(path.stat().st_size, size)
        self.assertEqual(program.get(action_id(1))["Size"], size)
        self.assert_well_ended(program, program.close())
        with path.open("rb") as file:
            self.assertEqual(hashlib.file_digest(file, "sha256").digest(), output)
        self.assertEqual(cache_folder.strangers(self.folder), [])


if __name__ == "__main__":
    unittest.main()
