"""The runs that are open: files of one load share one, whichever thread brings them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from target_chakra.loads.shared_run import SharedRun, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_chakra.loads.arrivals import Delivery
    from target_chakra.loads.shared_run import Begin


class OpenRuns:
    """The runs that are open, by load: files of one load share one.

    Args:
        stopped: Whether an end was asked for.
    """

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self._stopped = stopped
        self._lock = threading.Lock()
        self._runs: dict[str, SharedRun] = {}

    def deliver(self, load: str, begin: Begin, delivery: Delivery) -> None:
        """Have a file written; returns once every row of it is settled.

        Raises:
            Exception: Why that is not so.
        """
        ticket = Ticket(delivery)
        while (run := self._hand(load, begin, ticket)) is not None:
            run.ended.wait()
        ticket.wait()

    def _hand(self, load: str, begin: Begin, ticket: Ticket) -> SharedRun | None:
        """Hand a file to the run of its load; the one that must end first, if there is one."""
        with self._lock:
            run = self._runs.get(load)
            if run is not None and not run.ended.is_set():
                return None if run.take(ticket) else run
            run = self._fresh(load, begin)
            run.take(ticket)
            run.start()
            return None

    def complete(
        self,
        load: str,
        begin: Begin,
        untold: Callable[[], bool],
        *,
        whole: bool,
    ) -> None:
        """No file of a load will come again.

        Args:
            load: The load.
            begin: Opens a session, for what an earlier run could not say any more.
            untold: Whether more of the load was rejected than allowed, and its user was not told.
            whole: Whether every file of it was settled, and none was given up.

        Raises:
            Exception: What the load must fail for.
        """
        run = self._runs.get(load)
        if run is not None:
            if run.complete(whole=whole):
                return
            run.ended.wait()
        if untold():
            with self._lock:
                run = self._fresh(load, begin)
                run.start(completing=True)
            run.join()

    def _fresh(self, load: str, begin: Begin) -> SharedRun:
        self._runs = {n: each for n, each in self._runs.items() if not each.ended.is_set()}
        run = self._runs[load] = SharedRun(load, begin, self._stopped)
        return run
