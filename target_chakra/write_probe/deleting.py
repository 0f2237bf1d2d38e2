"""The last step in bulk of a write probe: deletes, and what is shown of what is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import BadRequest, NotFound, ReportedErrors
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.changes import Kind
from target_chakra.sending.item_shapes import SHAPES
from target_chakra.write_probe.marked import is_gone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.write_probe.marked import Marked
    from target_chakra.write_probe.workbench import Workbench

DELETES: Final = "deletes"


def shows_none(seen: Sequence[Snapshot]) -> bool:
    """Whether none of the processes that a list shows is a living one."""
    return all(each.deleted for each in seen)


def delete_in_bulk(bench: Workbench, marked: Marked) -> tuple[str, list[Finding]]:
    """Delete the marked process by a bulk update, and see what is shown of it then.

    Returns:
        The shape in which that had its effect, empty if none had; and what was found.
    """
    for shape in SHAPES[Kind.DELETE]:
        item = bench.item(Kind.DELETE, shape, {}, marked.key)
        try:
            job = bench.update([item])
        except (BadRequest, NotFound, ReportedErrors):
            continue
        if job.failed:
            continue
        seen, took = marked.until(shows_none)
        if took is not None and is_gone(marked.fetched()):
            said = f"taken in bulk with isDeleted {_WHERE[shape]}"
            found = Finding(DELETES, said, about=bench.name, fact=shape)
            return shape, [found, _shown(bench, marked, seen)]
    return "", [
        Finding(
            DELETES,
            "a bulk update with isDeleted had no effect, in no shape",
            "Streams that delete can't work: see whether the role of the key may delete",
            "api_key",
            Severity.FAULT,
            bench.name,
            "none",
        )
    ]


_WHERE: Final = {"nested": "under 'update'", "flat": "beside what names the process"}


def _shown(bench: Workbench, marked: Marked, seen: Sequence[Snapshot]) -> Finding:
    """What ChakraHQ shows of a process that it deleted."""
    topic = "what is deleted"
    if seen:
        said, fact = "lists go on showing it, marked as deleted", "listed"
        follows = "A row that names it is rejected with that reason, and revive brings it back"
    elif marked.fetched() is not None:
        said, fact = "lists hide it; by its id it is shown, marked as deleted", "hidden"
        follows = "It is kept, and takes no look-up by its key"
    else:
        said, fact, follows = "it is shown no more, neither by a list nor by its id", "gone", ""
    return Finding(topic, said, follows, about=bench.name, fact=fact)
