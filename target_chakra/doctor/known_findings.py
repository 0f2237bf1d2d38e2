"""What earlier runs and write probes found out about a procedure, as the journal keeps it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.changes import Kind
from target_chakra.lookups.key_spelling import KeySpelling
from target_chakra.sending.item_shapes import SHAPES
from target_chakra.sending.server_limits import FIRST_BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TOPIC: Final = "bulk requests"
SPELLING: Final = "spelling of keys"
_SHAPE, _SIZE, _SPELLING = "shape.", "size.", "spelling."
_SAID: Final[Mapping[tuple[Kind, str], str]] = {
    (Kind.CREATE, "array"): "as the documents say, a list of items",
    (Kind.CREATE, "object"): 'as {"processes": [...]}, which the documents do not say',
    (Kind.CREATE, "single"): "one process per request: the bulk endpoint is not there",
}


def known_findings(
    findings: Mapping[tuple[str, str], str], procedure: str, command: Callable[[str], str]
) -> Iterator[Finding]:
    """What is known of how ChakraHQ takes writes to a procedure.

    Args:
        findings: The journal's, by procedure and name.
        procedure: Its shortId.
        command: What its user types for a subcommand.
    """
    own = {name: value for (owner, name), value in findings.items() if owner == procedure}
    unknown = [kind for kind in SHAPES if f"{_SHAPE}{kind.value}" not in own]
    for kind in SHAPES:
        if (shape := own.get(f"{_SHAPE}{kind.value}")) is not None:
            yield _shape(procedure, kind, shape)
    if unknown:
        names = ", ".join(f"{kind.value}s" for kind in unknown)
        yield Finding(
            TOPIC,
            f"it is not known yet in which form {names} are taken",
            f"The first batch of each has {FIRST_BATCH_ROWS} rows and is read back; or let"
            f" {command(f'doctor --write-probe {procedure}')} find out",
            severity=Severity.NOTE,
            about=procedure,
        )
    yield from _sizes(procedure, own)
    yield from _spellings(procedure, own)


def _shape(procedure: str, kind: Kind, shape: str) -> Finding:
    said = _SAID.get((kind, shape)) or f"with their fields {_WHERE.get(shape, shape)}"
    slow = shape == "single"
    return Finding(
        TOPIC,
        f"taken {said}",
        "10,000 creates cost 10,000 requests" if slow else "",
        severity=Severity.WARNING if slow else Severity.OK,
        about=f"{procedure}, {kind.value}",
        fact=shape,
    )


_WHERE: Final = {
    "nested": "under 'update'",
    "flat": "beside the process's name, not under 'update'",
}


def _sizes(procedure: str, own: Mapping[str, str]) -> Iterator[Finding]:
    for name, size in own.items():
        if name.startswith(_SIZE):
            kind = name.removeprefix(_SIZE)
            said = f"a bulk {kind} takes {size} rows: it left out the rest of a larger one"
            follows = "No batch of a run is larger"
            yield Finding(TOPIC, said, follows, "batch_size", Severity.NOTE, procedure)


def _spellings(procedure: str, own: Mapping[str, str]) -> Iterator[Finding]:
    for name, text in own.items():
        if not name.startswith(_SPELLING):
            continue
        attribute = name.removeprefix(_SPELLING)
        spelling = KeySpelling(f"{procedure}.{attribute}")
        spelling.recall(text)
        if spelling.is_irregular:
            yield Finding(
                SPELLING,
                "some key is stored in a spelling that no known rule explains",
                "Such processes are found again by the journal alone: keep it",
                "streams (key)",
                Severity.WARNING,
                f"{procedure}.{attribute}",
                "irregular",
            )
        elif spelling.is_proven:
            said = f"ChakraHQ stores keys {spelling.said_rules()}"
            follows = "Look-ups ask for that spelling, too"
            about = f"{procedure}.{attribute}"
            yield Finding(SPELLING, said, follows, "streams (key)", about=about, fact=said)
