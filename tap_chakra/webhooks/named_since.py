"""Which processes change webhooks have named since: for a run that fetches those at once. Pure.

That is a help and no proof: a webhook may not come, name its process in a way that is not known, or
come before the change is listed. So no bookmark of processes follows from it, and no scan leaves
out what was named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chakra_api.wire.wire_json import decode
from tap_chakra.webhooks.named import named_processes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_chakra.webhooks.event_store import StoredEvent
    from tap_chakra.webhooks.named import NamedProcess


class NamedSince(NamedTuple):
    """Processes that change webhooks name.

    Attributes:
        processes: Each with the number of the last event that names it, in the order of these.
        through: The number of the last event that was looked at.
    """

    processes: Mapping[NamedProcess, int]
    through: int


def named_since(
    changes: Iterable[StoredEvent], procedures: Mapping[str, str], after: int = 0
) -> NamedSince:
    """The processes that change webhooks name.

    Args:
        changes: In the order of their numbers: `EventStore.events((Form.CHANGE,), after)`.
        procedures: The shortIds of all procedures, by shortId and by id
            (`records/stream_names.py`, `procedure_names`).
        after: The number behind which they begin.
    """
    found: dict[NamedProcess, int] = {}
    for event in changes:
        after = event.sequence
        for named in named_processes(decode(event.payload.encode()), procedures):
            found.pop(named, None)
            found[named] = after
    return NamedSince(found, after)
