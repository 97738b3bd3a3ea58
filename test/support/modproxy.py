"""Runs `gopouch serve --modproxy` before an upstream of the test's own, and asks it."""

import urllib.error
import urllib.request

import server
from module_upstream import ModuleUpstream

MODULE = "example.com/m"


class ModProxy(server.TestCase):
    def setUp(self):
        super().setUp()
        self.upstream = self.enterContext(ModuleUpstream())
        self.upstream.add(MODULE, "v1.0.0")

    def proxy(self, *options: str, upstream=None, **more):
        where = upstream or self.upstream.url
        serving = self.serve("--http=0", "--modproxy", f"--modproxy-upstream={where}", *options, plugin=None, **more)
        serving.http = serving.place("http at ")
        return serving

    def get(self, serving, path: str, **headers):
        """(status, body, headers)"""
        request = urllib.request.Request(f"http://{serving.http}/mod/{path}", headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as reply:
                return reply.status, reply.read(), reply.headers
        except urllib.error.HTTPError as reply:
            return reply.code, reply.read(), reply.headers

    def asked(self, path: str) -> int:
        return self.upstream.requests.count(path)

    def url(self, serving, path: str) -> bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{serving.http}{path}", timeout=60) as reply:
            return reply.read()

    def metrics(self, serving) -> dict:
        lines = self.url(serving, "/metrics").decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

    def check_file(self, serving, path: str):
        self.assertEqual(self.get(serving, path)[:2], (200, self.upstream.files[path]))
