"""Tasks that take turns on a virtual clock: who runs next is decided by time alone.

Each task has a thread only to keep its place while it waits. One runs at a time, and whoever waits
hands over to the one that is due next, so that a run is the same run whenever it is repeated, and
ten minutes pass in no time.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

    Task = Callable[[], Any]


class Crash(BaseException):
    """The process died: nothing that is not on disk is left."""


class Gone(BaseException):
    """Ends a task whose process died."""


class Place:
    """Where a task stands while another one runs."""

    def __init__(self) -> None:
        self._baton = threading.Lock()
        self._baton.acquire()
        self.ticket = 0
        self.gone = False

    def wake(self) -> None:
        self._baton.release()

    def stand(self) -> None:
        self._baton.acquire()
        if self.gone:
            raise Gone


class Turns:
    """Time, and whose turn it is.

    Args:
        began: Epoch seconds.
    """

    def __init__(self, began: float) -> None:
        self.now = began
        self._queue: list[tuple[float, int, int, Place]] = []
        self._number = 0
        self._main = Place()
        self._at_work = self._main
        self.crashed = False
        self._listening = False
        self._hands: list[_Hand] = []
        self._idle: list[_Hand] = []

    def sleep(self, seconds: float) -> None:
        """Let others run until so many seconds have passed."""
        place = self._at_work
        self._due(place, self.now + max(0.0, seconds))
        self._next(place)
        if self.crashed and place is self._main:
            raise Crash

    def crash(self) -> NoReturn:
        """The process dies now, whoever noticed it."""
        if self._at_work is self._main:
            raise Crash
        self.crashed = True
        self._queue.clear()
        self._due(self._main, self.now)
        raise Gone

    def listen(self, seconds: float) -> None:
        """Wait at most so many seconds for a `call`."""
        self._listening = True
        self.sleep(seconds)
        self._listening = False

    def call(self) -> None:
        """Something has come that the main task may be listening for."""
        if self._listening:
            self._due(self._main, self.now)

    def begin(self, task: Callable[[], None]) -> None:
        """Begin a task; it runs when the one that runs now waits."""
        hand = self._idle.pop() if self._idle else self._hired()
        hand.task = task
        self._due(hand.place, self.now)

    def _hired(self) -> _Hand:
        hand = _Hand(self)
        self._hands.append(hand)
        return hand

    def _due(self, place: Place, when: float) -> None:
        place.ticket += 1
        self._number += 1
        heapq.heappush(self._queue, (when, self._number, place.ticket, place))

    def _popped(self) -> Place:
        while True:
            when, _, ticket, place = heapq.heappop(self._queue)
            if ticket == place.ticket:
                self.now = max(self.now, when)
                return place

    def _next(self, place: Place) -> None:
        following = self._popped()
        if following is not place:
            self._at_work = following
            following.wake()
            place.stand()

    def ended(self, hand: _Hand) -> None:
        """A task has ended: whoever is due next runs."""
        self._idle.append(hand)
        self._at_work = self._popped()
        self._at_work.wake()

    def close(self) -> None:
        """End all tasks."""
        for hand in self._hands:
            hand.place.gone = True
            hand.place.wake()
            hand.join()
        self._hands.clear()
        self._idle.clear()
        self._queue.clear()
        self.crashed = self._listening = False


class _Hand(threading.Thread):
    """A thread that does one task after another."""

    def __init__(self, turns: Turns) -> None:
        super().__init__(daemon=True, name="simulated")
        self._turns = turns
        self.place = Place()
        self.task: Callable[[], None] = lambda: None
        self.start()

    def run(self) -> None:
        try:
            while True:
                self.place.stand()
                self.task()
                self._turns.ended(self)
        except Gone:
            if not self.place.gone:  # it noticed the crash itself
                self._turns.ended(self)


class TurnsClock:
    """The clock of a simulated process: others run while it sleeps.

    Args:
        turns: Time.
        seed: Of its chance.
        ahead: Seconds by which its wall clock is ahead of the server's, at a moment.
    """

    def __init__(
        self, turns: Turns, seed: object, ahead: Callable[[float], float] = lambda _now: 0.0
    ) -> None:
        self._turns = turns
        self._ahead = ahead
        self._suspended = 0.0
        self._random = random.Random(f"{seed}:chance")

    def now(self) -> float:
        return self._turns.now + self._ahead(self._turns.now)

    def monotonic(self) -> float:
        return self._turns.now - self._suspended

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: its monotonic time stands still, and all others' goes on."""
        self._suspended += seconds
        self._turns.sleep(seconds)

    def sleep(self, seconds: float) -> None:
        self._turns.sleep(seconds)

    def random(self) -> float:
        return self._random.random()


class TurnsCrew:
    """Carries tasks out in turns.

    A task that may have to wait while others go on has a thread; one that does not is done where
    it is waited for, one after the other, which costs a hundredth of that.

    Args:
        turns: Time.
        beside: Whether a task goes on beside others.
        count: How many of those are begun at a time.
    """

    def __init__(self, turns: Turns, beside: Callable[[Task], bool], count: int) -> None:
        self._turns = turns
        self._beside = beside
        self._free = count
        self._waiting: deque[Callable[[], None]] = deque()
        self._in_line: deque[Callable[[], None]] = deque()
        self._ended: deque[Callable[[], None]] = deque()

    def carry_out(self, task: Task, back: Callable[[Future[Any]], None]) -> None:
        if self._beside(task):
            self._waiting.append(partial(self._do_beside, task, back))
            self._begin()
        else:
            self._in_line.append(partial(self._do, task, back))

    def _begin(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            self._turns.begin(self._waiting.popleft())

    def _do_beside(self, task: Task, back: Callable[[Future[Any]], None]) -> None:
        self._do(task, back)
        self._free += 1
        self._begin()
        self._turns.call()

    def _do(self, task: Task, back: Callable[[Future[Any]], None]) -> None:
        future: Future[Any] = Future()
        try:
            future.set_result(task())
        except Exception as error:  # noqa: BLE001 - handed to whoever takes the result
            future.set_exception(error)
        self._ended.append(partial(back, future))

    def take(self, patience: float) -> Callable[[], None] | None:
        if not self._ended and self._in_line:
            self._in_line.popleft()()
        if not self._ended and patience > 0:
            self._turns.listen(patience)
        return self._ended.popleft() if self._ended else None

    def close(self) -> None:
        self._waiting.clear()
        self._in_line.clear()
