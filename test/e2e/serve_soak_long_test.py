"""A server that is used for long: neither its memory nor its descriptors grow."""

import unittest

import soak


class Soak(soak.Soak):
    def test_with_100_000_requests_in_1_000_sessions(self):
        self.check(100_000, 1_000)


if __name__ == "__main__":
    unittest.main()
