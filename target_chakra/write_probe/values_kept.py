"""What ChakraHQ made of the values of a process that was created: sent beside shown. Pure.

Only values that a probe made up are shown, never anybody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import json_text
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.lookups.comparison import same
from target_chakra.lookups.key_spelling import KeySpelling, said_of
from target_chakra.mapping.destination_names import attribute_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.write_probe.creating import Created

VALUES: Final = "values"


def value_findings(procedure: OpenProcedure, created: Created) -> Iterator[Finding]:
    """What became of each value: those that came back as they were sent in one line.

    Args:
        procedure: The procedure.
        created: The process.
    """
    into, kinds = procedure.destinations, _kinds(procedure)
    kept: list[str] = []
    for name, sent in created.made.all.items():
        shown = created.seen.value(name)
        kind = kinds.get(attribute_of(name) or "", "")
        if shown == sent and type(shown) is type(sent):
            kept.append(kind)
        else:
            alike = same(name, sent, shown, into.comparable)
            yield _other(f"{procedure.name}.{attribute_of(name)}", kind, (sent, shown), alike=alike)
    if kept:
        said = f"kept as they were sent: {', '.join(dict.fromkeys(kept))}"
        yield Finding(VALUES, said, about=procedure.name)


def _kinds(procedure: OpenProcedure) -> dict[str, str]:
    attributes = procedure.destinations.procedure.attributes
    return {each.short_id: each.type.name for each in attributes}


def _other(about: str, kind: str, values: tuple[object, object], *, alike: bool) -> Finding:
    sent, shown = values
    if shown is None:
        said, fact = f"{kind}: {json_text(sent)} was sent, nothing is held", "dropped"
        follows = "Rows that set it are reported as updated, and it stays empty"
        return Finding(VALUES, said, follows, "streams", Severity.WARNING, about, fact)
    said = f"{kind}: {json_text(sent)} was sent, {json_text(shown)} is held"
    fact = _what_was_done(sent, shown)
    said += f" ({fact})" if fact else ""
    if alike:
        follows = "It means the same: rows compare as unchanged"
        return Finding(VALUES, said, follows, about=about, fact=fact or "another form")
    follows = (
        "Runs learn that from what they write, and compare with what was made of it; a source that"
        " sends it in that form has no such rows"
    )
    return Finding(VALUES, said, follows, "streams", Severity.NOTE, about, fact or "changed")


def _what_was_done(sent: object, shown: object) -> str:
    """What was done to a text, in words; empty if that can't be told."""
    if not (isinstance(sent, str) and isinstance(shown, str)):
        return "" if type(sent) is type(shown) else "another type"
    rules = KeySpelling("").explains(sent, shown)
    return said_of(rules) if rules else ""
