"""What is told of a scan, and of the stream that it was made for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_chakra.facts.pieces import Piece
    from tap_chakra.timeline.coverage import Range


@dataclass(frozen=True, slots=True)
class ScanFacts:
    """One scan.

    Attributes:
        began: Its beginning by the server's clock, epoch milliseconds.
        first: The instant of the oldest row that was seen; None if none was.
        pieces: The time that its answers were about.
        covered: The time that was read for good: one range without a gap, if it is complete.
        repeats: Ids that came twice.
    """

    began: int
    first: int | None
    pieces: tuple[Piece, ...]
    covered: tuple[Range, ...]
    repeats: int


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What became of a stream.

    Attributes:
        stream: Its name.
        reads: What it read, in words; empty for a stream that one request brings.
        seconds: From its beginning to its end.
        rows: Rows read, those of a run that it resumed among them; None where they are not counted.
        emitted: Rows emitted; None where they are not counted.
        resumed: Rows that an earlier run of the same scan had read.
        complete: Whether all that was to be read was.
        unsure: Why not, reason by reason.
        error: Why it failed; empty if it did not.
        since: The instant from which the next run reads changes, epoch milliseconds; None if none.
        lag: Seconds between that and the end of the stream.
        deletes: What was said of deleted rows, in words; empty where nothing was to be.
        dense: Instants that time could not cut.
        odd: By what was odd (`misfits`, `coerced` …): values by column.
        columns: The type of each column; None where there are too many to keep.
        scans: Its scans.
    """

    stream: str
    reads: str = ""
    seconds: float = 0.0
    rows: int | None = None
    emitted: int | None = None
    resumed: int = 0
    complete: bool = True
    unsure: tuple[str, ...] = ()
    error: str = ""
    since: int | None = None
    lag: float | None = None
    deletes: str = ""
    dense: int = 0
    odd: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    columns: Mapping[str, str] | None = None
    scans: tuple[ScanFacts, ...] = ()
