"""What a session asks and tells the command, the loader or the test that runs it."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from chakra_api.printable import printable_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_chakra.books.run_end import RunEnd
    from target_chakra.changes import Change
    from target_chakra.lifecycle import Outcome

State = TypeVar("State")

LOG = logging.getLogger("target-chakra")


def _pass_no_state(_value: object) -> None:
    """Without a reader of STATEs there is none to pass on."""


def _is_never_stopped() -> bool:
    return False


def _nothing() -> None:
    """Nothing is to be done."""


def _to_standard_error(end: RunEnd) -> None:
    print(printable_json(end.receipt.line_json), file=sys.stderr)  # noqa: T201 - the account of a run


def _to_log(line: str) -> None:
    LOG.info("%s", line)


def _typed(words: str) -> str:
    return f"target-chakra {words}"


@dataclass(frozen=True, slots=True)
class Hooks(Generic[State]):
    """Functions that a session calls while it runs, always on the thread that decides.

    Attributes:
        emit: Passes a STATE on.
        stopped: Whether an end was asked for.
        heard: Told of each row and the outcome of the change that it went into; None without one.
        beat: Called often while rows are on their way.
        ending: Called when every row has its outcome, before the receipt is stored.
        ended: Told of the end, last; prints the receipt.
        show: Shows a line of what a dry run would do.
        command: What its user types for a subcommand of target-chakra.
    """

    emit: Callable[[State], None] = _pass_no_state
    stopped: Callable[[], bool] = _is_never_stopped
    heard: Callable[[Change, Outcome], None] | None = None
    beat: Callable[[], None] = _nothing
    ending: Callable[[], None] = _nothing
    ended: Callable[[RunEnd], None] = _to_standard_error
    show: Callable[[str], None] = _to_log
    command: Callable[[str], str] = _typed
