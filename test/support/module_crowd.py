"""Many clients that want one large zip at the same time."""

import http.client
import random
import zlib

import server

MIB = 1 << 20


class Crowd:
    """Beside ModProxy."""

    def check(self, size: int, clients: int):
        piece = random.Random(1).randbytes(1_000_000)
        self.upstream.add("example.com/large", "v1.0.0", {f"data-{n}": piece for n in range(size // len(piece))})
        path = "example.com/large/@v/v1.0.0.zip"
        body = self.upstream.files[path]
        wanted = (len(body), zlib.crc32(body))
        serving = self.proxy()

        def work(_):
            peer = http.client.HTTPConnection(serving.http, timeout=600)
            peer.request("GET", f"/mod/{path}")
            reply = peer.getresponse()
            got, crc = 0, 0
            while data := reply.read(MIB):
                got += len(data)
                crc = zlib.crc32(data, crc)
            peer.close()
            self.assertEqual((reply.status, got, crc), (200, *wanted))

        server.at_once(clients, work)
        self.assertEqual(self.asked(path), 1)
        peak = serving.peak_memory()
        print(f"{size} bytes to {clients} clients: {self.asked(path)} request, peak {peak / MIB:.1f} MiB")
        self.assertLessEqual(peak, 100 * MIB)
