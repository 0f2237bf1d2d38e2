"""The judge of mirrors: deleted is what a whole statement no longer brings, nothing else, no less.

It reads the server's own rows and jobs, and what the source brought; it knows nothing of the
target's books. "Written" is what the server carried out for it, whatever was told of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Process:
    """A process as the server has it.

    Attributes:
        id: Its id.
        key: Its key.
        written_ms: When the server first carried out a write of the target to it; None if never.
        died_ms: When it was deleted; None while it lives.
        by_others: Whether somebody else deleted it.
        seen: Whether the target's key sees it.
        made_ms: When the target made it; None if others did, or it was there before.
    """

    id: str
    key: str
    written_ms: int | None
    died_ms: int | None = None
    by_others: bool = False
    seen: bool = True
    made_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A moment at which a mirror may delete, and the statement that it follows from.

    Attributes:
        began_ms: When the run began that may delete.
        ended_ms: When it had ended.
        brought: The keys that the source brought in the runs of the statement, on either stream.
        spared: Keys of runs that a target may take for a part of it, where nothing names it or
            rows move between streams, of rejects that an operator sent again behind it, and such
            as ever came on a stream that is no mirror: they may be nobody's.
        whole: Whether it says what exists: all of it came, and each row with its key.
        done: Whether the run says that all that was due is deleted.
        after: The processes when it had ended.
        doubtful: Keys of rows of which the target says that nobody knows.
    """

    began_ms: int
    ended_ms: int
    brought: frozenset[str]
    spared: frozenset[str]
    whole: bool
    done: bool
    after: Sequence[Process]
    doubtful: frozenset[str]


@dataclass
class Weeks:
    """All that the judge may read of a history.

    Attributes:
        began_ms: When it began.
        endings: The moments at which a mirror may delete, in order.
        processes: At the end of the history, living and dead.
        faults: What ended in a fault of the target's own.
    """

    began_ms: int
    endings: list[Ending] = field(default_factory=list)
    processes: Sequence[Process] = ()
    faults: list[str] = field(default_factory=list)


def nothing_else(weeks: Weeks) -> list[str]:
    """Each process that the target deleted was due at that moment."""
    return [
        f"{each.key} ({each.id}) was deleted at {each.died_ms}: {why}"
        for each in weeks.processes
        if each.died_ms is not None and not each.by_others
        for why in _unjust(each, each.died_ms, weeks.endings)
    ]


def _unjust(process: Process, died_ms: int, endings: Sequence[Ending]) -> Iterable[str]:
    before = [each for each in endings if each.began_ms <= died_ms]
    if not before:
        return ["no statement was made yet"]
    ending = before[-1]
    if not ending.whole:
        return ["the statement was not whole"]
    if process.key in ending.brought:
        return ["its source brought it"]
    if process.written_ms is None or process.written_ms > died_ms:
        return ["the stream never wrote it"]
    return []


def nothing_less(weeks: Weeks) -> list[str]:
    """Behind a whole statement that was carried out, nothing is left that was due."""
    return [
        f"{each.key} ({each.id}) was due by {ending.ended_ms} and lives"
        for ending in weeks.endings
        if ending.whole and ending.done
        for each in ending.after
        if _is_due(each, ending)
    ]


def _is_due(process: Process, ending: Ending) -> bool:
    if process.died_ms is not None or not process.seen or process.written_ms is None:
        return False
    if process.written_ms >= ending.began_ms:
        return False
    return process.key not in ending.brought | ending.spared | ending.doubtful


def nothing_twice(weeks: Weeks) -> list[str]:
    """While a process lives that the target made, it makes none of the same key."""
    made = sorted(
        (each.key, each.made_ms, each.died_ms, each.id)
        for each in weeks.processes
        if each.made_ms is not None
    )
    return [
        f"{key} ({second}) was made at {made_ms}, and {first} lived"
        for (key, _, died_ms, first), (other, made_ms, _, second) in pairwise(made)
        if key == other and (died_ms is None or died_ms > made_ms)
    ]


def comes_to_an_end(weeks: Weeks) -> list[str]:
    """The last statement, on a calm day, is whole and carried out."""
    last = weeks.endings[-1] if weeks.endings else None
    found = list(weeks.faults)
    if last is None or not (last.whole and last.done):
        found.append("the calm last day did not end well")
    return found


JUDGES = (nothing_else, nothing_less, nothing_twice, comes_to_an_end)


def verdict(weeks: Weeks) -> list[str]:
    """Everything that any judge condemns."""
    return [f"{judge.__name__}: {fault}" for judge in JUDGES for fault in judge(weeks)]
