"""Runs tasks beside the one thread that decides, and brings their results back to it.

A stage starts a task and says which of its steps takes the result. What the step yields are the
stage's events: `Workers.pump` hands them out one by one, so that each is acted on before the step
goes on, and before the next step begins.
"""

from __future__ import annotations

import heapq
import queue
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from chakra_api.clock import Clock

T = TypeVar("T")
E = TypeVar("E")
Inner_contra = TypeVar("Inner_contra", contravariant=True)
Step: TypeAlias = "Callable[[], None]"


class Crew(Protocol):
    """Carries tasks out: the seam that a simulation replaces."""

    def carry_out(self, task: Callable[[], T], back: Callable[[Future[T]], None]) -> None:
        """Begin a task; once it has ended, `take` gives the step that hands its future back."""

    def take(self, patience: float) -> Step | None:
        """The next step; None if no task ends within so many seconds."""

    def wake(self) -> None:
        """Let `take` return at once; may be called from any thread."""

    def close(self) -> None:
        """Let go of all tasks without waiting for what they do."""


class Threads:
    """A crew of threads.

    Args:
        count: How many tasks run at a time.
    """

    def __init__(self, count: int) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="writer")
        self._ended: queue.SimpleQueue[Step] = queue.SimpleQueue()

    def carry_out(self, task: Callable[[], T], back: Callable[[Future[T]], None]) -> None:
        """Begin a task on a thread."""
        future = self._executor.submit(task)
        future.add_done_callback(lambda ended: self._ended.put(partial(back, ended)))

    def take(self, patience: float) -> Step | None:
        """The next step; None if no task ends within so many seconds."""
        try:
            return self._ended.get_nowait() if patience <= 0 else self._ended.get(timeout=patience)
        except queue.Empty:
            return None

    def wake(self) -> None:
        """Let `take` return at once."""
        self._ended.put(lambda: None)

    def close(self) -> None:
        """Let go of the threads without waiting for what they do."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class Workers(Generic[E]):
    """Tasks beside the thread that decides, and timers that go off on it.

    Args:
        clock: Its monotonic time rules the timers.
        crew: Carries the tasks out.
    """

    def __init__(self, clock: Clock, crew: Crew) -> None:
        self._clock = clock
        self._crew = crew
        self._timers: list[tuple[float, int, Callable[[], Iterable[E] | None]]] = []
        self._number = 0
        self._brought: Iterable[E] | None = None
        self.running = 0
        """Tasks that have not come back."""

    def start(
        self,
        task: Callable[[], T],
        done: Callable[[T], Iterable[E] | None],
        failed: Callable[[Exception], Iterable[E] | None],
    ) -> None:
        """Run a task beside this thread; then one of the two here, in `pump`."""
        self.running += 1
        self._crew.carry_out(task, partial(self._back, done, failed))

    def _back(
        self,
        done: Callable[[T], Iterable[E] | None],
        failed: Callable[[Exception], Iterable[E] | None],
        future: Future[T],
    ) -> None:
        self.running -= 1
        error = future.exception()
        if error is None:
            self._brought = done(future.result())
        elif isinstance(error, Exception):
            self._brought = failed(error)
        else:
            raise error

    def later(self, seconds: float, step: Callable[[], Iterable[E] | None]) -> None:
        """Do a step here, in `pump`, after so many seconds."""
        self._number += 1
        due = self._clock.monotonic() + max(0.0, seconds)
        heapq.heappush(self._timers, (due, self._number, step))

    def wake(self) -> None:
        """Let `pump` return at once; may be called from any thread."""
        self._crew.wake()

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing is due later."""
        return not self.running and not self._timers

    def pump(self, patience: float) -> Generator[E, None, bool]:
        """Do what is due, waiting at most so many seconds for it; whether there was anything.

        Yields what each step does, before the step goes on.
        """
        did = yield from self._due()
        if not did and patience > 0 and self._timers:
            patience = min(patience, max(0.0, self._timers[0][0] - self._clock.monotonic()))
        while True:
            step = self._crew.take(0.0 if did else patience)
            if step is None:
                return (yield from self._due()) or did
            step()
            brought, self._brought = self._brought, None
            yield from brought or ()
            did = True

    def _due(self) -> Generator[E, None, bool]:
        did = False
        while self._timers and self._timers[0][0] <= self._clock.monotonic():
            _, _, step = heapq.heappop(self._timers)
            yield from step() or ()
            did = True
        return did

    def close(self) -> None:
        """Let go of the crew without waiting for what it does."""
        self._crew.close()


class Relay(Generic[Inner_contra, E]):
    """Workers for a stage within a stage: the outer one passes on what the inner one's steps yield.

    Args:
        workers: Those of the run.
        through: What the outer stage makes of the inner one's events.
    """

    def __init__(
        self, workers: Workers[E], through: Callable[[Iterable[Inner_contra]], Iterable[E]]
    ) -> None:
        self._workers = workers
        self._through = through

    def start(
        self,
        task: Callable[[], T],
        done: Callable[[T], Iterable[Inner_contra] | None],
        failed: Callable[[Exception], Iterable[Inner_contra] | None],
    ) -> None:
        """Run a task beside this thread; then one of the two here."""
        through = self._through
        self._workers.start(
            task,
            lambda found: through(done(found) or ()),
            lambda error: through(failed(error) or ()),
        )

    def later(self, seconds: float, step: Callable[[], Iterable[Inner_contra] | None]) -> None:
        """Do a step here after so many seconds."""
        self._workers.later(seconds, lambda: self._through(step() or ()))
