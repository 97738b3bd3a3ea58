"""The module proxy and its disk: what is trimmed, and what happens where nothing can be kept."""

import fcntl
import functools
import http.client
import os
import random
import signal
import subprocess
import time
import unittest

import server
from modproxy import MODULE, ModProxy

DAY = 86400
# Runs what follows on a disk of so many bytes, in the place of a folder.
MOUNT = 'mount -t tmpfs -o size="$1" none "$0" && shift && exec "$@"'


@functools.cache
def own_mounts() -> tuple | None:
    """A command that runs another where its mounts are nobody else's; None where the system has none for us."""
    for way in (("unshare", "--mount"), ("unshare", "--mount", "--map-root-user")):
        probe = (*way, "sh", "-c", "mount -t tmpfs -o size=1m none /tmp")
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return way
    return None


class Trim(ModProxy):
    def setUp(self):
        super().setUp()
        self.modules = self.folder / "gopouch/modules"
        for number in range(8):
            self.upstream.add(MODULE, f"v1.{number}.0", {"data": random.Random(number).randbytes(100_000)})
        self.paths = [f"{MODULE}/@v/v1.{number}.0.zip" for number in range(8)]

    def kept(self) -> list:
        return [file for file in self.modules.glob("??/*") if not file.name.startswith(".")]

    def fill(self, *options: str):
        """Asks for all of them, each a day before the next."""
        with self.proxy(*options) as serving:
            for number, path in enumerate(self.paths):
                before = set(self.kept())
                self.check_file(serving, path)
                [new] = set(self.kept()) - before
                used = time.time() - (20 - number) * DAY
                os.utime(new, (used, used))
            self.assertEqual(serving.stop(), 0)
        self.upstream.requests.clear()

    def wait_for(self, count: int):
        end = time.monotonic() + 20
        while len(self.kept()) != count and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(len(self.kept()), count)

    def test_drops_what_was_unused_for_longest(self):
        self.fill()
        # 8 of 100 kB; a tenth less than the limit is left.
        serving = self.proxy("--modproxy-limit=600kB")
        self.wait_for(5)
        for path in self.paths:
            self.check_file(serving, path)
        self.assertEqual(self.upstream.requests, self.paths[:3])
        # All of it was used just now, and stays though it is too much.
        self.assertEqual(serving.stop(), 0)
        serving = self.proxy("--modproxy-limit=600kB", "--log-level=info")
        self.check_file(serving, self.paths[0])
        self.assertEqual(serving.stop(), 0)
        self.assertEqual(len(self.kept()), 8)

    def test_drops_what_was_unused_for_too_long(self):
        self.fill()
        serving = self.proxy("--modproxy-max-age=372h")  # 15 days and a half
        self.wait_for(3)
        for path in self.paths:
            self.check_file(serving, path)
        self.assertEqual(self.upstream.requests, self.paths[:5])

    def test_is_done_by_one_process_at_a_time(self):
        self.fill()
        with open(self.modules / "trim", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self.proxy("--modproxy-max-age=1h") as serving:
                self.check_file(serving, self.paths[7])
                self.assertEqual(serving.stop(), 0)
            self.assertEqual(len(self.kept()), 8)

    def test_harms_nobody_who_reads(self):
        self.fill()
        serving = self.proxy("--modproxy-limit=1kB")
        server.at_once(8, lambda number: self.check_file(serving, self.paths[number]))


class NoRoom(ModProxy):
    def setUp(self):
        super().setUp()
        self.modules = self.home / "modules"
        self.modules.mkdir()
        self.large = "example.com/large/@v/v1.0.0.zip"
        self.upstream.add("example.com/large", "v1.0.0", {"data": random.Random(1).randbytes(24_000_000)})

    def check_all(self, serving):
        for _ in range(2):
            for path in self.upstream.files:
                self.check_file(serving, path)

    def on_a_disk(self, size: str, *options: str):
        way = own_mounts()
        if way is None:
            self.skipTest("this system lets us mount nothing")
        return self.proxy(f"--modproxy-dir={self.modules}", *options,
                          wrapper=(*way, "sh", "-c", MOUNT, str(self.modules), size))

    def warnings(self, serving) -> list:
        return [line for line in serving.stderr().splitlines() if "http at" not in line]

    def test_on_a_full_disk_is_no_failure(self):
        serving = self.on_a_disk("1m")
        self.check_all(serving)
        # What fits is kept.
        for path in self.upstream.files:
            self.assertEqual(self.asked(path), 2 if path == self.large else 1, path)
        self.assertEqual(self.metrics(serving)["gopouch_modules_unkept_total"], "2")
        [warning] = self.warnings(serving)
        self.assertIn("No space left on device; what comes is handed on, and not kept", warning)
        self.assertEqual(serving.stop(), 0)

    def test_for_many_at_once_is_no_failure(self):
        serving = self.on_a_disk("10m")
        self.upstream.fault, self.upstream.pause = "drip", 0.05

        def work(number):
            time.sleep(number * 0.04)
            self.check_file(serving, self.large)

        server.at_once(8, work)
        # Whoever came when its beginning was gone began anew.
        self.assertLessEqual(self.asked(self.large), 8)
        self.assertEqual(len(self.warnings(serving)), 1)

    def test_and_a_torn_answer_are_no_failure(self):
        serving = self.on_a_disk("1m")
        self.upstream.add("example.com/small", "v1.0.0", {"data": random.Random(2).randbytes(4_000_000)})
        self.upstream.fault, self.upstream.fault_times = "cut", 2
        self.check_file(serving, "example.com/small/@v/v1.0.0.zip")

    def test_of_old_files_is_made(self):
        serving = self.on_a_disk("3m", "--log-level=info")
        self.upstream.add("example.com/old", "v1.0.0", {"data": random.Random(2).randbytes(2_000_000)})
        self.upstream.add("example.com/new", "v1.0.0", {"data": random.Random(3).randbytes(2_000_000)})
        self.check_file(serving, "example.com/old/@v/v1.0.0.zip")
        inside = ("nsenter", f"--target={serving.pid}", "--mount", "--user", "--preserve-credentials") \
            if own_mounts()[-1] == "--map-root-user" else ("nsenter", f"--target={serving.pid}", "--mount")
        age = ["find", str(self.modules), "-type", "f", "-exec", "touch", "-d", "2 days ago", "{}", "+"]
        if subprocess.run([*inside, *age], check=False, capture_output=True).returncode != 0:
            self.skipTest("no nsenter here")
        self.check_file(serving, "example.com/new/@v/v1.0.0.zip")
        serving.place("modules: trimmed 1 files")
        self.check_file(serving, "example.com/new/@v/v1.0.0.zip")
        self.check_file(serving, "example.com/new/@v/v1.0.0.zip")
        self.assertEqual(self.asked("example.com/new/@v/v1.0.0.zip"), 2)

    def test_in_a_folder_that_may_not_be_written_is_no_failure(self):
        way = own_mounts()
        if way is None:
            self.skipTest("this system lets us mount nothing")
        read_only = 'mount -t tmpfs -o ro none "$0" && exec "$@"'
        serving = self.proxy(f"--modproxy-dir={self.modules}",
                             wrapper=(*way, "sh", "-c", read_only, str(self.modules)))
        self.check_all(serving)
        [warning] = self.warnings(serving)
        self.assertIn("Read-only file system; what comes is handed on", warning)

    def test_for_a_client_that_stops_reading_holds_up_nobody_for_ever(self):
        serving = self.on_a_disk("1m")
        stuck = subprocess.Popen(["curl", "-s", "--noproxy", "*", "--limit-rate", "1k", "-o", os.devnull,
                                  f"http://{serving.http}/mod/{self.large}"])
        self.addCleanup(stuck.wait)
        self.addCleanup(stuck.kill)
        time.sleep(0.5)
        stuck.send_signal(signal.SIGKILL)
        self.check_file(serving, self.large)
        self.assertEqual(serving.stop(), 0)


class Parts(ModProxy):
    def part(self, serving, path: str, wanted: str, **headers):
        status, body, got = self.get(serving, path, Range=wanted, **headers)
        return status, body, got["Content-Range"]

    def test_of_what_is_kept_are_given(self):
        path = f"{MODULE}/@v/v1.0.0.zip"
        body = self.upstream.files[path]
        size = len(body)
        serving = self.proxy()
        self.check_file(serving, path)
        for wanted, part, told in (
                ("bytes=0-9", body[:10], f"bytes 0-9/{size}"), ("bytes=10-", body[10:], f"bytes 10-{size - 1}/{size}"),
                ("bytes=-7", body[-7:], f"bytes {size - 7}-{size - 1}/{size}"),
                (f"bytes={size - 1}-{size + 9}", body[-1:], f"bytes {size - 1}-{size - 1}/{size}")):
            self.assertEqual(self.part(serving, path, wanted), (206, part, told), wanted)
        self.assertEqual(self.part(serving, path, f"bytes={size}-"), (416, b"", f"bytes */{size}"))
        for wanted in ("bytes=5-2", "bytes=x-", "lines=1-2", "bytes=0-1,4-5", "bytes=-"):
            self.assertEqual(self.part(serving, path, wanted), (200, body, None), wanted)
        self.assertEqual(self.part(serving, path, "bytes=0-9", **{"If-Range": '"x"'})[0], 200)

    def test_and_heads_have_no_body(self):
        path = f"{MODULE}/@v/v1.0.0.zip"
        serving = self.proxy()
        for _ in range(2):
            peer = http.client.HTTPConnection(serving.http)
            peer.request("HEAD", f"/mod/{path}")
            reply = peer.getresponse()
            self.assertEqual((reply.status, reply.read()), (200, b""))
            length = reply.headers["Content-Length"]
            peer.close()
        self.assertEqual(length, str(len(self.upstream.files[path])))
        self.assertEqual(self.asked(path), 1)


if __name__ == "__main__":
    unittest.main()
