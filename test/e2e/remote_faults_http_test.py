"""remote_faults_test.py with a plain HTTP server for the remote, where a 404 is an answer."""

import unittest

import remote_faults_test as suite


class HttpFaults(suite.RemoteFaults):
    KIND = "http"
    STATUSES = ((503, 5), (429, 5), (500, 5), (401, 3), (403, 3), (302, 3))


if __name__ == "__main__":
    unittest.main()
