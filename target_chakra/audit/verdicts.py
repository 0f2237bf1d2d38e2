"""What became of what was written: held still, changed by others or by us, gone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from target_chakra.lookups.comparison import EMPTY, same
from target_chakra.mapping.destination_names import destination_of
from target_chakra.planning.plan import converted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.changes import Known
    from target_chakra.history.written import Written
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.planning.plan import Rules


class Verdict(str, Enum):
    """What became of a process that was written."""

    KEPT = "kept"
    """ChakraHQ holds what was written, or does not show what was deleted."""
    CHANGED = "changed by others"
    LATER = "changed by a later run"
    """Of this journal: what that wrote is held."""
    GONE = "gone"
    """It was written, and is deleted or not shown."""
    BACK = "came back"
    """It was deleted, and is there."""
    NAMELESS = "not looked up"
    """It has no id and no key that it could be looked up by."""


DIFFERENCES: Final = (Verdict.CHANGED, Verdict.GONE, Verdict.BACK)
"""With any of these ChakraHQ does not hold what was written."""


@dataclass(frozen=True, slots=True)
class FieldNow:
    """A field that does not hold what was written.

    Attributes:
        name: The destination.
        written: What was written.
        held: What ChakraHQ holds.
        later: Whether a later run of this journal wrote that.
    """

    name: str
    written: object
    held: object
    later: bool


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What became of a process.

    Attributes:
        verdict: What.
        row: What was written to it.
        process_id: The process; empty where it was not found.
        fields: Those that do not hold what was written.
        updated: When ChakraHQ says that it changed last, epoch milliseconds; None if it says none.
    """

    verdict: Verdict
    row: Written
    process_id: str
    fields: tuple[FieldNow, ...] = ()
    updated: int | None = None


def judged(row: Written, held: Snapshot | None, known: Known | None, rules: Rules) -> RowVerdict:
    """What became of a process.

    Args:
        row: What was written to it.
        held: The process as ChakraHQ shows it; None if it shows none.
        known: What the journal confirms of its key now.
        rules: How to compare.
    """
    if held is None or held.deleted:
        return RowVerdict(_absent(row, known), row, row.process_id)
    if row.deleted:
        later = known is not None and not known.deleted and bool(known.fields)
        verdict = Verdict.LATER if later else Verdict.BACK
        return RowVerdict(verdict, row, held.process_id, updated=held.updated_at)
    fields = tuple(_differing(row, held, known, rules))
    verdict = Verdict.KEPT
    if fields:
        verdict = Verdict.LATER if all(each.later for each in fields) else Verdict.CHANGED
    return RowVerdict(verdict, row, held.process_id, fields, held.updated_at)


def _absent(row: Written, known: Known | None) -> Verdict:
    if row.deleted:
        return Verdict.KEPT
    return Verdict.LATER if known is not None and known.deleted else Verdict.GONE


def _differing(row: Written, held: Snapshot, known: Known | None, rules: Rules) -> list[FieldNow]:
    # It was found by its key, in whatever spelling ChakraHQ stores that.
    key = row.key and destination_of(row.key.attribute)
    found = []
    for name, value in row.fields.items():
        now = held.value(name)
        if name == key or _holds(name, value, held, known, rules):
            continue
        later = known is not None and _wrote_since(name, value, held, known, rules)
        found.append(FieldNow(name, value, now, later))
    return found


def _holds(name: str, value: object, held: Snapshot, known: Known | None, rules: Rules) -> bool:
    now = held.value(name)
    if value in EMPTY and now in EMPTY:
        return True
    if same(name, value, now, rules.comparable):
        return True
    return known is not None and converted(name, value, held, known, rules)


def _wrote_since(name: str, value: object, held: Snapshot, known: Known, rules: Rules) -> bool:
    """Whether a later run wrote another value, and that is held."""
    if name not in known.fields or same(name, value, known.fields[name], rules.comparable):
        return False
    return _holds(name, known.fields[name], held, known, rules)


def counted_fields(found: RowVerdict) -> Mapping[str, int]:
    """The fields that others changed, once each."""
    return {each.name: 1 for each in found.fields if not each.later}
