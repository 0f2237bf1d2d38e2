"""The unknown rows: which processes they hold and until when, and what ends their being unknown.

A row is unknown until a later one for its process is settled: that one was planned on what
ChakraHQ holds, whatever became of the first. Rows of this run stay unknown where the later one was
rejected: nothing was written in their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_chakra.lifecycle import Outcome
from target_chakra.moments import has_passed, seconds_until
from target_chakra.settings import LAG_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from target_chakra.changes import Change, Key, Known
    from target_chakra.journal.records import Unknown, UnknownRow
    from target_chakra.moments import Moment

SHORT_SECONDS: Final = 2 * LAG_SECONDS
"""A row waits so long for its process, rather than end as not sent: the lag of lists, and what a
`Date` leaves out."""


@dataclass(slots=True, eq=False)
class _Open:
    """An unknown row.

    Attributes:
        number: Its number in the journal.
        names: Of its process.
        free: Until when it holds that.
        change: What it asked for, if it is one of this run that has an outcome.
        created: What is known of the process if its create was carried out; None for no create.
    """

    number: int
    names: tuple[Key, ...]
    free: Moment
    change: Change | None
    created: Known | None


class UnknownRows:
    """The unknown rows of an account, those of earlier runs and of this one.

    Args:
        now: This moment.
    """

    def __init__(self, now: Callable[[], Moment]) -> None:
        self._now = now
        self._by_name: dict[Key, list[_Open]] = {}
        self._written_after: list[Change] = []
        self._held: Moment | None = None

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def recall(self, unknowns: Iterable[UnknownRow]) -> None:
        """Take in what earlier runs left."""
        for each in unknowns:
            self._add(_Open(each.id, each.names, each.free, None, each.created))

    def add(self, number: int, unknown: Unknown) -> None:
        """A row is unknown from now on."""
        action = unknown.action
        change = None if action.change.asked_by.may_come_again else action.change
        self._add(_Open(number, unknown.names, unknown.free, change, unknown.created))

    def _add(self, row: _Open) -> None:
        for name in row.names:
            self._by_name.setdefault(name, []).append(row)

    def _of(self, names: Iterable[Key]) -> Iterator[_Open]:
        yield from dict.fromkeys(row for name in names for row in self._by_name.get(name, ()))

    # What they hold

    def bars(self, names: Iterable[Key]) -> bool:
        """Whether one holds the process of these names for longer than a row may wait."""
        if not self._by_name:  # as nearly always
            return False
        free = self._free(names)
        if free is None or seconds_until(free, self._now()) <= SHORT_SECONDS:
            return False
        self._held = free if self._held is None else self._later(free, self._held)
        return True

    @property
    def held_seconds(self) -> float:
        """Seconds until the last process is free that a row was not sent to; 0 if there is none."""
        return 0.0 if self._held is None else seconds_until(self._held, self._now())

    @property
    def own_seconds(self) -> float:
        """Seconds until the last process is free that is held by an unknown row of this run."""
        own = [row.free for row in self._of(self._by_name) if row.change is not None]
        return max((seconds_until(each, self._now()) for each in own), default=0.0)

    def wait_for(self, names: Iterable[Key]) -> float:
        """Seconds until the process of these names is free; 0 if it is."""
        free = self._free(names) if self._by_name else None
        return 0.0 if free is None else seconds_until(free, self._now())

    def _free(self, names: Iterable[Key]) -> Moment | None:
        """When the process of these names is free; None if nothing holds it."""
        held = [row.free for row in self._of(names)]
        return self._later(*held) if held else None

    def _later(self, *moments: Moment) -> Moment:
        now = self._now()
        return max(moments, key=lambda each: seconds_until(each, now))

    def created(self, key: Key) -> Known | None:
        """What is known of a key's process if it is what an unknown row asked to be created."""
        if not self._by_name:
            return None
        return next((row.created for row in self._of((key,)) if row.created), None)

    # What ends them

    def settled(self, names: Iterable[Key], outcome: Outcome) -> tuple[int, ...]:
        """A row of this process is settled: the numbers of those that are unknown no longer."""
        return self._ended(names, by_write=outcome is not Outcome.REJECTED)

    def unknown_again(self, names: Iterable[Key]) -> tuple[int, ...]:
        """A row of this process is unknown, in place of those of earlier runs: their numbers."""
        return self._ended(names, by_write=False)

    def _ended(self, names: Iterable[Key], *, by_write: bool) -> tuple[int, ...]:
        if not self._by_name:
            return ()
        now = self._now()
        ended = [
            row
            for row in self._of(names)
            if has_passed(row.free, now) and (by_write or row.change is None)
        ]
        for row in ended:
            self._remove(row)
            if row.change is not None:
                self._written_after.append(row.change)
        return tuple(row.number for row in ended)

    def _remove(self, row: _Open) -> None:
        for name in row.names:
            rows = self._by_name[name]
            rows.remove(row)
            if not rows:
                del self._by_name[name]

    def superseded(self) -> list[Change]:
        """The rows of this run that a later one was written in place of; each is told once."""
        found, self._written_after = self._written_after, []
        return found
