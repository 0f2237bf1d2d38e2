"""When to look at a background job again, and what its looks say (Q9).

Pure: the caller keeps the looks and the clock. A job whose counts move is asked again when its
pace says it ends, one that stands still after a tenth of its age. The end is so seen within a
second or a tenth of the job's time, for a handful of requests; the job's time-out is the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from chakra_api.values.times import FIRST_MS_OF_ACCOUNTS
from chakra_api.values.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FINISHED: Final = ("SUCCESS", "ERROR", "INVALID")
_UNDER_WAY: Final = ("NOT_STARTED", "IN_PROGRESS", "QUEUED", "PENDING")
"""Words for a job that runs; among the counts, for entries that do."""

_FIRST_SECONDS: Final = 0.6
_STILL_SECONDS: Final = 0.75
_STILL_SHARE: Final = 0.098
"""Under the tenth of its time that a job's end may be seen late, for what the request takes."""
_SOONEST_SECONDS: Final = 0.5
_SOONEST_SHARE: Final = 0.03
_FARTHEST_SECONDS: Final = 1.0
_FARTHEST_SHARE: Final = 3.0
"""A prediction reaches this many times as far as what it was made from."""
_MARGIN: Final = 1.03
_LATE_SECONDS: Final = 0.9
_LATE_SHARE: Final = 0.09


@dataclass(frozen=True, slots=True)
class Look:
    """What one request for a job showed.

    Attributes:
        elapsed: Seconds since the job was submitted.
        counts: Entries by status, names in capitals; empty if the answer had none.
        status: `completionStatus`; None if absent.
        completed_at: Epoch milliseconds; 0 if absent or not yet.
    """

    elapsed: float
    counts: Mapping[str, int]
    status: str | None
    completed_at: int

    @property
    def finished(self) -> int:
        """How many entries have an outcome."""
        return sum(self.counts.get(name, 0) for name in _FINISHED)

    @property
    def failed(self) -> int:
        """How many entries were refused."""
        return self.finished - self.counts.get("SUCCESS", 0)

    @property
    def says_ended(self) -> bool:
        """Whether the job's own fields say that it ended, whatever its counts say."""
        if self.completed_at > 0:
            return True
        return self.status is not None and self.status.upper() not in _UNDER_WAY

    @property
    def says_nothing(self) -> bool:
        """Whether the job has no field that could say that it ended."""
        return self.status is None and self.completed_at == 0

    @property
    def none_under_way(self) -> bool:
        """Whether there are counts, and none of entries still to come.

        Counts that are all zero tell as little as no counts.
        """
        counts = self.counts
        return any(counts.values()) and not any(counts.get(name, 0) for name in _UNDER_WAY)


class JobVerdict(str, Enum):
    """Where a job is."""

    RUNNING = "running"
    DONE = "done"
    """Every entry is accounted for."""
    ENDED = "ended"
    """It ended with entries that no count accounts for: what became of them is unknown."""


def look_of(row: Mapping[str, object], counts: Mapping[str, int], elapsed: float) -> Look:
    """Read a job (contract 3.5), taking fields of another type for absent ones.

    Args:
        row: The job, `_data` of 4.20.
        counts: `bjEntryCompletionStatusVsCount`; empty if absent.
        elapsed: Seconds since the job was submitted.
    """
    status = row.get("completionStatus")
    word = status.strip() if isinstance(status, str) else ""
    named = {name.strip().upper(): count for name, count in counts.items()}
    completed = parse_timestamp(row.get("completedAt")) or 0
    # one that lies before there were accounts is of another unit, and says nothing
    ended = completed if completed >= FIRST_MS_OF_ACCOUNTS else 0
    return Look(elapsed, named, word or None, ended)


def job_verdict(looks: Sequence[Look], submitted: int) -> JobVerdict:
    """Say whether a job is over (Q9). Only the last three looks matter.

    Args:
        looks: At one job, oldest first.
        submitted: How many items were sent.
    """
    if not looks:
        return JobVerdict.RUNNING
    if looks[-1].finished >= submitted:
        return JobVerdict.DONE
    # Counts may trail the job's own fields, so the look that first says "ended" is not the last.
    said = _unchanged(looks, 2) and all(look.says_ended for look in looks[-2:])
    return JobVerdict.ENDED if said or _silently_over(looks) else JobVerdict.RUNNING


def wait(looks: Sequence[Look], submitted: int) -> float:
    """Return the seconds from the last look to the next one.

    Args:
        looks: At one job, oldest first; empty before the first.
        submitted: How many items were sent.
    """
    if not looks:
        return _FIRST_SECONDS
    last = looks[-1]
    if last.says_ended and not any(look.says_ended for look in looks[-2:-1]):
        return _STILL_SECONDS
    if not _paced(looks):
        return max(_STILL_SECONDS, _STILL_SHARE * last.elapsed)
    soonest = max(_SOONEST_SECONDS, _SOONEST_SHARE * last.elapsed)
    farthest = max(_FARTHEST_SECONDS, _FARTHEST_SHARE * last.elapsed)
    return min(farthest, max(soonest, _predicted(looks, submitted)))


def _unchanged(looks: Sequence[Look], number: int) -> bool:
    last = looks[-number:]
    return len(last) == number and all(look.counts == last[0].counts for look in last)


def _silently_over(looks: Sequence[Look]) -> bool:
    last = looks[-1]
    return last.says_nothing and last.none_under_way and _unchanged(looks, 3)


def _paced(looks: Sequence[Look]) -> bool:
    """Whether the last looks show a pace.

    The first step after a standstill shows none: it may have begun just now or long ago.
    """
    finished = [0, *(look.finished for look in looks[-3:])][-3:]
    if len(looks) > 1 and looks[-1].elapsed <= looks[-2].elapsed:
        return False
    return all(before < after for before, after in pairwise(finished))


def _predicted(looks: Sequence[Look], submitted: int) -> float:
    """Return the seconds until the job is likely to have ended, by the faster of two paces."""
    last = looks[-1]
    if len(looks) == 1:
        return _until_end(last, (last.elapsed, last.finished), submitted)
    spans = (
        (last.elapsed - look.elapsed, last.finished - look.finished)
        for look in (looks[0], looks[-2])
    )
    return min(_until_end(last, span, submitted) for span in spans)


def _until_end(last: Look, span: tuple[float, int], submitted: int) -> float:
    seconds, steps = span
    left = submitted - last.finished
    likely = _MARGIN * left * seconds / max(1, steps)
    # Counts are whole numbers: one step more may be all but done at both ends of the span.
    earliest = max(0, left - 1) * seconds / max(1, steps + 1)
    return min(likely, earliest + max(_LATE_SECONDS, _LATE_SHARE * (last.elapsed + earliest)))
