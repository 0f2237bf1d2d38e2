"""One run of one procedure: its scans, what to emit of them, and what the state says then.

The adapters above print or load what it delivers. They keep a plain dict, the state of a stream,
in which this module alone writes: it never says more than was delivered before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_api.values.timestamps import iso_ms
from chakra_api.wire.wire_json import encode
from tap_chakra.reading.row_times import all_updated_at, created_at
from tap_chakra.reading.window_reader import LIMIT
from tap_chakra.run import bookmark as bookmarks
from tap_chakra.run.bookmark import Bookmark, sees_enough
from tap_chakra.run.incremental import distinct_beginning, lead_of, next_bookmark
from tap_chakra.run.resume import ResumePoint, Scope, to_state
from tap_chakra.scanning.scan_reading import Progress
from tap_chakra.second.frames import whole_rows
from tap_chakra.timeline.walk import TAIL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_api.endpoints.client import ProcessPage, Row
    from tap_chakra.facts.scan_facts import ScanFacts
    from tap_chakra.run.modes import RunPlan, Selection
    from tap_chakra.run.resume import Beside
    from tap_chakra.scanning.scan_reading import Readable, Reading
    from tap_chakra.timeline.coverage import Unfinished


ROWS_UNSAVED: Final = LIMIT - TAIL
"""Rows for each reader after which STATE is due: what a killed run leaves is at most one answer's
more, and the ends of what was walked are read again besides. With one reader that is 120 rows."""


class ScanIncomplete(ChakraError):
    """A scan could not be proven complete: its rows were emitted, its bookmark did not move."""

    exit_code = ExitCode.INCOMPLETE


class OpensScans(Protocol):
    """Makes the scans of one procedure."""

    def __call__(self, selection: Selection, unfinished: Unfinished | None) -> Readable:
        """A scan of a selection, not opened yet, that resumes an unfinished one if there is one."""


class FirstRows(Protocol):
    """Rows that go out before those of the scans, and of which no scan knows."""

    @property
    def selection(self) -> Selection:
        """What of the rows is emitted."""

    def readings(self) -> Iterator[Reading]:
        """The rows."""

    def keep(self, state: dict[str, object]) -> bool:
        """Put into a stream's state how far it is; False if that says so already."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Rows to emit, as a page and their positions in it.

    Attributes:
        page: The answer that they are from; one without a body where they were gathered.
        positions: Positions of the rows in the page.
        seen: Ids of all rows that were read, emitted or not.
    """

    page: ProcessPage
    positions: Sequence[int]
    seen: Sequence[str]

    @property
    def rows(self) -> list[Row]:
        """The rows; where only heads are read, most of their fields may be in the page alone."""
        rows = self.page.rows
        return [rows[position] for position in self.positions]

    @property
    def whole_rows(self) -> list[Row]:
        """The rows with all of their fields."""
        return whole_rows(self.page.body, self.positions) if self.page.heads else self.rows

    @property
    def size(self) -> int:
        """Bytes of the rows as they came, about."""
        if not self.positions:
            return 0
        if self.page.body:
            return len(self.page.body) * len(self.positions) // len(self.page.rows)
        return len(encode(self.rows))


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a run of one procedure came to.

    Attributes:
        bookmark: The bookmark to keep; where the run was not complete, the one that it began
            with, without its point to resume from.
        complete: Whether all that was to be read was.
        lead: Milliseconds by which `updatedAt` was seen ahead of the server's `Date`.
        full: Whether a complete scan read everything that there is.
        enough: Whether the run saw enough rows for something to follow about deleted ones.
        rows: Rows that the run saw, those of an earlier run that it resumed included.
        before: Rows that the last complete scan saw; 0 if there was none.
        unsure: Why the run was not complete, reason by reason.
    """

    bookmark: Bookmark
    complete: bool
    lead: int
    full: bool
    enough: bool
    rows: int
    before: int
    unsure: tuple[str, ...]

    @property
    def sees_deletes(self) -> bool:
        """Whether rows that the run did not see are gone."""
        return self.full and self.enough

    def fewer_rows(self, setting: str) -> str:
        """What is said of a complete scan that saw too few rows to speak of deleted ones.

        Args:
            setting: How a user of the adapter writes that few are right, `min_scan_share: 0`.
        """
        return (
            f"{self.rows:,} rows seen, {self.before:,} the last time: nothing is said about"
            f" deleted rows. If they are gone, run once with {setting}; else check the role of"
            " the key"
        )


class ProcedureRun:
    """One run of one procedure.

    Args:
        plan: What to read.
        before: The bookmark that the run begins with.
        opens: Makes the scans.
        beside: What goes out beside the records.
        doubts: Why rows will have to be emitted again, whatever the scans come to: the run is
            not complete then.
    """

    def __init__(
        self,
        plan: RunPlan,
        before: Bookmark,
        *,
        opens: OpensScans,
        beside: Beside,
        doubts: tuple[str, ...] = (),
    ) -> None:
        self._doubts = doubts
        self._plan = plan
        self._before = before
        self._opens = opens
        first = plan.selections[0]
        self._scope = Scope(first.since.threshold, first.lower, beside, first.upper)
        point = before.resume_point if plan.full else None
        self._resumes = point if point is not None and point.scope == self._scope else None
        self._lead = 0 if self._resumes is None else self._resumes.lead
        self._first: FirstRows | None = None
        self._is_first_unsaved = False
        self._scan: Readable | None = None
        self._done: list[Progress] = []
        self._scans: list[ScanFacts | None] = []
        self._opened = 0
        self._unsaved = 0
        self.began = 0
        self.emitted = 0

    @property
    def opening(self) -> str:
        """What is said of the run at its beginning: what it reads, and as of when."""
        return f"{self._plan.reason}, as of {iso_ms(self.began)}"

    @property
    def emitting(self) -> str:
        """What is said of the rows that the run emits."""
        if self._scope.emits_since is None:
            return "every row is emitted"
        return f"rows changed since {iso_ms(self._scope.emits_since)} are emitted"

    @property
    def rows_resumed(self) -> int:
        """Rows that earlier runs of the same scan have read; 0 if this run begins it."""
        return 0 if self._resumes is None else self._resumes.unfinished.rows

    @property
    def resuming(self) -> str:
        """What is said of the unfinished scan that the run resumes; empty if it begins one."""
        if not self.rows_resumed:
            return ""
        return f"going on with a scan that was cut off; it has read {self.rows_resumed:,} rows"

    @property
    def progress(self) -> Progress:
        """How far the run is; the share is that of the scan under way."""
        parts = self._done if self._scan is None else [*self._done, self._scan.progress]
        return Progress(
            rows=sum(each.rows for each in parts),
            share=parts[-1].share if parts else 0.0,
            dense=sum(each.dense for each in parts),
            unsure=tuple(
                dict.fromkeys((*self._doubts, *(why for each in parts for why in each.unsure)))
            ),
            ended=self._finished,
        )

    @property
    def scans(self) -> tuple[ScanFacts, ...]:
        """What there is to tell of its scans, that under way among them."""
        scans = self._scans if self._scan is None else [*self._scans, self._scan.facts]
        return tuple(each for each in scans if each is not None)

    @property
    def leaves_state(self) -> bool:
        """Whether the state stays as it is, whatever is read."""
        return self._plan.named

    @property
    def _finished(self) -> bool:
        """Whether all scans came to their end."""
        return len(self._done) == len(self._plan.selections) and all(e.ended for e in self._done)

    @property
    def resume_point(self) -> ResumePoint | None:
        """Where a later run may resume a full scan; None if nothing of one is unfinished."""
        if self._scan is None or not self._plan.full or self._doubts:
            return None
        unfinished = self._scan.unfinished
        return None if unfinished is None else ResumePoint(unfinished, self._scope, self._lead)

    def begin_with(self, first: FirstRows) -> None:
        """Have rows read before the scans; nothing else of the run follows from them."""
        self._first = first

    def open(self) -> int:
        """Open the first scan.

        Returns:
            The beginning of the run by the server's clock, epoch milliseconds, as far as it is
            later than the last full scan's; that of the scan that it resumes, if it does.
        """
        unfinished = None if self._resumes is None else self._resumes.unfinished
        self._scan = self._opens(self._plan.selections[0], unfinished)
        self._opened = self._scan.open()
        self.began = distinct_beginning(self._opened, self._before.began)
        return self.began

    def deliveries(self) -> Iterator[Delivery]:
        """What to emit, an answer's at a time; `open` comes first.

        Raises:
            ChakraError: A request failed for good.
        """
        if self._first is not None:
            for reading in self._first.readings():
                updated = all_updated_at(reading.rows)
                chosen = self._chosen(self._first.selection, reading, updated)
                yield replace(chosen, seen=[])
            self._is_first_unsaved = True
        for selection in self._plan.selections:
            scan = self._scan
            if scan is None:
                scan = self._scan = self._opens(selection, None)
                scan.open()
            for reading in scan.readings():
                delivery = self._delivery(selection, reading)
                self._unsaved += len(delivery.seen)
                yield delivery
            self._done.append(scan.progress)
            self._scans.append(scan.facts)
            self._scan = None

    def _delivery(self, selection: Selection, reading: Reading) -> Delivery:
        updated = all_updated_at(reading.rows)
        self._lead = max(self._lead, lead_of(updated, reading.page.server_time))
        return self._chosen(selection, reading, updated)

    def _chosen(
        self, selection: Selection, reading: Reading, updated: Sequence[int | None]
    ) -> Delivery:
        """What a selection emits of rows that changed at these instants."""
        emits = selection.since.emits
        if selection.bounded:
            read = zip(reading.positions, reading.rows, updated, strict=True)
            positions = [
                at for at, row, change in read if emits(change) and _belongs(selection, row)
            ]
        elif selection.since.emits_all:
            positions = [*reading.positions]
        else:
            changes = zip(reading.positions, updated, strict=True)
            positions = [at for at, change in changes if emits(change)]
        self.emitted += len(positions)
        return Delivery(reading.page, positions, reading.ids)

    def result(self, *, min_share: float) -> ScanResult:
        """What follows from the run, once `deliveries` is exhausted.

        Args:
            min_share: Share of the last complete scan's rows below which nothing is said
                about deleted rows.
        """
        before, progress = replace(self._before, resume_point=None), self.progress
        rows = progress.rows + self.rows_resumed
        nothing = ScanResult(
            before,
            complete=False,
            lead=self._lead,
            full=False,
            enough=False,
            rows=rows,
            before=before.rows or 0,
            unsure=progress.unsure,
        )
        if not progress.complete:
            return nothing
        if self._plan.named:
            return replace(nothing, complete=True)
        since = next_bookmark(self._opened, self._lead)
        if not self._plan.full:
            after = replace(
                before, narrow=since, narrow_range=self._plan.range, start=self._plan.start
            )
            return replace(nothing, bookmark=after, complete=True)
        full = self._scope.whole
        enough = sees_enough(rows, before, min_share)
        counted = rows if full and enough else before.rows
        after = Bookmark(since, counted, self.began, range=self._plan.range, start=self._plan.start)
        return replace(nothing, bookmark=after, complete=True, full=full, enough=enough)

    # The state of the stream

    def state_is_due(self, readers: int) -> bool:
        """Whether enough rows were delivered since STATE was last written.

        Args:
            readers: How many answers may be on their way at once.
        """
        if not self._is_first_unsaved and self._unsaved + LIMIT <= readers * ROWS_UNSAVED:
            return False
        self._unsaved, self._is_first_unsaved = 0, False
        return True

    def keep_progress(self, state: dict[str, object]) -> bool:
        """Put into a stream's state how far the run is; False if there is nothing to say.

        That is how far a full scan is, and what is read before it.
        """
        point = self.resume_point
        if point is not None:
            state["scan"] = to_state(point)
        return self._keep_first(state) or point is not None

    def keep_end(self, state: dict[str, object], bookmark: Bookmark) -> None:
        """Put into a stream's state what a run leaves that has ended.

        Args:
            state: Of the stream.
            bookmark: Takes the place of the one before.
        """
        self._keep_first(state)
        for name in bookmarks.STATE_NAMES:
            state.pop(name, None)
        state.update(bookmarks.to_state(bookmark))

    def _keep_first(self, state: dict[str, object]) -> bool:
        return self._first is not None and not self._doubts and self._first.keep(state)


def _belongs(selection: Selection, row: Row) -> bool:
    """Whether a row is one of the selection, to the millisecond.

    A server that tells instants apart less finely is asked for more than that. A row without a
    usable `createdAt` comes only where it belongs.
    """
    created = created_at(row)
    if created is None:
        return True
    lower, uppers = selection.lower, (selection.upper, selection.created_before)
    return (lower is None or created >= lower) and all(
        upper is None or created < upper for upper in uppers
    )
