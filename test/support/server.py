"""Runs `gopouch serve` for a test, and the clients that its sessions come from."""

import os
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import cacheprog

START_TIMEOUT = 60.0  # s


class Server:
    """A running server; use it as a context manager. Its first lines on stderr say where it listens. A `wrapper` is
    a command that becomes what follows it."""

    def __init__(self, folder: Path, home: Path, *options: str, plugin="0", variables=None,
                 wrapper=(), **popen):
        self._stderr = tempfile.TemporaryFile(dir=home)
        where = ("--plugin", plugin) if plugin else ()
        self._process = subprocess.Popen(
            [*wrapper, cacheprog.PROGRAM, "serve", *where, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self._stderr, cwd=home, env=cacheprog.environment(folder, home) | (variables or {}), **popen)
        try:
            self.plugin = self.place("sessions at ") if plugin else None
        except AssertionError:
            self.__exit__()
            raise

    def place(self, words: str) -> str:
        """What follows these words on a line of stderr."""
        end = time.monotonic() + START_TIMEOUT
        while time.monotonic() < end:
            for line in self.stderr().splitlines(keepends=True):
                if words in line and line.endswith("\n"):
                    return line.split(words, 1)[1].strip()
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f"no '{words}': {self.stderr()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._stderr.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def peak_memory(self) -> int:
        return cacheprog.process_status(self.pid, "VmHWM")

    def stderr(self) -> str:
        return os.pread(self._stderr.fileno(), 1 << 20, 0).decode()

    def signal(self, number: int):
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(START_TIMEOUT)

    def stop(self) -> int:
        """Ends it as a service manager does; the exit code."""
        self._process.terminate()
        return self.wait()

    def kill(self):
        self._process.kill()
        self._process.wait()

    def command(self, *options: str) -> tuple:
        """What GOCACHEPROG would name."""
        return (cacheprog.PROGRAM, "connect", self.plugin, *options)

    def dial(self) -> socket.socket:
        """A connection without a bridge of ours."""
        if self.plugin.startswith("unix:"):
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(self.plugin[len("unix:"):])
        else:
            host, port = self.plugin.rsplit(":", 1)
            peer = socket.create_connection((host, int(port)))
        peer.settimeout(cacheprog.ANSWER_TIMEOUT)
        return peer


class TestCase(cacheprog.TestCase):
    """Gives each test servers and clients on its own folder."""

    def serve(self, *options: str, **more) -> Server:
        return self.enterContext(Server(self.folder, self.home, *options, **more))

    def connect(self, server: Server, *options: str, **more) -> cacheprog.CacheProg:
        return self.start(command=server.command(*options), **more)


def at_once(count: int, work):
    """Runs work(0), work(1), … beside each other; raises what the first of them raised."""
    faults = []

    def run(number):
        try:
            work(number)
        except BaseException as fault:  # noqa: BLE001 - handed on
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
