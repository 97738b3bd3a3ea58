"""A server that is used for a moment: neither its memory nor its descriptors grow."""

import unittest

import soak


class Soak(soak.Soak):
    def test_with_4_000_requests_in_80_sessions(self):
        self.check(4_000, 80)


if __name__ == "__main__":
    unittest.main()
