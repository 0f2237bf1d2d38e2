"""A run that is taken back: what it wrote becomes changes that lead back to what was before. Pure.

Each is looked up once more, by the process's id, and carried out only where ChakraHQ still holds
what the run left, field by field: see `planning/guarded.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chakra_api.values.writing import Unfit
from target_chakra.changes import Change, Key, Mode, Reject
from target_chakra.guards import Guard
from target_chakra.lookups.comparison import EMPTY, same
from target_chakra.mapping.destination_names import DELETED, attribute_of
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_chakra.changes import Known
    from target_chakra.history.effects import Effect
    from target_chakra.mapping.destinations import Destinations

_AT_ONCE: Final = 500
"""Processes of which the journal is asked at a time."""
_SCALARS: Final = frozenset({str, int, float, bool})


def taking_back(
    effect: Effect, run: int, known: Sequence[Known], into: Destinations
) -> Change | Reject:
    """The change that takes back what a run did to a process; a reject where that can't be done.

    Args:
        effect: What the run did.
        run: Its number.
        known: What the journal confirmed of the keys by which the process was written.
        into: Where values may go.
    """
    process_id = effect.process_id
    change = Change(
        seq=0,
        line=effect.line,
        stream=effect.stream,
        procedure=effect.procedure,
        key=Key(effect.procedure, "id", process_id) if process_id else None,
        mode=Mode(effect.mode),
        deletes=effect.made,
        fields={} if effect.made else dict(_before(effect, into)),
        row={},
        process_id=process_id or None,
        undoes=effect.named_by,
    )
    if problem := _obstacle(effect):
        reason, step = f"Not taken back: {problem}", "Correct it in ChakraHQ where it matters"
        return Reject(change, reason, step, kind=RejectKind.NO_BEFORE)
    guard = Guard(
        f"run {run}",
        {DELETED: True, **effect.written} if effect.gone else effect.written,
        keeps_others=True,
        untouched=effect.settled if effect.made else None,
        whole=effect.created,
    )
    return replace(change, guard=guard, vouched=_vouched(effect, known, into))


def _obstacle(effect: Effect) -> str:
    if effect.obstacle:
        return effect.obstacle
    if not effect.process_id:
        return "ChakraHQ did not say which process it made of the row"
    return ""


def _before(effect: Effect, into: Destinations) -> Iterator[tuple[str, object]]:
    """The fields as they go back."""
    if effect.gone:
        yield DELETED, False
    for name, value in effect.before.items():
        yield name, writable(name, value, into)


def writable(name: str, held: object, into: Destinations) -> object:
    """What is to be written for ChakraHQ to hold what it held; that itself where nobody knows.

    It shows a state, an assignee or a choice in another form than it takes.
    """
    if held in EMPTY:
        return None
    found = into.find(name)
    if found is None or (attribute_of(name) and not found.choices and type(held) in _SCALARS):
        return held
    wire = found.write(held)
    return wire if type(wire) is not Unfit and same(name, wire, held, into.comparable) else held


def _vouched(effect: Effect, known: Sequence[Known], into: Destinations) -> Known | None:
    """What is known of the forms in which ChakraHQ stores what the run left.

    That a value is held in another form is believed of those that are learned, and, where the
    process was touched last by the very job that wrote it: of those that this job wrote.
    """
    if not known:
        return None
    first = known[0]
    learned: Mapping[str, object] = {n: v for each in known for n, v in each.learned.items()}
    fields = {
        name: value
        for name, value in effect.written.items()
        if _is_learned(name, value, known, into)
        or (first.began is not None and effect.jobs.get(name) == first.began)
    }
    learned = {n: v for n, v in learned.items() if n in fields}
    return replace(first, fields=fields, learned=learned, replaced={}, of_job=None)


def _is_learned(name: str, value: object, known: Sequence[Known], into: Destinations) -> bool:
    return any(
        name in each.learned
        and name in each.written
        and same(name, value, each.written[name], into.comparable)
        for each in known
    )
