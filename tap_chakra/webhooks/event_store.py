"""The event store: takes inbound events, gives them in order, and lets go of what was passed on."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from tap_chakra.webhooks.event_tables import (
    EVENTS,
    HIGHEST,
    NEW_EVENTS,
    STORES,
    event_engine,
    found_name,
    make_tables,
    spoken,
    writing,
)
from tap_chakra.webhooks.inbound import Form

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from chakra_api.clock import Clock
    from tap_chakra.webhooks.inbound import InboundEvent

PAGE: Final = 50
"""Events that are read at a time: each may have as many bytes as a call."""
CLEARED: Final = 5_000
"""Events that one transaction lets go of: a listener waits for it."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An inbound event as the store holds it.

    Attributes:
        sequence: Its number: it rises, and none comes twice.
        received_at: Epoch milliseconds.
        form: In whose form it came.
        identity: What tells it from others.
        payload: JSON text.
    """

    sequence: int
    received_at: int
    form: Form
    identity: str
    payload: str


class EventStore:
    """Inbound events on disk.

    Args:
        place: Where it is, as the setting says.
        clock: Names a new store, and dates its proofs.
        makes: Whether it is made where there is none.

    Attributes:
        name: What tells it from any other store, also from one that stood at its place before.

    Raises:
        SettingsError: The place is none.
        EventStoreError: It can't be opened.
    """

    def __init__(self, place: str, clock: Clock, *, makes: bool = False) -> None:
        self._place = place
        self._clock = clock
        self._engine = event_engine(place, makes=makes)
        self._connection: sa.Connection | None = None
        try:
            with spoken(place), self._connected() as connection:
                self.name = found_name(connection) or self._named(connection)
        except BaseException:
            self.close()
            raise

    def _named(self, connection: sa.Connection) -> str:
        """The name of a new store; of who made its tables first, where two do so at a time."""
        now = int(self._clock.now() * 1000)
        name = f"{now:x}-{int(self._clock.random() * 16**8):08x}"
        connection.rollback()  # of the look before
        with writing(connection):
            make_tables(connection)
            if found := found_name(connection):
                return found
            connection.execute(sa.insert(STORES).values(name=name, seen_at=now))
        return name

    def add(self, received_at: int, events: Sequence[InboundEvent]) -> int:
        """Take events in, in one transaction; once it returns no crash can take them away.

        Args:
            received_at: Epoch milliseconds.
            events: Those that are there already are left out.

        Returns:
            How many were new.

        Raises:
            EventStoreError: None of them is in.
        """
        rows = [
            {
                "received_at": received_at,
                "form": each.form.value,
                "identity": each.identity,
                "payload": each.payload,
            }
            for each in events
        ]
        with spoken(self._place), self._connected() as connection, writing(connection):
            new = NEW_EVENTS[connection.dialect.name]
            counted = {"preserve_rowcount": True}
            return connection.execute(new, rows, execution_options=counted).rowcount if rows else 0

    def prove(self) -> None:
        """Write a little: it takes writes.

        Raises:
            EventStoreError: It does not.
        """
        with spoken(self._place), self._connected() as connection, writing(connection):
            connection.execute(sa.update(STORES).values(seen_at=int(self._clock.now() * 1000)))

    def events(self, forms: Collection[Form], after: int) -> Iterator[StoredEvent]:
        """The events that are there now, in order.

        Args:
            forms: In whose form they came.
            after: The number behind which they begin.

        Raises:
            EventStoreError: They can't be read.
        """
        named = EVENTS.c.form.in_([each.value for each in forms])
        with spoken(self._place), self._connected() as connection:
            newest = sa.select(sa.func.max(EVENTS.c.sequence)).where(named)
            last = connection.execute(newest).scalar() or 0
        while after < last:
            wanted = (
                sa.select(EVENTS)
                .where(named, EVENTS.c.sequence > after, EVENTS.c.sequence <= last)
                .order_by(EVENTS.c.sequence)
                .limit(PAGE)
            )
            with spoken(self._place), self._connected() as connection:
                rows = connection.execute(wanted).all()
            for row in rows:
                yield StoredEvent(row[0], row[1], Form(row[2]), row[3], row[4])
            if not rows:
                return
            after = rows[-1][0]

    def highest(self) -> int:
        """The highest number that an event ever had; it may be cleared by now.

        Raises:
            EventStoreError: The store can't be read.
        """
        with spoken(self._place), self._connected() as connection:
            return connection.execute(HIGHEST[connection.dialect.name]).scalar() or 0

    def clear(self, forms: Collection[Form], through: int, before: int) -> int:
        """Let go of events; how many there were.

        Args:
            forms: In whose form they came.
            through: The number up to which they are kept elsewhere.
            before: Those that came since stay, epoch milliseconds.

        Raises:
            EventStoreError: It can't be written.
        """
        old = (
            sa.select(EVENTS.c.sequence)
            .where(
                EVENTS.c.form.in_([each.value for each in forms]),
                EVENTS.c.sequence <= through,
                EVENTS.c.received_at < before,
            )
            .order_by(EVENTS.c.sequence)
            .limit(CLEARED)
        )
        cleared = 0
        while True:
            with spoken(self._place), self._connected() as connection, writing(connection):
                gone = connection.execute(sa.delete(EVENTS).where(EVENTS.c.sequence.in_(old)))
            cleared += gone.rowcount
            if gone.rowcount < CLEARED:
                return cleared

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        """The connection; after an error a new one."""
        connection = self._connection = self._connection or self._engine.connect()
        try:
            yield connection
            connection.rollback()  # of a look: what is written was committed before
        except BaseException:
            self._connection = None
            connection.invalidate()
            connection.close()
            raise

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()
