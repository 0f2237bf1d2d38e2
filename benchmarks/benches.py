"""Starts the sandboxes that parts read from; parts in a row that want the same one share it."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.readers import Bench
from chakra_sandbox.launch import start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

DISTRIBUTION = "daily"
"""Business hours, as a team works: day slices, which peers need, come out even."""

ORDER = "created_asc"
READY_SECONDS = 600.0


@contextmanager
def leads(rows: int, distribution: str = DISTRIBUTION) -> Iterator[Bench]:
    """A sandbox with so many leads and nothing else, while the block lasts."""
    alone = ("--tickets", "0", "--orders", "0")
    words = ["--rows", str(rows), *alone, "--distribution", distribution]
    with (
        start_sandbox(words, ready_seconds=READY_SECONDS) as sandbox,
        tempfile.TemporaryDirectory() as folder,
    ):
        yield Bench(sandbox, rows, Path(folder))


class Benches:
    """One sandbox at a time; to be closed."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._bench: Bench | None = None
        self._made: tuple[int, str] | None = None

    def leads(self, rows: int, distribution: str = DISTRIBUTION) -> Bench:
        """A sandbox with so many leads, its knobs as they are by default."""
        if self._bench is None or self._made != (rows, distribution):
            self.close()
            self._bench = self._open.enter_context(leads(rows, distribution))
            self._made = (rows, distribution)
        self._bench.sandbox.knobs(latency_ms=0, list_order=ORDER)
        return self._bench

    def close(self) -> None:
        """End the sandbox that runs, if one does."""
        self._bench = None
        self._open.close()
