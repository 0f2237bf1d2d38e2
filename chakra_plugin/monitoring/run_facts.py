"""What is told of a run that has ended, in words and numbers that hold no value of a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_api.values.timestamps import iso_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Metric:
    """One measure of a run.

    Attributes:
        name: What stands behind `chakra_tap_` or `chakra_target_`.
        means: A sentence.
        values: The value of each set of labels.
    """

    name: str
    means: str
    values: Sequence[tuple[Mapping[str, str], float]]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run that has ended, or that ended before it had begun.

    Attributes:
        command: `tap-chakra` or `target-chakra`.
        kind: What it was begun for: `run`, `retry` …
        code: How it ended.
        ended_ms: Epoch milliseconds.
        seconds: How long it took.
        fault: What stopped it, in a few words of ours; empty if nothing did.
        said: What became of its rows, in a sentence; empty where none came.
        reason: Why rows were rejected most often; empty if none were.
        next_command: What to type next; empty where nothing is left to do.
        counts: The rest of the receipt.
        metrics: What is measured beside how it ended.
    """

    command: str
    kind: str
    code: ExitCode
    ended_ms: int
    seconds: float
    fault: str = ""
    said: str = ""
    reason: str = ""
    next_command: str = ""
    counts: Mapping[str, object] = field(default_factory=dict)
    metrics: Sequence[Metric] = ()

    @property
    def failed(self) -> bool:
        """Whether somebody has to look."""
        return self.code is not ExitCode.DONE

    @property
    def ending(self) -> str:
        """How it ended: `rejects (exit code 7)`, with what stopped it."""
        fault = f", {self.fault}" if self.fault else ""
        return f"{self.code.words} (exit code {int(self.code)}{fault})"

    def to_json(self) -> dict[str, object]:
        """One JSON object."""
        return {
            "command": self.command,
            "kind": self.kind,
            "began": iso_ms(self.ended_ms - round(self.seconds * 1000)),
            "ended": iso_ms(self.ended_ms),
            "seconds": round(self.seconds, 3),
            "exit_code": int(self.code),
            "outcome": self.code.words,
            "means": self.code.means,
            "fault": self.fault or None,
            "next_command": self.next_command or None,
            **self.counts,
        }


def code_of(error: BaseException) -> ExitCode:
    """The exit code of a command that an error ends, as the boundary gives it."""
    if isinstance(error, ChakraError):
        return error.exit_code
    if isinstance(error, SystemExit):
        codes = [code for code in ExitCode if code == error.code]
        return codes[0] if codes else ExitCode.BUG
    return ExitCode.STOPPED if isinstance(error, KeyboardInterrupt) else ExitCode.BUG


def fault_of(error: BaseException | None) -> str:
    """What an error is, in words of ours alone: its message may quote a row, or ChakraHQ."""
    brief = error.brief if isinstance(error, ChakraError) else ""
    return "" if brief == ChakraError.brief else brief
