"""Fetches the processes that change webhooks named since, before a run's scans.

STATE of such a process stream holds a bookmark of these beside that of its scans::

    {"change_webhooks": {"sequence": 4711, "store": "1a22c75d86a-1000372d"}}

All that was named up to that event was emitted. It moves once that was taken, and says nothing of
scans: a webhook may not come, or name its process in a way that is not known.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError
from tap_chakra.by_id.id_lookups import IdLookups
from tap_chakra.by_id.id_run import absent_said
from tap_chakra.records.stream_names import procedure_names
from tap_chakra.run.failures import is_own
from tap_chakra.run.inbound_run import EventBookmark
from tap_chakra.run.incremental import Since
from tap_chakra.run.modes import Selection
from tap_chakra.webhooks.event_records import SEQUENCE
from tap_chakra.webhooks.inbound import Form
from tap_chakra.webhooks.named_since import named_since

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chakra_api.account.account import Procedure
    from chakra_api.clock import Clock
    from tap_chakra.run.procedure_run import ProcedureRun
    from tap_chakra.run.source import Source
    from tap_chakra.scanning.scan_reading import Reading
    from tap_chakra.webhooks.event_store import EventStore
    from tap_chakra.webhooks.settings import WebhookSettings

STATE_NAME: Final = "change_webhooks"
_log = logging.getLogger("tap-chakra")


@dataclass(frozen=True, slots=True)
class Named:
    """What change webhooks named behind a bookmark.

    Attributes:
        ids: Of the processes, each once, by the shortId of their procedure.
        bookmark: The last event that was looked at.
    """

    ids: Mapping[str, Sequence[str]]
    bookmark: EventBookmark


class NamedChanges:
    """What change webhooks have named, for all streams of a run: read once for each bookmark.

    Args:
        settings: Where the events are.
        clock: The only clock of the run.
    """

    def __init__(self, settings: WebhookSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._read: dict[EventBookmark, Named | None] = {}

    def since(self, bookmark: EventBookmark, procedures: Mapping[str, str]) -> Named | None:
        """What was named behind a bookmark; None where the store can't be read, which is told.

        Args:
            bookmark: How far a stream is.
            procedures: The shortIds of all procedures, by shortId and by id.
        """
        if bookmark not in self._read:
            self._read[bookmark] = self._named(bookmark, procedures)
        return self._read[bookmark]

    def _named(self, bookmark: EventBookmark, procedures: Mapping[str, str]) -> Named | None:
        # SQLAlchemy takes long to import, and few runs have webhooks.
        from tap_chakra.webhooks.event_store import EventStore  # noqa: PLC0415
        from tap_chakra.webhooks.event_tables import EventStoreError  # noqa: PLC0415

        try:
            store = EventStore(self._settings.store, self._clock)
            try:
                return _read(store, bookmark, procedures)
            finally:
                store.close()
        except EventStoreError as error:
            _log.warning("What change webhooks named is not fetched: %s", error)
            return None


def _read(store: EventStore, bookmark: EventBookmark, procedures: Mapping[str, str]) -> Named:
    after = bookmark.sequence
    if doubt := bookmark.doubt(store):
        _log.warning("webhook_store holds %s: all that it names is fetched", doubt)
        after = 0
    found = named_since(store.events((Form.CHANGE,), after), procedures, after)
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for process in found.processes:
        ids[process.procedure].append(process.id)
    return Named(ids, EventBookmark(found.through, store.name))


class NamedRows:
    """Reads the processes of one procedure that change webhooks named.

    Args:
        source: The account.
        procedure: What they are of.
        named: What was named.
    """

    def __init__(self, source: Source, procedure: Procedure, named: Named) -> None:
        settings = source.settings
        # Of what the user leaves out nothing goes out, whoever names it.
        self.selection = Selection(
            Since(settings.start_date), settings.created_after, upper=settings.created_before
        )
        self._stream = source.streams[procedure.short_id]
        self._ids = named.ids.get(procedure.short_id, ())
        self._bookmark = named.bookmark.to_state()
        fetch = partial(source.client.fetch_process, procedure.short_id)
        self._lookups = IdLookups(source.lister(procedure), fetch, source.executor)
        self._answers = source.answers
        self._ended = False

    def readings(self) -> Iterator[Reading]:
        """The rows; where ChakraHQ could not be asked for all of them the bookmark stays.

        Raises:
            ChakraError: Nothing else is answered either.
        """
        if self._ids:
            _log.info(
                "%s: %s processes that change webhooks named are fetched",
                self._stream,
                f"{len(self._ids):,}",
            )
        try:
            yield from self._lookups.readings(self._ids)
        except ChakraError as error:
            if not is_own(error, self._answers):
                raise
            _log.warning(
                "%s: not all processes that change webhooks named could be fetched, the next run"
                " tries again: %s",
                self._stream,
                error,
            )
            return
        if absent := self._lookups.absent:
            _log.info("%s: %s", self._stream, absent_said(absent, len(self._ids)))
        self._ended = True

    def keep(self, state: dict[str, object]) -> bool:
        """Put the bookmark into the stream's state; False if it is there, or is not reached."""
        if not self._ended or state.get(STATE_NAME) == self._bookmark:
            return False
        state[STATE_NAME] = self._bookmark
        return True


def fetch_named(
    run: ProcedureRun,
    source: Source,
    procedure: Procedure,
    changes: NamedChanges,
    state: Mapping[str, object],
) -> None:
    """Have a run fetch what change webhooks named, before its scans.

    Args:
        run: Of a procedure, not opened yet.
        source: The account.
        procedure: The procedure.
        changes: What was named.
        state: Of its stream.

    Raises:
        StreamSettingsError: The state was not written by this tap.
    """
    if not source.settings.webhooks.fetches_changed or run.leaves_state:
        return
    held = state.get(STATE_NAME, {})
    told = held if isinstance(held, dict) else {SEQUENCE: None}  # which none ever was
    bookmark = EventBookmark.from_state(source.streams[procedure.short_id], told)
    named = changes.since(bookmark, procedure_names(source.account))
    if named is not None:
        run.begin_with(NamedRows(source, procedure, named))
