"""What an audit says of each row: both sides are walked through in the order of their ids. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from tap_chakra.audit.rows import Packing, RowPrint

    _Marks: TypeAlias = tuple[bool, bool, str]


class Verdict(str, Enum):
    """What became of a process in a table."""

    AGREES = "agrees"
    MISSING = "missing"
    """In ChakraHQ, and not in the table."""
    EXTRA = "extra"
    """In the table, and not in ChakraHQ."""
    STALE = "stale"
    """In both, with other values."""
    UNLISTED = "unlisted"
    """In the table, and found in ChakraHQ by its id alone: the scan did not list it."""
    TWICE = "twice"
    """More than once in the table, in one version. It is said beside what else is said of the row:
    it is a fault of the table alone."""
    MEANWHILE = "changed meanwhile"
    """Created, changed or deleted while the audit ran: it speaks neither for nor against."""


DIFFERENCES: Final = (
    Verdict.MISSING,
    Verdict.EXTRA,
    Verdict.STALE,
    Verdict.UNLISTED,
    Verdict.TWICE,
)
"""With any of these the two do not agree."""


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """A row of which there is something to say, or that agrees.

    Attributes:
        verdict: What.
        id: Its id.
        created: Epoch milliseconds; None if it is not known.
        updated_here: Its `updatedAt` in ChakraHQ; None if it is not there, or has none.
        updated_there: The same in the table.
        columns: Those that differ, of a stale row.
        note: What else is to be said of it; empty for nothing.
    """

    verdict: Verdict
    id: str
    created: int | None = None
    updated_here: int | None = None
    updated_there: int | None = None
    columns: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which rows an audit judges.

    Attributes:
        began: When it began, by ChakraHQ's clock, epoch milliseconds.
        lower: Rows created before are out of its range, epoch milliseconds; None for none.
        upper: Rows created at or after this are, the same.
    """

    began: int
    lower: int | None = None
    upper: int | None = None

    def holds(self, created: int | None) -> bool:
        """Whether a row is in the range."""
        if created is None:
            return self.lower is None
        return (self.lower is None or created >= self.lower) and (
            self.upper is None or created < self.upper
        )

    def is_meanwhile(self, *times: int | None) -> bool:
        """Whether something happened since the audit began."""
        return any(each is not None and each >= self.began for each in times)


class Versions:
    """What the table held beside one row for each id.

    Attributes:
        older: Rows of ids that have a newer one, copies of the newest apart.
        without_id: Rows that have no id.
        deleted: Rows that are marked as deleted, and are not in ChakraHQ.
    """

    def __init__(self) -> None:
        self.older = self.without_id = self.deleted = 0


def row_verdicts(
    here: Iterable[RowPrint],
    there: Iterable[RowPrint],
    bounds: Bounds,
    packing: Packing,
    versions: Versions,
) -> Iterator[RowVerdict]:
    """What there is to say of each row, in the order of their ids.

    Args:
        here: ChakraHQ's rows, by their ids.
        there: The table's, the same way, the newest version of an id last.
        bounds: Which rows are judged.
        packing: Tells the columns in which two rows differ.
        versions: Takes what the table held besides.
    """
    ours, theirs = iter(here), _newest(there, versions)
    left, right = next(ours, None), next(theirs, None)
    while left is not None or right is not None:
        if right is None or (left is not None and _key(left) < _key(right.row)):
            assert left is not None  # noqa: S101 - for the checker
            yield _missing(left, bounds)
            left = next(ours, None)
        elif left is None or _key(right.row) < _key(left):
            if (found := _extra(right.row, bounds, versions)) is not None:
                yield found
                yield from _twice(right)
            right = next(theirs, None)
        else:
            yield _both(left, right.row, bounds, packing)
            yield from _twice(right, left)
            left, right = next(ours, None), next(theirs, None)


def _key(row: RowPrint) -> bytes:
    return row.id.encode(errors="surrogatepass")


@dataclass(frozen=True, slots=True)
class _Held:
    """The newest version of an id in the table.

    Attributes:
        row: It.
        times: How often it is there.
    """

    row: RowPrint
    times: int


def _newest(there: Iterable[RowPrint], versions: Versions) -> Iterator[_Held]:
    for name, rows in groupby(there, attrgetter("id")):
        if not name:
            versions.without_id += sum(1 for _ in rows)
            continue
        held, count = _newest_of(rows)
        versions.older += count - held.times
        yield held


def _newest_of(rows: Iterable[RowPrint]) -> tuple[_Held, int]:
    """The newest of the rows of an id, which is their last, and how many they are."""
    ahead = iter(rows)
    last, count = next(ahead), 1
    marks = Counter([_marks(last)])
    for row in ahead:
        if row.updated != last.updated:
            marks.clear()
        marks[_marks(row)] += 1
        last, count = row, count + 1
    return _Held(last, marks[_marks(last)]), count


def _marks(row: RowPrint) -> _Marks:
    """What tells which of two rows of one `updatedAt` is the newer: alike, they are copies.

    A row that another load brought again is a version: tables that are only added to hold many.
    """
    return row.deleted, row.marked, row.stamp


def _twice(held: _Held, here: RowPrint | None = None) -> Iterator[RowVerdict]:
    if held.times > 1:
        note = f"{held.times:,} times in the table"
        row, updated = held.row, here.updated if here else None
        created = here.created if here else row.created
        yield RowVerdict(Verdict.TWICE, row.id, created, updated, row.updated, note=note)


def _missing(row: RowPrint, bounds: Bounds, note: str = "") -> RowVerdict:
    meanwhile = bounds.is_meanwhile(row.created, row.updated)
    verdict = Verdict.MEANWHILE if meanwhile else Verdict.MISSING
    return RowVerdict(verdict, row.id, row.created, row.updated, note=note)


def _extra(row: RowPrint, bounds: Bounds, versions: Versions) -> RowVerdict | None:
    if row.deleted:
        versions.deleted += 1
        return None
    if not bounds.holds(row.created):
        return None
    meanwhile = bounds.is_meanwhile(row.created, row.updated)
    verdict = Verdict.MEANWHILE if meanwhile else Verdict.EXTRA
    return RowVerdict(verdict, row.id, row.created, None, row.updated)


def _both(here: RowPrint, there: RowPrint, bounds: Bounds, packing: Packing) -> RowVerdict:
    if there.marked and not here.deleted:
        return _missing(here, bounds, "the table marks it as deleted")
    differ = here.prints != there.prints and packing.differing(here.prints, there.prints)
    if not differ:
        return RowVerdict(Verdict.AGREES, here.id)
    meanwhile = bounds.is_meanwhile(here.updated, there.updated)
    return RowVerdict(
        Verdict.MEANWHILE if meanwhile else Verdict.STALE,
        here.id,
        here.created,
        here.updated,
        there.updated,
        differ,
    )
