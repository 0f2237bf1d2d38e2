"""A run of one procedure that reads the processes that its user names, and moves no bookmark."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from tap_chakra.by_id.id_lookups import IdLookups
from tap_chakra.run.failures import Named
from tap_chakra.run.incremental import Since
from tap_chakra.run.modes import RunPlan, Selection
from tap_chakra.run.procedure_run import ProcedureRun
from tap_chakra.run.resume import Beside
from tap_chakra.scanning.scan_reading import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chakra_api.account.account import Procedure
    from tap_chakra.by_id.id_lookups import NotThere
    from tap_chakra.facts.scan_facts import ScanFacts
    from tap_chakra.reading.window_reader import Lister
    from tap_chakra.run.bookmark import Bookmark
    from tap_chakra.run.source import Source
    from tap_chakra.scanning.scan_reading import Reading
    from tap_chakra.timeline.coverage import Unfinished

MOST_NAMED: Final = 10
"""Processes that can't be had which a message names."""


def named_streams(source: Source) -> frozenset[str] | None:
    """The streams whose processes are named to be read; None where all are read.

    Raises:
        SettingsError: A procedure that is named does not exist.
    """
    ids = source.settings.process_ids
    if ids is None:
        return None
    if unknown := sorted(ids.keys() - source.streams.keys()):
        raise SettingsError(
            f"Processes of '{unknown[0]}' are named to be read, and there is no such procedure",
            f"{did_you_mean(unknown[0], source.streams)}Write the shortId of the procedure",
        )
    return frozenset(source.streams[each] for each in ids)


def id_run(source: Source, procedure: Procedure, before: Bookmark) -> ProcedureRun | None:
    """A run that reads the named processes of a procedure; None where all are read.

    Args:
        source: The account.
        procedure: What to read.
        before: How far its stream is, which stays.

    Raises:
        ChakraError: Nothing else is answered either.
    """
    named = source.settings.process_ids
    if named is None:
        return None
    _ = source.user_rows  # known by then: whether something is in doubt
    ids = named.get(procedure.short_id, ())
    lister = source.lister(procedure)
    fetch = partial(source.client.fetch_process, procedure.short_id)
    lookups = IdLookups(lister, fetch, source.executor)
    reads = IdReading(ids, lister, lookups, lambda: source.client.server_now)
    reason = f"{len(ids):,} named processes are read, and no bookmark moves"
    plan = RunPlan((Selection(Since()),), full=False, reason=reason, named=True)

    def opens(selection: Selection, unfinished: Unfinished | None) -> IdReading:  # noqa: ARG001 - as scans are opened
        return reads

    return ProcedureRun(plan, before, opens=opens, beside=Beside(), doubts=source.doubts)


class IdReading:
    """Reads named processes, as a scan reads all of them.

    Args:
        ids: Of the processes, each once.
        lister: Lists the processes of the procedure.
        lookups: Looks them up.
        server_now: The server's time by its last answer, epoch milliseconds.
    """

    facts: ScanFacts | None = None
    unfinished: Unfinished | None = None

    def __init__(
        self,
        ids: Sequence[str],
        lister: Lister,
        lookups: IdLookups,
        server_now: Callable[[], int],
    ) -> None:
        self._ids = ids
        self._lister = lister
        self._lookups = lookups
        self._server_now = server_now
        self._rows = 0
        self._ended = False

    @property
    def progress(self) -> Progress:
        """How far it is."""
        absent = self._lookups.absent
        done = self._rows + len(absent)
        unsure = (absent_said(absent, len(self._ids)),) if absent else ()
        return Progress(self._rows, done / max(1, len(self._ids)), unsure=unsure, ended=self._ended)

    def open(self) -> int:
        """Look at the procedure, so that the unit of its times is known.

        Returns:
            The server's time, epoch milliseconds.
        """
        self._lister(None)
        return self._server_now()

    def readings(self) -> Iterator[Reading]:
        """The rows of the processes, each once.

        Raises:
            ChakraError: ChakraHQ could not be asked.
        """
        for reading in self._lookups.readings(self._ids):
            self._rows += len(reading.positions)
            yield reading
        self._ended = True


def absent_said(absent: Sequence[NotThere], named: int) -> Named:
    """What is said of named processes that can't be had.

    Args:
        absent: These.
        named: How many were named.
    """
    told = [f"{each.id} ({each.why})" for each in absent[:MOST_NAMED]]
    more = f" and {len(absent) - MOST_NAMED:,} more" if len(absent) > MOST_NAMED else ""
    return Named(f"{len(absent):,} of {named:,} named processes: {', '.join(told)}{more}")
