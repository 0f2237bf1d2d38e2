"""The middle steps of a write probe: in which shapes updates are taken, and what nulls do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import BadRequest, NotFound, ReportedErrors
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.changes import Key, Kind
from target_chakra.mapping.destination_names import attribute_of
from target_chakra.sending.item_shapes import SHAPES
from target_chakra.write_probe.job_findings import missing_finding, order_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_chakra.write_probe.made_up import MadeUp
    from target_chakra.write_probe.marked import Marked
    from target_chakra.write_probe.workbench import JobSeen, Workbench

UPDATES: Final = "updates"
NULLS: Final = "nulls"
_STRANGERS: Final = tuple(f"00000000-0000-4000-8000-{number:012d}" for number in range(1, 7))
"""Ids that no process has."""
_OWN_PLACE: Final = 2


class Changes:
    """Changes a marked process again and again.

    Args:
        bench: What it is done with.
        made: What the process holds.
        marked: The process.

    Attributes:
        shape: The shape in which an update had its effect; empty if none had.
    """

    def __init__(self, bench: Workbench, made: MadeUp, marked: Marked) -> None:
        self._bench = bench
        self._made = made
        self._marked = marked
        self._number = 0
        self.shape = ""

    def next_value(self) -> object:
        """A value to change to, which the process never held."""
        self._number += 1
        return self._made.change(self._number)

    def findings(self) -> Iterator[Finding]:
        """Update in each shape, and see what has an effect."""
        works: list[str] = []
        silent: list[str] = []
        for shape in SHAPES[Kind.UPDATE]:
            said, effect = self._tried(shape, self._marked.key)
            if effect:
                works.append(shape)
            elif said:
                silent.append(shape)
        self.shape = next(iter(works), "")
        yield _shape_finding(self._bench.name, works)
        for shape in silent:
            yield Finding(
                UPDATES,
                f"with their fields {_WHERE[shape]} they are called a success and change nothing",
                "The first update of a run is read back, so that this is found out",
                severity=Severity.NOTE,
                about=self._bench.name,
                fact=f"{shape} is silent",
            )
        if self.shape:
            yield self._by_key()
            yield from self._order()
            yield from self._null()

    def _tried(self, shape: str, names: Key) -> tuple[bool, bool]:
        """Whether an update in a shape is called a success, and whether it had its effect."""
        value = self.next_value()
        item = self._bench.item(Kind.UPDATE, shape, {self._made.changed: value}, names)
        try:
            job = self._bench.update([item])
        except (BadRequest, NotFound, ReportedErrors):
            return False, False
        if job.failed:
            return False, False
        return True, self._marked.holds(self._made.changed, value)

    def _by_key(self) -> Finding:
        """Whether a process may be named by its primary key."""
        name, primary_key = self._bench.name, self._bench.procedure.primary_key
        if self._marked.attribute != primary_key:
            said = "there is no primary key: processes are named by their id"
            return Finding(UPDATES, said, about=name, fact="by id")
        _, effect = self._tried(self.shape, self._marked.key_by_mark)
        if effect:
            said = "a process may be named by its primary key, too"
            return Finding(UPDATES, said, about=name, fact="by key")
        return Finding(
            UPDATES,
            "a process named by its primary key was not updated",
            "Rows must be looked up: with compare never only the id can name a process",
            "compare",
            Severity.WARNING,
            name,
            "not by key",
        )

    def _order(self) -> Iterator[Finding]:
        """Update our process among ids that no process has: how their entries come."""
        ids = list(_STRANGERS)
        ids.insert(_OWN_PLACE, self._marked.process_id)
        fields = {self._made.changed: self.next_value()}
        keys = (Key(self._bench.name, "id", each) for each in ids)
        items = [self._bench.item(Kind.UPDATE, self.shape, fields, key) for key in keys]
        try:
            job = self._bench.update(items)
        except (BadRequest, NotFound, ReportedErrors) as error:
            yield Finding(
                "missing processes",
                f"a bulk update that names a process that does not exist is refused as a whole:"
                f" {error.cause}",
                "A batch is halved until the row is alone",
                severity=Severity.NOTE,
                about=self._bench.name,
                fact="refused",
            )
            return
        if job.entries:
            yield order_finding(self._bench.name, job, ids, _OWN_PLACE)
            yield missing_finding(self._bench.name, job)

    def _null(self) -> Iterator[Finding]:
        """Whether a null clears an attribute (Q27)."""
        destination = self._made.changed
        if attribute_of(destination) is None or destination in self._made.fields:
            return
        item = self._bench.item(Kind.UPDATE, self.shape, {destination: None}, self._marked.key)
        job: JobSeen | None
        try:
            job = self._bench.update([item])
        except (BadRequest, ReportedErrors):
            job = None
        yield _null_finding(
            self._bench.name,
            refused=job is None or bool(job.failed),
            cleared=job is not None and not job.failed and self._marked.holds(destination, None),
        )


def _null_finding(name: str, *, refused: bool, cleared: bool) -> Finding:
    if cleared:
        return Finding(NULLS, "a null clears an attribute", about=name, fact="clears")
    said = "a null is refused" if refused else "a null is passed over, the value stays"
    follows = "With nulls: clear such rows are rejects" if refused else "nulls: clear does nothing"
    fact = "refused" if refused else "passed over"
    return Finding(NULLS, said, follows, "streams (nulls)", Severity.WARNING, name, fact)


_WHERE: Final = {"nested": "under 'update'", "flat": "beside what names the process"}


def _shape_finding(name: str, works: list[str]) -> Finding:
    if not works:
        return Finding(
            UPDATES,
            "a bulk update had no effect, in no shape",
            "Streams of mode update, upsert, delete and mirror can't work: see whether the role of"
            " the key may write",
            "api_key",
            Severity.FAULT,
            name,
            "none",
        )
    said = f"taken with their fields {' and also '.join(_WHERE[shape] for shape in works)}"
    return Finding(UPDATES, said, about=name, fact=", ".join(works))
