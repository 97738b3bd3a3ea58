"""remote_pack_faults_long_test.py with a plain HTTP server for the remote."""

import unittest

import remote_pack_faults_long_test as suite


class HttpPackFaults(suite.PackFaults):
    KIND = "http"


if __name__ == "__main__":
    unittest.main()
