"""Sockets for a server as a service manager gives them: descriptors 3 and up, with its own process id in LISTEN_PID.

Run as a program it is the last step before the server: `activation.py PROGRAM ARGUMENT…` becomes that.
"""

import os
import socket
import sys
from pathlib import Path

FIRST = 3


def wrapper(sockets: list) -> tuple:
    """A command that gives what follows it these sockets. They must be in its pass_fds."""
    return (sys.executable, str(Path(__file__)), ",".join(str(one.fileno()) for one in sockets))


def tcp(host: str = "127.0.0.1") -> socket.socket:
    return socket.create_server((host, 0))


def unix(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return listener


def become(descriptors: list, command: list):
    # All away from where they go to, first.
    spare = [os.dup(one) for one in descriptors]
    high = [os.dup2(one, 100 + number) for number, one in enumerate(spare)]
    for number, one in enumerate(high):
        os.dup2(one, FIRST + number, inheritable=True)
    os.closerange(FIRST + len(high), 200)
    os.environ["LISTEN_FDS"] = str(len(high))
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.execvp(command[0], command)


if __name__ == "__main__":
    become([int(one) for one in sys.argv[1].split(",") if one], sys.argv[2:])
