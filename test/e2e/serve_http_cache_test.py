"""The cache over HTTP: what it keeps, what it refuses, and whole sessions that have it as their remote."""

import base64
import hashlib
import http.client
import json
import os
import threading
import unittest

import server
from cacheprog import action_id, output_id


class TestCase(server.TestCase):
    def setUp(self):
        super().setUp()
        self.objects = self.home / "shared" / "objects"
        self.serving = self.serve("--http=0", "--http-cache", f"--http-cache-dir={self.home / 'shared'}", plugin=None)
        self.http = self.serving.place("http at ")
        self.port = int(self.http.rsplit(":", 1)[1])

    def ask(self, method: str, path: str, body=None, **headers):
        """(status, body, headers); names of headers have _ for -."""
        peer = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            peer.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                peer.putheader(name.replace("_", "-"), value)
            if body is not None:
                peer.putheader("Content-Length", str(len(body)))
            peer.endheaders(body)
            reply = peer.getresponse()
            return reply.status, reply.read(), reply.headers
        finally:
            peer.close()

    def files(self) -> int:
        return sum(path.is_file() for path in self.objects.rglob("*"))

    def share(self, *numbers: int, **flags):
        """Entries of these actions, and a pack and manifests, from a machine of its own."""
        self.folder = self.home / f"writer-{numbers}"
        with self.start(f"--remote=http://{self.http}/cache", "--flush=wait", "--scope=s") as writer:
            for number in numbers:
                self.assert_stored(writer.put(action_id(number), self.body(number)), self.body(number))
            self.assert_well_ended(writer, writer.close())
        self.folder = self.home / f"reader-{numbers}"

    @staticmethod
    def body(number: int) -> bytes:
        return f"output {number} ".encode() * 3000


class Objects(TestCase):
    def test_come_back_whole_and_in_parts(self):
        for body in (b"", b"0123456789", os.urandom(2_500_000)):
            size = len(body)
            self.assertEqual(self.ask("PUT", "/cache/a/k", body)[0], 201)
            status, got, headers = self.ask("GET", "/cache/a/k")
            self.assertEqual((status, got), (200, body))
            status, got, headers = self.ask("HEAD", "/cache/a/k")
            self.assertEqual((status, got, headers["Content-Length"]), (200, b"", str(size)))
            if size == 0:
                continue
            for words, first, end in (("0-3", 0, 4), ("3-", 3, size), ("-4", size - 4, size), ("0-99999999", 0, size),
                                      (f"{size - 1}-{size - 1}", size - 1, size)):
                status, got, headers = self.ask("GET", "/cache/a/k", Range=f"bytes={words}")
                self.assertEqual((status, got), (206, body[first:end]), words)
                self.assertEqual(headers["Content-Range"], f"bytes {first}-{end - 1}/{size}")
            for words in (f"{size}-", "-0"):
                status, got, headers = self.ask("GET", "/cache/a/k", Range=f"bytes={words}")
                self.assertEqual((status, headers["Content-Range"]), (416, f"bytes */{size}"))
            for words in ("bytes=5-2", "bytes=x-1", "lines=1-2", "bytes=0-1,3-4", "bytes=", "bytes=--1"):
                self.assertEqual(self.ask("GET", "/cache/a/k", Range=words)[:2], (200, body))
        self.assertEqual(self.ask("DELETE", "/cache/a/k")[0], 204)
        self.assertEqual(self.ask("DELETE", "/cache/a/k")[0], 204)
        self.assertEqual(self.ask("GET", "/cache/a/k")[0], 404)
        self.assertEqual(self.ask("POST", "/cache/a/k", b"x")[0], 405)

    def test_have_versions(self):
        self.assertEqual(self.ask("PUT", "/cache/k", b"one", If_None_Match="*")[0], 201)
        self.assertEqual(self.ask("PUT", "/cache/k", b"two", If_None_Match="*")[0], 412)
        etag = self.ask("GET", "/cache/k")[2]["ETag"]
        self.assertEqual(self.ask("GET", "/cache/k", If_None_Match=etag)[:2], (304, b""))
        self.assertEqual(self.ask("PUT", "/cache/k", b"three", If_Match=etag)[0], 201)
        for stale in (etag, f"W/{etag}", "*", '"x"'):
            self.assertEqual(self.ask("PUT", "/cache/k", b"four", If_Match=stale)[0], 412)
        self.assertEqual(self.ask("PUT", "/cache/none", b"five", If_Match=etag)[0], 412)
        self.assertEqual(self.ask("GET", "/cache/k")[1], b"three")
        etag, won = self.ask("GET", "/cache/k")[2]["ETag"], []
        server.at_once(8, lambda number: won.append(self.ask("PUT", "/cache/k", b"%d" % number, If_Match=etag)[0]))
        self.assertEqual(sorted(won), [201] + [412] * 7)

    def test_are_listed_folder_by_folder(self):
        for key in ("a/b/one", "a/two", "three"):
            self.ask("PUT", f"/cache/{key}", key.encode())
        status, text, _ = self.ask("PROPFIND", "/cache/a/", Depth="1")
        self.assertEqual(status, 207)
        for words in (b"<D:href>/cache/a/two</D:href>", b"<D:href>/cache/a/b/</D:href>", b"<D:getcontentlength>5<"):
            self.assertIn(words, text)
        self.assertNotIn(b"three", text)
        self.assertEqual(self.ask("PROPFIND", "/cache/none/", Depth="1")[0], 404)
        self.assertEqual(self.ask("PROPFIND", "/cache/", Depth="infinity")[0], 403)

    def test_with_tricks_in_their_names_are_none(self):
        name = "0123456789abcdef" * 4
        bad = ["..", "../x", "a/../../x", "a/..%2f..%2fx", "%2e%2e/x", "a%2fb", "a//b", "a/./b", "a\\b", "a b".replace(" ", "%20"),
               "k" * 513, "v1/e/" + name.upper(), "v1/e/" + name + "00", "v1/e/" + name[:-1], f"v1/e/{name[:-1]}g",
               f"v1/e/{name}/x", f"ns/v1/p/{name.upper()}", "v1/m/x", "%00", "a%0d%0ab", "", "/", "/etc/passwd"]
        for key in bad:
            with self.subTest(key[:80]):
                self.assertEqual(self.ask("PUT", f"/cache/{key}", b"x")[0], 400)
                self.assertIn(self.ask("GET", f"/cache/{key}")[0], (400, 404))
        self.assertEqual(self.files(), 0)

    def test_have_the_hash_that_is_said(self):
        right = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
        for headers, status in (({"Repr_Digest": f"sha-256=:{right}:"}, 201), ({"Digest": f"SHA-256={right}"}, 201),
                                ({"Content_Digest": f"sha-512=:xx:, sha-256=:{right}:"}, 201)):
            self.assertEqual(self.ask("PUT", "/cache/x", b"x", **headers)[0], status)
            self.assertEqual(self.ask("PUT", "/cache/y", b"y", **headers)[0], 422)
        self.assertEqual(self.ask("GET", "/cache/y")[0], 404)

    def test_that_lie_are_not_kept(self):
        self.share(*range(30))
        stored = {str(path.relative_to(self.objects)): path.read_bytes()
                  for path in self.objects.rglob("*") if path.is_file()}
        kinds = {kind: [key for key in stored if key.startswith(f"v1/{kind}/")] for kind in "epm"}
        self.assertTrue(all(kinds.values()), kinds)
        entry, pack, manifest = (keys[0] for keys in kinds.values())
        other = f"v1/e/{action_id('other').hex()}"
        raw = stored[entry][:16] + bytes(8) + stored[entry][24:]  # another time: its sum is wrong
        flipped = bytearray(stored[entry])
        flipped[-9] ^= 1
        lies = [(entry, b""), (entry, stored[entry][:-1]), (entry, stored[entry] + b"x"), (entry, bytes(flipped)),
                (entry, raw), (other, stored[entry]), (entry, stored[pack]), (pack, stored[pack] + b"x"),
                (pack, stored[entry]), (f"v1/p/{'0' * 64}", stored[pack]), (manifest, stored[manifest][:-1]),
                (manifest, stored[pack]), (manifest, b"")]
        for folder in ("", "pr-1/", "a/v1/", "v1/e/"):
            for key, body in lies:
                with self.subTest(folder + key):
                    self.assertEqual(self.ask("PUT", f"/cache/{folder}{key}", body)[0], 422)
        for key, body in stored.items():
            self.assertEqual(self.objects.joinpath(key).read_bytes(), body)
            self.assertEqual(self.ask("PUT", f"/cache/pr-1/{key}", body)[0], 201)
        self.assertEqual(self.files(), 2 * len(stored))

    def test_that_break_off_leave_nothing(self):
        for headers in ({"Content-Length": "1000"}, {"Transfer-Encoding": "chunked"}):
            peer = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            peer.putrequest("PUT", "/cache/k")
            for name, value in headers.items():
                peer.putheader(name, value)
            peer.endheaders(b"400\r\nhalf")
            peer.close()
        self.assertEqual(self.ask("PUT", "/cache/k", None, Content_Length=str(1 << 50))[0], 413)
        self.assertEqual(self.ask("GET", "/cache/k")[0], 404)
        self.assertEqual([path for path in (self.home / "shared").rglob("*") if path.is_file()], [])


class Sessions(TestCase):
    def test_share_what_they_put(self):
        self.share(*range(40))
        kinds = {path.relative_to(self.objects).parts[1] for path in self.objects.rglob("*") if path.is_file()}
        self.assertEqual(kinds, {"e", "p", "m"})
        for options in (("--scope=s",), ("--prefetch=off",)):
            self.folder = self.home / options[0]
            with self.start(f"--remote=http://{self.http}/cache", *options) as reader:
                for number in range(40):
                    self.assert_hit(reader.get(action_id(number)), self.body(number))
                self.assert_well_ended(reader, reader.close())
        with self.start("clear-remote", f"--remote=http://{self.http}/cache", command=(os.environ["GOPOUCH"],)) as gone:
            self.assertEqual(gone.wait(), 0)
        self.assertEqual(self.files(), 0)

    def test_at_once_leave_one_manifest_of_all(self):
        def work(number):
            folder = self.home / f"at-once-{number}"
            import cacheprog
            with cacheprog.CacheProg(folder, self.home, f"--remote=http://{self.http}/cache", "--flush=wait",
                                     f"--scope=s{number % 2}") as one:
                for step in range(20):
                    body = self.body(100 * number + step)
                    self.assert_stored(one.put(action_id((number, step)), body), body)
                self.assert_well_ended(one, one.close())
        server.at_once(6, work)
        for number in range(6):
            self.folder = self.home / "fresh"
            with self.start(f"--remote=http://{self.http}/cache", "--prefetch=off") as reader:
                for step in range(20):
                    self.assert_hit(reader.get(action_id((number, step))), self.body(100 * number + step))
                self.assert_well_ended(reader, reader.close())

    def test_of_go_cachers_wire(self):
        remote = f"--remote=go-cacher+http://{self.http}/go-cacher"
        self.folder = self.home / "writer"
        with self.start(remote, "--flush=wait") as writer:
            for number in range(5):
                self.assert_stored(writer.put(action_id(number), self.body(number)), self.body(number))
            self.assert_stored(writer.put(action_id("empty"), b""), b"")
            self.assert_well_ended(writer, writer.close())
        self.folder = self.home / "reader"
        with self.start(remote) as reader:
            for number in range(5):
                self.assert_hit(reader.get(action_id(number)), self.body(number))
            self.assert_miss(reader.get(action_id("never")))
            self.assert_well_ended(reader, reader.close())

        action, output = action_id(1).hex(), output_id(self.body(1)).hex()
        status, body, headers = self.ask("GET", f"/go-cacher/action/{action}", Want_Object="1")
        self.assertEqual((status, body, headers["Go-Output-Id"]), (200, self.body(1), output))
        self.assertEqual(headers["Content-Type"], "application/octet-stream")
        status, body, headers = self.ask("GET", f"/go-cacher/action/{action}")
        self.assertEqual((status, json.loads(body)), (200, {"outputID": output, "size": len(self.body(1))}))
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(self.ask("GET", f"/go-cacher/output/{output}")[:2], (200, self.body(1)))
        self.assertEqual(self.ask("GET", f"/go-cacher/action/{output}")[0], 404)
        for path in (f"action/{action.upper()}", f"action/{action}00", "action/", "output/..", f"{action}", "x"):
            self.assertEqual(self.ask("GET", f"/go-cacher/{path}")[0], 400)
        for path in (f"{action}/{output.upper()}", f"{action}", f"{action}/{output}/x", f"{action}{output}", "x/y"):
            self.assertEqual(self.ask("PUT", f"/go-cacher/{path}", self.body(1))[0], 400)
        self.assertEqual(self.ask("PUT", f"/go-cacher/{action}/{output}", b"a lie")[0], 422)
        self.assertEqual(self.ask("GET", f"/go-cacher/output/{output}")[1], self.body(1))


class Bounds(TestCase):
    def test_many_clients_of_a_large_object(self):
        body = os.urandom(20_000_000)
        self.assertEqual(self.ask("PUT", "/cache/large", body)[0], 201)
        before = self.rss()
        server.at_once(16, lambda _: self.assertEqual(self.ask("GET", "/cache/large")[1], body))
        self.assertEqual(threading.active_count(), 1)
        self.assertLess(self.rss() - before, 64 << 20)

    def rss(self) -> int:
        with open(f"/proc/{self.serving.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    unittest.main()
