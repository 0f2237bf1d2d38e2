"""A write probe from beginning to end: what it does in which order, and that nothing is left.

Whatever happens, what it created is deleted in the end: after an error, and after a signal. What
it is about to create is noted in the journal first, so that the next probe clears up after one
that was killed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError, NoAccess
from chakra_api.exit_codes import ExitCode
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.changes import Kind
from target_chakra.sending.server_limits import shape_name
from target_chakra.write_probe import single_writes
from target_chakra.write_probe.changing import Changes
from target_chakra.write_probe.clearing import Clearing, kept_findings
from target_chakra.write_probe.creating import create
from target_chakra.write_probe.deleting import delete_in_bulk
from target_chakra.write_probe.job_findings import job_findings
from target_chakra.write_probe.leftovers import Leftover
from target_chakra.write_probe.made_up import made_up
from target_chakra.write_probe.marked import Marked
from target_chakra.write_probe.preparing import refuse_own_rows, without_clashes
from target_chakra.write_probe.values_kept import value_findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_chakra.write_probe.creating import Created
    from target_chakra.write_probe.leftovers import Notes
    from target_chakra.write_probe.made_up import MadeUp
    from target_chakra.write_probe.workbench import Workbench

PROBE: Final = "write probe"
UNCERTAIN_SECONDS: Final = 15.0
"""For how long a process is waited for whose job is under way, or whose answer was lost."""


class WriteProbe:
    """One write probe.

    Args:
        bench: What it works with.
        notes: Where it notes what it creates.
        number: Makes its marks; those of no other probe begin with it.
        began_ms: When it began, by our clock, epoch milliseconds.
    """

    def __init__(self, bench: Workbench, notes: Notes, number: int, began_ms: int) -> None:
        self._bench = bench
        self._notes = notes
        self._number = number
        self._began_ms = began_ms
        self._open: list[tuple[Marked, Leftover]] = []
        self._all: list[Marked] = []
        self._refused: set[str] = set()

    def findings(self) -> Iterator[Finding]:
        """Probe; what was found, the end of it last.

        Raises:
            SettingsError: The procedure can't be probed; nothing was created.
            NoAccess: The key does not see all processes, and would not see ours.
        """
        key_values = refuse_own_rows(self._bench)
        first = self._made()
        try:
            yield from self._in_bulk(first, has_keys=bool(key_values.get(first.attribute)))
            yield from self._singly(first)
        except ChakraError as error:
            yield _broken_off(self._bench.name, error)
        except BaseException:
            list(self._cleared())
            raise
        yield from self._cleared()

    def _made(self) -> MadeUp:
        """What the next marked process holds."""
        made = made_up(self._bench.procedure.destinations, self._number)
        self._number += 1
        return without_clashes(self._bench, made.without(self._refused))

    def _marked(self, made: MadeUp) -> Marked:
        """A process that is about to be created: noted in the journal before anything leaves."""
        marked = Marked(self._bench, made.attribute, made.mark)
        note = Leftover(self._bench.name, made.attribute, made.mark, self._began_ms)
        self._notes.found(note.procedure, note.name, note.text)
        self._open.append((marked, note))
        self._all.append(marked)
        return marked

    def _is_gone(self, marked: Marked) -> None:
        """A process was seen to be gone: nothing is to be cleared up of it."""
        for each in [each for each in self._open if each[0] is marked]:
            self._open.remove(each)
            self._notes.forget(each[1].procedure, each[1].name)

    # In bulk (contract 4.9, 4.10)

    def _in_bulk(self, made: MadeUp, *, has_keys: bool) -> Iterator[Finding]:
        bench, marked = self._bench, self._marked(made)
        created = create(bench, made, marked)
        self._refused = made.samples.keys() - created.made.samples.keys()
        if has_keys:
            # Where no process has a key yet, the first batch is the proof of look-ups.
            self._notes.found(bench.name, shape_name(Kind.CREATE), created.shape)
        self._learn_spelling(created, marked)
        yield from created.findings
        if created.job is not None:
            yield from job_findings(bench.name, created.job)
        yield from value_findings(bench.procedure, created)
        changes = Changes(bench, created.made, marked)
        yield from changes.findings()
        if changes.shape:
            self._notes.found(bench.name, shape_name(Kind.UPDATE), changes.shape)
        yield from single_writes.update_findings(bench, created.made, marked, changes)
        shape, found = delete_in_bulk(bench, marked)
        if shape:
            self._notes.found(bench.name, shape_name(Kind.DELETE), shape)
            self._is_gone(marked)
        yield from found

    def _learn_spelling(self, created: Created, marked: Marked) -> None:
        """Keep in which spelling a key is stored: look-ups of runs ask for it."""
        stored = created.seen.data.get(marked.attribute)
        procedure = self._bench.procedure
        if isinstance(marked.mark, str) and isinstance(stored, str):
            procedure.spelling(marked.attribute).learn(marked.mark, stored)
            if (news := procedure.spelling(marked.attribute).news()) is not None:
                self._notes.found(procedure.name, f"spelling.{marked.attribute}", news)

    # One by one (contract 4.4, 4.7, 4.8)

    def _singly(self, first: MadeUp) -> Iterator[Finding]:
        has_key = self._bench.procedure.primary_key == first.attribute
        for by_key in (False, True) if has_key else (False,):
            made = self._made()
            marked = self._marked(made)
            found = single_writes.create_finding(self._bench, made, marked)
            yield found
            if found.severity is not Severity.OK:
                return
            deleted = single_writes.delete_finding(self._bench, marked, by_key=by_key)
            if deleted.severity is Severity.OK:
                self._is_gone(marked)
            yield deleted

    # The end

    def _cleared(self) -> Iterator[Finding]:
        """Delete what is left, without heeding further signals."""
        bench = replace(self._bench, stopped=lambda: False)
        clearing = Clearing(bench)
        left: list[str] = []
        for marked, note in self._open:
            here = marked.by(bench)
            try:
                if not here.is_certain:
                    here.wait_to_come(UNCERTAIN_SECONDS)
                stays = clearing.clear(here)
            except ChakraError as error:
                stays = (f"{here.attribute} {here.mark}: {error.cause}",)
            if stays:
                left += stays
            elif here.is_certain:
                self._notes.forget(note.procedure, note.name)
            else:
                left.append(f"{marked.attribute} {marked.mark} (it may still come)")
        if left:
            yield _left(bench.name, left)
        else:
            yield from kept_findings(bench, [each.by(bench) for each in self._all])


def _broken_off(name: str, error: ChakraError) -> Finding:
    return Finding(
        PROBE,
        f"it did not come to its end: {error.cause}",
        error.next_step,
        "api_key" if isinstance(error, NoAccess) else "",
        Severity.FAULT,
        name,
        code=error.exit_code,
    )


def _left(name: str, left: Sequence[str]) -> Finding:
    return Finding(
        "left behind",
        f"not deleted, or not known to be: {'; '.join(left)}",
        "The next write probe looks for it again and deletes it; or delete it in ChakraHQ",
        severity=Severity.FAULT,
        about=name,
        code=ExitCode.UNKNOWN,
    )
