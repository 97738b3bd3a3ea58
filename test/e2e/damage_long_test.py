"""The rounds of damage_test.py with many more seeds."""

import unittest

import damage_test


class ManySeeds(damage_test.Damage):
    SEEDS = range(500, 10_500)


if __name__ == "__main__":
    unittest.main()
