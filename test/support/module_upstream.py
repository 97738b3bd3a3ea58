"""A module proxy on loopback with the modules that a test gives it, which can be told to misbehave.

Speaks GOPROXY as https://go.dev/ref/mod#goproxy-protocol has it. What it does to a request is its `fault`:

  None     answers
  "hang"   takes the request and never answers
  "cut"    sends half of a body, then hangs up
  "drip"   sends the body slowly, in `pieces`
  403 … 503  that status; 429 and 503 ask for a pause of no time
"""

import io
import time
import zipfile

from loopback_http import LoopbackServer


def module_zip(module: str, version: str, files: dict) -> bytes:
    out = io.BytesIO()
    large = sum(map(len, files.values())) > 10_000_000
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if large else zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(f"{module}@{version}/{name}", body)
    return out.getvalue()


class ModuleUpstream(LoopbackServer):
    """`files` are by their paths below `url`."""

    def __init__(self, port: int = 0):
        self.files = {}
        self.etags = False
        self.requests = []
        self.fault = None
        self.fault_times = 1 << 30  # requests that meet it
        self.fault_in = ""  # part of the paths that it is for
        self.pause = 0.0  # s, between the pieces of "drip"
        self.delay = 0.0  # s, before an answer
        self.authorizations = []
        self.stopped = False
        super().__init__(port)

    def stop(self):
        self.stopped = True  # connections that are kept end with their next request
        super().stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/up"

    def add(self, module: str, version: str, files: dict | None = None):
        """`module` is all lower case."""
        mod = f"module {module}\n\ngo 1.21\n"
        files = {"go.mod": mod} | (files or {"m.go": f"package m // {version}\n"})
        base = f"{module}/@v"
        self.files[f"{base}/{version}.mod"] = mod.encode()
        self.files[f"{base}/{version}.info"] = (
            f'{{"Version":"{version}","Time":"2020-01-02T03:04:05+06:00","Origin":{{"VCS":"git"}}}}'.encode())
        self.files[f"{base}/{version}.zip"] = module_zip(module, version, files)
        listed = self.files.get(f"{base}/list", b"") + f"{version}\n".encode()
        self.files[f"{base}/list"] = listed
        self.files[f"{module}/@latest"] = self.files[f"{base}/{version}.info"]

    def answer(self, request):
        path = request.path.removeprefix("/up/").replace("%21", "!")
        with self.lock:
            self.requests.append(path)
            if request.headers.get("Authorization"):
                self.authorizations.append(request.headers["Authorization"])
            faulty = self.fault is not None and self.fault_times > 0 and self.fault_in in path
            self.fault_times -= faulty
            body = self.files.get(path)
        fault = self.fault if faulty else None
        if self.stopped:
            request.close_connection = True
            return None
        time.sleep(self.delay)
        if fault == "hang":
            time.sleep(3600)
        if isinstance(fault, int):
            return self._send(request, fault, b"as told\n")
        if body is None:
            return self._send(request, 404, f"not found: {path}: nothing here\n".encode())
        etag = f'"{hash(body):x}"' if self.etags else None
        if etag and request.headers.get("If-None-Match") == etag:
            return self._send(request, 304, b"", etag)
        return self._send(request, 200, body, etag, fault)

    def _send(self, request, status, body, etag=None, fault=None):
        request.send_response(status)
        if status != 304:
            request.send_header("Content-Length", str(len(body)))
        if etag:
            request.send_header("ETag", etag)
        if status in (429, 503):
            request.send_header("Retry-After", "0")
        request.end_headers()
        if fault == "cut":
            request.wfile.write(body[: len(body) // 2])
            request.wfile.flush()
            request.close_connection = True
        elif fault == "drip":
            step = max(len(body) // 10, 1)
            for at in range(0, len(body), step):
                request.wfile.write(body[at:at + step])
                request.wfile.flush()
                time.sleep(self.pause)
        else:
            request.wfile.write(body)
            request.wfile.flush()
