"""Clears up after write probes: deletes what holds their marks, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError, Refused, ReportedErrors
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.changes import Key, Kind
from target_chakra.sending.item_shapes import SHAPES
from target_chakra.write_probe.marked import is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_chakra.write_probe.marked import Marked
    from target_chakra.write_probe.workbench import Workbench

GONE_SECONDS: Final = 6.0
"""For how long a process that was deleted is looked at until it is gone."""


class Clearing:
    """Deletes marked processes, by whichever way has an effect.

    Args:
        bench: What it is done with.
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def clear(self, marked: Marked) -> tuple[str, ...]:
        """Delete all processes that hold a mark, and no other; the ids of those that stay.

        Raises:
            ChakraError: ChakraHQ could not be asked, so that nobody knows.
        """
        return tuple(each for each in self._living(marked) if not self._deleted(marked, each))

    def _living(self, marked: Marked) -> list[str]:
        ids = [each.process_id for each in marked.listed() if not each.deleted]
        known = marked.process_id
        if known and known not in ids and not is_gone(marked.fetched()):
            ids.append(known)
        return ids

    def _deleted(self, marked: Marked, process_id: str) -> bool:
        """Whether a process of ours is gone now."""
        name = self._bench.name
        for shape in SHAPES[Kind.DELETE]:
            item = self._bench.item(Kind.DELETE, shape, {}, Key(name, "id", process_id))
            try:
                job = self._bench.update([item])
            except (Refused, ReportedErrors):
                continue
            if not job.failed and marked.goes(process_id, GONE_SECONDS):
                return True
        try:
            self._bench.client.delete_process(name, process_id)
        except (Refused, ReportedErrors):
            return False
        return marked.goes(process_id, GONE_SECONDS)


def kept_findings(bench: Workbench, marked: Sequence[Marked]) -> Iterator[Finding]:
    """Which processes ChakraHQ keeps of those that were deleted: they can't be taken away."""
    kept: list[str] = []
    for each in marked:
        try:
            seen = each.fetched()
        except ChakraError:
            seen = None
        if seen is not None and seen.deleted:
            kept.append(seen.process_id)
    if kept:
        yield Finding(
            "left behind",
            f"deleted, and kept by ChakraHQ as deleted: {', '.join(kept)}",
            "Nothing more can be taken away over the API",
            severity=Severity.NOTE,
            about=bench.name,
        )
    else:
        yield Finding("left behind", "nothing", about=bench.name)
