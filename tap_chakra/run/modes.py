"""What a run reads, by the user's `change_detection` and by how far the stream is. Pure.

| mode | reads | can miss, until the next full scan |
|---|---|---|
| `scan` | everything | nothing |
| `server` | rows that the server says were changed | rows without a usable `updatedAt` |
| `created` | rows created since the last run; never everything again | changes to older rows |
| `open` | OPEN rows, and rows created since the last run | changes to rows that are not OPEN now |
| `auto` | as `server` where that is proven, else as `scan` | as the one it takes |

The first run reads everything in each of them. `server` and `open` read everything again when the
last full scan is older than `full_scan_every` hours; each does so with `full_scan`, and to go on
with a full scan that was cut off.

A bookmark is followed only by a run all of whose rows it speaks of (`run/ranges.py`). One
that reads more, by `created_after` and `created_before`, is as the first one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.where import compare, equals, iso_ms
from tap_chakra.run.incremental import Since, since
from tap_chakra.run.ranges import WHOLE, RowRange

if TYPE_CHECKING:
    from chakra_api.endpoints.where import Where
    from tap_chakra.run.bookmark import Bookmark
    from tap_chakra.settings import Settings

WITH_FULL_SCANS: Final = frozenset({"server", "open"})


@dataclass(frozen=True, slots=True)
class Selection:
    """What one scan reads, and what of it is emitted.

    Attributes:
        since: Which rows to emit.
        lower: Rows created before this instant are not read, epoch milliseconds.
        where: A filter besides time; None for none.
        upper: Rows created at or after this instant are not read, epoch milliseconds.
        created_before: Rows created at or after this instant are not emitted: another scan of
            the same run has read them. Epoch milliseconds.
    """

    since: Since
    lower: int | None = None
    where: Where | None = None
    upper: int | None = None
    created_before: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether a row's `createdAt` matters for it."""
        bounds = (self.lower, self.upper, self.created_before)
        return any(each is not None for each in bounds)


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run of one procedure reads.

    Attributes:
        selections: One scan each, in this order.
        full: Whether together they read everything that `created_after` and `created_before`
            leave in.
        reason: In a few words, for the log.
        range: The rows that they read, and that the bookmark will speak of.
        start: Rows last changed before are not emitted, nor were they, as `start_date` says;
            epoch milliseconds; None if none are left out.
        said: What the user must know of the bookmark that it does not follow; empty if nothing.
        named: Whether processes are read that the user names: no bookmark follows from that.
    """

    selections: tuple[Selection, ...]
    full: bool
    reason: str
    range: RowRange = WHOLE
    start: int | None = None
    said: str = ""
    named: bool = False


def plan_run(
    settings: Settings, bookmark: Bookmark, *, now: int, full_table: bool, server: bool
) -> RunPlan:
    """What to read.

    Args:
        settings: The user's.
        bookmark: How far the stream is.
        now: The server's time, epoch milliseconds.
        full_table: Whether everything is to be emitted.
        server: Whether the server's filter on `updatedAt` is proven.
    """
    known = _known(settings, bookmark)
    plan = _plan(settings, known, now, full_table=full_table, server=server)
    last = None if full_table else known.since
    return replace(
        plan,
        range=range_of(settings),
        start=_start(settings, known, last),
        said="" if full_table else _not_followed(settings, bookmark, known),
    )


def range_of(settings: Settings) -> RowRange:
    """The rows that a run reads."""
    return RowRange(settings.created_after, settings.created_before)


def _known(settings: Settings, bookmark: Bookmark) -> Bookmark:
    """What of a bookmark speaks of all rows that a run reads."""
    wanted = range_of(settings)
    if not bookmark.range.holds(wanted):
        return replace(bookmark, since=None, narrow=None)
    return bookmark if bookmark.narrow_range.holds(wanted) else replace(bookmark, narrow=None)


def _start(settings: Settings, known: Bookmark, last: int | None) -> int | None:
    """The instant before which changes were left out, once the run is over.

    A run that follows a bookmark leaves out none that the last one did not, unless the user's
    `start_date` came to lie behind it.
    """
    date = settings.start_date
    if last is None:
        return date
    gap = date is not None and date > max(last, known.narrow or last)
    return date if gap else known.start


def _not_followed(settings: Settings, bookmark: Bookmark, known: Bookmark) -> str:
    """What the user must know of a bookmark that says less than the settings ask for."""
    if bookmark.since is not None and known.since is None:
        return (
            f"its STATE speaks of rows {bookmark.range} only, and this run reads others: every row"
            " is emitted once more"
        )
    date, start = settings.start_date, bookmark.start
    if known.since is None or start is None or (date is not None and date >= start):
        return ""
    now = "no start_date is set" if date is None else f"start_date is {iso_ms(date)}"
    return (
        f"its STATE comes from runs with start_date {iso_ms(start)}, and now {now}: rows last"
        " changed before the former are not emitted. To get them, begin with a new state"
        " (Meltano: --full-refresh, dlt: a new pipeline)"
    )


def _plan(
    settings: Settings, bookmark: Bookmark, now: int, *, full_table: bool, server: bool
) -> RunPlan:
    mode = settings.change_detection
    if mode == "auto":
        mode = "server" if server else "scan"
    resumes = None if full_table else bookmark.since
    everything = Selection(
        since(resumes, settings.start_date, settings.lookback_ms),
        settings.created_after,
        upper=settings.created_before,
    )
    why = "" if resumes is None else _why_full(settings, bookmark, now, mode)
    if why or resumes is None or mode == "scan":
        reason = f"{why}: everything is read" if why else "everything is read"
        return RunPlan((everything,), full=True, reason=reason)
    narrow = max(resumes, bookmark.narrow or resumes) - settings.lookback_ms
    if mode == "server":
        return _changed(settings, narrow)
    return _created(settings, narrow) if mode == "created" else _open(settings, narrow)


def wants_probe(settings: Settings, bookmark: Bookmark, *, full_table: bool) -> bool:
    """Whether it matters if the server filters on `updatedAt`."""
    return (
        settings.change_detection in ("auto", "server")
        and not full_table
        and _known(settings, bookmark).since is not None
        and bookmark.resume_point is None
        and not settings.full_scan
    )


def _why_full(settings: Settings, bookmark: Bookmark, now: int, mode: str) -> str:
    """Why a run that could read less reads everything; empty if it reads less."""
    if settings.full_scan:
        return "a full scan is asked for"
    if bookmark.resume_point is not None:
        return "a full scan was cut off"
    # Not by the instant that the last one is known by: it may have been put behind another.
    last = None if bookmark.began is None else bookmark.since
    due = last is None or now - last >= settings.full_scan_every_ms
    return "a full scan is due" if due and mode in WITH_FULL_SCANS else ""


def _changed(settings: Settings, narrow: int) -> RunPlan:
    threshold = max(narrow, settings.start_date or narrow)
    # No upper bound: a row that changes all the time must not run away from it.
    where = compare("updatedAt", ">=", iso_ms(threshold))
    selection = Selection(
        Since(threshold), settings.created_after, where, upper=settings.created_before
    )
    return RunPlan((selection,), full=False, reason="rows that changed are read")


def _created(settings: Settings, narrow: int) -> RunPlan:
    selection = _new(settings, narrow)
    return RunPlan((selection,), full=False, reason="new rows are read")


def _open(settings: Settings, narrow: int) -> RunPlan:
    still_open = Selection(
        since(narrow, settings.start_date, 0),
        settings.created_after,
        equals("status", "OPEN"),
        upper=settings.created_before,
        created_before=narrow,
    )
    new = _new(settings, narrow)
    over = new.upper is not None and new.upper <= narrow  # the range holds no new rows any more
    selections = (still_open,) if over else (new, still_open)
    return RunPlan(selections, full=False, reason="OPEN rows and new rows are read")


def _new(settings: Settings, narrow: int) -> Selection:
    lower, upper = max(narrow, settings.created_after or narrow), settings.created_before
    if upper is not None:
        lower = min(lower, upper - 1)  # where the range is over its last instant is asked for
    return Selection(Since(settings.start_date), lower=lower, upper=upper)
