"""A receipt as a person reads it: a table of streams and outcomes, and what the run cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chakra_api.values.counts import counted
from chakra_plugin.telling import tell, tell_json
from chakra_plugin.terminal import Tone, Toned, somebody_looks, tell_table, tell_toned
from target_chakra.lifecycle import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_plugin.terminal import Cell
    from target_chakra.books.run_end import RunEnd

_TONES: Final = {
    Outcome.REJECTED.value: Tone.WARNING,
    Outcome.UNKNOWN.value: Tone.BAD,
    Outcome.IN_FLIGHT.value: Tone.BAD,
    Outcome.NOT_SENT.value: Tone.BAD,
}
"""Outcomes that want somebody to look."""


def tell_end(end: RunEnd) -> None:
    """Print the receipt of a run to standard error: a table in a terminal, else a line of JSON."""
    if not somebody_looks(err=True):
        tell_json(end.receipt.line_json, err=True)
        return
    tell_receipt(end.receipt.to_json(), err=True)
    if end.command:
        tell_toned(("Next: ", Toned(end.command, Tone.HEADING)), err=True)


def tell_receipt(receipt: Mapping[str, Any], *, err: bool = False) -> None:
    """Print a receipt for a person.

    Args:
        receipt: As its JSON says it.
        err: Whether to standard error.
    """
    lines = list(_lines(receipt))
    names = [
        name.value for name in Outcome if any(counts.get(name.value) for _, _, counts in lines)
    ]
    if lines:
        headers = ("stream", "rows", *names)
        rows = [
            (stream, f"{rows:,}", *(_cell(name, counts.get(name, 0)) for name in names))
            for stream, rows, counts in lines
        ]
        tell_table(headers, rows, numeric=range(1, len(headers)), err=err)
    for line in _beneath(receipt):
        tell(line, err=err)


def _lines(receipt: Mapping[str, Any]) -> Iterator[tuple[str, int, Mapping[str, int]]]:
    """What each line of the table tells: its name, the rows, and how many ended how."""
    streams = receipt.get("streams") or {}
    for name, each in streams.items():
        yield name, each["rows_in"], each["outcomes"]
    if len(streams) > 1:
        yield "together", receipt["rows_in"], receipt["outcomes"]
    mirror = receipt.get("mirror_deletes") or {}
    if any(mirror.values()):
        yield "deletes of the mirror", sum(mirror.values()), mirror


def _cell(outcome: str, count: int) -> Cell:
    if not count:
        return Toned("-", Tone.FAINT)
    return Toned(f"{count:,}", _TONES.get(outcome, Tone.PLAIN))


def _beneath(receipt: Mapping[str, Any]) -> Iterator[str]:
    if not receipt.get("rows_in"):
        yield "No rows came in."
    for name, count in (receipt.get("skipped") or {}).items():
        yield f"Skipped: {count:,} of '{name}'"
    if (planned := receipt.get("dry_run")) is not None:
        said = ", ".join(f"{count:,} {kind}" for kind, count in planned.items() if count)
        yield f"Dry run, nothing was written: {said or 'nothing to do'}"
    yield cost_line(receipt)


def cost_line(receipt: Mapping[str, Any]) -> str:
    """What a run cost, in one line.

    Args:
        receipt: As its JSON says it.
    """
    seconds, rows = receipt.get("seconds", 0.0), receipt.get("rows_in", 0)
    repeated, waited = receipt.get("requests_repeated", 0), receipt.get("waited_for_pace", 0.0)
    again = f" ({repeated:,} repeated)" if repeated else ""
    paced = f", {waited:,.1f} s waited for the pace" if waited else ""
    return (
        f"{counted(receipt.get('jobs', 0), 'job')},"
        f" {counted(receipt.get('requests', 0), 'request')}{again},"
        f" {seconds:,.1f} s ({rows / seconds if seconds else 0.0:,.0f} rows/s){paced}"
    )
