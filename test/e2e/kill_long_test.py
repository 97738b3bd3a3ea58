"""The rounds of kill_test.py with many more seeds."""

import unittest

import kill_test


class ManyKills(kill_test.Kill):
    SEEDS = range(20, 220)


if __name__ == "__main__":
    unittest.main()
