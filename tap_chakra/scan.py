"""Reads a whole procedure in parallel, completely, and knows whether it did.

One thread, the caller's, decides: it owns the stretches of time that are still to be read, hands
their windows to readers, and takes an answer in before it hands out the next. Readers only ask.
A reader without work is given the far half of somebody else's stretch. At most `concurrency`
answers exist at a time, whatever the order in which they come, so memory does not grow with the
number of rows; a caller that takes its time slows the readers down.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from tap_chakra.dense import Cells, read_dense, read_pages
from tap_chakra.grain import EXACT, GRAINS, proven_grain
from tap_chakra.reading import LIMIT, Answer, FilterNotHonoured, Lister, read_window
from tap_chakra.windows import (
    Grain,
    Stretch,
    Window,
    after_overfull,
    after_whole,
    divide,
    is_dense,
    next_window,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chakra_api.client import Row


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads.

    Attributes:
        executor: Runs the readers.
        concurrency: How many windows are read at a time.
    """

    executor: Executor
    concurrency: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows that were read.

    Attributes:
        rows: The rows, each id once in the whole scan.
        server_time: The server's time at the answer, epoch milliseconds; None if unknown.
        unsure: Why rows may be missing from it; empty if none can be.
        method: How it was read: `window`, `id`, `cells` or `pages`.
    """

    rows: tuple[Row, ...]
    server_time: int | None = None
    unsure: str = ""
    method: str = "window"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is.

    Attributes:
        rows: Rows read.
        share: Share of the time between the first row and the scan's beginning, 0 to 1.
        dense: Windows that time could not cut.
        unsure: Why the scan is not complete, each reason once; empty if it is.
        ended: Whether everything was read.
    """

    rows: int = 0
    share: float = 0.0
    dense: int = 0
    unsure: tuple[str, ...] = ()
    ended: bool = False

    @property
    def complete(self) -> bool:
        """Whether every process that existed all through the scan was read."""
        return self.ended and not self.unsure


@dataclass(frozen=True, slots=True)
class _Flight:
    stretch: Stretch
    asked: Window


class Scan:
    """One scan of one procedure.

    Args:
        lister: Lists the processes of the procedure.
        readers: Who reads, and how many at a time.
        cells: Known values of fields that cut a dense instant where its ids can't.
        lower: Rows created before this instant are left out (`created_after`), epoch ms.
        local_time: Epoch milliseconds; used only where the server sends no `Date`.
    """

    def __init__(
        self,
        lister: Lister,
        readers: Readers,
        *,
        cells: Cells,
        lower: int | None,
        local_time: Callable[[], int],
    ) -> None:
        self._lister = lister
        self._readers = readers
        self._cells = cells
        self._lower = lower
        self._local_time = local_time
        self._todo: deque[Stretch] = deque()
        self._flights: dict[Future[tuple[Answer, Reading]], _Flight] = {}
        self._span = self._left = 0
        self.progress = Progress()
        self.began = 0

    def open(self) -> int:
        """Ask the server for its time; nothing that changes after it can be missed unseen.

        Returns:
            The scan's beginning by the server's clock, epoch milliseconds.
        """
        page = self._lister(None, limit=1)
        self.began = page.server_time or self._local_time()
        return self.began

    def readings(self) -> Iterator[Reading]:
        """Read everything; `open` comes first. `progress` tells how it went.

        Raises:
            ChakraError: A request failed for good. What was read until then was handed out.
        """
        whole = Window(self._lower, None)
        grain = EXACT if self._lower is None else GRAINS[-1]
        first = self._try_whole(whole, grain)
        if first is not None and first.whole:
            yield self._counted(Reading(first.rows, first.server_time))
        else:
            yield from self._by_windows(whole, first)
        self.progress = replace(self.progress, share=1.0, ended=True)

    def _try_whole(self, whole: Window, grain: Grain) -> Answer | None:
        try:
            return read_window(self._lister, whole, grain)
        except FilterNotHonoured:
            return None

    def _by_windows(self, whole: Window, first: Answer | None) -> Iterator[Reading]:
        sample = self._lister(None).rows if first is None else first.rows
        proven = proven_grain(self._lister, sample)
        for grain in GRAINS[GRAINS.index(proven) :] if proven else ():
            begin = replace(whole, lower=None if self._lower is None else grain.floor(self._lower))
            try:
                yield from self._parallel(begin, grain)
            except FilterNotHonoured:
                # What was read stays true, but a finer grain than the server's may hide rows:
                # all of it is read again, and counted anew.
                self.progress = Progress()
                continue
            return
        yield from self._by_pages()

    def _by_pages(self) -> Iterator[Reading]:
        rows, agreed = read_pages(self._lister, {})
        unsure = "" if agreed else "the filter on createdAt does nothing, and no two reads agreed"
        values = iter(rows.values())
        while chunk := tuple(islice(values, LIMIT)):
            yield self._counted(Reading(chunk, None, unsure, "pages"))

    def _parallel(self, whole: Window, grain: Grain) -> Iterator[Reading]:
        self._todo = deque([Stretch(whole)])
        self._span = self._left = 0
        try:
            while self._todo or self._flights:
                self._launch(grain)
                done, _ = wait(self._flights, return_when=FIRST_COMPLETED)
                for future in done:
                    reading = self._take_in(future, grain)
                    self._launch(grain)
                    if reading is not None:
                        yield self._counted(reading)
        finally:
            for future in self._flights:
                future.cancel()
            self._flights.clear()

    def _launch(self, grain: Grain) -> None:
        """Give every idle reader a window."""
        while len(self._flights) < self._readers.concurrency:
            if not self._todo:
                self._share_out(grain)
            if not self._todo:
                return
            stretch = self._todo.popleft()
            asked = next_window(stretch, grain)
            future = self._readers.executor.submit(self._read, asked, grain)
            self._flights[future] = _Flight(stretch, asked)

    def _share_out(self, grain: Grain) -> None:
        """Cut the far half off the widest stretch that is being read."""
        widest = max(self._flights.items(), key=lambda item: _rest(item[1]), default=None)
        if widest is None:
            return
        future, flight = widest
        typical = self.progress.rows / max(1, self._span - self._left)
        if halves := divide(flight.stretch, flight.asked, grain, typical):
            self._flights[future] = replace(flight, stretch=halves[0])
            self._todo.append(halves[1])

    def _read(self, asked: Window, grain: Grain) -> tuple[Answer, Reading]:
        """Runs on a reader: one window, with the means that it takes."""
        answer = read_window(self._lister, asked, grain)
        if answer.whole or not is_dense(asked, grain):
            return answer, Reading(answer.rows, answer.server_time)
        dense = read_dense(self._lister, asked, grain, self._cells)
        unsure = "" if dense.complete else f"no two reads of the instant {asked.lower} agreed"
        reading = Reading(dense.rows, answer.server_time, unsure, dense.method)
        return replace(answer, whole=True), reading

    def _take_in(self, future: Future[tuple[Answer, Reading]], grain: Grain) -> Reading | None:
        """Decide what follows from an answer; the rows, if the window was read whole."""
        flight = self._flights.pop(future)
        answer, reading = future.result()
        if answer.whole:
            rest = after_whole(flight.stretch, flight.asked, len(reading.rows))
            if rest is not None:
                self._todo.append(rest)
            self._left -= flight.asked.width or 0
            return reading
        parts = after_overfull(
            flight.stretch, flight.asked, answer.created, horizon=self.began, grain=grain
        )
        if flight.asked.width is None:
            added = sum(part.window.width or 0 for part in parts)
            self._span += added
            self._left += added
        self._todo.extend(parts)
        return None

    def _counted(self, reading: Reading) -> Reading:
        self.progress = replace(
            self.progress,
            rows=self.progress.rows + len(reading.rows),
            share=1 - self._left / self._span if self._span else 0.0,
            dense=self.progress.dense + (reading.method != "window"),
        )
        if reading.unsure:
            self._note(reading.unsure)
        return reading

    def _note(self, reason: str) -> None:
        if reason not in self.progress.unsure:
            self.progress = replace(self.progress, unsure=(*self.progress.unsure, reason))


def _rest(flight: _Flight) -> int:
    upper = flight.stretch.window.upper
    if upper is None or flight.asked.upper is None:
        return 0
    return upper - flight.asked.upper
