"""The limits that a user sets on rejects and deletes: whether a run crosses one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from chakra_api.errors import LimitCrossed
from chakra_api.values.counts import counted

if TYPE_CHECKING:
    from target_chakra.changes import Change

ROWS_BEFORE_PERCENT: Final = 1000
"""Below that a share says little."""
_ALLOW: Final = "If that is what you want, set max_deletes to at least that number"

_ALLOW_MESSAGES: Final = (
    "If that is what you want, set max_messages in its mapping to the most that a run may send"
)


def beyond_rejects(rejected: int, allowed: int) -> str:
    """That more rows were rejected than allowed, in words."""
    were = "was" if rejected == 1 else "were"
    return f"{counted(rejected)} {were} rejected, and max_rejects allows {allowed:,}"


def too_many_rejects(rejected: int, allowed: int) -> LimitCrossed:
    """What fails a load of which more was rejected than its user allows."""
    return LimitCrossed(
        beyond_rejects(rejected, allowed),
        "See target-chakra rejects for the reason of each. They are on record and do not count"
        " again: run the pipeline once more to finish the load, and target-chakra retry once they"
        " are corrected",
    )


def too_many_deletes(wanted: int, allowed: int) -> LimitCrossed:
    """What stops a run that would delete more than its user allows."""
    return LimitCrossed(
        f"{_deleted(wanted)}, and max_deletes allows {allowed:,}",
        _ALLOW,
    )


def _deleted(count: int) -> str:
    return f"{counted(count, 'process')} would be deleted"


class DeleteLimit:
    """Counts the deletes of a run; a dry run goes on past the limit, to show them.

    Args:
        allowed: How many the user allows.
        dry: Whether the run writes nothing.

    Attributes:
        count: Deletes so far.
        crossed: In a dry run, what would stop the real one; None if nothing does.
    """

    def __init__(self, allowed: int, *, dry: bool) -> None:
        self._allowed = allowed
        self._dry = dry
        self.count = 0
        self.crossed: LimitCrossed | None = None

    def refused(self, more: int) -> LimitCrossed | None:
        """What stops the run if so many more are deleted; None if it goes on."""
        wanted = self.count + more
        if wanted <= self._allowed:
            return None
        if not self._dry:
            return too_many_deletes(wanted, self._allowed)
        self.crossed = LimitCrossed(
            f"The real run would stop: max_deletes allows {self._allowed:,}, and"
            f" {_deleted(wanted)}",
            _ALLOW,
        )
        return None

    def counted(self, change: Change) -> LimitCrossed | None:
        """A delete is to be sent: what stops the run; a mirror's were counted before."""
        refused = self.refused(1) if change.asked_by.is_row else None
        self.count += 1
        return refused


def too_many_calls(stream: str, wanted: int, allowed: int) -> LimitCrossed:
    """What stops a run that would make more calls for a stream than its user allows."""
    return LimitCrossed(
        f"Stream '{stream}' would send {counted(wanted, 'message')}, and max_messages allows"
        f" {allowed:,}",
        _ALLOW_MESSAGES,
    )


class CallLimits:
    """Counts the calls of a run, by stream; a dry run goes on past a limit, to show them.

    Args:
        dry: Whether the run writes nothing.

    Attributes:
        crossed: In a dry run, what would stop the real one; None if nothing does.
    """

    def __init__(self, *, dry: bool) -> None:
        self._dry = dry
        self._counts: Counter[str] = Counter()
        self.crossed: LimitCrossed | None = None

    def counted(self, stream: str, allowed: int | None) -> LimitCrossed | None:
        """A call is to be made: what stops the run; None if it goes on.

        Args:
            stream: Its stream.
            allowed: How many calls its user allows a run; None for any number.
        """
        if allowed is None or self._counts[stream] < allowed:
            self._counts[stream] += 1
            return None
        stops = "The real run would stop: stream" if self._dry else "Stream"
        said = (
            f"more than {counted(allowed, 'message')}, and max_messages allows no more"
            if allowed
            else "messages, and max_messages is 0, as it is until somebody sets it"
        )
        refused = LimitCrossed(
            f"{stops} '{stream}' asks for {said}",
            _ALLOW_MESSAGES,
        )
        if not self._dry:
            return refused
        self.crossed = refused
        return None


def crossed_percent(rejected: int, came: int, percent: float) -> LimitCrossed | None:
    """What stops a run of which too much is rejected; None if it isn't."""
    if came < ROWS_BEFORE_PERCENT or rejected * 100 <= came * percent:
        return None
    return LimitCrossed(
        f"{rejected:,} of {came:,} rows were rejected, more than stop_at_reject_percent"
        f" ({percent:g}) allows",
        "See the rejects for the reasons, correct the source or the mapping, and run it again",
    )
