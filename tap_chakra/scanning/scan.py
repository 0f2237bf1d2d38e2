"""Reads a whole procedure in parallel, completely, and knows whether it did.

One thread, the caller's, decides (`scheduler.py`); readers only ask, each with a session of its
own, and put their answers on one queue. At most as many answers exist at a time as `crew.py` lets
readers ask, asked for, on the queue or being handed out, whatever the order in which they come: so
memory does not grow with the number of rows, and a caller that takes its time slows the readers
down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from tap_chakra.facts.pieces import Pieces
from tap_chakra.facts.scan_facts import ScanFacts
from tap_chakra.reading.answer_check import AnswerCheck
from tap_chakra.reading.dense import Cells, DenseReader
from tap_chakra.reading.grain_probe import EXACT, GRAINS, proven_grain
from tap_chakra.reading.portions import Slot
from tap_chakra.reading.row_times import created_at
from tap_chakra.reading.undated import Seen, is_dated, undated_of, undated_pages
from tap_chakra.reading.window_reader import (
    LIMIT,
    Answer,
    FilterNotHonoured,
    Lister,
    page_of,
    read_page,
    read_window,
    row_id,
    row_ids,
)
from tap_chakra.scanning.repeats import Repeats
from tap_chakra.scanning.scan_reading import Progress, Reading, gathered, placed, taken_from
from tap_chakra.scanning.scheduler import Scheduler
from tap_chakra.timeline.windows import Window, is_dense

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

    from chakra_api.endpoints.client import ProcessPage, Row
    from tap_chakra.facts.pieces import PieceKind
    from tap_chakra.reading.portions import Portions
    from tap_chakra.scanning.beginning import Beginning
    from tap_chakra.scanning.crew import Crew
    from tap_chakra.scanning.extent import Extent
    from tap_chakra.scanning.question import Question
    from tap_chakra.timeline.coverage import Unfinished
    from tap_chakra.timeline.windows import Grain


IDLE_SECONDS = 1.0
"""Time without an answer after which an empty reading says that the scan is alive."""


@dataclass(frozen=True, slots=True)
class Listers:
    """What lists the processes of a procedure.

    Attributes:
        whole: With all that there is of a row.
        heads: Most fields of a row may be in the answer's body alone: for readings with a page.
    """

    whole: Lister
    heads: Lister


@dataclass(frozen=True, slots=True)
class Readers:
    """The readers of a scan.

    Attributes:
        executor: Runs them.
        crew: How many questions are asked at a time.
        portions: How many rows are asked for at a time; they may be too large for so many answers.
    """

    executor: Executor
    crew: Crew
    portions: Portions


class Scan:
    """One scan of one procedure.

    Args:
        listers: List the processes of the procedure.
        readers: The readers, and how many of them ask at a time.
        cells: Known values of fields that cut a dense instant where its ids can't.
        extent: What to read.
        begins: When a scan began whose first answer says that time; None if it says none.
    """

    def __init__(
        self,
        listers: Listers,
        readers: Readers,
        *,
        cells: Cells,
        extent: Extent,
        begins: Callable[[int | None], Beginning],
    ) -> None:
        self._check = AnswerCheck()
        lister = self._lister = self._check.watching(listers.whole)
        self._lists_heads = self._check.watching(listers.heads)
        self._readers = readers
        self._dense = DenseReader(lister, cells)
        self._extent = extent
        self._begins = begins
        self._sample: ProcessPage | None = None
        self._scheduler: Scheduler | None = None
        self._slot = Slot()
        self._undated: set[str] = set()
        self._repeats = Repeats()
        self._late = 0
        self._progress = Progress()
        self._pieces = Pieces()
        self.began = self._horizon = 0

    def open(self) -> int:
        """Ask the server for its time; nothing that changes after it can be missed unseen.

        The rows of that answer tell of the server's habits; they are read again. Of a part of a
        listing that is known nothing is asked.

        Returns:
            The scan's beginning by the server's clock, epoch milliseconds. A resumed scan keeps
            its first one.
        """
        known = self._extent.known
        self._sample = self._lister(None) if known is None else known.sample
        beginning = self._begins(self._sample.server_time) if known is None else known.beginning
        self.began, self._horizon = beginning.began, beginning.horizon
        if self._extent.unfinished is not None:
            self.began = self._horizon = self._extent.unfinished.began
        self._dense.began = self._horizon
        return self.began

    @property
    def progress(self) -> Progress:
        """How far the scan is."""
        progress = self._progress
        if self._check.finds:
            unsure = dict.fromkeys((*progress.unsure, *self._check.reasons))
            progress = replace(progress, unsure=tuple(unsure))
        if self._scheduler is None or progress.ended:
            return progress
        return replace(progress, share=self._scheduler.share)

    @property
    def facts(self) -> ScanFacts:
        """What there is to tell of the scan."""
        scheduler, pieces = self._scheduler, self._pieces.all()
        # A scan without a scheduler had one answer, or cut nothing by time.
        covered = () if scheduler is None else scheduler.coverage.ranges
        first = None if scheduler is None else scheduler.first
        repeated = self._check.repeated if self._progress.ended else self._repeats.count
        return ScanFacts(self.began, first, pieces, covered, repeated)

    @property
    def unfinished(self) -> Unfinished | None:
        """The scan as a later run can resume it; None if there is nothing to resume."""
        if self._scheduler is None or self._progress.ended or self.progress.unsure:
            return None
        if self.began != self._horizon:
            return None  # clocks differ: nobody knows which rows came since
        return self._scheduler.unfinished(self.began)

    def readings(self) -> Iterator[Reading]:
        """Read everything; `open` comes first. `progress` tells how it went.

        Raises:
            ChakraError: A request failed for good. What was read until then was handed out.
        """
        sample = self._sample or self._lister(None)
        whole = self._extent.window
        small = not sample.is_full or whole != Window()
        tries = small and not self._extent.unfinished and not self._extent.known
        first = self._try_whole(whole) if tries else None
        if first is not None and first.whole:
            self._pieces.note_window("window", whole, len(first.rows))
            yield self._counted(taken_from(first, range(len(first.ids)), first.unsure))
            if whole.upper is not None and self._extent.holds_undated:
                yield from self._undated_rows(whole.upper)
        else:
            if first is not None and whole.upper is not None and first.rows:
                sample = page_of(first.rows, first.server_time)  # of the time that is to be read
            yield from self._by_windows(whole, sample)
        self._check.repeated = self._repeats.count
        self._progress = replace(self._progress, share=1.0, ended=True)

    def _try_whole(self, whole: Window) -> Answer | None:
        grain = EXACT if whole == Window() else GRAINS[-1]
        try:
            return read_window(self._lister, whole, grain)
        except FilterNotHonoured:
            return None

    def _by_windows(self, whole: Window, sample: ProcessPage) -> Iterator[Reading]:
        known = self._extent.known
        proven = (
            proven_grain(self._lister, sample.rows, self._readers.executor)
            if known is None
            else known.grain
        )
        for grain in GRAINS[GRAINS.index(proven) :] if proven else ():
            asked = grain.around(whole)
            try:
                yield from self._in_parallel(asked, grain, sample)
            except FilterNotHonoured:
                # What was read stays true, but a finer grain than the server's may hide rows:
                # all of it is read again, and counted anew.
                self._progress, self._repeats = Progress(), Repeats()
                continue
            if self._extent.holds_undated:
                yield from self._undated_rows(asked.upper)
            return
        yield from self._by_pages()

    def _by_pages(self) -> Iterator[Reading]:
        self._scheduler = None
        rows, complete, method = self._dense.read_everything()
        unsure = "" if complete else "the filter on createdAt does nothing, and no two reads agreed"
        values = filter(self._belongs, rows.values())
        while chunk := tuple(islice(values, LIMIT)):
            yield self._counted(gathered(chunk, None, unsure, method))

    def _belongs(self, row: Row) -> bool:
        created = created_at(row)
        return self._extent.window.holds(created) if created else self._extent.lower is None

    def _in_parallel(self, whole: Window, grain: Grain, sample: ProcessPage) -> Iterator[Reading]:
        scheduler = self._scheduler = self._scheduled(whole, grain, sample)
        scheduler.begin_with(sample.limit)
        self._slot = Slot()
        answers: SimpleQueue[Future[_Read]] = SimpleQueue()
        asked: dict[Future[_Read], Question] = {}
        try:
            while not scheduler.ended:
                self._launch(scheduler, asked, answers)
                try:
                    with self._readers.crew.awaited(len(asked)):
                        future = answers.get(timeout=IDLE_SECONDS)
                except Empty:
                    yield gathered(())
                    continue
                read = future.result()
                question = asked.pop(future)
                places = scheduler.take_in(question, read.answer)
                self._note(question, read, len(places))
                if places and max(read.answer.created) >= self._horizon:
                    self._late += sum(at >= self._horizon for at in read.answer.created)
                self._launch(scheduler, asked, answers)
                if places or read.unsure or read.method != "window":
                    reading = taken_from(read.answer, places, read.unsure, read.method)
                    yield self._counted(reading, dated=0 not in read.answer.created)
                self._slot.free(question)
        finally:
            self._slot.end()
            for future in asked:
                future.cancel()

    def _scheduled(self, whole: Window, grain: Grain, sample: ProcessPage) -> Scheduler:
        known = self._extent.known
        if known is not None:
            return Scheduler.of_part(whole, known, grain)
        return Scheduler.begin(
            whole, sample.rows, grain, began=self._horizon, unfinished=self._extent.unfinished
        )

    def _note(self, question: Question, read: _Read, rows: int) -> None:
        """Keep which time an answer was about."""
        if question.kind == "page":
            self._pieces.note_page(read.answer.created, rows)
        elif question.kind != "hint":
            is_dense_read = read.method != "window" or question.kind == "crowd"
            whole: PieceKind = "window" if read.answer.whole else "cut"
            self._pieces.note_window("dense" if is_dense_read else whole, question.window, rows)

    def _launch(
        self,
        scheduler: Scheduler,
        asked: dict[Future[_Read], Question],
        answers: SimpleQueue[Future[_Read]],
    ) -> None:
        """Give every idle reader a question."""
        crew, portions = self._readers.crew, self._readers.portions
        while len(asked) < min(crew.count, portions.readers):
            question = scheduler.next_question(waiting=crew.waits)
            if question is None:
                return
            self._slot.most_bytes[question] = portions.answer_bytes
            future = self._readers.executor.submit(
                self._asked, question, scheduler.grain, self._slot, crew.monotonic()
            )
            asked[future] = question
            future.add_done_callback(answers.put)

    def _asked(self, question: Question, grain: Grain, slot: Slot, asked: float) -> _Read:
        """Have a question answered on a reader, by no more bytes than there is room for."""
        readers, whole_pages = self._readers, question.kind != "hint"
        with (
            readers.crew.at_work(asked, whole_pages=whole_pages),
            readers.portions.at_work(question, slot),
        ):
            return self._read(question, grain)

    def _read(self, question: Question, grain: Grain) -> _Read:
        """Have a question answered, on a reader."""
        asked = question.window
        if question.kind in ("page", "hint"):
            limit = LIMIT if question.kind == "page" else 1
            skip = question.skip
            answer = read_page(self._lists_heads, asked, grain, skip=skip, limit=limit)
            return _Read(answer, answer.unsure)
        server_time, limit = None, LIMIT
        if question.kind == "window":
            answer = read_window(self._lists_heads, asked, grain)
            server_time, limit = answer.server_time, answer.limit
            if answer.whole or not is_dense(asked, grain):
                return _Read(answer, answer.unsure)
        dense = self._dense.read(asked, grain)
        unsure = "" if dense.complete else f"no two reads of the instant {asked.lower} agreed"
        rows = dense.rows  # of several answers, and whole: no heads are asked for there
        page = page_of(rows, server_time, limit)
        ids = row_ids(rows)
        answer = Answer(asked, page, range(len(rows)), dense.created, ids, whole=True)
        return _Read(answer, unsure, dense.method)

    def _undated_rows(self, upper: int | None) -> Iterator[Reading]:
        """Rows without a usable `createdAt`, which no window holds.

        Args:
            upper: Where the time ends that was read, epoch milliseconds; None for no end.
        """
        before = self._extent.unfinished
        rows = self._progress.rows + (0 if before is None else before.rows)
        undated, at_once = frozenset(self._undated), self._readers.portions.rows
        at_head = self._sample is not None and bool(undated_of(self._sample.rows))
        in_order = self._scheduler is not None and self._scheduler.evidence.proven is not None
        seen = Seen(
            self._horizon, rows, self._late, undated, upper, at_once, at_head, in_order=in_order
        )
        for page in undated_pages(self._lister, seen):
            places = [at for at, row in enumerate(page.rows) if not is_dated(row)]
            yield self._counted(placed(page, places))

    def _counted(self, reading: Reading, *, dated: bool = False) -> Reading:
        apart = self._check.told_apart(reading.page.rows, reading.positions)
        if apart is not reading.positions:
            reading = placed(reading.page, apart, reading.unsure, reading.method)
        undated = [] if dated else [row_id(row) for row in undated_of(reading.rows)]
        if undated:
            known, rows = self._undated, reading.page.rows
            fresh = [at for at in reading.positions if row_id(rows[at]) not in known]
            reading = placed(reading.page, fresh, reading.unsure, reading.method)
            known.update(undated)
        self._repeats.add(reading.ids)
        self._progress = replace(
            self._progress,
            rows=self._progress.rows + len(reading.positions),
            dense=self._progress.dense + (reading.method != "window"),
        )
        if reading.unsure and reading.unsure not in self._progress.unsure:
            unsure = (*self._progress.unsure, reading.unsure)
            self._progress = replace(self._progress, unsure=unsure)
        return reading


@dataclass(frozen=True, slots=True)
class _Read:
    """An answer as a reader brings it: with what makes it unsure, and how it was read."""

    answer: Answer
    unsure: str = ""
    method: str = "window"
