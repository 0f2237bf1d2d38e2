"""Whether the writes of one process are there (contract 4.4 to 4.8), and how they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import Refused, ReportedErrors
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.changes import Kind
from target_chakra.sending.item_shapes import SINGLE
from target_chakra.write_probe.deleting import shows_none
from target_chakra.write_probe.marked import is_gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chakra_api.endpoints.answers import Row
    from target_chakra.write_probe.changing import Changes
    from target_chakra.write_probe.made_up import MadeUp
    from target_chakra.write_probe.marked import Marked
    from target_chakra.write_probe.workbench import Workbench

TOPIC: Final = "single writes"
_FULL: Final = 1
"""Fields of an answer that holds more than an id."""


def update_findings(
    bench: Workbench, made: MadeUp, marked: Marked, changes: Changes
) -> Iterator[Finding]:
    """Update the marked process by its id, and by its primary key (contract 4.5, 4.6)."""
    name = bench.name

    def put(by_key: bool) -> Row:  # noqa: FBT001 - which of two
        bench.heed()
        bench.leaving()
        body = bench.item(Kind.CREATE, SINGLE, {made.changed: value}, marked.key_by_mark)
        if by_key:
            key = marked.attribute, marked.stored
            return bench.client.update_process_by_key(name, key, body)
        return bench.client.update_process(name, marked.process_id, body)

    value = changes.next_value()
    effect = lambda: marked.holds(made.changed, value)  # noqa: E731 - of the value as it is then
    yield _finding(bench, "an update by id", lambda: put(by_key=False), effect)
    if bench.procedure.primary_key == marked.attribute:
        value = changes.next_value()
        yield _finding(bench, "an update by primary key", lambda: put(by_key=True), effect)


def create_finding(bench: Workbench, made: MadeUp, marked: Marked) -> Finding:
    """Create a marked process by itself (contract 4.4)."""
    body = bench.item(Kind.CREATE, SINGLE, made.all, marked.key_by_mark)

    def created() -> Row:
        bench.heed()
        marked.is_certain = False
        try:
            row = bench.client.create_process(bench.name, body, bench.leaving)
        except (Refused, ReportedErrors):
            marked.is_certain = True
            raise
        marked.process_id = str(row.get("id") or "")
        return row

    def effect() -> bool:
        seen, took = marked.until(bool)
        if seen:
            marked.seen(seen[0])
        return took is not None

    return _finding(bench, "a create", created, effect)


def delete_finding(bench: Workbench, marked: Marked, *, by_key: bool) -> Finding:
    """Delete a marked process by its id, or by its primary key (contract 4.7, 4.8)."""

    def deleted() -> Row:
        bench.heed()
        bench.leaving()
        if by_key:
            key = marked.attribute, marked.stored
            return bench.client.delete_process_by_key(bench.name, key)
        return bench.client.delete_process(bench.name, marked.process_id)

    def effect() -> bool:
        _, took = marked.until(shows_none)
        return took is not None and is_gone(marked.fetched())

    what = "a delete by primary key" if by_key else "a delete by id"
    return _finding(bench, what, deleted, effect)


def _finding(
    bench: Workbench, what: str, send: Callable[[], Row], effect: Callable[[], bool]
) -> Finding:
    """What became of a single write."""
    try:
        row = send()
    except (Refused, ReportedErrors) as error:
        said, fact = f"{what} is refused: {error.cause}", f"{what}: refused"
        return Finding(TOPIC, said, "Runs do without it", "", Severity.NOTE, bench.name, fact)
    if not effect():
        said, fact = f"{what} is answered as done, and changed nothing", f"{what}: no effect"
        return Finding(TOPIC, said, "Runs do without it", "", Severity.NOTE, bench.name, fact)
    answer = _form(row)
    said = f"{what} works; its answer holds {answer}"
    return Finding(TOPIC, said, about=bench.name, fact=f"{what}: {answer}")


def _form(row: Row) -> str:
    if not row:
        return "nothing"
    return "the process" if len(row) > _FULL else "its id alone" if "id" in row else "one field"
