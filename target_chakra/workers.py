"""Runs tasks on threads and brings their results back to the one thread that decides."""

from __future__ import annotations

import heapq
import queue
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.clock import Clock

T = TypeVar("T")
Step: TypeAlias = "Callable[[], None]"


class Workers:
    """Threads, and timers that go off on the thread that decides.

    Args:
        clock: Its monotonic time rules the timers.
        threads: How many tasks run at a time.
    """

    def __init__(self, clock: Clock, threads: int) -> None:
        self._clock = clock
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="writer")
        self._finished: queue.SimpleQueue[Step] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Step]] = []
        self._number = 0
        self.running = 0
        """Tasks that have not come back."""

    def start(
        self, task: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> None:
        """Run a task on a thread; then one of the two here, in `pump`."""
        self.running += 1
        future = self._executor.submit(task)
        future.add_done_callback(lambda f: self._finished.put(partial(self._back, f, done, failed)))

    def _back(
        self, future: Future[T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> None:
        self.running -= 1
        error = future.exception()
        if error is None:
            done(future.result())
        elif isinstance(error, Exception):
            failed(error)
        else:
            raise error

    def later(self, seconds: float, step: Step) -> None:
        """Do a step here, in `pump`, after so many seconds."""
        self._number += 1
        due = self._clock.monotonic() + max(0.0, seconds)
        heapq.heappush(self._timers, (due, self._number, step))

    def wake(self) -> None:
        """Let `pump` return at once; may be called from any thread."""
        self._finished.put(lambda: None)

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing is due later."""
        return not self.running and not self._timers

    def pump(self, patience: float) -> bool:
        """Do what is due, waiting at most so many seconds for it; whether there was anything."""
        did = self._due()
        if not did and patience > 0 and self._timers:
            patience = min(patience, max(0.0, self._timers[0][0] - self._clock.monotonic()))
        while True:
            try:
                step = (
                    self._finished.get_nowait()
                    if did or patience <= 0
                    else self._finished.get(timeout=patience)
                )
            except queue.Empty:
                return self._due() or did
            step()
            did = True

    def _due(self) -> bool:
        did = False
        while self._timers and self._timers[0][0] <= self._clock.monotonic():
            _, _, step = heapq.heappop(self._timers)
            step()
            did = True
        return did

    def close(self) -> None:
        """Let go of the threads without waiting for what they do."""
        self._executor.shutdown(wait=False, cancel_futures=True)
