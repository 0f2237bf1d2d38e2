"""What a dry run shows: what would be created, updated (before → after), deleted and rejected."""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import json_text
from chakra_api.values.counts import counted
from target_chakra.changes import OF_PROCESSES, Kind
from target_chakra.lookups.key_lookups import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_chakra.changes import Action, Reject

ROWS_SHOWN: Final = 10
"""Rows that are shown of each kind, and of the rejects."""


class DryRun:
    """What a dry run would do: counted, and the first rows of each kind kept.

    The first are those that came first in the input: which look-up is answered first is chance,
    and two dry runs of the same rows are to read the same.

    Attributes:
        planned: How many actions there would be, by kind.
        calls: How many calls of them, by what they make.
        single: How many of them write what is no process, by kind.
        rejected: How many rows would be rejected.
        kept: Fields of the actions that are left as others changed them, by stream.
        keyless: How many of the creates have no key.
        rows: How many rows of the run the actions stand for, those that they supersede left out.
    """

    def __init__(self) -> None:
        self.planned: Counter[Kind] = Counter()
        self.calls: Counter[str] = Counter()
        self.single: Counter[Kind] = Counter()
        self.rejected = self.rows = self.keyless = 0
        self.kept: Counter[str] = Counter()
        self._actions: defaultdict[Kind, list[Action]] = defaultdict(list)
        self._rejects: list[Reject] = []

    @property
    def counts(self) -> dict[str, int]:
        """How many of what: creates, updates and deletes always, and what calls make."""
        counts = {f"{kind.value}s": self.planned[kind] for kind in OF_PROCESSES}
        return counts | {f"{noun}s": count for noun, count in self.calls.items()}

    @property
    def briefly(self) -> str:
        """How many of what there is, in a line."""
        counts = Counter({kind.value: self.planned[kind] for kind in OF_PROCESSES})
        counts |= self.calls + Counter(reject=self.rejected)
        said = [f"{count:,} {name}" for name, count in counts.items() if count]
        return ", ".join(said) or "nothing to do"

    def note(self, action: Action) -> None:
        """An action would be sent."""
        self.planned[action.kind] += 1
        self.rows += action.change.asked_by.is_row
        self.keyless += action.change.key is None
        if action.kept:
            self.kept[action.change.stream] += len(action.kept)
        first = self._actions[action.kind]
        insort(first, action, key=_place)
        del first[ROWS_SHOWN:]

    def note_reject(self, reject: Reject) -> None:
        """A row would be rejected."""
        self.rejected += 1
        insort(self._rejects, reject, key=_place)
        del self._rejects[ROWS_SHOWN:]

    def lines(self, size: int) -> Iterator[str]:
        """What a person reads.

        Args:
            size: Rows a job.
        """
        for action in sorted(chain.from_iterable(self._actions.values()), key=_place):
            yield from _lines(action)
        for reject in self._rejects:
            yield _reject_line(reject)
        counts = {f"{kind.value}s": self.planned[kind] for kind in Kind}
        for name, count in {**counts, "rejects": self.rejected}.items():
            if count > ROWS_SHOWN:
                yield f"Of the {name}, {ROWS_SHOWN} of {count:,} shown"
        yield self._summary(size)

    def cost(self, size: int) -> tuple[int, int]:
        """How many jobs it takes to do it, and how many requests beside look-ups, about.

        Args:
            size: Rows a job.
        """
        in_jobs = self.planned - self.single
        calls = in_jobs.pop(Kind.CALL, 0) + self.single.total()
        jobs = sum(ceil(count / size) for count in in_jobs.values())
        # A submit and about three looks at its job; creates are looked up when it ended.
        return jobs, jobs * 4 + ceil(in_jobs[Kind.CREATE] / PAGE) + calls

    def _summary(self, size: int) -> str:
        jobs, requests = self.cost(size)
        kinds = [counted(self.planned[kind], kind.value) for kind in OF_PROCESSES]
        made = [counted(count, noun) for noun, count in self.calls.items()]
        rejects = [counted(self.rejected, "reject")] if self.rejected else []
        return (
            f"Dry run: {', '.join((*kinds, *made, *rejects))}; {counted(jobs, 'job')}, about"
            f" {counted(requests, 'request')} beside these look-ups; nothing was sent, and the"
            " journal keeps nothing of it"
        )


def _place(shown: Action | Reject) -> tuple[bool, int]:
    change = shown.change
    return not change.asked_by.is_row, change.seq


def _reject_line(reject: Reject) -> str:
    change = reject.change
    named = change.key or "a row without a key"
    return f"reject {named} (line {change.line}): {reject.reason}. {reject.next_step}."


def _lines(action: Action) -> Iterator[str]:
    change = action.change
    place = f"line {change.line}" if change.line else "of the mirror: no row brings it"
    what = change.procedure if action.kind is Kind.CALL else action.kind.value
    yield f"{what} {change.key or 'without a key'} ({place})"
    if action.kind is Kind.DELETE:
        return
    for name, value in action.fields.items():
        before = "" if action.kind.makes_new else f"{_text((action.before or {}).get(name))} → "
        yield f"  {name}: {before}{_text(value)}"
    for name, value in action.kept.items():
        yield f"  {name}: {_text(value)} is left as others changed it"


def _text(value: object) -> str:
    return "nothing" if value is None else json_text(value)
