"""One run that several threads hand files to: one thread of its own decides, they wait.

A loader works with several threads and tells each file's thread, alone, that it may go on. The
writer knows one thread. So a run has a thread of its own, which opens the session, reads the
files that were handed over, a stretch of each in turn, and keeps it until

- the loader says that the load is complete,
- or a file can't be finished and no other is at work: the loader will bring it again, to a new
  run,
- or something stops the run: a limit, a signal, an error,
- or the threads that brought files have all ended: the loader has given up in between.

A file that can't be finished is answered when the run has ended, receipt and journal included:
who reads of a failure can look it up.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_plugin.rare_gc import rare_collections
from target_chakra.books.limits import too_many_rejects
from target_chakra.loads.arrivals import Arrival, Unfinished
from target_chakra.run.hooks import Hooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_chakra.changes import Change
    from target_chakra.lifecycle import Outcome
    from target_chakra.loads.arrivals import Delivery
    from target_chakra.run.session import Session

    Begin = Callable[[Hooks[object]], Session[object]]

ROWS_A_TURN: Final = 500
"""Rows that are taken of a file before the next one's turn."""
TICK_SECONDS: Final = 0.2
"""Without news, after which to look for a signal."""
ROWS_A_MARK: Final = 5000
"""Rows settled after which their lines are stored."""


class RunStopped(ChakraError):
    """A signal ended the run in order."""

    exit_code = ExitCode.STOPPED


class Ticket:
    """A file that was handed over, and the answer that its thread waits for."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.arrival: Arrival | None = None
        self._answered = threading.Event()
        self._error: Exception | None = None

    def answer(self, error: Exception | None) -> None:
        """Let the thread go on."""
        self._error = error
        self._answered.set()

    def wait(self) -> None:
        """Return once every row is settled.

        Raises:
            Exception: Why that is not so.
        """
        self._answered.wait()
        if self._error is not None:
            raise self._error


class SharedRun:
    """One run of one load.

    Args:
        load: The load's name, the same each time that its files come.
        begin: Opens the session; called on the thread that decides.
        stopped: Whether an end was asked for.
    """

    def __init__(self, load: str, begin: Begin, stopped: Callable[[], bool]) -> None:
        self._load = load
        self._begin = begin
        self._asked_to_stop = stopped
        self._lock = threading.Lock()
        self._inbox: deque[Ticket] = deque()
        self._open: list[Ticket] = []
        self._unfinished: list[tuple[Ticket, ChakraError]] = []
        self._arrivals: dict[str, Arrival] = {}
        self._givers: set[threading.Thread] = set()
        self._session: Session[object] | None = None
        self._stop = self._closed = self._completing = self._whole = False
        self._unmarked = 0
        self.error: Exception | None = None
        """What ended it; None if it came to its end."""
        self.ended = threading.Event()

    def start(self, *, completing: bool = False) -> None:
        """Begin; a run that begins too early may end before anything is asked of it.

        Args:
            completing: Whether no file of the load will come any more.
        """
        self._completing = completing
        threading.Thread(target=self._run, daemon=True, name="chakra-run").start()

    # For the threads that hand over

    def take(self, ticket: Ticket) -> bool:
        """Take a file in; false once the run is about to end."""
        with self._lock:
            if self._closed:
                return False
            self._inbox.append(ticket)
            self._givers.add(threading.current_thread())
        self._wake()
        return True

    def complete(self, *, whole: bool) -> bool:
        """No file of the load will come again: end the run; false if it was ending already.

        Args:
            whole: Whether every file of it was settled, and none was given up.

        Raises:
            Exception: What the load must fail for.
        """
        with self._lock:
            if self._closed:
                return False
            self._completing, self._whole = True, whole
        self._wake()
        self.join()
        return True

    def join(self) -> None:
        """Wait for the end.

        Raises:
            Exception: What ended it.
        """
        self.ended.wait()
        if self.error is not None:
            raise self.error

    def _wake(self) -> None:
        if self._session is not None:
            self._session.wake()

    # On the thread that decides

    def _run(self) -> None:
        session = None
        try:
            with rare_collections():
                session = self._session = self._begin(self._hooks())
                self._serve(session)
        except Exception as error:  # noqa: BLE001 - the threads that wait must hear of it
            self.error = error
            if session is not None:
                session.close()
        self._end()

    def _hooks(self) -> Hooks[object]:
        return Hooks(stopped=self._has_stopped, heard=self._heard, ending=self._mark)

    def _serve(self, session: Session[object]) -> None:
        self._before = session.serve(self._load)
        code = session.run(lambda: self._work(session))
        self.error = session.error
        if self.error is None and code == ExitCode.STOPPED:
            self.error = RunStopped(
                "A signal stopped the run; what was sent is in the journal",
                "Run the pipeline again to go on",
            )

    def _has_stopped(self) -> bool:
        self._stop = self._stop or self._asked_to_stop()
        return self._stop

    def _work(self, session: Session[object]) -> None:
        while not self._is_over():
            self._admit(session)
            if not self._read(session):
                session.tick(TICK_SECONDS)
            self._answer(session)
            if session.failure is not None:
                raise session.failure
        if self._stop:
            return
        if self._unfinished:
            raise self._unfinished[0][1]
        if self._completing:
            self._complete(session)

    def _is_over(self) -> bool:
        with self._lock:
            idle = not self._inbox and not self._open
            left_alone = bool(self._givers) and not any(each.is_alive() for each in self._givers)
            asked = self._completing or bool(self._unfinished) or left_alone
            self._closed = self._has_stopped() or (idle and asked)
            return self._closed

    def _admit(self, session: Session[object]) -> None:
        while True:
            with self._lock:
                if not self._inbox:
                    return
                ticket = self._inbox.popleft()
                self._open.append(ticket)
            delivery = ticket.delivery
            try:
                session.open_stream(delivery.stream, delivery.columns, delivery.hints)
                if session.skips(delivery.stream):
                    self._skip(session, ticket)
                    continue
                if delivery.hints.disposition != "replace":
                    session.narrowed(delivery.stream)
                ticket.arrival = Arrival(delivery, self._before.get(delivery.file))
            except ChakraError as error:
                self._give_back(ticket, error)
                continue
            self._arrivals[self._origin(delivery)] = ticket.arrival

    def _skip(self, session: Session[object], ticket: Ticket) -> None:
        """The rows of a file go nowhere: it is done once they are counted."""
        for line, row in enumerate(ticket.delivery.rows(), 1):
            session.row(ticket.delivery.stream, line, row)
        with self._lock:
            self._open.remove(ticket)
        ticket.answer(None)

    def _origin(self, delivery: Delivery) -> str:
        return f"{self._load}/{delivery.file}"

    def _give_back(self, ticket: Ticket, error: ChakraError) -> None:
        with self._lock:
            self._open.remove(ticket)
            self._unfinished.append((ticket, error))

    def _read(self, session: Session[object]) -> bool:
        """Take a stretch of each file; whether there was anything to read."""
        took = False
        for ticket in tuple(self._open):
            arrival = ticket.arrival
            if arrival is None or arrival.is_read:
                continue
            try:
                rows = arrival.take(ROWS_A_TURN)
            except ChakraError as error:
                self._give_back(ticket, error)
                continue
            stream, origin = ticket.delivery.stream, self._origin(ticket.delivery)
            for line, row in rows:
                session.row(stream, line, row, origin=origin)
            took = took or bool(rows)
        return took

    def _heard(self, change: Change, outcome: Outcome) -> None:
        self._arrivals[change.origin].ended(change.line, outcome)
        self._unmarked += 1

    def _answer(self, session: Session[object]) -> None:
        """Let go of the files whose every row has an outcome."""
        over = [each for each in self._open if each.arrival is not None and each.arrival.is_over]
        if over or self._unmarked >= ROWS_A_MARK:
            session.flush()
            self._mark()
        for ticket in over:
            problem = ticket.arrival.problem() if ticket.arrival else None
            if problem is not None or session.settings.dry_run:
                self._give_back(
                    ticket, session.why_unsent(ticket.delivery.stream) or problem or _left(ticket)
                )
                continue
            with self._lock:
                self._open.remove(ticket)
            ticket.answer(None)

    def _mark(self) -> None:
        """Store which lines are settled; what became of them is stored already."""
        self._unmarked = 0
        if self._session is not None and self._session.settings.dry_run:
            return
        changed = {
            arrival.delivery.file: arrival for arrival in self._arrivals.values() if arrival.changed
        }
        if changed and self._session is not None:
            settled = {file: arrival.settled for file, arrival in changed.items()}
            self._session.mark(settled)
        for arrival in changed.values():
            arrival.changed = False

    def _complete(self, session: Session[object]) -> None:
        """No file of the load will come again.

        Raises:
            LimitCrossed: More of it was rejected than its user allows.
        """
        rejected, most = session.close_load(), session.settings.limits.max_rejects
        if rejected > most:
            raise too_many_rejects(rejected, most)
        session.complete_load(whole=self._whole)

    def _end(self) -> None:
        """Answer the threads that still wait."""
        with self._lock:
            self._closed = True
            left = [*self._open, *self._inbox]
        for ticket, error in self._unfinished:
            ticket.answer(error)
        for ticket in left:
            arrival = ticket.arrival
            settled = arrival is not None and arrival.problem() is None
            ticket.answer(None if settled else self.error or _left(ticket))
        self.ended.set()


def _left(ticket: Ticket) -> ChakraError:
    problem = ticket.arrival.problem() if ticket.arrival else None
    return problem or Unfinished(
        f"The run ended before '{ticket.delivery.stream}' was written",
        "Run the pipeline again to go on",
    )
