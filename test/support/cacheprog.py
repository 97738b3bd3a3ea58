"""Speaks GOCACHEPROG to the real program, as a go command does, and as no go command would.

Knows the messages (cmd/go/internal/cacheprog/cacheprog.go) and how go writes them (prog.go beside it):
each request is one line of JSON and an empty line; a body is one line of base64 in quotes. Tests that
want another shape send their own bytes. What the program leaves on disk is cache_folder.py's subject.
"""

import base64
import dataclasses
import hashlib
import json
import os
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

PROGRAM = os.environ["GOPOUCH"]
ANSWER_TIMEOUT = 60.0  # s; generous, since a busy machine is no failure

# The sanitizers' options and what any program needs; no setting of the user's gets in.
_INHERITED = ("PATH", "LANG", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")


def action_id(name) -> bytes:
    return hashlib.sha256(f"action {name}".encode()).digest()


def output_id(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def text_of(identifier: bytes) -> str:
    return base64.b64encode(identifier).decode()


def fields(number: int, command: str, action=None, output=None, size=0, **more) -> dict:
    """A request's fields as go fills them: what is empty is left out."""
    request = {"ID": number, "Command": command}
    if action is not None:
        request["ActionID"] = text_of(action)
    if output is not None:
        request["OutputID"] = text_of(output)
    if size:
        request["BodySize"] = size
    return request | more


def encode(request: dict, body: bytes = b"") -> bytes:
    """The bytes of a request as go writes them."""
    text = json.dumps(request).encode() + b"\n\n"
    return text + b'"' + base64.b64encode(body) + b'"\n' if body else text


def get_request(number: int, action: bytes) -> bytes:
    return encode(fields(number, "get", action))


def put_request(number: int, action: bytes, body: bytes) -> bytes:
    return encode(fields(number, "put", action, output_id(body), len(body)), body)


def close_request(number: int) -> bytes:
    return encode(fields(number, "close"))


def environment(folder: Path, home: Path) -> dict:
    """What the program sees of its surroundings when go starts it with GOCACHE=folder."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {"GOCACHE": str(folder), "HOME": str(home), "TMPDIR": str(home)}


def process_status(pid: int, name: str) -> int:
    """A number of bytes that the system says of a process: "VmHWM", the largest resident size so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no {name} for process {pid}")


@dataclasses.dataclass
class Ended:
    """How a program that was given all its input at once came out."""

    code: int
    answers: list
    stderr: str


class CacheProg:
    """A running program. Use it as a context manager: it does not outlive the block."""

    def __init__(self, folder: Path, home: Path, *options: str, command=(PROGRAM,), stdout=subprocess.PIPE,
                 variables=None, **popen):
        """Runs the program with GOCACHE=folder. A `stdout` that is given is the caller's to read;
        `variables` are set beside those of environment(); another `command` starts the program in the end."""
        self._stderr = tempfile.TemporaryFile(dir=home)
        self._process = subprocess.Popen(
            [*command, *options], stdin=subprocess.PIPE, stdout=stdout, stderr=self._stderr, bufsize=0,
            env=environment(folder, home) | (variables or {}), **{"cwd": home} | popen)
        self._started = time.monotonic()
        self._last_id = 1 << 32  # far from the numbers that tests choose
        self._answers = {}
        self._arrived = threading.Condition()
        self._ended = False
        self.hello = None
        self.hello_after = None  # s
        self.faults = []  # of the stream of answers: each would be a failed build
        self._reader = threading.Thread(target=self._read, daemon=True)
        if self._process.stdout:
            self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process.stdin.close()  # the program ends with it, where the command only started it
        if self._process.stdout:
            self._reader.join()
            self._process.stdout.close()
        self._stderr.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    # --- what it says ---

    def _read(self):
        with os.fdopen(os.dup(self._process.stdout.fileno()), "rb") as lines:
            for line in lines:
                self._take(line)
        with self._arrived:
            self._ended = True
            self._arrived.notify_all()

    def _take(self, line: bytes):
        try:
            answer = json.loads(line)
            number = answer["ID"]
        except (ValueError, TypeError, KeyError):
            self.faults.append(f"no answer: {line!r}")
            return
        with self._arrived:
            if self.hello is None:
                self.hello = answer
                self.hello_after = time.monotonic() - self._started
            elif number in self._answers:
                self.faults.append(f"a second answer to {number}")
            self._answers[number] = answer
            self._arrived.notify_all()

    def answer(self, number: int, timeout: float = ANSWER_TIMEOUT) -> dict:
        """The answer to a request. AssertionError when none comes."""
        with self._arrived:
            self._arrived.wait_for(lambda: number in self._answers or self._ended, timeout)
            if number not in self._answers:
                raise AssertionError(f"no answer to {number}; ended: {self._ended}; stderr: {self.stderr()}")
            return self._answers[number]

    def stderr(self) -> str:
        return os.pread(self._stderr.fileno(), 1 << 20, 0).decode()

    def wait_ended(self, timeout: float = ANSWER_TIMEOUT) -> bool:
        """True once the stream of answers has ended; the process may live on."""
        with self._arrived:
            return self._arrived.wait_for(lambda: self._ended, timeout)

    # --- what it is told ---

    def send(self, data: bytes):
        view = memoryview(data)
        while view:
            view = view[self._process.stdin.write(view):]

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def get(self, action: bytes) -> dict:
        number = self.next_id()
        self.send(get_request(number, action))
        return self.answer(number)

    def send_get(self, number: int, action: bytes):
        self.send(get_request(number, action))

    def put(self, action: bytes, body: bytes) -> dict:
        number = self.next_id()
        self.send(put_request(number, action, body))
        return self.answer(number)

    def ask(self, request: dict, body: bytes = b"") -> dict:
        self.send(encode(request, body))
        return self.answer(request["ID"])

    def end_input(self):
        self._process.stdin.close()

    def signal(self, number: int):
        self._process.send_signal(number)

    def wait(self, timeout: float = ANSWER_TIMEOUT) -> int:
        """The exit code, once it has ended by itself."""
        return self._process.wait(timeout)

    def end(self) -> int:
        """Ends the input without a close, as go list does; the exit code."""
        self.end_input()
        code = self.wait()
        self.wait_ended()
        return code

    def close(self) -> int:
        """Ends as go build does: close, its answer, end of input; the exit code."""
        number = self.next_id()
        self.send(close_request(number))
        closed = self.answer(number)
        if "Err" in closed:
            self.faults.append(f"close failed: {closed}")
        return self.end()

    def peak_memory(self) -> int:
        """The largest resident size so far, in bytes."""
        return process_status(self.pid, "VmHWM")


class TestCase(unittest.TestCase):
    """Gives each test a folder of its own and programs that work on it."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="gopouch-test-")
        self.addCleanup(temporary.cleanup)
        self.home = Path(temporary.name)
        self.folder = self.home / "cache"

    def start(self, *options: str, **more) -> CacheProg:
        """Starts a program on self.folder; it ends with the test at the latest."""
        return self.enterContext(CacheProg(self.folder, self.home, *options, **more))

    def run_to_end(self, data: bytes, *options: str) -> Ended:
        """Gives a new program `data` as all of its input."""
        done = subprocess.run([PROGRAM, *options], input=data, capture_output=True, timeout=ANSWER_TIMEOUT,
                              env=environment(self.folder, self.home), cwd=self.home, check=False)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        return Ended(done.returncode, answers, done.stderr.decode())

    def assert_well_ended(self, program: CacheProg, code: int):
        """The end of a session in which go and we did all as we should."""
        self.assertEqual(program.faults, [])
        self.assertEqual(program.stderr(), "")
        self.assertEqual(code, 0)

    def assert_hit(self, answer: dict, body: bytes):
        self.assertNotIn("Miss", answer)
        self.assertNotIn("Err", answer)
        self.assertEqual(base64.b64decode(answer["OutputID"]), output_id(body))
        self.assertEqual(answer["Size"], len(body))
        self.assertEqual(Path(answer["DiskPath"]).read_bytes(), body)

    def assert_miss(self, answer: dict):
        self.assertEqual(answer, {"ID": answer["ID"], "Miss": True})

    def assert_stored(self, answer: dict, body: bytes):
        self.assertNotIn("Err", answer)
        self.assertEqual(Path(answer["DiskPath"]).read_bytes(), body)

    def assert_refused(self, answer: dict):
        self.assertIn("Err", answer)
        self.assertNotIn("DiskPath", answer)
