"""Writes the events of many calls in one transaction: a disk is asked once for all that wait.

A call is answered when its events are on disk. While the disk is at work for some calls others come
in, and the next transaction takes all of them: the more calls, the fewer writes each.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.clock import Clock
    from tap_chakra.webhooks.event_store import EventStore
    from tap_chakra.webhooks.inbound import InboundEvent

MOST_WAITING: Final = 1_000
"""Calls that wait for the disk at a time."""
MOST_TOGETHER: Final = 200
"""Calls whose events are written in one transaction."""

_log = logging.getLogger("tap-chakra")


class Busy(Exception):
    """More calls wait for the disk than may."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Events that are to be written.

    Attributes:
        events: Of one call; none to prove that the store takes writes.
        done: Becomes done once they are on disk.
    """

    events: Sequence[InboundEvent]
    done: Future[None] = field(default_factory=Future)


class GroupWriter:
    """The one thread that writes to an event store.

    Args:
        store: The store.
        clock: Says when events came.

    Attributes:
        stored: Events that were new.
        repeated: Events that were there already.
        is_failing: Whether the store did not take what was last to be written.
    """

    def __init__(self, store: EventStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: Queue[_Waiting | None] = Queue(MOST_WAITING)
        self.is_failing = False
        self._thread = threading.Thread(target=self._work, name="event-writer", daemon=True)
        self.stored = self.repeated = 0
        self._thread.start()

    def put(self, events: Sequence[InboundEvent]) -> Future[None]:
        """Have the events of a call written.

        Args:
            events: At least one; or none, to have it proven that the store takes writes.

        Returns:
            What is done once they are on disk, and fails where they are not.

        Raises:
            Busy: Too many calls wait already.
        """
        waiting = _Waiting(events)
        try:
            self._waiting.put_nowait(waiting)
        except Full:
            raise Busy from None
        return waiting.done

    def close(self) -> None:
        """Write what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        ends = False
        while not ends:
            together: list[_Waiting] = []
            for each in self._next():
                if each is None:
                    ends = True
                else:
                    together.append(each)
            if together:
                self._write(together)

    def _next(self) -> list[_Waiting | None]:
        """All that waits now; blocks until something does."""
        found = [self._waiting.get()]
        while len(found) < MOST_TOGETHER:
            try:
                found.append(self._waiting.get_nowait())
            except Empty:
                break
        return found

    def _write(self, together: Sequence[_Waiting]) -> None:
        # From here on nobody can take a call back; who has, is not told.
        told = [each for each in together if each.done.set_running_or_notify_cancel()]
        events = [event for each in together for event in each.events]
        try:
            self._keep(events)
        except Exception as error:  # noqa: BLE001 - each call is told, and the thread goes on
            self._say(error)
            for each in told:
                each.done.set_exception(error)
            return
        self._say(None)
        for each in told:
            each.done.set_result(None)

    def _keep(self, events: Sequence[InboundEvent]) -> None:
        if not events:
            self._store.prove()
            return
        new = self._store.add(int(self._clock.now() * 1000), events)
        self.stored += new
        self.repeated += len(events) - new

    def _say(self, error: Exception | None) -> None:
        """Tell when the store begins to fail, and when it takes writes again."""
        if error is not None and not self.is_failing:
            _log.error("Calls are refused with 503 until the store takes writes: %s", error)
        elif error is None and self.is_failing:
            _log.info("The store takes writes again")
        self.is_failing = error is not None
