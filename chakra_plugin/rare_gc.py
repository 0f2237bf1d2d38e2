"""Python's collector looks for cycles less often while rows flow.

Rows live for a moment and hold no cycles: looking for some among them costs a fifth of a run.
"""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

RARE_THRESHOLDS: Final = (100_000, 50, 100)
"""Objects made before the youngest are looked at; how often the older ones are."""

_lock = threading.Lock()
_before: list[tuple[int, int, int]] = []
"""The thresholds to go back to, once for each run that wants rare collections."""


def collect_rarely() -> None:
    """Look for cycles rarely until this process ends, and never among what it was started with."""
    gc.freeze()
    gc.set_threshold(*RARE_THRESHOLDS)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles rarely for the length of a run, in a process that is not ours alone.

    The last of several runs to leave puts back the thresholds of before the first.
    """
    with _lock:
        _before.append(_before[0] if _before else gc.get_threshold())
        gc.set_threshold(*RARE_THRESHOLDS)
    try:
        yield
    finally:
        with _lock:
            before = _before.pop()
            if not _before:
                gc.set_threshold(*before)
