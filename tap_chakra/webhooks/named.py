"""Which processes a change webhook names, as far as that can be told. Pure.

Nobody documents what such a call holds (contract 4.30). So its JSON is searched: an object that
says, under a name with `procedure` in it, the id or the shortId of a procedure that is known is
about that procedure, and so is what stands in it; there `id`, `processId` and `process` may name a
process. Too many are named rather than too few: who fetches one that is none finds nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_NAMED: Final = 100
"""Processes that one call may name: a longer list is no change of a few."""
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PROCESS_NAMES: Final = frozenset({"id", "process", "processid", "process_id"})
_MOST_DEEP: Final = 50


class NamedProcess(NamedTuple):
    """A process that a call names.

    Attributes:
        procedure: ShortId.
        id: Of the process.
    """

    procedure: str
    id: str


def named_processes(payload: object, procedures: Mapping[str, str]) -> tuple[NamedProcess, ...]:
    """The processes that a payload names, each once; none where they are more than `MOST_NAMED`.

    Args:
        payload: Of the call, decoded.
        procedures: The shortIds of all procedures, by shortId and by id.
    """
    found = dict.fromkeys(_within(payload, "", procedures, 0))
    return tuple(found) if len(found) <= MOST_NAMED else ()


def _within(
    value: object, procedure: str, procedures: Mapping[str, str], depth: int
) -> Iterator[NamedProcess]:
    """What a value names that stands in what is about a procedure; empty for about none."""
    if depth > _MOST_DEEP:
        return
    if isinstance(value, list):
        for each in value:
            yield from _within(each, procedure, procedures, depth + 1)
    elif isinstance(value, dict):
        procedure = _said_procedure(value, procedures) or procedure
        for name, each in value.items():
            named = procedure and name.lower() in _PROCESS_NAMES
            if named and isinstance(each, str) and _UUID.fullmatch(each) and each not in procedures:
                yield NamedProcess(procedure, each.lower())
            yield from _within(each, procedure, procedures, depth + 1)


def _said_procedure(value: Mapping[str, object], procedures: Mapping[str, str]) -> str:
    """The procedure that an object says it is about; empty if it says none that is known."""
    for name, each in value.items():
        if "procedure" in name.lower():
            told = each if not isinstance(each, dict) else each.get("id") or each.get("shortId")
            if isinstance(told, str) and told in procedures:
                return procedures[told]
    return ""
