"""What a run of the tap came to, as a person reads it in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_plugin.terminal import Tone, Toned, somebody_looks, tell_table
from tap_chakra.telling.end_facts import misfits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_plugin.terminal import Cell
    from tap_chakra.facts.scan_facts import StreamFacts

_HEADERS = ("stream", "read", "emitted", "misfits", "ended")


def tell_streams(streams: Sequence[StreamFacts]) -> None:
    """Print a line for each stream to standard error where somebody looks: the log has it, too."""
    if not streams or not somebody_looks(err=True):
        return
    rows: list[tuple[Cell, ...]] = [
        (
            each.stream,
            f"{each.rows or 0:,}",
            f"{each.emitted or 0:,}",
            _misfits(misfits_of(each)),
            _ended(each),
        )
        for each in streams
    ]
    tell_table(_HEADERS, rows, numeric={1, 2, 3}, err=True)


def _misfits(count: int) -> Toned:
    return Toned(f"{count:,}", Tone.WARNING) if count else Toned("-", Tone.FAINT)


def _ended(facts: StreamFacts) -> Toned:
    if facts.error:
        return Toned("failed", Tone.BAD)
    if facts.complete:
        return Toned("complete", Tone.GOOD)
    return Toned("not complete", Tone.BAD)
