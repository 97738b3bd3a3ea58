"""Memory of the module proxy: a large zip for many at once is fetched once, and not held."""

import unittest

from modproxy import ModProxy
from module_crowd import Crowd


class Memory(Crowd, ModProxy):
    def test_of_20_mb_for_50_clients(self):
        self.check(20_000_000, 50)


if __name__ == "__main__":
    unittest.main()
