"""As modproxy_memory_test.py, in the size of a toolchain."""

import unittest

from modproxy import ModProxy
from module_crowd import Crowd


class Memory(Crowd, ModProxy):
    def test_of_200_mb_for_50_clients(self):
        self.check(200_000_000, 50)


if __name__ == "__main__":
    unittest.main()
