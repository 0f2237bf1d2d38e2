"""One audit: a table of a warehouse beside a complete scan of a procedure."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from tap_chakra.audit.asked_again import AskAgain
from tap_chakra.audit.matching import match
from tap_chakra.audit.rows import Packing, meanings, prints_here, prints_there
from tap_chakra.audit.spool import Spool
from tap_chakra.audit.summary import Report, Summary
from tap_chakra.audit.verdicts import Bounds, Verdict, row_verdicts
from tap_chakra.run.bookmark import Bookmark
from tap_chakra.run.progress import Reporter
from tap_chakra.run.resume import Beside
from tap_chakra.tables.table_builder import TableBuilder, plain_layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from chakra_api.account.account import Procedure
    from chakra_api.clock import Clock
    from chakra_api.endpoints.client import Row
    from tap_chakra.audit.held_table import HeldTable
    from tap_chakra.audit.matching import Matching
    from tap_chakra.audit.rows import RowPrint
    from tap_chakra.audit.verdicts import RowVerdict
    from tap_chakra.run.procedure_run import ProcedureRun
    from tap_chakra.run.source import Source
    from tap_chakra.settings import Settings

_log = logging.getLogger("tap-chakra")
BLOCK_ROWS: Final = 1_000
"""Rows that become a table at a time."""


def whole(settings: Settings) -> Settings:
    """The settings of a scan that leaves nothing out but what is out of its range.

    Raises:
        SettingsError: They name the processes that alone are read: a table holds others, too.
    """
    if settings.process_ids is not None:
        raise SettingsError(
            "audit compares all of a table, and process_ids or only_ids names what alone is read",
            "Leave it out: created_after and created_before make what is compared smaller",
        )
    return replace(settings, start_date=None, full_scan=True, change_detection="scan")


class Audit:
    """An audit of one procedure.

    Args:
        source: The account, with settings as `whole` makes them.
        procedure: What to read.
        clock: Times the lines of the log.
        ignored: Columns that are not to be compared.
    """

    def __init__(
        self, source: Source, procedure: Procedure, clock: Clock, ignored: Sequence[str] = ()
    ) -> None:
        self.stream = source.streams[procedure.short_id]
        self._source = source
        self._procedure = procedure
        self._clock = clock
        self._ignored = ignored

    def run(
        self, opens: Callable[[], HeldTable], takes: Callable[[str, RowVerdict], None]
    ) -> Report:
        """Compare.

        Args:
            opens: Opens the table; it is read after the audit began.
            takes: Gets the procedure and each of its rows that does not agree.

        Raises:
            SettingsError: The table has no ids.
            ChakraError: ChakraHQ or the table could not be read.
        """
        started = self._clock.monotonic()
        scan, bounds = self._begun()
        held = opens()
        builder = TableBuilder(
            self._procedure,
            self._source.directory,
            plain_layout(self._procedure, "columns"),
            self._source.times,
        )
        matching = match(
            meanings(builder.schema, self._procedure),
            held.schema,
            self._ignored,
            held.types,
            self._source.settings.column_names,
        )
        packing, summary = Packing(matching.pairs), Summary()
        with Spool() as spool:
            theirs = self._counted(prints_there(held.batches, matching, packing), held.name)
            summary.there = spool.keep("there", theirs)
            summary.here = spool.keep("here", self._scanned(scan, builder, matching, packing))
            both = spool.in_order("here"), spool.in_order("there")
            unsure = scan.progress.unsure
            compared = row_verdicts(*both, bounds, packing, summary.versions)
            again = AskAgain(self._fetched, self._source.executor, bounds)
            for found in _sure(compared, unsure) if unsure else again(compared):
                summary.add(found)
                if found.verdict is not Verdict.AGREES:
                    takes(self._procedure.short_id, found)
        return replace(
            self._report(held, matching, summary),
            began=bounds.began,
            unsure=unsure,
            seconds=self._clock.monotonic() - started,
        )

    def _begun(self) -> tuple[ProcedureRun, Bounds]:
        scan = self._source.procedure_run(
            self._procedure, Bookmark(), full_table=True, beside=Beside(ids=False)
        )
        began = scan.open()
        settings = self._source.settings
        return scan, Bounds(began, settings.created_after, settings.created_before)

    def _fetched(self, process_id: str) -> Row:
        return self._source.client.fetch_process(self._procedure.short_id, process_id)

    def _scanned(
        self, scan: ProcedureRun, builder: TableBuilder, matching: Matching, packing: Packing
    ) -> Iterator[RowPrint]:
        """The rows of the scan."""
        reporter = Reporter(self._clock, self._source.client.stats)
        rows: list[Row] = []
        for delivery in scan.deliveries():
            rows += delivery.rows
            if len(rows) >= BLOCK_ROWS:
                yield from prints_here(builder(rows), matching.pairs, packing)
                rows = []
            if reporter.due():
                work = reporter.work(scan.progress, scan.emitted, self._source.client.stats)
                _log.info("%s: %s", self.stream, reporter.line(work))
        if rows:
            yield from prints_here(builder(rows), matching.pairs, packing)

    def _counted(self, rows: Iterable[RowPrint], name: str) -> Iterator[RowPrint]:
        """The rows of the table, with a line of the log now and then."""
        reporter = Reporter(self._clock, self._source.client.stats)
        for count, row in enumerate(rows):
            if count % BLOCK_ROWS == 0 and reporter.due():
                _log.info("%s: %s rows of %s read", self.stream, f"{count:,}", name)
            yield row

    def _report(self, held: HeldTable, matching: Matching, summary: Summary) -> Report:
        return Report(
            procedure=self._procedure.short_id,
            stream=self.stream,
            table=held.name,
            summary=summary,
            compared={pair.called: pair.place.said for pair in matching.pairs},
            coarser={pair.called: pair.grain.said for pair in matching.pairs if pair.grain.said},
            left_out=matching.left_out,
            only_there=matching.only_there,
        )


def _sure(found: Iterable[RowVerdict], unsure: tuple[str, ...]) -> Iterator[RowVerdict]:
    """What can be said where the scan was not complete: nothing of rows that it did not see."""
    assert unsure  # noqa: S101 - who calls it
    return (each for each in found if each.verdict is not Verdict.EXTRA)
