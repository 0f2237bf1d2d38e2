"""A change and what ChakraHQ holds → create, update, delete, nothing, or a reject. Pure.

Held and wanted values are compared after the same coercion, so that `"105"` equals 105 and a
date-time equals its epoch milliseconds; and after the conversion that ChakraHQ is known to make
of a value (it may store `+91 99…` as `9199…`), so that reruns converge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.values.writing import OnlyHeld
from target_chakra.changes import MEND, Action, Done, Kind, Known, Mode, Reject
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.comparison import EMPTY, same
from target_chakra.lookups.touched import is_of_job, seen_of
from target_chakra.mapping.destination_names import (
    DELETED,
    attribute_of,
    destination_of,
    is_for_creates,
)
from target_chakra.planning.edits import EditsKept, is_edited, tells_more
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from target_chakra.changes import Change, Refusal
    from target_chakra.lookups.comparison import Comparable
    from target_chakra.lookups.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Rules:
    """What the account and the mapping say about planning.

    Attributes:
        comparable: How values of a destination are compared.
        read_only: Destinations that ChakraHQ does not take.
        only_if_empty: Destinations that are never overwritten.
        revive: Whether a process that was deleted, or is gone, may be brought back.
        keeps: Destinations that are left alone where a person changed them.
        leaves_plan: Whether what is decided is carried out later, so that a delete keeps what its
            process was seen by.
    """

    comparable: Comparable
    read_only: Collection[str] = ()
    only_if_empty: Collection[str] = ()
    revive: bool = False
    keeps: EditsKept = field(default_factory=EditsKept)
    leaves_plan: bool = False


Decision: TypeAlias = "Action | Done | Reject"
Spell: TypeAlias = "Callable[[str], str]"


def plan(
    change: Change,
    held: Sequence[Snapshot],
    known: Known | None,
    rules: Rules,
    created: Known | None = None,
) -> Decision:
    """Decide what follows from a change.

    Args:
        change: What the row asks for.
        held: The processes that its key names; empty if there is none or it has no key.
        known: What the journal confirmed of its key; None if nothing.
        rules: How to compare, and what may be done.
        created: What is known of its key if the process is what an unknown row asked to be
            created; None without such a row.
    """
    settled = decided_by_key(change, held, known, rules, created)
    if settled is not None:
        return settled
    if not held:
        return _absent(change, known, rules)
    return _present(change, held[0], known, rules)


def decided_by_key(
    change: Change,
    held: Sequence[Snapshot],
    known: Known | None,
    rules: Rules,
    created: Known | None,
) -> Decision | None:
    """What follows from what its key names alone, whatever the change asks for; None if nothing.

    Args:
        change: What the row asks for.
        held: The processes that its key names.
        known: What the journal confirmed of its key.
        rules: How to compare.
        created: What is known of its key if the process is what an unknown row asked to be created.
    """
    if len(held) > 1:
        return Reject(
            change,
            f"{len(held)} processes of '{change.procedure}' have the key {change.key}",
            "Make the key unique in ChakraHQ, or map the process's id",
            kind=RejectKind.SEVERAL,
        )
    if not held and known is not None and known.is_hidden and change.asked_by.is_row:
        return hidden(change)
    if held and created is not None and _is_there_as_sent(change, held[0], created, rules):
        return Done(change, Outcome.UNCHANGED, held[0].process_id, created=created)
    return None


def _is_there_as_sent(change: Change, held: Snapshot, created: Known, rules: Rules) -> bool:
    """Whether a process is what an unknown row of this very content asked to be created."""
    return (
        not change.deletes
        and not held.deleted
        and _is_what_was_written(change, created, rules)
        and not differing(change, held, rules)
    )


def _absent(change: Change, known: Known | None, rules: Rules) -> Decision:
    if change.deletes:
        return Done(change, Outcome.UNCHANGED)
    if known is not None and not known.deleted and not rules.revive:
        return Reject(
            change,
            f"{change.key} is gone from ChakraHQ, where it was written before",
            "Take the row out of the source, or set revive to create it again",
            kind=RejectKind.GONE,
        )
    by_id = change.key is not None and change.key.attribute == "id"
    if change.mode is Mode.UPDATE or by_id:
        return Reject(
            change,
            f"There is no process with {change.key} in '{change.procedure}'",
            "Check the key, or use mode upsert with a key attribute to create it",
            kind=RejectKind.ABSENT,
        )
    fields = {name: value for name, value in change.fields.items() if value is not None}
    barred = unwritable(change, fields, rules)
    if barred is not None:
        return barred
    if change.refused is not None:
        return still_refused(change, change.refused)
    return Action(change, Kind.CREATE, None, fields, {}, known=known)


_EXISTS: Final = re.compile(
    r"exist|already|duplicat|uniq|conflict|\b409\b|in use|taken|clash", re.IGNORECASE
)
"""Words of a refusal that hint at a key that exists; what proves it is a look-up."""


def says_it_exists(refused: Refusal) -> bool:
    """Whether ChakraHQ's words for a refusal hint at a key that exists."""
    return _EXISTS.search(refused.reason) is not None


def still_refused(change: Change, refused: Refusal) -> Reject:
    """The reject of a create that was refused, though no process with its key is found."""
    if not says_it_exists(refused):
        return Reject(change, refused.reason, MEND, refused.job, kind=RejectKind.REFUSED)
    return Reject(
        change,
        f"ChakraHQ refuses to create {change.key} ({refused.reason}), and shows no process with"
        " that key: it holds the key in another spelling, or this API key's role hides the process",
        "Look for the process in ChakraHQ; write the key as it stands there, or use an API key"
        " whose role sees it",
        refused.job,
        kind=RejectKind.REFUSED,
    )


def hidden(change: Change) -> Reject:
    """The reject of a change whose process was created, and is not shown: never created again."""
    return Reject(
        change,
        f"An earlier batch created {change.key}, as ChakraHQ says, and ChakraHQ shows no process"
        " with that key: it holds the key in another spelling, or this API key's role hides it",
        "Use an API key whose role sees it, or write the key as it stands in ChakraHQ, and send"
        " the row again with target-chakra retry; if it was not created, say so before that, with"
        " target-chakra unknown --as not-written",
        is_hidden=True,
        kind=RejectKind.HIDDEN,
    )


def in_doubt(change: Change, stored: Sequence[object]) -> Reject:
    """The reject of a change whose key is not held, and that may be held in another spelling."""
    others = ", ".join(repr(each) for each in stored)
    return Reject(
        change,
        f"No process of '{change.procedure}' has {change.key}, and one has {others}: whether"
        " ChakraHQ stores the key in that spelling is not known",
        "Write the key as it stands in ChakraHQ (the options trim and case of the key do that)",
        kind=RejectKind.SPELLED,
    )


def unforeseen(change: Change) -> Reject:
    """The reject of a planned change whose process an earlier row of the plan gives its key."""
    return Reject(
        change,
        f"An earlier row of this plan gives another process {change.key}: what that will hold when"
        " it does can't be planned",
        "Apply the plan, then plan again",
    )


def proves_spelling(change: Change, held: Snapshot, rules: Rules, spell: Spell) -> bool:
    """Whether a process with another spelling of a key is its process, by its other fields.

    Args:
        change: What the row asks for.
        held: The process.
        rules: How to compare.
        spell: What ChakraHQ seems to make of texts.
    """
    key = change.key and destination_of(change.key.attribute)
    others = [
        (name, value)
        for name, value in change.fields.items()
        if name != key and value is not None and not is_for_creates(name)
    ]
    return bool(others) and all(
        same(name, value, held.value(name), rules.comparable)
        or (isinstance(value, str) and spell(value) == held.value(name))
        for name, value in others
    )


def unwritable(
    change: Change, fields: Mapping[str, object], rules: Rules, detail: str = ""
) -> Reject | None:
    """The reject of a change that would write what ChakraHQ does not take; None if it does not.

    Args:
        change: What the row asks for.
        fields: What would be written.
        rules: What the account takes.
        detail: What else speaks against a value of a type that is only read.
    """
    if not change.alone and fields.keys().isdisjoint(rules.read_only):
        return None  # nearly always: what may only be held stands alone
    for name, value in fields.items():
        if name in rules.read_only:
            reason = f"{name} is of a type that is only read{detail}"
            step, kind = "Leave it out with fields", RejectKind.ONLY_READ
            return Reject(change, reason, step, kind=kind, about=name)
        if isinstance(value, OnlyHeld):
            return Reject(change, value.reason, MEND, kind=RejectKind.UNFIT, about=name)
    return None


def _present(change: Change, held: Snapshot, known: Known | None, rules: Rules) -> Decision:
    if change.deletes:
        if held.deleted:
            return Done(change, Outcome.UNCHANGED, held.process_id, known=known)
        before = {DELETED: False}
        seen = seen_of(held) if rules.leaves_plan else None
        return Action(change, Kind.DELETE, held.process_id, {}, before, known=known, seen=seen)
    if held.deleted and not rules.revive:
        return Reject(
            change,
            f"The process with {change.key} is deleted in '{change.procedure}'",
            "Restore it in ChakraHQ, take the row out of the source, or set revive",
            kind=RejectKind.DELETED,
        )
    if change.mode is Mode.INSERT:
        return _inserted_before(change, held, known, rules)
    return _update(change, held, known, rules)


def _inserted_before(change: Change, held: Snapshot, known: Known | None, rules: Rules) -> Decision:
    if known is not None and known.created and _is_what_was_written(change, known, rules):
        return Done(change, Outcome.UNCHANGED, held.process_id, known=known)
    return Reject(
        change,
        f"A process of '{change.procedure}' has {change.key} already",
        "Use mode upsert to change it",
        kind=RejectKind.EXISTS,
    )


def _is_what_was_written(change: Change, known: Known, rules: Rules) -> bool:
    return change.stream == known.stream and all(
        same(name, value, known.fields.get(name), rules.comparable)
        for name, value in change.fields.items()
    )


def _update(change: Change, held: Snapshot, known: Known | None, rules: Rules) -> Decision:
    fields: dict[str, object] = {}
    learned: dict[str, object] = {}
    kept: dict[str, object] = {}
    keeps = rules.keeps
    for name, value in differing(change, held, rules).items():
        if known is not None and converted(name, value, held, known, rules):
            learned[name] = held.value(name)
        elif (
            keeps
            and name in keeps
            and name not in rules.read_only
            and is_edited(name, value, known, rules.comparable)
        ):
            kept[name] = held.value(name)
        else:
            fields[name] = value
    barred = unwritable(change, fields, rules, ", and its value differs from ChakraHQ's")
    if barred is not None:
        return barred
    if held.deleted:
        fields[DELETED] = False
    if not fields:
        outcome = Outcome.KEPT if kept else Outcome.UNCHANGED
        is_whole = bool(keeps) and tells_more(change, known, kept, keeps, rules.comparable)
        return Done(
            change, outcome, held.process_id, learned, kept=kept, is_whole=is_whole, known=known
        )
    before = {name: held.value(name) for name in fields}
    return Action(
        change, Kind.UPDATE, held.process_id, fields, before,
        known=known, kept=kept, is_whole=bool(keeps), learned=learned,
    )  # fmt: skip


def differing(change: Change, held: Snapshot, rules: Rules) -> dict[str, object]:
    """The fields of a change that ChakraHQ does not hold already.

    `record.…` counts on create only, and `only_if_empty` where nothing is held.
    """
    found: dict[str, object] = {}
    # It was found by its key, in whatever spelling ChakraHQ stores that.
    key = change.key and destination_of(change.key.attribute)
    comparable, kept = rules.comparable, rules.only_if_empty
    data, row = held.data, held.row
    for name, value in change.fields.items():
        attribute = attribute_of(name)
        before = row.get(name) if attribute is None else data.get(attribute)
        # Python takes [1] and [true] for equal, so that what is nested is compared in full.
        kind = type(value)
        if (
            before == value
            and type(before) is kind
            and (kind not in _NESTED or (kind is list and _TEXT.issuperset(map(type, value))))  # type: ignore[call-overload]  # it is a list
        ):
            continue
        if name == key or is_for_creates(name) or same(name, value, before, comparable):
            continue
        if name in kept and before not in EMPTY:
            continue
        found[name] = value
    return found


_NESTED: tuple[type, ...] = (list, dict)
_TEXT: Final = frozenset({str})


def converted(name: str, value: object, held: Snapshot, known: Known, rules: Rules) -> bool:
    """Whether what is held is what ChakraHQ made of this very value when we wrote it."""
    if value is None or name not in known.fields:
        return False
    if not same(name, value, known.fields[name], rules.comparable):
        return False
    if name in known.learned:
        return same(name, known.learned[name], held.value(name), rules.comparable)
    # Last touched while the job ran that wrote it: the difference is the server's own doing.
    if known.of_job is not None and name not in known.of_job:
        return False
    return is_of_job(held.updated_at, known)
