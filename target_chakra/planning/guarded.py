"""A change that was decided on before, and what ChakraHQ holds now → an action, or a reject. Pure.

It is carried out only over what it was decided on; where ChakraHQ holds what is wanted already,
nothing is to be done. Mode, `revive` and `only_if_empty` were heeded when it was decided on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_chakra.changes import Action, Done, Kind, Reject
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.comparison import same
from target_chakra.lookups.touched import TOUCHED, touches
from target_chakra.mapping.destination_names import DELETED
from target_chakra.mapping.destinations import shown
from target_chakra.planning.plan import (
    converted,
    decided_by_key,
    differing,
    still_refused,
    unwritable,
)
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_chakra.changes import Change, Known
    from target_chakra.guards import Guard
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.planning.plan import Decision, Rules

_EMPTY: Final = (None, "")
_NOT_SHOWN: Final = "ChakraHQ shows no updatedAt of its process, which would tell"
_NEXT: Final = (
    "See what ChakraHQ holds now. If the row is right, decide anew: run its source again, or send"
    " it with target-chakra retry"
)


def plan_guarded(
    change: Change,
    held: Sequence[Snapshot],
    known: Known | None,
    rules: Rules,
    created: Known | None = None,
) -> Decision:
    """Decide what follows from a change that was decided on before.

    Args:
        change: What is to be done; its guard says what that was decided on.
        held: The processes that its key names, of those that it may write.
        known: What the journal confirmed of its key; None if nothing.
        rules: How to compare, and what ChakraHQ takes.
        created: What is known of its key if the process is what an unknown row asked to be
            created; None without such a row.
    """
    guard = change.guard
    if guard is None:
        raise ValueError("a change without a guard is decided on by what is held")
    settled = decided_by_key(change, held, known, rules, created)
    if settled is not None:
        return settled
    if not held:
        return _absent(change, guard, known, rules)
    if guard.creates:
        return _there_by_now(change, guard, _Sight(held[0], known, rules))
    sight = _Sight(held[0], change.vouched or known, rules)
    return _delete(change, guard, sight) if change.deletes else _update(change, guard, sight)


def _absent(change: Change, guard: Guard, known: Known | None, rules: Rules) -> Decision:
    if change.deletes:
        return Done(change, Outcome.UNCHANGED)
    if not guard.creates:
        return _changed(change, guard, [f"{change.key} names its process no longer"])
    fields = {name: value for name, value in change.fields.items() if value is not None}
    if barred := unwritable(change, fields, rules):
        return barred
    if change.refused is not None:
        return still_refused(change, change.refused)
    return Action(change, Kind.CREATE, None, fields, {}, known=known)


def _there_by_now(change: Change, guard: Guard, sight: _Sight) -> Decision:
    held = sight.held
    if not held.deleted and not differing(change, held, sight.rules):
        return Done(change, Outcome.UNCHANGED, held.process_id, known=sight.known)
    there = "a process that is deleted" if held.deleted else "a process"
    return _changed(change, guard, [f"{there} has {change.key} by now"])


@dataclass(frozen=True, slots=True)
class _Sight:
    """A process as it is now, and how to compare it."""

    held: Snapshot
    known: Known | None
    rules: Rules

    def shows(self, name: str) -> object:
        """What a field holds."""
        return self.held.deleted if name == DELETED else self.held.value(name)

    def has(self, name: str, value: object) -> bool:
        """Whether a field holds a value, or what ChakraHQ made of it when we wrote it."""
        held = self.shows(name)
        if name == DELETED:
            return held is (value is True)
        if value in _EMPTY and held in _EMPTY:
            return True
        return same(name, value, held, self.rules.comparable) or self._is_converted(name, value)

    def _is_converted(self, name: str, value: object) -> bool:
        known = self.known
        return known is not None and converted(name, value, self.held, known, self.rules)

    def learned(self, wanted: Mapping[str, object]) -> dict[str, object]:
        """What ChakraHQ was found to make of values that were written, where that differs."""
        comparable = self.rules.comparable
        return {
            name: self.shows(name)
            for name, value in wanted.items()
            if self._is_converted(name, value)
            and not same(name, value, self.shows(name), comparable)
        }

    def others(self, expected: Mapping[str, object]) -> dict[str, object]:
        """The fields that do not hold what is expected, and what they hold."""
        whole = {DELETED: False, **expected}
        return {
            name: self.shows(name) for name, value in whole.items() if not self.has(name, value)
        }


def _delete(change: Change, guard: Guard, sight: _Sight) -> Decision:
    held = sight.held
    if held.deleted:
        return Done(change, Outcome.UNCHANGED, held.process_id, known=sight.known)
    others = sight.others(guard.expected)
    is_new = change.process_id is None  # the plan itself creates it
    others.update(touches(guard, held, sight.known, is_new=is_new))
    if others:
        return _left(change, guard, sight, others)
    return Action(change, Kind.DELETE, held.process_id, {}, {DELETED: False}, known=sight.known)


def _update(change: Change, guard: Guard, sight: _Sight) -> Decision:
    held, expected = sight.held, guard.expected
    if held.deleted and DELETED not in expected:
        if guard.keeps_others:
            return _left(change, guard, sight, {DELETED: True})
        return _changed(change, guard, [f"{change.key} is deleted by now"])
    unlike = {name: value for name, value in change.fields.items() if not sight.has(name, value)}
    kept = {
        name: sight.shows(name)
        for name in unlike
        if name not in expected or not sight.has(name, expected[name])
    }
    if kept and not guard.keeps_others:
        return _changed(change, guard, _said(guard, kept))
    fields = {name: value for name, value in unlike.items() if name not in kept}
    if barred := unwritable(change, fields, sight.rules):
        return barred
    wanted = {name: value for name, value in change.fields.items() if name not in kept}
    learned = sight.learned(wanted)
    if not fields:
        outcome = Outcome.KEPT if kept else Outcome.UNCHANGED
        return Done(change, outcome, held.process_id, learned, kept=kept, known=sight.known)
    before = {name: sight.shows(name) for name in fields}
    return Action(
        change, Kind.UPDATE, held.process_id, fields, before,
        known=sight.known, kept=kept, learned=learned,
    )  # fmt: skip


def _left(change: Change, guard: Guard, sight: _Sight, others: Mapping[str, object]) -> Decision:
    """What follows where nothing of a change is carried out, since others wrote its process."""
    if guard.keeps_others:
        process_id = sight.held.process_id
        return Done(change, Outcome.KEPT, process_id, kept=others, known=sight.known)
    return _changed(change, guard, _said(guard, others))


def _said(guard: Guard, others: Mapping[str, object]) -> list[str]:
    expected = guard.expected
    if TOUCHED in others:
        is_shown = others[TOUCHED] is not None
        return ["its process was written since" if is_shown else _NOT_SHOWN]
    return [
        f"{name} was {_text(expected.get(name))} and is {_text(value)}"
        for name, value in others.items()
    ]


def _text(value: object) -> str:
    return "empty" if value is None else shown(value)


def _changed(change: Change, guard: Guard, what: list[str]) -> Reject:
    reason = f"Changed since {guard.since}: {'; '.join(what)}"
    step = _NEXT if change.undoes is None else "See what ChakraHQ holds now, and correct it there"
    return Reject(change, reason, step, kind=RejectKind.CHANGED)
