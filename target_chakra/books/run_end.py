"""What there is to tell of a run that has ended, to whoever is told: people, scripts, alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chakra_api.exit_codes import ExitCode
    from target_chakra.books.receipt import Receipt


@dataclass(frozen=True, slots=True)
class RunEnd:
    """The end of a run.

    Attributes:
        receipt: The account of it.
        code: Its exit code.
        kind: What it was begun for, a value of `RunKind`.
        ended_ms: When it ended, epoch milliseconds of our clock.
        reasons: Why rows were rejected, in words that hold no value, each with its rows; the
            commonest first.
        command: What to type next; empty where nothing is left to do.
    """

    receipt: Receipt
    code: ExitCode
    kind: str
    ended_ms: int
    reasons: tuple[tuple[str, int], ...] = ()
    command: str = ""
