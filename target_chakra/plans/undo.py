"""What an action of a planned undo needs beside what is written: it is guarded by field. Pure.

What others changed by then is left alone when it is applied, as by an undo that asks for no plan.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_chakra.changes import Key, Known
from target_chakra.guards import Guard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.changes import Change


@dataclass(frozen=True, slots=True)
class Undone:
    """What an action of a planned undo was decided on.

    Attributes:
        keys: Keys that its process was written by.
        guard: What ChakraHQ must still hold; None of a reject.
        vouched: What is known of its process.
    """

    keys: tuple[Key, ...]
    guard: Guard | None
    vouched: Known | None


def undone_of(change: Change) -> Undone | None:
    """What a change that takes a run back was decided on; None of any other."""
    if change.undoes is None:
        return None
    return Undone(change.undoes, change.guard, change.vouched)


def to_json(undone: Undone) -> dict[str, object]:
    """One JSON object."""
    return {
        "keys": [[key.attribute, key.value] for key in undone.keys],
        "guard": undone.guard and dataclasses.asdict(undone.guard),
        "vouched": undone.vouched and dataclasses.asdict(undone.vouched),
    }


def from_json(given: Mapping[str, Any], procedure: str) -> Undone:
    """What an object says of a process of a procedure.

    Raises:
        KeyError, TypeError, ValueError: It is no such object.
    """
    guard, vouched = given["guard"], given["vouched"]
    return Undone(
        tuple(Key(procedure, attribute, value) for attribute, value in given["keys"]),
        None if guard is None else Guard(**guard),
        None if vouched is None else Known(**vouched),
    )
