"""The module proxy: what it keeps, what it asks again, and what it does when upstream fails."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import time
import unittest

import cacheprog
import server
from modproxy import MODULE, ModProxy
from module_upstream import ModuleUpstream, module_zip


class Files(ModProxy):
    def test_are_given_byte_for_byte_and_asked_for_once(self):
        serving = self.proxy()
        for _ in range(3):
            for path in self.upstream.files:
                self.check_file(serving, path)
        self.assertEqual(len(self.upstream.requests), len(self.upstream.files))

    def test_have_their_media_types(self):
        serving = self.proxy()
        for ending, media in (("info", "application/json"), ("zip", "application/zip"),
                              ("mod", "text/plain; charset=utf-8")):
            reply = self.get(serving, f"{MODULE}/@v/v1.0.0.{ending}")[2]
            self.assertEqual(reply["Content-Type"], media)
            self.assertIn("max-age=604800", reply["Cache-Control"])

    def test_outlive_the_server(self):
        path = f"{MODULE}/@v/v1.0.0.zip"
        with self.proxy() as serving:
            self.check_file(serving, path)
            self.assertEqual(serving.stop(), 0)
        self.check_file(self.proxy(), path)
        self.assertEqual(self.asked(path), 1)

    def test_are_shared_through_the_remote(self):
        remote = f"--remote=file://{self.home}/remote"
        path = f"{MODULE}/@v/v1.0.0.zip"
        with self.proxy(remote) as serving:
            self.check_file(serving, path)
            self.assertEqual(serving.stop(), 0)
        kept = list((self.home / "remote/v1/mod").iterdir())
        self.assertEqual(len(kept), 1)
        self.folder = self.home / "other"
        with self.proxy(remote) as serving:
            self.check_file(serving, path)
        self.assertEqual(self.asked(path), 1)
        # What the remote gives is not believed.
        data = bytearray(kept[0].read_bytes())
        data[len(data) // 2] ^= 1
        kept[0].write_bytes(data)
        self.folder = self.home / "third"
        self.check_file(self.proxy(remote), path)
        self.assertEqual(self.asked(path), 2)

    def test_are_looked_for_in_each_remote_and_kept_in_all_that_may_be_written(self):
        path = f"{MODULE}/@v/v1.0.0.zip"
        first, second, third = (self.home / name for name in ("first", "second", "third"))
        with self.proxy(f"--remote=file://{second}") as serving:
            self.check_file(serving, path)
            self.assertEqual(serving.stop(), 0)
        self.folder = self.home / "other"
        with self.proxy(f"--remote=file://{first}", f"--remote=file://{second}?mode=ro",
                        f"--remote=file://{third}") as serving:
            self.check_file(serving, path)
            self.check_file(serving, f"{MODULE}/@v/v1.0.0.mod")
            names = self.metrics(serving)
            self.assertIn(f'gopouch_remote_calls_total{{tier="3",remote="file://{third}",call="put"}}', names)
            self.assertEqual(serving.stop(), 0)
        self.assertEqual(self.asked(path), 1)
        # What the second had is in the first now; what nobody had is in all but the second.
        counts = [len(list((folder / "v1/mod").glob("*"))) for folder in (first, second, third)]
        self.assertEqual(counts, [2, 1, 1])
        cleared = subprocess.run([cacheprog.PROGRAM, "clear-remote", f"--remote=file://{first}"], check=True,
                                 capture_output=True, env=cacheprog.environment(self.folder, self.home))
        self.assertEqual(cleared.stdout, b"Remote cache cleared successfully\n")
        self.assertEqual(list((first / "v1/mod").glob("*")), [])

    def test_are_not_put_beside_another_programs_keys(self):
        remote = self.home / "theirs"
        with self.proxy(f"--remote=file://{remote}", "--layout=go-cache-plugin") as serving:
            self.check_file(serving, f"{MODULE}/@v/v1.0.0.zip")
            self.assertEqual(serving.stop(), 0)
        self.assertFalse((remote / "v1").exists())

    def test_that_were_cut_short_on_the_disk_are_fetched_again(self):
        serving = self.proxy()
        path = f"{MODULE}/@v/v1.0.0.zip"
        self.check_file(serving, path)
        [kept] = (self.folder / "gopouch/modules").glob("??/*")
        for size in (0, 10, kept.stat().st_size - 1):
            asked = self.asked(path)
            os.truncate(kept, size)
            self.check_file(serving, path)
            self.assertEqual(self.asked(path), asked + 1, size)

    def test_go_to_many_at_once_while_they_come(self):
        body = random.Random(1).randbytes(3_000_000)
        self.upstream.add("example.com/large", "v1.0.0", {"data": body})
        path = "example.com/large/@v/v1.0.0.zip"
        self.upstream.fault, self.upstream.pause = "drip", 0.1
        serving = self.proxy()
        server.at_once(40, lambda _: self.check_file(serving, path))
        self.assertEqual(self.asked(path), 1)

    def test_begin_to_come_before_all_is_here(self):
        self.upstream.add("example.com/large", "v1.0.0", {"data": random.Random(1).randbytes(1_000_000)})
        self.upstream.fault, self.upstream.pause = "drip", 0.3
        serving = self.proxy()
        peer = http.client.HTTPConnection(serving.http)
        self.addCleanup(peer.close)
        start = time.monotonic()
        peer.request("GET", "/mod/example.com/large/@v/v1.0.0.zip")
        self.assertEqual(len(peer.getresponse().read(50_000)), 50_000)
        self.assertLess(time.monotonic() - start, 2)
        peer.close()  # the fetch goes on
        time.sleep(3)
        self.upstream.fault = None
        self.check_file(serving, "example.com/large/@v/v1.0.0.zip")
        self.assertEqual(self.asked("example.com/large/@v/v1.0.0.zip"), 1)

    def test_that_are_no_modules_are_not_kept(self):
        for name, body in (("zip", b"PK no"), ("zip", module_zip("example.com/other", "v1.0.0", {"x": "y"})),
                           ("zip", module_zip(MODULE, "v1.0.0", {"../x": "y"})), ("mod", b"<html>login</html>"),
                           ("info", b"welcome to the airport")):
            path = f"{MODULE}/@v/v1.0.0.{name}"
            good, self.upstream.files[path] = self.upstream.files[path], body
            serving = self.proxy()
            self.check_file(serving, path)
            self.upstream.files[path] = good
            self.check_file(serving, path)
            serving.stop()
            self.folder = self.home / f"cache-{len(body)}"


class ChangingFiles(ModProxy):
    PATHS = (f"{MODULE}/@v/list", f"{MODULE}/@latest")

    def test_are_fresh_for_a_while(self):
        serving = self.proxy()
        for path in self.PATHS:
            self.check_file(serving, path)
        before = dict(self.upstream.files)
        self.upstream.add(MODULE, "v1.1.0")
        for path in self.PATHS:
            self.assertEqual(self.get(serving, path)[1], before[path])

    def test_are_asked_again_and_may_have_stayed_the_same(self):
        self.upstream.etags = True
        serving = self.proxy("--modproxy-fresh=0s")
        for _ in range(3):
            for path in self.PATHS:
                self.check_file(serving, path)
        self.assertEqual(len(self.upstream.requests), 6)
        self.upstream.add(MODULE, "v1.1.0")
        for path in self.PATHS:
            self.check_file(serving, path)

    def test_are_given_though_old_while_upstream_fails(self):
        serving = self.proxy("--modproxy-fresh=0s")
        for path in self.PATHS:
            self.check_file(serving, path)
        for fault in (500, 403, "cut"):
            self.upstream.fault = fault
            for path in self.PATHS:
                status, body, headers = self.get(serving, path)
                self.assertEqual((status, body), (200, self.upstream.files[path]))
        self.upstream.stop()
        for path in self.PATHS:
            status, body, headers = self.get(serving, path)
            self.assertEqual((status, body, headers["X-Cache"]), (200, self.upstream.files[path], "stale"))


class Absence(ModProxy):
    def test_is_said_in_upstreams_words_and_remembered(self):
        serving = self.proxy()
        for _ in range(3):
            status, body, _ = self.get(serving, "example.com/none/@v/list")
            self.assertEqual((status, body), (404, b"not found: example.com/none/@v/list: nothing here\n"))
        self.assertEqual(len(self.upstream.requests), 1)

    def test_is_asked_for_once_by_many(self):
        self.upstream.delay = 0.3
        serving = self.proxy()
        paths = [f"example.com/none{number}/@v/list" for number in range(4)]

        def work(number):
            for path in paths:
                self.assertEqual(self.get(serving, path)[0], 404)

        server.at_once(40, work)
        self.assertEqual(sorted(self.upstream.requests), paths)

    def test_is_believed_for_longer_while_upstream_fails(self):
        serving = self.proxy("--modproxy-fresh=0s")
        self.assertEqual(self.get(serving, "example.com/none/@v/list")[0], 404)
        self.upstream.stop()
        self.assertEqual(self.get(serving, "example.com/none/@v/list")[0], 404)
        self.assertEqual(self.get(serving, "example.com/other/@v/list")[0], 502)

    def test_is_no_failure_and_a_failure_is_no_absence(self):
        serving = self.proxy()
        for fault, status in ((403, 403), (500, 500), (503, 503), (429, 429)):
            self.upstream.fault = fault
            self.assertEqual(self.get(serving, f"{MODULE}/@v/v1.0.0.mod")[0], status)
        self.upstream.fault = None
        self.check_file(serving, f"{MODULE}/@v/v1.0.0.mod")

    def test_of_an_upstream_is_a_bad_gateway(self):
        serving = self.proxy()
        self.upstream.stop()
        status, body, _ = self.get(serving, f"{MODULE}/@v/list")
        self.assertEqual(status, 502)
        self.assertIn(b"connect", body)

    def test_of_what_no_module_is_called(self):
        serving = self.proxy()
        for path in ("", "x", "a/../b/@v/list", "a/%2e%2e/@v/list", "A/@v/list", "a/@v/x.zip", "a//@v/list",
                     "..%2f..%2fetc/@v/list", "sumdb/x"):
            self.assertEqual(self.get(serving, path)[0], 404, path)
        self.assertEqual(self.upstream.requests, [])


class Lies(ModProxy):
    """Paths and bodies that are made to do harm."""

    def ask(self, serving, target: str) -> int:
        """The status of a request whose target is sent as it is."""
        host, port = serving.http.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=60) as peer, peer.makefile("rb") as reply:
            peer.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
            return int(reply.readline().split()[1])

    def test_in_paths_lead_nowhere(self):
        (self.home / "secret").write_text("precious")
        self.upstream.files["secret"] = b"precious"
        serving = self.proxy()
        for target in ("/mod/../secret", "/mod/..%2fsecret", "/mod/%2e%2e/secret", "/mod/..%5csecret", "/mod//etc/passwd",
                       "/mod/a/@v/..%2f..%2f..%2fsecret", "/mod/a/@v/v1.0.0%00.zip", "/mod/a/@v/%zz.info", "/mod/%",
                       "/mod/A/@v/v1.0.0.zip", "/mod/!/@v/list", "/mod/a\\b/@v/list", "/mod", "/mod/", "/mod/sumdb/",
                       "/mod/sumdb/x/tile/../../latest", "/mod/%2fmod%2fa/@v/list", "/%6dod/secret", "/modx/a/@v/list",
                       "//mod/secret", "/mod/" + "a/" * 5000 + "@v/list"):
            self.assertIn(self.ask(serving, target), (400, 404), target[:60])
        self.assertEqual(self.ask(serving, "/mod/" + "a" * 100_000), 431)
        self.assertEqual(self.ask(serving, "secret"), 400)
        self.assertEqual([path for path in self.upstream.requests if "secret" in path or ".." in path], [])
        self.check_file(serving, f"{MODULE}/@v/list")
        self.assertEqual(serving.stop(), 0)

    def test_in_zips_are_not_unpacked(self):
        self.upstream.add("example.com/bomb", "v1.0.0", {"data": bytes(9_000_000)})
        path = "example.com/bomb/@v/v1.0.0.zip"
        body = bytearray(self.upstream.files[path])
        at = body.rindex(b"PK\1\2")
        body[at + 24:at + 28] = (0xFFFFFFF0).to_bytes(4, "little")  # its size, unpacked
        self.upstream.files[path] = bytes(body)
        serving = self.proxy()
        self.check_file(serving, path)


class Trouble(ModProxy):
    def test_that_passes_is_tried_again(self):
        serving = self.proxy()
        for number, fault in enumerate((500, 502, 503, 504, 429, "cut")):
            self.upstream.add(MODULE, f"v1.{number}.0", {"data": os.urandom(100_000)})
            self.upstream.fault, self.upstream.fault_times = fault, 2
            self.check_file(serving, f"{MODULE}/@v/v1.{number}.0.zip")

    def test_that_stays_leaves_nothing(self):
        self.upstream.add(MODULE, "v1.0.0", {"data": os.urandom(1_000_000)})
        self.upstream.fault = "cut"
        serving = self.proxy()
        path = f"{MODULE}/@v/v1.0.0.zip"
        with self.assertRaises(http.client.IncompleteRead):
            self.get(serving, path)
        self.upstream.fault = None
        self.check_file(serving, path)

    def test_ends_with_the_server(self):
        self.upstream.fault = "hang"
        serving = self.proxy()
        peer = http.client.HTTPConnection(serving.http)
        self.addCleanup(peer.close)
        peer.request("GET", f"/mod/{MODULE}/@v/list")
        time.sleep(0.3)
        self.assertEqual(serving.stop(), 0)

    def test_of_the_proxy_asking_itself_is_said(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        serving = self.serve(f"--http=127.0.0.1:{port}", "--modproxy",
                             f"--modproxy-upstream=http://127.0.0.1:{port}/mod", plugin=None)
        serving.http = serving.place("http at ")
        self.assertEqual(self.get(serving, f"{MODULE}/@v/list")[0], 508)


class Lists(ModProxy):
    def setUp(self):
        super().setUp()
        self.second = self.enterContext(ModuleUpstream())
        self.second.add("example.com/second", "v1.0.0")

    def status(self, separator: str, path: str) -> int:
        with self.proxy(upstream=f"{self.upstream.url}{separator}{self.second.url}{separator}direct") as serving:
            return self.get(serving, path)[0]

    def test_with_a_comma_go_on_where_there_is_nothing(self):
        self.assertEqual(self.status(",", "example.com/second/@v/v1.0.0.mod"), 200)
        self.assertEqual(self.status(",", "example.com/third/@v/v1.0.0.mod"), 404)
        self.upstream.fault = 500
        self.assertEqual(self.status(",", "example.com/second/@v/list"), 500)

    def test_with_a_bar_go_on_after_anything(self):
        self.upstream.fault = 500
        self.assertEqual(self.status("|", "example.com/second/@v/v1.0.0.mod"), 200)
        self.assertEqual(self.status("|", "example.com/third/@v/v1.0.0.mod"), 500)

    def test_may_have_folders(self):
        folder = self.home / "folder"
        for path, body in self.upstream.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(body)
        serving = self.proxy(upstream=f"file://{folder}")
        for path in self.upstream.files:
            self.check_file(serving, path)
        self.assertEqual(self.get(serving, "example.com/none/@v/list")[0], 404)

    def test_have_routes_beside_them(self):
        self.second.add("example.com/private/x", "v1.0.0")
        url = self.second.url.replace("http://", "http://user:hunter2@")
        serving = self.proxy(f"--modproxy-route=example.com/private={url},example.com/closed=off")
        status, body, _ = self.get(serving, "example.com/private/x/@v/v1.0.0.mod")
        self.assertEqual((status, body), (200, self.second.files["example.com/private/x/@v/v1.0.0.mod"]))
        self.assertEqual(self.get(serving, "example.com/closed/@v/list")[0], 404)
        self.assertEqual(self.upstream.requests, [])
        self.assertEqual(set(self.second.authorizations), {"Basic dXNlcjpodW50ZXIy"})
        self.second.stop()
        status, body, _ = self.get(serving, "example.com/private/y/@v/list")
        self.assertEqual(status, 502)
        self.assertNotIn(b"hunter2", body)
        self.assertNotIn("hunter2", serving.stderr())


class Offline(ModProxy):
    def test_gives_what_is_kept_however_old(self):
        with self.proxy("--modproxy-fresh=0s") as serving:
            for path in self.upstream.files:
                self.check_file(serving, path)
            serving.stop()
        self.upstream.requests.clear()
        serving = self.proxy("--offline")
        for path in self.upstream.files:
            self.check_file(serving, path)
        self.assertEqual(self.get(serving, "example.com/none/@v/list")[0], 404)
        self.assertEqual(self.upstream.requests, [])

    def test_may_be_asked_for_by_a_client(self):
        serving = self.proxy()
        path = f"{MODULE}/@v/v1.0.0.mod"
        self.assertEqual(self.get(serving, path, **{"Disable-Module-Fetch": "true"})[0], 404)
        self.check_file(serving, path)
        self.assertEqual(self.get(serving, path, **{"Disable-Module-Fetch": "true"})[0], 200)


class SumDatabase(ModProxy):
    TILE = bytes(range(256)) * 32

    def setUp(self):
        super().setUp()
        for path, body in (("latest", b"note 5\n"), ("lookup/example.com/m@v1.0.0", b"7\nexample.com/m v1.0.0 h1:x\n"),
                           ("tile/8/0/001", self.TILE), ("tile/8/0/002.p/3", self.TILE[:96])):
            self.upstream.files[f"sumdb/sum.test/x/{path}"] = body
            self.upstream.files[path] = body
        self.upstream.files["sumdb/sum.test/x/supported"] = b""

    def check(self, serving, base: str):
        for path in ("latest", "lookup/example.com/m@v1.0.0", "tile/8/0/001", "tile/8/0/002.p/3"):
            self.assertEqual(self.get(serving, f"sumdb/sum.test/x/{path}")[:2], (200, self.upstream.files[path]), path)
        asked = len(self.upstream.requests)
        self.assertEqual(self.get(serving, "sumdb/sum.test/x/tile/8/0/001.p/7")[:2], (200, self.TILE[: 7 * 32]))
        self.assertEqual(self.get(serving, "sumdb/sum.test/x/lookup/example.com/m@v1.0.0")[0], 200)
        self.assertEqual(len(self.upstream.requests), asked)

    def test_is_asked_for_through_upstream(self):
        serving = self.proxy()
        self.assertEqual(self.get(serving, "sumdb/sum.test/x/supported")[:2], (200, b""))
        self.assertEqual(self.get(serving, "sumdb/other.test/supported")[0], 404)
        self.check(serving, "sumdb/sum.test/x")

    def test_is_asked_itself_where_that_is_wanted(self):
        serving = self.proxy(f"--sumdb=sum.test/x={self.upstream.url}")
        self.assertEqual(self.get(serving, "sumdb/sum.test/x/supported")[:2], (200, b""))
        self.assertEqual(self.upstream.requests, [])
        self.check(serving, "")
        self.assertEqual(self.upstream.requests[0], "latest")


class Operations(ModProxy):
    def test_tell_how_it_is(self):
        serving = self.proxy()
        self.assertEqual(self.url(serving, "/healthz"), b"ok\n")
        self.assertEqual(self.url(serving, "/readyz"), b"ready\n")
        self.check_file(serving, f"{MODULE}/@v/list")
        self.check_file(serving, f"{MODULE}/@v/list")
        lines = self.url(serving, "/metrics").decode().splitlines()
        values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        self.assertEqual(values['gopouch_http_requests_total{route="/mod",code="200"}'], "2")
        self.assertEqual((values["gopouch_modules_hits_total"], values["gopouch_modules_fetched_total"]), ("1", "1"))
        names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
        self.assertLessEqual({name.split("{")[0] for name in values}, names)

    def test_log_each_request_as_json_without_its_query(self):
        log = self.home / "access.log"
        serving = self.proxy(f"--access-log={log}")
        self.check_file(serving, f"{MODULE}/@v/list")
        self.get(serving, f"{MODULE}/@v/none.info?token=hunter2")
        self.assertEqual(serving.stop(), 0)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual([(line["method"], line["path"], line["status"], line.get("cache")) for line in lines],
                         [("GET", f"/mod/{MODULE}/@v/list", 200, "miss"),
                          ("GET", f"/mod/{MODULE}/@v/none.info", 404, "absent")])
        self.assertNotIn("hunter2", log.read_text())

    def test_say_what_is_not_here_yet(self):
        serving = self.proxy()
        for method in ("GET", "PUT"):
            peer = http.client.HTTPConnection(serving.http)
            peer.request(method, "/cache/v1/e/x", body=b"x" if method == "PUT" else None)
            reply = peer.getresponse()
            self.assertEqual((reply.status, reply.read()), (501, b"this server has no cache over HTTP: --http-cache\n"))
            peer.close()
        serving.signal(signal.SIGHUP)
        self.assertIn("read again", serving.place("SIGHUP: "))
        self.assertEqual(serving.stop(), 0)

    def test_end_at_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            serving = self.proxy()
            self.check_file(serving, f"{MODULE}/@v/list")
            serving.signal(number)
            self.assertEqual(serving.wait(), 0)


if __name__ == "__main__":
    unittest.main()
