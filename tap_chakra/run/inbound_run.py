"""One run of a stream of inbound events: reads the event store behind the bookmark, and clears it.

STATE of such a stream::

    {"sequence": 4711, "store": "1a22c75d86a-1000372d"}     all events up to that one were emitted

A bookmark that comes back proves that what it speaks of was kept. So a run clears what the bookmark
it was given covers, never what it has emitted itself.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tap_chakra.run.failures import StreamSettingsError
from tap_chakra.webhooks.event_records import FORMS, SEQUENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chakra_api.clock import Clock
    from tap_chakra.webhooks.event_store import EventStore, StoredEvent
    from tap_chakra.webhooks.settings import WebhookSettings

_STORE: Final = "store"
_log = logging.getLogger("tap-chakra")


@dataclass(frozen=True, slots=True)
class EventBookmark:
    """How far a stream of inbound events is.

    Attributes:
        sequence: All events up to this one were emitted.
        store: The store that counted so; empty where nothing was emitted yet.
    """

    sequence: int = 0
    store: str = ""

    @classmethod
    def from_state(cls, stream: str, state: Mapping[str, object]) -> EventBookmark:
        """Read the bookmark of a stream.

        Raises:
            StreamSettingsError: The state was not written by this tap.
        """
        sequence, store = state.get(SEQUENCE, 0), state.get(_STORE, "")
        if type(sequence) is not int or not isinstance(store, str):
            raise StreamSettingsError(
                f"The state of stream '{stream}' holds what this tap never wrote",
                "Pass the state that an earlier run of tap-chakra printed, or none",
            )
        return cls(sequence, store)

    def doubt(self, store: EventStore) -> str:
        """Why its number means nothing in a store; empty where it does."""
        if self.store not in {"", store.name}:
            return "another store than before"
        return "an older copy of the store" if self.sequence > store.highest() else ""

    def to_state(self) -> dict[str, object]:
        """The STATE of the stream."""
        return {SEQUENCE: self.sequence, _STORE: self.store}


class InboundRun:
    """One run of one stream of inbound events.

    Args:
        stream: Its name.
        settings: Where the events are, and how long they stay.
        before: How far the stream was.
        clock: Says which events are old.

    Attributes:
        bookmark: How far it is: all events up to there were taken by who asked for the next one.
    """

    def __init__(
        self, stream: str, settings: WebhookSettings, before: EventBookmark, clock: Clock
    ) -> None:
        self._stream = stream
        self._settings = settings
        self._clock = clock
        self._before = before
        self.bookmark = before

    def events(self, *, anew: bool) -> Iterator[StoredEvent]:
        """The events to emit, in order.

        Args:
            anew: Whether all are emitted that are there, and none is cleared.

        Raises:
            StreamSettingsError: The store can't be read, or one that was read before is gone.
        """
        # SQLAlchemy takes long to import, and few runs have webhooks.
        from tap_chakra.webhooks.event_tables import EventStoreError  # noqa: PLC0415

        try:
            yield from self._events(anew=anew)
        except EventStoreError as error:
            raise StreamSettingsError(error.cause, error.next_step) from error

    def _events(self, *, anew: bool) -> Iterator[StoredEvent]:
        store = self._opened()
        if store is None:
            return
        try:
            after = self._after(store)
            if not anew:
                self._clear(store, after)
            for event in store.events(FORMS[self._stream], 0 if anew else after):
                yield event
                self.bookmark = EventBookmark(event.sequence, store.name)
        finally:
            store.close()

    def _opened(self) -> EventStore | None:
        """The store; None where there is none yet."""
        from tap_chakra.webhooks.event_store import EventStore  # noqa: PLC0415 - see above
        from tap_chakra.webhooks.event_tables import NoEventStore  # noqa: PLC0415 - see above

        try:
            return EventStore(self._settings.store, self._clock)
        except NoEventStore as error:
            if self._before.store:
                raise
            _log.warning("%s: %s", self._stream, error)
            return None

    def _after(self, store: EventStore) -> int:
        """The number behind which to go on."""
        said = self._before.doubt(store)
        if not said:
            return self._before.sequence
        _log.warning(
            "%s: webhook_store holds %s: it is read from its beginning", self._stream, said
        )
        return 0

    def _clear(self, store: EventStore, through: int) -> None:
        """Let go of what was kept elsewhere long enough."""
        from tap_chakra.webhooks.event_tables import EventStoreError  # noqa: PLC0415 - see above

        old = int(self._clock.now() * 1000) - self._settings.keep_ms
        try:
            cleared = store.clear(FORMS[self._stream], through, old)
        except EventStoreError as error:
            _log.warning("%s: nothing is cleared: %s", self._stream, error)
            return
        if cleared:
            _log.info("%s: %s events that were passed on are cleared", self._stream, f"{cleared:,}")
