"""The real `sync` in processes of their own, which may be killed at a step.

The processes are forked from one that has imported the target already.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, Any

from target_chakra.__main__ import run
from target_chakra.journal.journal import Journal
from target_chakra.journal.loads import Watermarks
from tests.support.target_process import Told, told

if TYPE_CHECKING:
    from pathlib import Path

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload([__name__])
_PLACES: dict[str, tuple[type, str, bool]] = {
    "intended": (Journal, "intend", False),
    "moved": (Journal, "move", False),
    "settling": (Journal, "settle", True),
    "settled": (Journal, "settle", False),
    "passing": (Journal, "pass_twins", False),
    "passing on": (Watermarks, "pass_on", True),
    "passed on": (Watermarks, "pass_on", False),
    "forgetting": (Journal, "forget_twins", True),
    "ended": (Journal, "end_run", False),
}
"""Where a process dies: a method, and whether before it (else once it has returned)."""


def type_command(folder: Path, args: list[str], die: tuple[str, int] | None = None) -> Told:
    """Run the target in a folder; its code is -9 if it was killed.

    Args:
        folder: Where.
        args: What is typed behind its name.
        die: At which step, and at which time that it comes there.
    """
    child = _FORKED.Process(target=_run, args=(str(folder), args, die), daemon=True)
    child.start()
    child.join(100)
    assert child.exitcode is not None, "it did not end"
    out, err = ((folder / f"std{name}").read_text() for name in ("out", "err"))
    return told(child.exitcode, out, err)


def _run(folder: str, args: list[str], die: tuple[str, int] | None) -> None:
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"std{name}", os.O_CREAT | os.O_TRUNC | os.O_WRONLY), number)
    if die:
        _arm(*die)
    os._exit(run(args))


def _arm(place: str, times: int) -> None:
    owner, name, before = _PLACES[place]
    real = getattr(owner, name)
    left = [times]

    def count() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrapped(*args: Any, **more: Any) -> Any:
        if before:
            count()
        result = real(*args, **more)
        if not before:
            count()
        return result

    setattr(owner, name, wrapped)
