"""Looks for cycles less often while rows flow, in a process that is not ours alone.

Rows live for a moment and hold no cycles: looking for some among them costs a fifth of a run.
"""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

RARE: Final = (100_000, 50, 100)
"""Objects made before the youngest are looked at; how often the older ones are."""

_lock = threading.Lock()
_before: list[tuple[int, int, int]] = []
"""The thresholds to go back to, once for each that wants rare looks."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles rarely; the last of several to leave puts back what was before the first."""
    with _lock:
        _before.append(_before[0] if _before else gc.get_threshold())
        gc.set_threshold(*RARE)
    try:
        yield
    finally:
        with _lock:
            before = _before.pop()
            if not _before:
                gc.set_threshold(*before)
