"""Joins a scan, what to emit of it, and the bookmark that follows: one run of one procedure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_api.timestamps import parse_timestamp
from tap_chakra.bookmark import Bookmark, sees_enough
from tap_chakra.incremental import Since, lead_of, next_bookmark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chakra_api.client import Row
    from tap_chakra.scan import Scan


class ScanIncomplete(ChakraError):
    """A scan could not be proven complete: its rows were emitted, its bookmark did not move."""

    exit_code = ExitCode.INCOMPLETE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of one procedure came to.

    Attributes:
        bookmark: The bookmark to keep; the one given, where the scan was not complete.
        emitted: Rows emitted.
        lead: Milliseconds by which `updatedAt` was seen ahead of the server's `Date`.
        speaks_of_deletes: Whether rows that were not seen are known to be gone.
    """

    bookmark: Bookmark
    emitted: int
    lead: int
    speaks_of_deletes: bool


class Extraction:
    """One run of one procedure.

    Args:
        scan: An opened scan.
        since: Which rows to emit.
        typed: Makes a typed record of a row.
    """

    def __init__(self, scan: Scan, since: Since, typed: Callable[[Row], Row]) -> None:
        self._scan = scan
        self._since = since
        self._typed = typed
        self.emitted = 0
        self._lead = 0

    def records(self) -> Iterator[list[Row]]:
        """The typed records to emit, an answer's at a time.

        Raises:
            ChakraError: A request failed for good.
        """
        for reading in self._scan.readings():
            records = [
                self._typed(row) for row in reading.rows if self._emits(row, reading.server_time)
            ]
            self.emitted += len(records)
            yield records

    def _emits(self, row: Row, server_time: int | None) -> bool:
        updated = parse_timestamp(row.get("updatedAt"))
        self._lead = max(self._lead, lead_of(updated, server_time))
        return self._since.emits(updated)

    def outcome(self, before: Bookmark, *, min_share: float) -> Outcome:
        """What follows from the run, once `records` is exhausted.

        Args:
            before: The bookmark that the run began with.
            min_share: Share of the last complete scan's rows below which nothing is said
                about deleted rows.
        """
        progress = self._scan.progress
        if not progress.complete:
            return Outcome(before, self.emitted, self._lead, speaks_of_deletes=False)
        after = Bookmark(
            next_bookmark(self._scan.began, self._lead), progress.rows, self._scan.began
        )
        enough = sees_enough(progress.rows, before, min_share)
        return Outcome(after, self.emitted, self._lead, speaks_of_deletes=enough)
