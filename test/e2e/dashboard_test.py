"""The dashboard: what it answers, and what a browser shows of it after a real build."""

import http.client
import json
import os
import re
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import browser
from cacheprog import PROGRAM, action_id
from modproxy import MODULE, ModProxy

BODY = b"what a compiler wrote"
SHOTS = os.environ.get("GOPOUCH_SCREENSHOTS")  # a folder for what the browser saw


class Pages(ModProxy):
    def both(self, *options: str):
        serving = self.serve("--http=0", "--modproxy", f"--modproxy-upstream={self.upstream.url}", *options)
        serving.http = serving.place("http at ")
        return serving

    def status(self, serving) -> dict:
        return json.loads(self.url(serving, "/status.json"))

    def test_tell_what_sessions_did_while_they_do_it(self):
        serving = self.both(f"--remote=file://{self.home}/remote", "--flush=wait")
        self.assertEqual(self.status(serving)["sessions"]["open"], 0)
        client = self.connect(serving)
        self.assert_miss(client.get(action_id(1)))
        self.assert_stored(client.put(action_id(1), BODY), BODY)
        self.assert_stored(client.put(action_id(2), BODY), BODY)  # nobody missed it
        self.assert_hit(client.get(action_id(1)), BODY)
        status = self.status(serving)
        self.assertEqual({name: status["sessions"][name] for name in ("open", "ended", "hits", "misses", "puts",
                                                                      "hit_bytes", "put_bytes", "faults")},
                         {"open": 1, "ended": 0, "hits": 1, "misses": 1, "puts": 2, "hit_bytes": len(BODY),
                          "put_bytes": 2 * len(BODY), "faults": 0})
        [miss] = status["costliest_misses"]
        self.assertEqual((miss["action"], miss["bytes"]), (action_id(1).hex()[:12], len(BODY)))
        self.assert_well_ended(client, client.close())
        self.check_file(serving, f"{MODULE}/@v/list")
        status = self.status(serving)
        self.assertEqual((status["sessions"]["hits"], status["modules"]["fetched"]), (1, 1))
        self.assertEqual(status["modules"]["upstreams"], [self.upstream.url])
        [remote] = status["remotes"]
        self.assertEqual((remote["name"], remote["resting"]), (f"file://{self.home}/remote", False))
        self.assertGreaterEqual(remote["puts"], 2)
        routes = {one["route"]: one["requests"] for one in status["http"]}
        self.assertEqual((routes["/mod"], routes["/status.json"] > 1), (1, True))

    def test_name_no_password(self):
        url = self.upstream.url.replace("http://", "http://user:hunter2@")
        serving = self.proxy(upstream=url)
        self.assertNotIn(b"hunter2", self.url(serving, "/status.json"))

    def test_say_when_upstream_is_silent(self):
        serving = self.proxy()
        self.upstream.stop()
        self.get(serving, f"{MODULE}/@v/list")
        self.assertIs(self.status(serving)["modules"]["silent"], True)

    def test_are_one_page_that_asks_nobody_else(self):
        serving = self.proxy()
        peer = http.client.HTTPConnection(serving.http)
        peer.request("GET", "/")
        reply = peer.getresponse()
        page = reply.read().decode()
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        policy = reply.headers["Content-Security-Policy"]
        self.assertTrue(policy.startswith("default-src 'none'; style-src 'sha256-"), policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(re.findall(r'(?:src|href)="([^"]*)"', page),
                         ["data:,", *("/status.json", "/metrics") * 2])
        self.assertNotRegex(page, r"innerHTML|insertAdjacentHTML|document\.write|://(?!www\.w3\.org/2000/svg)")
        for path, status in (("//", 404), ("/x", 404), ("/index.html", 404), ("/?x", 200)):
            peer.request("GET", path)
            reply = peer.getresponse()
            reply.read()
            self.assertEqual(reply.status, status, path)
        peer.request("POST", "/status.json")
        self.assertEqual(peer.getresponse().status, 405)
        peer.close()

    def test_may_be_left_out(self):
        serving = self.proxy("--dashboard=false")
        for path in ("/", "/status.json", "/events"):
            with self.assertRaises(urllib.error.HTTPError) as fault:
                self.url(serving, path)
            fault.exception.close()
            self.assertEqual(fault.exception.code, 404)


class Events(ModProxy):
    def watch(self, serving):
        peer = http.client.HTTPConnection(serving.http, timeout=60)
        self.addCleanup(peer.close)
        peer.request("GET", "/events")
        return peer.getresponse()

    def test_come_every_other_second(self):
        serving = self.proxy()
        reply = self.watch(serving)
        self.assertEqual(reply.headers["Content-Type"], "text/event-stream")
        start = time.monotonic()
        for _ in range(2):
            line = reply.readline()
            self.assertTrue(line.startswith(b"data: {"), line)
            json.loads(line.removeprefix(b"data: "))
            self.assertEqual(reply.readline(), b"\n")
        self.assertGreater(time.monotonic() - start, 1.5)

    def test_are_for_a_few_at_a_time(self):
        serving = self.proxy()
        replies = [self.watch(serving) for _ in range(16)]
        for reply in replies:
            self.assertEqual(reply.status, 200)
            reply.readline()
        self.assertEqual(self.watch(serving).status, 503)
        self.check_file(serving, f"{MODULE}/@v/list")
        # They do not hold up the end.
        start = time.monotonic()
        self.assertEqual(serving.stop(), 0)
        self.assertLess(time.monotonic() - start, 3)


@unittest.skipUnless(browser.program(), "no Chromium here")
class Shown(ModProxy):
    def build(self, serving):
        """A real go build through the server, twice: misses, then hits."""
        module = self.home / "module"
        module.mkdir()
        (module / "go.mod").write_text("module example.com/shown\n\ngo 1.24\n")
        (module / "main.go").write_text("package main\n\nfunc main() { println(42) }\n")
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "GOCACHE": str(self.folder),
                       "GOCACHEPROG": f"{PROGRAM} connect {serving.plugin}", "GOFLAGS": "-trimpath",
                       "GOTOOLCHAIN": "local", "GOPROXY": "off", "CGO_ENABLED": "0"}
        for output in ("one", "two"):
            subprocess.run(["go", "build", "-o", self.home / output, "."], cwd=module, env=environment, check=True)

    def text(self, page, selector: str) -> str:
        return page.run(f"document.querySelector({json.dumps(selector)}).textContent")

    def test_after_a_build(self):
        serving = self.serve("--http=0", "--modproxy", f"--modproxy-upstream={self.upstream.url}",
                             f"--remote=file://{self.home}/<b>remote", "--flush=wait")
        serving.http = serving.place("http at ")
        page = self.enterContext(browser.Browser())
        page.look(1280, 800)
        page.open(f"http://{serving.http}/")
        page.wait_for("document.querySelector('#state-text').textContent", "live")
        self.build(serving)
        for path in self.upstream.files:
            self.check_file(serving, path)
            self.check_file(serving, path)
        sessions = json.loads(self.url(serving, "/status.json"))["sessions"]
        self.assertGreater(min(sessions["hits"], sessions["misses"], sessions["puts"]), 20)

        # What has come since it was opened.
        gets = sessions["hits"] + sessions["misses"]
        rate = f"{int(1000 * sessions['hits'] / gets) / 10:g} %"
        page.wait_for("document.querySelector('#card-rate .value').textContent", rate)
        page.wait_for("document.querySelector('#card-modules .value').textContent", "50 %")
        self.assertEqual(self.text(page, "#card-rate .note"), f"{sessions['hits']:,} of {gets:,} gets")
        self.assertIn("0 open", self.text(page, "#card-sessions"))
        self.assertGreaterEqual(page.run("document.querySelectorAll('#misses tbody tr').length"), 5)
        # Names are text, whatever is in them.
        self.assertIn("<b>remote", self.text(page, "#remotes td"))
        self.assertIn("well", self.text(page, "#remotes tbody"))
        self.assertIn(self.upstream.url, self.text(page, "#modules tbody"))

        # It lives: a session that opens is seen.
        client = self.connect(serving)
        client.answer(0)
        page.wait_for("document.querySelector('#card-sessions .value').textContent", "1 open")
        self.assert_well_ended(client, client.close())

        # By keyboard: the first stop is the button, and it works.
        page.press("Tab")
        self.assertEqual(page.run("document.activeElement.id"), "pause")
        page.press("Enter")
        page.wait_for("document.querySelector('#state-text').textContent", "paused")
        self.assertEqual(page.run("document.activeElement.getAttribute('aria-pressed')"), "true")
        page.press("Enter")
        page.wait_for("document.querySelector('#state-text').textContent", "live")

        for name, width, dark in (("desktop", 1280, False), ("dark", 1280, True), ("phone", 360, False),
                                  ("phone-dark", 360, True)):
            page.look(width, 800, dark=dark, still=True)
            self.assertLessEqual(page.run("document.documentElement.scrollWidth"), width, "it fits the window")
            colour = page.run("getComputedStyle(document.body).backgroundColor")
            self.assertEqual(sum(map(int, re.findall(r"\d+", colour))) < 200, dark, colour)
            self.assertEqual(page.run("getComputedStyle(document.querySelector('.bar i')).transitionProperty"), "none")
            if SHOTS:
                page.screenshot(Path(SHOTS) / f"{name}.png")
        self.assertEqual(page.faults, [])

    def test_by_polling_where_enough_watch(self):
        serving = self.proxy()
        for _ in range(16):
            peer = http.client.HTTPConnection(serving.http, timeout=60)
            self.addCleanup(peer.close)
            peer.request("GET", "/events")
            self.assertEqual(peer.getresponse().status, 200)
        page = self.enterContext(browser.Browser())
        page.open(f"http://{serving.http}/")
        page.wait_for("document.querySelector('#state-text').textContent", "every 5 s")
        self.assertEqual(page.run("document.documentElement.dataset.shown"), "1")
        serving.kill()
        page.wait_for("document.querySelector('#state-text').textContent", "no answer")


if __name__ == "__main__":
    unittest.main()
