"""Runs commands in processes that are forked from one that has imported them already.

A run costs what it does, and not what Python's imports do. Each is otherwise as
`python -m tap_chakra < input > output 2> errors` begins it: in a folder and with an environment of
its own, through the command's own `__main__`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

READ_ONCE: Final = ("PYTHON", "LC_", "LANG")
"""How the variables begin that Python reads as it begins."""
_FILES = 5  # what was asked for, standard input, output and error, and where the end is told


def run(
    words: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    text: str = "",
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    Args:
        words: As they are typed: Python, `-m`, the command's package, and what follows.
        env: Its whole environment.
        cwd: Where it runs; by default where this process does.
        text: Its standard input.
        timeout: Seconds that it may take.

    Raises:
        subprocess.TimeoutExpired: It took longer; it was killed.
    """
    _, _, package, *args = words
    asked = {"args": args, "env": dict(env), "cwd": str(cwd or Path.cwd())}
    with contextlib.ExitStack() as held:
        files = [held.enter_context(tempfile.TemporaryFile("w+")) for _ in range(4)]
        for file, content in zip(files, (json.dumps(asked), text), strict=False):
            file.write(content)
            file.seek(0)
        ours, theirs = (held.enter_context(each) for each in socket.socketpair())
        numbers = [*(file.fileno() for file in files), theirs.fileno()]
        socket.send_fds(_parent(package, env), [b"!"], numbers)
        theirs.close()
        code = _end(ours, timeout)
        out, err = (_content(file) for file in files[2:])
    if code is None:
        raise subprocess.TimeoutExpired(list(words), timeout, out, err)
    return subprocess.CompletedProcess(list(words), code, out, err)


def _end(told: socket.socket, timeout: float) -> int | None:
    """The exit code of a run, negative for the signal that ended it; None if it took too long."""
    with told.makefile() as lines:
        pid = int(lines.readline())
        told.settimeout(timeout)
        try:
            return int(lines.readline())
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            return None


def _content(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


_parents: dict[Any, socket.socket] = {}
_one_by_one = threading.Lock()


def _parent(package: str, env: Mapping[str, str]) -> socket.socket:
    """Where runs of a package are asked for: a process that has imported it, for as long as this.

    Python has read some variables of it already, so each of their values has one of its own.
    """
    read = {name: env[name] for name in sorted(env) if name.startswith(READ_ONCE)}
    with _one_by_one:
        which = (package, *read.items())
        if which not in _parents:
            ours, theirs = socket.socketpair()
            with theirs:
                child = subprocess.Popen(
                    [sys.executable, __file__, package, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
            atexit.register(_bury, child, ours)
            _parents[which] = ours
        return _parents[which]


def _bury(child: subprocess.Popen[bytes], asked: socket.socket) -> None:
    asked.close()
    child.wait()


# In the process that has imported a command


def _fork(package: str, asked: socket.socket) -> None:
    """Import a command, and fork each run that is asked for until nobody can ask any more."""
    sys.path[0] = str(Path.cwd())
    import_module(f"{package}.cli.command")
    gc.freeze()  # nor does a collection in a run copy all that was imported
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that watch
    while True:
        _, numbers, *_ = socket.recv_fds(asked, 1, _FILES)
        if not numbers:
            return
        if os.fork() == 0:
            asked.close()
            _watch(package, numbers)
        for number in numbers:
            os.close(number)


def _watch(package: str, numbers: Sequence[int]) -> None:
    """Have a process of its own run the command, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    given, *standard, told = numbers
    pid = os.fork()
    if pid == 0:
        os.close(told)
        with os.fdopen(given) as file:
            asked = json.load(file)
        for place, number in enumerate(standard):
            os.dup2(number, place)
            os.close(number)
        _run(package, asked)
    os.write(told, b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _run(package: str, asked: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    os.chdir(asked["cwd"])
    sys.path[0] = asked["cwd"]
    sys.argv[1:] = asked["args"]
    runpy.run_module(package, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _fork(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
