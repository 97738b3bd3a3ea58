"""The reverse proxy: what it keeps and for whom, and what it does when a server fails."""

import gzip
import http.client
import json
import random
import shutil
import socket
import ssl
import subprocess
import threading
import unittest
from pathlib import Path

import cacheprog
import server
from module_upstream import module_zip
from origin import Origin, Reply

LONG = "max-age=3600"


class ReverseProxy(server.TestCase):
    def setUp(self):
        super().setUp()
        self.origin = self.enterContext(Origin())
        self.a, self.b = (f"{name}.localhost:{self.origin.port}" for name in "ab")

    def proxy(self, *options: str, hosts=None, **more):
        serving = self.serve("--http=0", f"--revproxy={hosts or self.a + ',' + self.b}", *options, plugin=None, **more)
        serving.http = serving.place("http at ")
        return serving

    def ask(self, serving, url: str, method="GET", body=None, **headers):
        """(status, body, headers)"""
        connection = http.client.HTTPConnection(serving.http, timeout=60)
        try:
            connection.request(method, url, body=body,
                               headers={name.replace("_", "-"): value for name, value in headers.items()})
            reply = connection.getresponse()
            return reply.status, reply.read(), reply.headers
        finally:
            connection.close()

    def get(self, serving, path: str, **headers):
        return self.ask(serving, f"http://{self.a}{path}", **headers)

    def words(self, serving, path: str, times: int, **headers) -> list:
        """What X-Cache says, each time."""
        return [self.get(serving, path, **headers)[2]["X-Cache"] for _ in range(times)]

    def metrics(self, serving) -> dict:
        lines = self.ask(serving, "/metrics")[1].decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


class Keeping(ReverseProxy):
    def test_what_may_be_kept_is_asked_for_once(self):
        serving = self.proxy()
        body = random.Random(1).randbytes(300_000)
        self.origin.replies["/x"] = Reply(body, Cache_Control=LONG, ETag='"1"', X_Mine=["1", "2"], Content_Type="a/b")
        self.assertEqual(self.words(serving, "/x", 3), ["fetch, cached", "hit, local", "hit, local"])
        status, got, headers = self.get(serving, "/x")
        self.assertEqual((status, got, headers["ETag"], headers["Content-Type"]), (200, body, '"1"', "a/b"))
        self.assertEqual(headers.get_all("X-Mine"), ["1", "2"])
        self.assertEqual(len(headers.get_all("Date")), 1)
        self.assertLess(int(headers["Age"]), 60)
        self.assertEqual(len(headers["X-Cache-Id"]), 12)
        self.assertEqual(self.origin.asked("/x"), 1)
        self.assertIn("gopouch-", self.origin.requests[0][2]["via"])
        self.assertEqual(self.origin.requests[0][2]["host"], self.a)

    def test_what_may_not_is_asked_for_each_time(self):
        serving = self.proxy()
        for path, headers in {"/private": {"Cache_Control": "private, immutable, max-age=999"},
                              "/no-store": {"Cache_Control": "no-store"},
                              "/cookie": {"Cache_Control": LONG, "Set_Cookie": "a=b"},
                              "/star": {"Cache_Control": LONG, "Vary": "*"},
                              "/nothing": {}}.items():
            self.origin.replies[path] = Reply(path.encode(), **headers)
            self.assertEqual(self.words(serving, path, 2), ["fetch, uncached"] * 2)
            self.assertEqual(self.get(serving, path)[1], path.encode())
            self.assertEqual(self.origin.asked(path), 3)
        self.assertEqual(self.get(serving, "/cookie")[2]["Set-Cookie"], "a=b")

    def test_two_hosts_with_one_path_are_two(self):
        serving = self.proxy()
        self.origin.replies["/x"] = lambda headers: Reply(headers["host"].encode(), Cache_Control=LONG)
        for _ in range(2):
            for host in (self.a, self.b):
                self.assertEqual(self.ask(serving, f"http://{host}/x")[1], host.encode())
        # The URL counts, not what Host says.
        self.assertEqual(self.ask(serving, f"http://{self.a}/y", Host=self.b)[0], 404)
        self.assertEqual(self.origin.requests[-1][2]["host"], self.a)
        self.assertEqual(self.get(serving, "/x?q=1")[2]["X-Cache"], "fetch, cached")

    def test_nobody_gets_what_was_somebody_elses(self):
        serving = self.proxy()
        self.origin.replies["/x"] = lambda headers: Reply(headers.get("authorization", "nobody").encode(),
                                                          Cache_Control=LONG)
        self.assertEqual(self.get(serving, "/x", Authorization="Bearer alice")[1], b"Bearer alice")
        self.assertEqual(self.get(serving, "/x")[1], b"nobody")
        self.assertEqual(self.get(serving, "/x", Authorization="Bearer bob")[1], b"Bearer bob")
        self.assertEqual(self.get(serving, "/x", Cookie="a=b")[2]["X-Cache"], "fetch, uncached")
        self.assertEqual(self.get(serving, "/x")[2]["X-Cache"], "hit, local")
        self.origin.replies["/public"] = Reply(b"all", Cache_Control="public, " + LONG)
        self.assertEqual(self.words(serving, "/public", 2, Authorization="Bearer alice"),
                         ["fetch, cached", "hit, local"])

    def test_encodings_are_kept_apart_and_as_they_came(self):
        serving = self.proxy()
        packed = gzip.compress(b"text" * 1000)

        def reply(headers):
            if "gzip" in headers.get("accept-encoding", ""):
                return Reply(packed, Cache_Control=LONG, Vary="Accept-Encoding", Content_Encoding="gzip")
            return Reply(b"text" * 1000, Cache_Control=LONG, Vary="Accept-Encoding")

        self.origin.replies["/x"] = reply
        for word in ("fetch, cached", "hit, local"):
            status, body, headers = self.get(serving, "/x", Accept_Encoding="gzip,deflate")
            self.assertEqual((body, headers["Content-Encoding"], headers["X-Cache"]), (packed, "gzip", word))
            status, body, headers = self.get(serving, "/x", Accept_Encoding="identity")
            self.assertEqual((body, headers["Content-Encoding"], headers["X-Cache"]), (b"text" * 1000, None, word))
        self.assertEqual(self.get(serving, "/x", Accept_Encoding="gzip, deflate")[2]["X-Cache"], "hit, local")

    def test_parts_conditions_and_heads_are_answered_from_what_is_kept(self):
        serving = self.proxy()
        body = bytes(range(256)) * 1000
        self.origin.replies["/x"] = Reply(body, Cache_Control=LONG, ETag='"1"')
        part = self.get(serving, "/x", Range="bytes=10-19")
        self.assertEqual(part[2]["X-Cache"], "fetch, uncached")  # what fills nothing is led past
        self.get(serving, "/x")
        asked = self.origin.asked("/x")
        for wanted, status, expected in (("bytes=10-19", 206, body[10:20]), ("bytes=255990-", 206, body[255990:]),
                                         ("bytes=-5", 206, body[-5:]), ("bytes=0-1,5-6", 200, body),
                                         ("bytes=256000-", 416, b"no such part\n")):
            got = self.get(serving, "/x", Range=wanted)
            self.assertEqual(got[:2], (status, expected), wanted)
        self.assertEqual(self.get(serving, "/x", Range="bytes=10-19")[2]["Content-Range"], "bytes 10-19/256000")
        status, got, headers = self.get(serving, "/x", If_None_Match='"1"')
        self.assertEqual((status, got, headers["ETag"], headers["Content-Length"]), (304, b"", '"1"', None))
        status, got, headers = self.ask(serving, f"http://{self.a}/x", "HEAD")
        self.assertEqual((status, got, headers["Content-Length"]), (200, b"", "256000"))
        self.assertEqual(self.origin.asked("/x"), asked)
        self.assertEqual(self.get(serving, "/none", Cache_Control="only-if-cached")[0], 504)

    def test_outlives_the_server_and_is_shared_through_the_remote(self):
        remote = f"--remote=file://{self.home}/remote"
        self.origin.replies["/x"] = lambda headers: Reply(b"body", Cache_Control=LONG, Vary="X")
        with self.proxy(remote) as serving:
            self.get(serving, "/x", X="1")
            self.assertEqual(serving.stop(), 0)
        with self.proxy(remote) as serving:
            self.assertEqual(self.get(serving, "/x", X="1")[2]["X-Cache"], "hit, local")
            self.assertEqual(serving.stop(), 0)
        kept = self.home / "remote/v1/rev"
        self.assertEqual(len(list(kept.iterdir())), 2)  # the reply, and the sign that leads to it
        self.folder = self.home / "other"
        with self.proxy(remote) as serving:
            self.assertEqual(self.words(serving, "/x", 2, X="1"), ["hit, remote", "hit, local"])
            self.assertEqual(self.get(serving, "/x", X="1")[1], b"body")
        # One that lies under another's name is none.
        first, second = list(kept.iterdir())
        content = first.read_bytes(), second.read_bytes()
        first.write_bytes(content[1])
        second.write_bytes(content[0])
        self.folder = self.home / "third"
        with self.proxy(remote) as serving:
            self.assertEqual(self.words(serving, "/x", 1, X="1"), ["fetch, cached"])
            self.assertEqual(serving.stop(), 0)
        cleared = subprocess.run([cacheprog.PROGRAM, "clear-remote", remote], capture_output=True,
                                 env=cacheprog.environment(self.folder, self.home))
        self.assertEqual(cleared.returncode, 0, cleared.stderr)
        self.assertEqual(list(kept.glob("*")), [])


class Freshness(ReverseProxy):
    def test_what_is_old_is_asked_about_and_its_head_renewed(self):
        serving = self.proxy()
        self.origin.replies["/x"] = lambda headers: (
            Reply(status=304, Cache_Control=LONG, ETag='"1"', X_New="2", Content_Type="wrong/type")
            if headers.get("if-none-match") == '"1"'
            else Reply(b"body", Cache_Control="max-age=0", ETag='"1"', Content_Type="a/b"))
        status, body, headers = self.get(serving, "/x")
        self.assertEqual(headers["X-Cache"], "fetch, cached")
        status, body, headers = self.get(serving, "/x")
        self.assertEqual((status, body, headers["X-Cache"]), (200, b"body", "hit, revalidated"))
        self.assertEqual((headers["X-New"], headers["Content-Type"]), ("2", "a/b"))
        status, body, headers = self.get(serving, "/x")
        self.assertEqual((status, body, headers["X-Cache"], headers["X-New"]), (200, b"body", "hit, local", "2"))
        # Who wants it fresh gets it so; a condition of the client's is judged on what is kept.
        self.assertEqual(self.get(serving, "/x", Cache_Control="no-cache")[2]["X-Cache"], "hit, revalidated")
        self.assertEqual(self.get(serving, "/x", Cache_Control="no-cache", If_None_Match='"1"')[0], 304)

    def test_an_old_one_is_given_when_its_server_fails(self):
        serving = self.proxy()
        self.origin.replies["/x"] = Reply(b"old", Cache_Control="max-age=0", ETag='"1"')
        self.origin.replies["/must"] = Reply(b"old", Cache_Control="max-age=0, must-revalidate", ETag='"1"')
        for path in ("/x", "/must"):
            self.get(serving, path)
            self.origin.replies[path] = Reply(b"sorry", 503, cut=5)
        self.assertEqual(self.get(serving, "/x")[:2], (200, b"old"))
        self.assertEqual(self.words(serving, "/x", 1), ["hit, stale"])
        self.assertEqual(self.get(serving, "/must")[:2], (503, b"sorry"))
        self.assertEqual(self.get(serving, "/x", Cache_Control="no-cache")[:2], (503, b"sorry"))
        self.origin.stop()
        self.assertEqual(self.get(serving, "/x")[:2], (200, b"old"))
        self.assertEqual(self.get(serving, "/must")[0], 502)
        self.assertEqual(self.get(serving, "/new")[0], 502)

    def test_a_change_makes_it_forgotten(self):
        serving = self.proxy(f"--remote=file://{self.home}/remote")
        self.origin.replies["/x"] = Reply(b"1", Cache_Control=LONG)
        self.assertEqual(self.words(serving, "/x", 2), ["fetch, cached", "hit, local"])
        big = random.Random(2).randbytes(2_000_000)
        self.assertEqual(self.ask(serving, f"http://{self.a}/x", "PUT", big)[0], 200)
        self.assertEqual(self.origin.bodies[-1], big)
        self.assertEqual(self.words(serving, "/x", 2), ["fetch, cached", "hit, local"])
        self.origin.replies["/x"] = Reply(b"no", 403)
        self.assertEqual(self.ask(serving, f"http://{self.a}/x", "POST", b"")[0], 403)  # nothing has changed
        self.assertEqual(self.words(serving, "/x", 1), ["hit, local"])
        self.origin.replies["/x"] = Reply(b"2", Cache_Control=LONG)
        self.assertEqual(self.ask(serving, f"http://{self.a}/x", "DELETE")[0], 200)
        self.assertEqual(self.get(serving, "/x")[1], b"2")


class Faults(ReverseProxy):
    def test_what_was_cut_is_not_kept(self):
        serving = self.proxy()
        body = random.Random(3).randbytes(400_000)
        for path, reply in {"/sized": Reply(body, cut=200_000, Cache_Control=LONG),
                            "/small": Reply(b"0123456789", cut=5, Cache_Control=LONG),
                            "/chunked": Reply(body, cut=1, chunked=True, Cache_Control=LONG),
                            "/uncached": Reply(body, cut=200_000)}.items():
            self.origin.replies[path] = reply
            try:
                status, got, _ = self.get(serving, path)
                self.assertNotEqual((status, len(got)), (200, len(body)), path)
                self.assertEqual(status, 502)
            except (http.client.IncompleteRead, ConnectionError):
                pass
            self.origin.replies[path] = Reply(body, Cache_Control=LONG)
            status, got, headers = self.get(serving, path)
            self.assertEqual((status, got, headers["X-Cache"]), (200, body, "fetch, cached"), path)

    def test_other_hosts_are_refused(self):
        serving = self.proxy()
        for url in (f"http://c.localhost:{self.origin.port}/x", "http://a.localhost/x", "http://127.0.0.1/",
                    f"http://127.0.0.1:{self.origin.port}/x"):
            status, body, _ = self.ask(serving, url, Host=self.a)
            self.assertEqual(status, 403, url)
            self.assertEqual(body.count(b"\n"), 1)
        for url in (f"ftp://{self.a}/x", f"http://user@{self.a}/x", "http:///x"):
            self.assertEqual(self.ask(serving, url)[0], 400, url)
        self.assertEqual(self.origin.requests, [])
        # What names no host is for the server itself.
        self.assertEqual(self.ask(serving, "/healthz", Host=self.a)[1], b"ok\n")
        plain = self.serve("--http=0", plugin=None)
        plain.http = plain.place("http at ")
        self.assertEqual(self.ask(plain, f"http://{self.a}/x")[0], 400)

    def test_a_loop_is_seen(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        serving = self.serve(f"--http={port}", f"--revproxy=localhost:{port}", plugin=None,
                             variables={"http_proxy": f"http://127.0.0.1:{port}", "no_proxy": ""})
        serving.http = serving.place("http at ")
        self.assertEqual(self.ask(serving, f"http://localhost:{port}/x")[0], 508)

    def test_settings_that_make_no_sense(self):
        for options in (["--http=0", "--revproxy=*"], ["--http=0", "--revproxy=a/b"],
                        ["--http=0", "--revproxy-passthrough=*"], ["--plugin=0", "--revproxy=a.test"]):
            done = subprocess.run([cacheprog.PROGRAM, "serve", *options], capture_output=True, timeout=60,
                                  env=cacheprog.environment(self.folder, self.home))
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done.stderr)


class Together(ReverseProxy):
    def test_many_share_one_fetch_while_it_comes(self):
        serving = self.proxy()
        body = random.Random(4).randbytes(3_000_000)
        self.origin.gate = threading.Event()
        self.origin.replies["/x"] = Reply(body, Cache_Control=LONG)
        got = []

        def client(number):
            connection = http.client.HTTPConnection(serving.http, timeout=60)
            connection.request("GET", f"http://{self.a}/x")
            reply = connection.getresponse()
            first = reply.read(100_000)
            got.append(number)
            if len(got) == 20:
                self.origin.gate.set()  # all have a beginning, though the end is not there
            self.assertEqual(first + reply.read(), body)
            connection.close()

        server.at_once(20, client)
        self.assertEqual(self.origin.asked("/x"), 1)
        self.assertGreater(int(self.metrics(serving)["gopouch_reverse_joined_total"]), 0)

    def test_those_that_may_not_share_do_not(self):
        serving = self.proxy()
        count = iter(range(1000))
        self.origin.replies["/x"] = lambda headers: Reply(b"%d" % next(count), Cache_Control="private")
        self.origin.replies["/v"] = lambda headers: Reply(headers["x"].encode(), Cache_Control=LONG, Vary="X")
        got = []
        server.at_once(12, lambda number: got.append(self.get(serving, "/x")[1]))
        self.assertEqual(len(set(got)), 12)

        def variant(number):
            self.assertEqual(self.get(serving, "/v", X=str(number % 4))[1], str(number % 4).encode())

        server.at_once(24, variant)

    def test_the_log_says_what_came_of_it(self):
        log = self.home / "log"
        serving = self.proxy(f"--access-log={log}")
        self.origin.replies["/x"] = Reply(b"1", Cache_Control=LONG)
        for path in ("/x", "/x", "/none"):
            self.get(serving, path)
        self.ask(serving, "http://other.test/")
        self.assertEqual(serving.stop(), 0)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual(sorted((line["path"], line["cache"]) for line in lines), sorted([
            (f"http://{self.a}/x", "miss"), (f"http://{self.a}/x", "hit"), (f"http://{self.a}/none", "pass"),
            ("http://other.test/", "refused")]))


class Tls(ReverseProxy):
    """Through CONNECT, to a server with TLS."""

    def setUp(self):
        super().setUp()
        pem = self.home / "origin.pem"
        names = "subjectAltName=DNS:a.localhost,DNS:b.localhost,DNS:localhost"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", names, "-keyout", pem, "-out",
                        self.home / "origin.crt"], check=True, capture_output=True)
        pem.write_bytes(pem.read_bytes() + (self.home / "origin.crt").read_bytes())
        self.secure = self.enterContext(Origin(pem))
        self.a, self.b = (f"{name}.localhost:{self.secure.port}" for name in "ab")
        self.trusted = f"--ca-file={self.home}/origin.crt"

    def authority(self) -> str:
        """The file of the proxy's certificate."""
        shown = subprocess.run([cacheprog.PROGRAM, "ca"], check=True, capture_output=True,
                               env=cacheprog.environment(self.folder, self.home))
        file = self.home / "ca.pem"
        file.write_bytes(shown.stdout)
        return str(file)

    def tunnel(self, serving, host: str, trust: str, **headers) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(serving.http, timeout=60,
                                                 context=ssl.create_default_context(cafile=trust))
        connection.set_tunnel(host, headers=headers)
        return connection

    def get(self, serving, path: str, host=None, **headers):
        connection = self.tunnel(serving, host or self.a, self.authority())
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            reply = connection.getresponse()
            return reply.status, reply.read(), reply.headers
        finally:
            connection.close()

    def test_two_hosts_with_one_path_are_two(self):
        serving = self.proxy(self.trusted)
        self.secure.replies["/x"] = lambda headers: Reply(headers["host"].encode(), Cache_Control=LONG)
        for word in ("fetch, cached", "hit, local"):
            for host in (self.a, self.b):
                status, body, headers = self.get(serving, "/x", host)
                self.assertEqual((status, body, headers["X-Cache"]), (200, host.encode(), word))
        self.assertEqual(self.get(serving, "/x", self.a, Host=self.b)[0], 421)
        self.assertEqual(self.secure.asked("/x"), 2)

    def test_many_requests_on_one_connection(self):
        serving = self.proxy(self.trusted)
        big = random.Random(5).randbytes(3_000_000)
        self.secure.replies["/x"] = Reply(big, Cache_Control=LONG)
        self.secure.replies["/y"] = Reply(b"y", chunked=True)
        connection = self.tunnel(serving, self.a, self.authority())
        for _ in range(3):
            for path, body in (("/x", big), ("/y", b"y")):
                connection.request("GET", path)
                self.assertEqual(connection.getresponse().read(), body)
        connection.request("POST", "/y", body=big)
        self.assertEqual(connection.getresponse().read(), b"y")
        self.assertEqual(self.secure.bodies[-1], big)
        connection.close()
        self.assertEqual(self.secure.asked("/x"), 1)

    def test_curl_trusts_it(self):
        serving = self.proxy(self.trusted)
        self.secure.replies["/x"] = Reply(b"body", Cache_Control=LONG)
        for word in (b"fetch, cached", b"hit, local"):
            done = subprocess.run(["curl", "-sS", "-i", "--noproxy", "", "--proxy", f"http://{serving.http}", "--cacert",
                                   self.authority(), f"https://{self.a}/x"], capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"X-Cache: " + word, done.stdout)
            self.assertTrue(done.stdout.endswith(b"\r\n\r\nbody"))

    def test_go_reaches_a_module_proxy_through_it(self):
        if not shutil.which("go"):
            self.skipTest("no go command")
        files = {".info": b'{"Version":"v1.0.0"}', ".mod": b"module example.com/m\n", 
                 ".zip": module_zip("example.com/m", "v1.0.0", {"go.mod": b"module example.com/m\n"})}
        for ending, body in files.items():
            self.secure.replies["/example.com/m/@v/v1.0.0" + ending] = Reply(body, Cache_Control="public, " + LONG)
        serving = self.proxy(self.trusted)
        for number in range(2):
            folder = self.home / f"go{number}"
            environment = cacheprog.environment(self.folder, self.home) | {
                "GOPROXY": f"https://{self.a}", "HTTPS_PROXY": f"http://{serving.http}", "NO_PROXY": "", "GONOSUMDB": "*",
                "GOFLAGS": "-modcacherw", "GOMODCACHE": str(folder), "SSL_CERT_FILE": self.authority(),
                "GOTOOLCHAIN": "local", "GOCACHEPROG": ""}
            done = subprocess.run(["go", "mod", "download", "-json", "example.com/m@v1.0.0"], cwd=self.home,
                                  env=environment, capture_output=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.secure.asked("/example.com/m/@v/v1.0.0.zip"), 1)

    def test_other_hosts_are_refused(self):
        serving = self.proxy(self.trusted)
        for host in (f"c.localhost:{self.secure.port}", "a.localhost:443", "127.0.0.1:443", "a.localhost:22"):
            with self.assertRaisesRegex(OSError, "403"):
                self.tunnel(serving, host, self.authority()).request("GET", "/x")
        with self.assertRaisesRegex(OSError, "400"):
            self.tunnel(serving, "a/b:443", self.authority()).request("GET", "/x")
        status, _, _ = self.ask(serving, f"https://{self.a}/x")  # without CONNECT
        self.assertEqual(status, 400)
        self.assertEqual(self.secure.requests, [])

    def test_a_server_that_nobody_trusts_is_a_failure(self):
        serving = self.proxy()
        status, body, _ = self.get(serving, "/x")
        self.assertEqual((status, body.count(b"\n")), (502, 1))
        self.assertEqual(self.secure.requests, [])

    def test_passing_through_is_asked_for_and_unseen(self):
        place = f"localhost:{self.secure.port}"
        serving = self.proxy(f"--revproxy-passthrough={place}", hosts="other.test")
        self.secure.replies["/x"] = Reply(b"body", Cache_Control=LONG)
        connection = self.tunnel(serving, place, str(self.home / "origin.crt"))
        for _ in range(2):
            connection.request("GET", "/x")
            reply = connection.getresponse()
            self.assertEqual((reply.read(), reply.headers["X-Cache"]), (b"body", None))
        with self.assertRaisesRegex(OSError, "403"):
            self.tunnel(serving, self.a, self.authority()).request("GET", "/x")
        # It ends with the server, whoever is in it.
        self.assertEqual(serving.stop(), 0)
        connection.close()

    def test_tokens_are_asked_for(self):
        tokens = self.home / "tokens"
        tokens.write_text("secret-of-16-and-more read\n")
        tokens.chmod(0o600)
        serving = self.proxy(self.trusted, f"--http-tokens={tokens}")
        self.secure.replies["/x"] = lambda headers: Reply(repr(sorted(headers)).encode())
        with self.assertRaisesRegex(OSError, "407"):
            self.tunnel(serving, self.a, self.authority()).request("GET", "/x")
        connection = self.tunnel(serving, self.a, self.authority(), **{"Proxy-Authorization": "Bearer secret-of-16-and-more"})
        connection.request("GET", "/x")
        self.assertNotIn(b"authorization", connection.getresponse().read())
        connection.close()

    def test_the_key_is_the_owners_alone_and_lasts(self):
        first = Path(self.authority()).read_bytes()
        self.proxy(self.trusted)
        self.assertEqual(Path(self.authority()).read_bytes(), first)
        key = self.folder / "gopouch/ca/ca.key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        key.chmod(0o640)
        done = subprocess.run([cacheprog.PROGRAM, "serve", "--http=0", "--revproxy=a.test"], capture_output=True,
                              env=cacheprog.environment(self.folder, self.home), timeout=60)
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done.stderr)


if __name__ == "__main__":
    unittest.main()
