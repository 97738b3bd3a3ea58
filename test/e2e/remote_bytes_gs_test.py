"""remote_bytes_test.py with Google Cloud Storage for the remote."""

import unittest

import remote_bytes_test as suite


class GsEntryBytes(suite.EntryBytes):
    KIND = "gs"


class GsPackBytes(suite.PackBytes):
    KIND = "gs"


if __name__ == "__main__":
    unittest.main()
