"""Starts the sandboxes that parts read from; parts in a row that want the same one share it."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.readers import Bench
from chakra_sandbox.launch import start_sandbox

if TYPE_CHECKING:
    from types import TracebackType

DISTRIBUTION = "daily"
"""Business hours, as a team works: day slices, which peers need, come out even."""

ORDER = "created_asc"


class Benches:
    """One sandbox at a time."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._bench: Bench | None = None
        self._made: tuple[int, str] | None = None

    def __enter__(self) -> Benches:
        """Nothing runs yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the sandbox."""
        self._open.close()

    def leads(self, rows: int, distribution: str = DISTRIBUTION) -> Bench:
        """A sandbox with so many leads and nothing else, its knobs as they are by default."""
        if self._bench is None or self._made != (rows, distribution):
            self._open.close()
            self._bench = self._started(rows, distribution)
            self._made = (rows, distribution)
        self._bench.sandbox.knobs(latency_ms=0, rate_limit_rps=None, list_order=ORDER)
        return self._bench

    def _started(self, rows: int, distribution: str) -> Bench:
        alone = ("--tickets", "0", "--orders", "0")
        words = ["--rows", str(rows), *alone, "--distribution", distribution]
        folder = self._open.enter_context(tempfile.TemporaryDirectory())
        return Bench(self._open.enter_context(start_sandbox(words)), rows, Path(folder))
