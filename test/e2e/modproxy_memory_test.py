"""Memory of the module proxy: what is large is not held, and a zip for many at once is fetched once."""

import unittest

from modproxy import MODULE, ModProxy
from module_crowd import Crowd


class Memory(Crowd, ModProxy):
    def test_of_20_mb_for_50_clients(self):
        self.check(20_000_000, 50)

    def test_of_files_that_lie_about_their_kind(self):
        for ending in ("mod", "info"):
            self.upstream.files[f"{MODULE}/@v/v1.0.0.{ending}"] = b"module x\n{" + bytes(100_000_000)
        serving = self.proxy()
        for ending in ("mod", "info"):
            self.assertEqual(self.get(serving, f"{MODULE}/@v/v1.0.0.{ending}")[0], 502)
        self.assertLess(serving.peak_memory(), 64 << 20)


if __name__ == "__main__":
    unittest.main()
