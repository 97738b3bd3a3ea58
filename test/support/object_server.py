"""An object store on loopback that can be told to misbehave: what no real server does on command.

Speaks as much of S3 as single objects need (GET with ranges, HEAD, PUT, conditions), path style,
and as much of Google Cloud Storage's JSON API; it believes every signature. Objects are in memory.
What it does to a request is its `fault`:

  None       answers
  "hang"     takes the request and never answers
  "drip"     answers a byte a second
  "reset"    sends half of a body, then resets the connection
  "cut"      sends half of a body as if that were all
  "page"     200 and a page of HTML instead of the object
  404 … 503  that status, with an S3 error in XML; 429 and 503 ask for a pause

A server that refuses connections is one that is stopped.
"""

import hashlib
import json
import socket
import struct
import time
import urllib.parse

from loopback_http import LoopbackServer

CODES = {403: "AccessDenied", 404: "NoSuchBucket", 429: "SlowDown", 500: "InternalError", 503: "SlowDown"}


class ObjectServer(LoopbackServer):
    """`url` is its address, `remote` a --remote of a bucket there, of the scheme `kind`."""

    METHODS = ("GET", "HEAD", "PUT", "DELETE", "POST")

    def __init__(self, port: int = 0, kind: str = "s3"):
        self.kind = kind
        self.objects = {}
        self.requests = []  # "GET bucket/key"
        self.fault = None
        self.fault_on = self.METHODS
        self.fault_in = ""  # part of the keys that it is for
        self.after = 0  # requests that are still answered
        self.delay = 0.0  # s, before an answer
        self.bytes_per_second = 0  # of a PUT's body that is read; 0: as fast as it comes
        super().__init__(port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def remote(self) -> str:
        return remote_at(self.kind, self.url)

    def entries(self) -> dict:
        """The entries by key, without bucket and prefix."""
        mark = "bucket/prefix/v1/e/"
        return {key[len(mark):]: body for key, body in self.objects.items() if key.startswith(mark)}

    def change(self, change):
        """Replaces every object by change(its bytes)."""
        with self.lock:
            self.objects = {key: change(body) for key, body in self.objects.items()}

    def change_headers(self, at: int, number: int):
        """Every entry says that number (8 bytes) there, in a header that is otherwise in order."""

        def change(body: bytes) -> bytes:
            head = body[:at] + number.to_bytes(8, "little") + body[at + 8:104]
            return head + hashlib.sha256(head).digest()[:24] + body[128:]

        self.change(change)

    def answer(self, request):
        key = self._key(request)
        with self.lock:
            self.requests.append(f"{request.command} {key}")
            self.after -= 1
            faulty = self.after < 0 and request.command in self.fault_on and self.fault_in in key
            fault = self.fault if faulty else None
        body = self._read(request)
        time.sleep(self.delay)
        if fault == "hang":
            time.sleep(3600)
        if isinstance(fault, int):
            return self._error(request, fault)
        if request.command in ("PUT", "POST"):
            return self._put(request, key, body)
        with self.lock:
            found = self.objects.get(key)
            if request.command == "DELETE":
                self.objects.pop(key, None)
        if request.command == "DELETE":
            return self._send(request, 204, b"")
        if found is None:
            return self._error(request, 404, "NoSuchKey")
        if fault == "page":
            found = b"<html><body>Welcome to the airport</body></html>"
        if fault == "cut":
            found = found[: len(found) // 2]
        status = 200
        span = request.headers.get("Range", "")
        if span.startswith("bytes="):
            first, last = span[6:].split("-")
            found, status = found[int(first): int(last or len(found)) + 1], 206
        return self._send(request, status, found, fault)

    @staticmethod
    def _key(request) -> str:
        """bucket/key, of either kind's URL."""
        url = urllib.parse.urlsplit(request.path)
        parts = [urllib.parse.unquote(part) for part in url.path.strip("/").split("/")]
        if "storage" not in parts[:2]:
            return "/".join(parts)
        bucket, name = parts[parts.index("b") + 1], parts[-1]
        return f"{bucket}/{urllib.parse.parse_qs(url.query).get('name', [name])[0]}"

    def _read(self, request) -> bytes:
        left = int(request.headers.get("Content-Length") or 0)
        body = b""
        while left > 0:
            piece = request.rfile.read(min(left, 4096 if self.bytes_per_second else left))
            if not piece:
                break
            body += piece
            left -= len(piece)
            if self.bytes_per_second:
                time.sleep(len(piece) / self.bytes_per_second)
        return body

    def _put(self, request, key, body):
        if len(body) != int(request.headers.get("Content-Length") or 0):
            return None
        with self.lock:
            new = request.headers.get("If-None-Match") == "*" or "ifGenerationMatch=0" in request.path
            if new and key in self.objects:
                return self._error(request, 412, "PreconditionFailed")
            self.objects[key] = body
        return self._send(request, 200, b"")

    def _error(self, request, status: int, code: str = ""):
        code = code or CODES.get(status, "Fault")
        if self.kind == "gs":
            told = "The specified bucket does not exist." if code == "NoSuchBucket" else "as told"
            error = {"code": status, "message": told, "errors": [{"reason": code}]}
            return self._send(request, status, json.dumps({"error": error}).encode())
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>as told</Message></Error>"
        return self._send(request, status, b"" if request.command == "HEAD" else text.encode())

    def _send(self, request, status: int, body: bytes, fault=None):
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.send_header("ETag", '"' + hashlib.md5(body).hexdigest() + '"')
        if status in (429, 503):
            request.send_header("Retry-After", "1")
        request.end_headers()
        if request.command == "HEAD":
            return
        if fault == "drip":
            for at in range(len(body)):
                request.wfile.write(body[at:at + 1])
                request.wfile.flush()
                time.sleep(1)
        elif fault == "reset":
            request.wfile.write(body[: len(body) // 2])
            request.wfile.flush()
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.connection.close()
            request.close_connection = True
        else:
            request.wfile.write(body)
            request.wfile.flush()


def remote_at(kind: str, url: str) -> str:
    if kind == "http":
        return f"{url}/bucket/prefix"
    return f"{kind}://bucket/prefix?endpoint={url}" + ("&region=us-east-1" if kind == "s3" else "")


def unused_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Keys that any such server believes.
KEYS = {"AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "hunter2-secret", "AWS_EC2_METADATA_DISABLED": "true",
        "NO_GCE_CHECK": "true"}
