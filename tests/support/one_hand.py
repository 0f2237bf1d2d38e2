"""A crew for `Workers` that has one hand and no threads."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class OneHand:
    """A crew that does each task when it is begun."""

    def __init__(self) -> None:
        self._ended: deque[Callable[[], None]] = deque()

    def carry_out(self, task: Callable[[], Any], back: Callable[[Future[Any]], None]) -> None:
        """Do it now; `take` tells of it."""
        future: Future[Any] = Future()
        try:
            future.set_result(task())
        except Exception as error:  # noqa: BLE001 - handed on, as by a thread
            future.set_exception(error)
        self._ended.append(partial(back, future))

    def take(self, patience: float) -> Callable[[], None] | None:  # noqa: ARG002 - a crew's signature
        """The next step."""
        return self._ended.popleft() if self._ended else None

    def wake(self) -> None:
        """Nobody waits."""

    def close(self) -> None:
        """Nobody is there."""
