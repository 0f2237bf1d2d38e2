"""Runs a scan in process, on one thread, so that a seed decides everything."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from tap_chakra.reading.dense import Cells
from tap_chakra.reading.portions import Portions
from tap_chakra.scanning.beginning import Beginning
from tap_chakra.scanning.crew import Crew
from tap_chakra.scanning.extent import Extent
from tap_chakra.scanning.scan import Listers, Readers, Scan
from tests.support.clock import FakeClock
from tests.support.listing import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_chakra.timeline.coverage import Unfinished
    from tests.support.listing import Listing

CELLS = Cells((("status", ("OPEN", "COMPLETED", "CANCELLED")), ("state", ("NEW", "WON"))))


class SameThread(Executor):
    """Runs what is submitted at once, in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - handed to the caller that takes the result
            future.set_exception(error)
        return future


def scan_of(
    listing: Listing,
    *,
    concurrency: int = 4,
    lower: int | None = None,
    unfinished: Unfinished | None = None,
) -> Scan:
    return Scan(
        Listers(listing, listing),
        Readers(SameThread(), Crew(concurrency, FakeClock().monotonic), Portions(concurrency)),
        cells=CELLS,
        extent=Extent(lower, unfinished=unfinished),
        begins=lambda said: Beginning.at(said or NOW),
    )


def read(
    listing: Listing, *, concurrency: int = 4, lower: int | None = None
) -> tuple[Scan, list[str]]:
    """A whole scan: itself, and the ids in the order in which they were read."""
    scan = scan_of(listing, concurrency=concurrency, lower=lower)
    scan.open()
    ids = [row["id"] for reading in scan.readings() for row in reading.rows]
    return scan, ids  # type: ignore[return-value]
