"""Asks several things at a time, and waits for no answer longer than the look may take."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from chakra_plugin.findings.budget import OverBudget

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_plugin.findings.budget import Budget

T = TypeVar("T")

AT_A_TIME: Final = 6
"""Things that are asked at a time; each sends its requests one after the other."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """What is being asked.

    Attributes:
        what: In words, for the list of what was left out.
        future: What is found.
    """

    what: str
    future: Future[T]


class Asking:
    """The threads of one look.

    Args:
        budget: Of requests and seconds.

    Attributes:
        left_out: What was not answered within the budget, in words.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._pool = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="doctor")
        self.left_out: list[str] = []

    def begin(self, what: str, ask: Callable[[], T]) -> Asked[T]:
        """Ask something."""
        return Asked(what, self._pool.submit(ask))

    def answer(self, asked: Asked[T]) -> T | None:
        """What was found; None if there was no time or no request left for it.

        Raises:
            ChakraError: ChakraHQ could not be asked, for another reason.
        """
        try:
            return asked.future.result(self._budget.seconds_left)
        except (Late, OverBudget) as why:
            late = isinstance(why, Late) or not self._budget.seconds_left
            reason = "no time was left" if late else "the requests were spent"
            self.left_out.append(f"{asked.what} ({reason})")
            return None

    def close(self) -> None:
        """Let go of the threads without waiting for answers."""
        self._pool.shutdown(wait=False, cancel_futures=True)
