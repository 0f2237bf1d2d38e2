"""What a scan hands out: rows with what is doubtful of them; and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tap_chakra.reading.window_reader import page_of, row_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_api.endpoints.client import ProcessPage, Row
    from tap_chakra.facts.scan_facts import ScanFacts
    from tap_chakra.reading.window_reader import Answer
    from tap_chakra.timeline.coverage import Unfinished


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows that a scan read, as a page and their positions in it.

    Attributes:
        page: The answer that the rows are from; one without a body, of nothing else, where they
            were gathered from several.
        positions: Positions of the rows in the page, each id once in the whole scan; none where
            an answer is long in coming.
        ids: Their ids, in the order of the positions.
        unsure: Why rows may be missing from it; empty if none can be.
        method: How it was read: `window` (a page of a walk, too), `id`, `cells` or `pages`.
    """

    page: ProcessPage
    positions: Sequence[int]
    ids: Sequence[str]
    unsure: str = ""
    method: str = "window"

    @property
    def rows(self) -> list[Row]:
        """The rows."""
        rows = self.page.rows
        return [rows[position] for position in self.positions]


def gathered(
    rows: Sequence[Row], server_time: int | None = None, unsure: str = "", method: str = "window"
) -> Reading:
    """The reading of rows from several answers, or of some that are to be typed one by one."""
    return placed(page_of(rows, server_time), range(len(rows)), unsure, method)


def placed(
    page: ProcessPage, positions: Sequence[int], unsure: str = "", method: str = "window"
) -> Reading:
    """The reading of the rows that stand at these positions of a page."""
    ids = row_ids([page.rows[position] for position in positions])
    return Reading(page, positions, ids, unsure, method)


def taken_from(
    answer: Answer, places: Sequence[int], unsure: str = "", method: str = "window"
) -> Reading:
    """The reading of some rows of an answer.

    Args:
        answer: The answer.
        places: The places of the rows among its own.
        unsure: Why rows may be missing.
        method: How it was read.
    """
    positions = [answer.positions[place] for place in places]
    ids = [answer.ids[place] for place in places]
    return Reading(answer.page, positions, ids, unsure, method)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is.

    Attributes:
        rows: Rows read.
        share: Share of the time between the first row and the scan's beginning, 0 to 1.
        dense: Windows that time could not cut.
        unsure: Why the scan is not complete, each reason once; empty if it is.
        ended: Whether everything was read.
    """

    rows: int = 0
    share: float = 0.0
    dense: int = 0
    unsure: tuple[str, ...] = ()
    ended: bool = False

    @property
    def complete(self) -> bool:
        """Whether every process that existed all through the scan was read."""
        return self.ended and not self.unsure


class Readable(Protocol):
    """What reads the rows of a run: a scan, or look-ups of some of them."""

    @property
    def progress(self) -> Progress:
        """How far it is."""

    @property
    def facts(self) -> ScanFacts | None:
        """What there is to tell of it; None if it is no scan."""

    @property
    def unfinished(self) -> Unfinished | None:
        """What a later one may go on with; None if there is nothing."""

    def open(self) -> int:
        """Begin, and say when, by the server's clock, epoch milliseconds."""

    def readings(self) -> Iterator[Reading]:
        """The rows."""
