"""remote_pack_faults_long_test.py with Google Cloud Storage for the remote, and a pack that goes in one request."""

import unittest

import remote_pack_faults_long_test as suite


class GsPackFaults(suite.PackFaults):
    KIND = "gs"
    SIZES = (0, 500, 5000, 50_000, 200_000)


if __name__ == "__main__":
    unittest.main()
