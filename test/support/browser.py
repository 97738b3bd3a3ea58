"""A headless Chromium on a page of ours, through its debugging pipe (the Chrome DevTools Protocol)."""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
TIMEOUT = 60.0  # s


def program() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """Use it as a context manager; `faults` is what its console complained of."""

    def __init__(self):
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_it, self._out = os.pipe()
        self._in, from_it = os.pipe()
        # It reads from descriptor 3 and writes to 4.
        give = f"exec 3<&{to_it} 4>&{from_it} {to_it}<&- {from_it}>&-; exec \"$@\""
        self._process = subprocess.Popen(
            ["bash", "-c", give, "bash", program(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--hide-scrollbars", "--no-proxy-server", "--remote-debugging-pipe",
             f"--user-data-dir={self._home.name}", "about:blank"],
            pass_fds=(to_it, from_it), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "HOME": self._home.name})
        os.close(to_it)
        os.close(from_it)
        self.faults = []
        self._answers = {}
        self._arrived = threading.Condition()
        self._last = 0
        threading.Thread(target=self._read, daemon=True).start()
        target = self._send("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.command(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._out)
        self._home.cleanup()

    def _read(self):
        with os.fdopen(self._in, "rb") as pipe:
            data = b""
            while piece := os.read(pipe.fileno(), 1 << 16):
                *messages, data = (data + piece).split(b"\0")
                for message in messages:
                    self._take(json.loads(message))

    def _take(self, message: dict):
        with self._arrived:
            if "id" in message:
                self._answers[message["id"]] = message
            elif message["method"] in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.faults.append(message["params"])
            self._arrived.notify_all()

    def _send(self, method: str, params=None, **more) -> dict:
        self._last += 1
        number = self._last
        data = json.dumps({"id": number, "method": method, "params": params or {}} | more).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data):]
        with self._arrived:
            if not self._arrived.wait_for(lambda: number in self._answers, TIMEOUT):
                raise AssertionError(f"{method}: no answer")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def command(self, method: str, **params) -> dict:
        return self._send(method, params, sessionId=self._session)

    def open(self, url: str):
        self.command("Page.navigate", url=url)

    def run(self, script: str):
        """The value of an expression on the page."""
        done = self.command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise AssertionError(f"{script}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def wait_for(self, script: str, wanted=True):
        end = time.monotonic() + TIMEOUT
        got = None
        while time.monotonic() < end:
            with contextlib.suppress(AssertionError):  # the page may not be there yet
                got = self.run(script)
                if got == wanted:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{script}: wanted {wanted!r}, got {got!r}")

    def look(self, width: int, height: int, *, dark=False, still=False):
        """The window, and what its user prefers."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                     mobile=width < 600)
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}])

    def press(self, key: str):
        for kind in ("rawKeyDown", "keyUp"):
            code = {"Tab": 9, "Enter": 13}[key]
            text = {"text": "\r"} if key == "Enter" and kind == "rawKeyDown" else {}
            self.command("Input.dispatchKeyEvent", type="keyDown" if text else kind, key=key, code=key,
                         windowsVirtualKeyCode=code, **text)

    def screenshot(self, path: Path):
        height = self.run("document.documentElement.scrollHeight")
        width = self.run("innerWidth")
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                            clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})
        path.write_bytes(base64.b64decode(shot["data"]))
