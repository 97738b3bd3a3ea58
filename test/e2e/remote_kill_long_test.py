"""The rounds of remote_kill_test.py with many more seeds."""

import unittest

import remote_kill_test


class ManyKills(remote_kill_test.RemoteKill):
    SEEDS = range(5, 105)


if __name__ == "__main__":
    unittest.main()
