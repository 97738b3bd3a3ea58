"""A service manager: sockets that it opened, and what it is told."""

import os
import socket
import subprocess
import unittest
import urllib.request

import activation
import server
from cacheprog import PROGRAM, action_id

BODY = b"what a compiler wrote"


class Activation(server.TestCase):
    def activate(self, *options: str, sockets: list, names: str | None = None, plugin=None, **more):
        variables = {"LISTEN_FDNAMES": names} if names is not None else {}
        return self.serve(*options, plugin=plugin, variables=variables | more,
                          wrapper=activation.wrapper(sockets), pass_fds=[one.fileno() for one in sockets])

    def check_session(self, where: str):
        client = self.start(command=(PROGRAM, "connect", where))
        self.assert_stored(client.put(action_id(where), BODY), BODY)
        self.assert_well_ended(client, client.close())

    def check_http(self, where: socket.socket):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{where.getsockname()[1]}/readyz", timeout=60) as reply:
            self.assertEqual(reply.read(), b"ready\n")

    def listeners(self):
        sessions = self.enterContext(activation.unix(self.home / "sessions"))
        return sessions, self.enterContext(activation.tcp())

    def test_by_name(self):
        sessions, http = self.listeners()
        serving = self.activate(sockets=[http, sessions], names="http:plugin")
        serving.place("http at ")
        self.check_session(f"unix:{self.home}/sessions")
        self.check_http(http)
        self.assertEqual(serving.stop(), 0)

    def test_by_order(self):
        for names in (None, "gopouch.socket:gopouch.socket", ""):
            with self.subTest(names):
                sessions, http = self.listeners()
                serving = self.activate("--http=1", sockets=[sessions, http], names=names, plugin="1")
                self.check_session(f"unix:{self.home}/sessions")
                self.check_http(http)
                self.assertEqual(serving.stop(), 0)
                os.unlink(self.home / "sessions")

    def test_of_one_beside_an_address(self):
        sessions, http = self.listeners()
        serving = self.activate(sockets=[http], names="http", plugin="0")
        self.check_session(serving.plugin)
        self.check_http(http)
        self.assertEqual(serving.stop(), 0)

    def test_goes_on_with_the_next_server(self):
        sessions, http = self.listeners()
        for _ in range(2):
            serving = self.activate(sockets=[sessions, http], names="plugin:http")
            self.check_session(f"unix:{self.home}/sessions")
            self.assertEqual(serving.stop(), 0)
            # Who comes between two servers waits for the second.
            waiting = socket.create_connection(http.getsockname())
            self.addCleanup(waiting.close)
            waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        serving = self.activate(sockets=[sessions, http], names="plugin:http")
        waiting.settimeout(60)
        self.assertTrue(waiting.recv(100).startswith(b"HTTP/1.1 200 "))

    def test_that_is_another_process_is_not_ours(self):
        http = self.enterContext(activation.tcp())
        serving = self.serve(variables={"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "http"},
                             pass_fds=[http.fileno()])
        self.assertNotIn("http at", serving.stderr())
        self.assertEqual(serving.stop(), 0)

    def test_that_cannot_be_is_said(self):
        sessions, http = self.listeners()
        outside = self.enterContext(activation.tcp("0.0.0.0"))
        connected, peer = socket.socketpair()
        self.addCleanup(connected.close)
        self.addCleanup(peer.close)
        for sockets, names, words in (([http, sessions], "http:x", "no setting asks for"),
                                      ([outside], "plugin", "--allow-remote-plugin"),
                                      ([connected], "http", "no socket that listens")):
            with self.subTest(names), self.assertRaisesRegex(AssertionError, words):
                self.activate(sockets=sockets, names=names).place("http at ")

    def test_leaves_no_trace_for_programs_of_ours(self):
        go = self.home / "go"
        go.write_text('#!/bin/sh\nenv >"$HOME/seen"\necho http://127.0.0.1:1\n')
        go.chmod(0o755)
        http = self.enterContext(activation.tcp())
        path = {"PATH": f"{self.home}:{os.environ['PATH']}", "NOTIFY_SOCKET": "/none"}
        serving = self.activate("--modproxy", sockets=[http], names="http", **path)
        serving.place("http at ")
        seen = (self.home / "seen").read_text()
        self.assertNotIn("LISTEN_", seen)
        self.assertNotIn("NOTIFY_", seen)


class Readiness(server.TestCase):
    def test_is_told(self):
        for name in (str(self.home / "notify"), "\0gopouch-" + os.urandom(8).hex()):
            with self.subTest(name), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(name)
                manager.settimeout(60)
                serving = self.serve(variables={"NOTIFY_SOCKET": name.replace("\0", "@")})
                self.assertEqual(manager.recv(100), b"READY=1")
                serving.dial().close()
                self.assertEqual(serving.stop(), 0)
                self.assertEqual(manager.recv(100), b"STOPPING=1")


class Units(unittest.TestCase):
    def test_are_what_systemd_takes(self):
        folder = os.path.join(os.path.dirname(__file__), "../../packaging/systemd")
        units = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if not name.endswith("sysusers")]
        try:
            done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
            safe = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20",
                                   os.path.join(folder, "gopouch.service")], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            self.skipTest("no systemd-analyze here")
        # It is not installed here.
        words = [line for line in done.stderr.splitlines() if "/usr/local/bin/gopouch is not executable" not in line]
        self.assertEqual(words, [])
        self.assertEqual(safe.returncode, 0, safe.stdout[-300:])


if __name__ == "__main__":
    unittest.main()
