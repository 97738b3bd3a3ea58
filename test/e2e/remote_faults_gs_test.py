"""remote_faults_test.py with Google Cloud Storage for the remote."""

import unittest

import remote_faults_test as suite


class GsFaults(suite.RemoteFaults):
    KIND = "gs"


if __name__ == "__main__":
    unittest.main()
