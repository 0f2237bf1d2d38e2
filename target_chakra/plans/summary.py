"""What a plan comes to: how many of what, which fields, examples, and the largest changes. Pure."""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from target_chakra.changes import Kind
from target_chakra.lookups.comparison import EMPTY
from target_chakra.plans.entries import REJECT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_chakra.plans.entries import Entry, PlannedField

EXAMPLES: Final = 3
"""Entries that are kept as examples, of each procedure and kind."""


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest change of a number in one field.

    Attributes:
        change: The field.
        key: What names its process, for people.
        by: By how much.
    """

    change: PlannedField
    key: str
    by: float


@dataclass(slots=True)
class _Field:
    """What becomes of one field of a procedure."""

    changed: int = 0
    filled: int = 0
    cleared: int = 0
    largest: Largest | None = None

    def take(self, each: PlannedField, key: str) -> None:
        self.changed += 1
        self.filled += each.before in EMPTY and each.after not in EMPTY
        self.cleared += each.after in EMPTY and each.before not in EMPTY
        by = _difference(each)
        if by and (self.largest is None or by > self.largest.by):
            self.largest = Largest(each, key, by)


@dataclass(frozen=True, slots=True)
class FieldLine:
    """What becomes of one field of a procedure, over all updates.

    Attributes:
        procedure: ShortId.
        name: The field.
        changed: How often it is changed.
        filled: How often something is put where nothing was.
        cleared: How often what was is taken away.
        largest: The largest change of a number; None where there is none.
    """

    procedure: str
    name: str
    changed: int
    filled: int
    cleared: int
    largest: Largest | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a plan comes to.

    Attributes:
        kinds: How many entries, by procedure and kind.
        fields: What becomes of fields, the most changed first.
        reasons: How many rows would be rejected, by reason.
        examples: The entries of each procedure and kind whose rows came first.
    """

    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    fields: tuple[FieldLine, ...] = ()
    reasons: Counter[str] = field(default_factory=Counter)
    examples: tuple[Entry, ...] = ()


def summed_up(entries: Iterable[Entry]) -> Summary:
    """What entries come to; they are not kept."""
    kinds: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    found: dict[tuple[str, str], _Field] = {}
    examples: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        kinds[entry.procedure, entry.kind] += 1
        # By their lines: the numbers tell which look-up was answered first, and that is chance.
        first = examples[entry.procedure, entry.kind]
        insort(first, entry, key=_place)
        del first[EXAMPLES:]
        if entry.kind == REJECT:
            reasons[entry.reason] += 1
        if entry.kind == Kind.UPDATE.value:
            for each in entry.fields:
                line = found.setdefault((entry.procedure, each.name), _Field())
                line.take(each, str(entry.key or ""))
    lines = [
        FieldLine(procedure, name, each.changed, each.filled, each.cleared, each.largest)
        for (procedure, name), each in found.items()
    ]
    lines.sort(key=lambda line: (-line.changed, line.procedure, line.name))
    shown = sorted(chain.from_iterable(examples.values()), key=_place)
    return Summary(kinds, tuple(lines), reasons, tuple(shown))


def _place(entry: Entry) -> tuple[bool, int]:
    return not entry.line, entry.line


def _difference(each: PlannedField) -> float:
    """By how much a number changes; 0 for what is none."""
    before, after = (_number(value) for value in (each.before, each.after))
    return 0.0 if before is None or after is None else abs(after - before)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)
