"""Before a write probe: whether it may be made at all, and what earlier ones have left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chakra_api.account.role import Seen, role_of
from chakra_api.endpoints.where import equals
from chakra_api.errors import ChakraError, NoAccess, Refused, ReportedErrors, SettingsError
from chakra_api.values.timestamps import iso_ms
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.lookups.key_lookups import PAGE
from target_chakra.lookups.key_spelling import folded
from target_chakra.mapping.destination_names import attribute_of, destination_of
from target_chakra.write_probe.clearing import Clearing
from target_chakra.write_probe.marked import Marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from target_chakra.write_probe.leftovers import Leftover, Notes
    from target_chakra.write_probe.made_up import MadeUp
    from target_chakra.write_probe.workbench import Workbench

_FORBIDDEN: Final = 403


def refuse_own_rows(bench: Workbench) -> Counter[str]:
    """Refuse a key that likely sees only what is assigned to it: it would not see what it creates.

    Returns:
        How many of the processes that were looked at have a value, by attribute.

    Raises:
        NoAccess: It is likely one.
    """
    rows = bench.client.list_processes(bench.name, None, limit=PAGE).rows
    if role_of([Seen(bench.procedure.destinations.procedure, rows)]).only:
        raise NoAccess(
            f"Each process of '{bench.name}' that this key sees is assigned to one user: likely its"
            " role type is User, which would not see a process that it creates",
            "Probe with a key of role type Manager or Admin",
            status=_FORBIDDEN,
        )
    seen = (bench.procedure.read(row).data for row in rows)
    return Counter(name for data in seen for name, held in data.items() if held not in (None, ""))


def without_clashes(bench: Workbench, made: MadeUp) -> MadeUp:
    """What is made up, without what a process holds already: a create may be merged into that.

    Raises:
        SettingsError: A process holds the mark, or what the procedure requires.
    """
    samples = dict(made.samples)
    for name, value in made.all.items():
        if (
            isinstance(value, (str, int))
            and _is_own(name, value, made)
            and _held(bench, name, value)
        ):
            if name not in samples:
                raise SettingsError(
                    f"A process of '{bench.name}' holds {value} already", "Probe once more"
                )
            del samples[name]
    return replace(made, samples=samples)


def _is_own(name: str, value: object, made: MadeUp) -> bool:
    """Whether a value is meant to be nobody's: the mark, and what looks like it."""
    return name == destination_of(made.attribute) or (
        isinstance(value, str) and (value.startswith("+") or "@" in value)
    )


def _held(bench: Workbench, name: str, value: str | int) -> bool:
    """Whether a process holds a value, in the spelling that it is sent in or without a plus."""
    attribute = attribute_of(name) or ""
    forms = dict.fromkeys([value, folded(value) if isinstance(value, str) else value])
    for form in forms:
        try:
            rows = bench.client.list_processes(bench.name, equals(attribute, form)).rows
        except (Refused, ReportedErrors):
            continue  # who can't be asked so is asked by the mark later on
        held = (bench.procedure.read(row).data.get(attribute) for row in rows)
        if any(folded(str(each)) == folded(str(value)) for each in held if each is not None):
            return True
    return False


@dataclass(frozen=True, slots=True)
class EarlierProbes:
    """What earlier write probes noted and did not take back.

    Attributes:
        bench: What a procedure is asked with, by its shortId.
        notes: Where it is noted.
        over_ms: Notes that began before can't come true any more, epoch milliseconds.
    """

    bench: Callable[[str], Workbench]
    notes: Notes
    over_ms: int

    def cleared(self, notes: Iterable[Leftover]) -> Iterator[Finding]:
        """Delete what they have left; what is to be said of it.

        Args:
            notes: What the journal says of it.
        """
        for note in notes:
            try:
                yield from self._one(note)
            except ChakraError as error:
                yield _said(note, f"could not be looked for: {error.cause}", Severity.WARNING)

    def _one(self, note: Leftover) -> Iterator[Finding]:
        bench = self.bench(note.procedure)
        marked = Marked(bench, note.attribute, note.mark)
        found = [each for each in marked.listed() if not each.deleted]
        if stays := Clearing(bench).clear(marked):
            yield _said(note, f"could not be deleted: {', '.join(stays)}", Severity.FAULT)
        elif found:
            yield _said(note, "was found and deleted", Severity.NOTE)
            self.notes.forget(note.procedure, note.name)
        elif note.began_ms < self.over_ms:
            self.notes.forget(note.procedure, note.name)
        else:
            said = "is not there; the next probe looks again, since it may still come"
            yield _said(note, said, Severity.NOTE)


def _said(note: Leftover, what: str, severity: Severity) -> Finding:
    return Finding(
        "left by earlier probes",
        f"the process {note.attribute} {note.mark} of {iso_ms(note.began_ms)} {what}",
        severity=severity,
        about=note.procedure,
    )
