"""What a run that did not end well says in one line: how many rows, why, and what to type. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chakra_api.errors import LimitCrossed
from chakra_api.exit_codes import ExitCode
from chakra_api.values.counts import counted
from chakra_api.values.timestamps import iso_ms
from target_chakra.lifecycle import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_chakra.books.reasons import Reasons
    from target_chakra.books.receipt import Receipt
    from target_chakra.settings import Limits


@dataclass(frozen=True, slots=True)
class Held:
    """Until when unknown rows hold processes.

    Attributes:
        until_ms: Epoch milliseconds of ChakraHQ's clock, as far as that is known; None if it told
            the time before, and does not now.
        seconds: From now.
    """

    until_ms: int | None
    seconds: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a run's end.

    Args:
        receipt: The account of the run.
        limits: What its user allows.
        why: The reasons of rows that ended so.
        command: What to type for a subcommand: `rejects` → `target-chakra rejects`.
        held: Until when unknown rows hold processes that rows were not sent to; None if none was.
        holds: Until when unknown rows of this run hold theirs; None if none does.
        keyless: How many unknown rows have no key.
        calls: How many unknown rows ask for a call, by what that makes: no run finds out.
        is_undo: Whether the run takes another one back: its rows have no source.
    """

    receipt: Receipt
    limits: Limits
    why: Mapping[Outcome, Reasons]
    command: Callable[[str], str]
    held: Held | None = None
    holds: Held | None = None
    keyless: int = 0
    is_undo: bool = False
    calls: Mapping[str, int] = field(default_factory=dict)

    def errors(self) -> Iterator[str]:
        """What went wrong, a line each; of rejects and unknown rows one line in all."""
        receipt = self.receipt
        yield from receipt.halted
        if receipt.error is not None:
            crossed = isinstance(receipt.error, LimitCrossed)
            more = self._rejects_said() if crossed and self._count(Outcome.REJECTED) else ""
            yield f"{receipt.error} {more}".rstrip()
            return
        code = receipt.exit_code(self.limits)
        if code is ExitCode.REJECTS:
            yield f"{self._over_limit()} {self._rejects_said()}"
        elif code is ExitCode.UNKNOWN:
            yield self._unknown_said()

    def warnings(self) -> Iterator[str]:
        """What goes on after the run, where no error says it."""
        count = self._count(Outcome.IN_FLIGHT)
        if count and self.receipt.exit_code(self.limits) is not ExitCode.UNKNOWN:
            yield _in_flight_said(count)

    def left(self) -> str | None:
        """Of a run that a signal stopped: what is left to do; None of one that came to its end."""
        if not self.receipt.stopped:
            return None
        unsent, in_flight = self._count(Outcome.NOT_SENT), self._count(Outcome.IN_FLIGHT)
        verb = "was" if unsent == 1 else "were"
        return (
            f"Stopped: {counted(unsent)} {verb} not sent, {in_flight:,} in flight, and"
            f" what the source brings after the {self.receipt.rows_in:,} that came in was not"
            " taken; run it again to go on"
        )

    @property
    def next_command(self) -> str:
        """What to type to see more; empty where all is well, and of a dry run, which left nothing.

        A rejected row is to be seen also where the user's limit allows it.
        """
        if self.receipt.dry_run:
            return ""
        if self._count(Outcome.UNKNOWN):
            return self.command("unknown")
        if self._count(Outcome.REJECTED):
            return self.command(f"rejects --run {self.receipt.run}")
        is_well = self.receipt.exit_code(self.limits) is ExitCode.DONE
        return "" if is_well else self.command(f"runs {self.receipt.run}")

    def _count(self, outcome: Outcome) -> int:
        return self.receipt.total[outcome] + self.receipt.mirror.get(outcome, 0)

    def _over_limit(self) -> str:
        count, most = self._count(Outcome.REJECTED), self.limits.max_rejects
        verb = "would be" if self.receipt.dry_run else "were" if count > 1 else "was"
        return f"{counted(count)} {verb} rejected, and max_rejects allows {most:,}."

    def _rejects_said(self) -> str:
        said = f"Rejected most often: {self.why[Outcome.REJECTED].said()}."
        if self.receipt.dry_run:
            what = "A plan" if self.receipt.plan else "A dry run"
            return (
                f"{said} {what} adds none to the rejects on record, and takes none away: correct"
                " them in the source or the mapping."
            )
        listed, again = self.command(f"rejects --run {self.receipt.run}"), self.command("retry")
        if self.is_undo:
            return f"{said} List them with: {listed}. What was not taken back is as it was."
        return f"{said} List them with: {listed}. Once corrected, send them again with: {again}."

    def _unknown_said(self) -> str:
        unknown, unsent = self._count(Outcome.UNKNOWN), self._count(Outcome.NOT_SENT)
        in_flight = self._count(Outcome.IN_FLIGHT)
        parts = []
        if unknown:
            verb = "was" if unknown == 1 else "were"
            parts.append(f"It is not known whether {counted(unknown)} {verb} written.")
            why = self.why[Outcome.UNKNOWN].said()
            parts += [f"Most often: {why}."] if why else []
            parts.append(f"List them with: {self.command('unknown')}.")
            if self.holds and not (self.held and self.held.seconds >= self.holds.seconds):
                parts.append(self._holds_said(self.holds))
            if self.keyless:
                parts.append(f"{keyless_said(self.keyless, self.command)}.")
            parts += [_call_said(noun, n, self.command) for noun, n in self.calls.items()]
        if in_flight:
            parts.append(f"{_in_flight_said(in_flight)}.")
        if unsent:
            parts.append(f"{counted(unsent)} not sent, to come again from the source: {self._why}.")
        return " ".join((*parts, self._go_on))

    @staticmethod
    def _holds_said(holds: Held) -> str:
        said = "What was sent may still be written, and holds its process"
        if holds.until_ms is None:
            return f"{said}; {_until(holds)}."
        return f"{said} until {_until(holds)}."

    @property
    def _why(self) -> str:
        if self.held is None:
            return "an unknown row, or one in flight, holds their process"
        said = "what was sent to their process before, outcome unknown, may still be written"
        if self.held.until_ms is None:
            return f"{said}, and {_until(self.held)}"
        return f"{said} until {_until(self.held)}"

    @property
    def _go_on(self) -> str:
        if self.held or self.holds:
            return "Run it again after that."
        by_word = self.keyless + sum(self.calls.values())
        ends = by_word and by_word == sum(self._count(each) for each in _LEFT_OPEN)
        return "Then run it again." if ends else "Run it again to go on."


_LEFT_OPEN: Final = (Outcome.UNKNOWN, Outcome.NOT_SENT, Outcome.IN_FLIGHT)


def _until(held: Held) -> str:
    if held.until_ms is None:
        return "ChakraHQ's answers tell no time (Date) by which to know until when"
    return f"{iso_ms(held.until_ms)} by ChakraHQ's clock ({held.seconds:,} s from now)"


def _in_flight_said(count: int) -> str:
    verb = "is" if count == 1 else "are"
    return f"{counted(count)} {verb} in flight; the next run with this journal follows them"


def _call_said(noun: str, count: int, command: Callable[[str], str]) -> str:
    """What is to be said of calls of which nobody knows whether they were made."""
    said, it = (f"this {noun}", "it") if count == 1 else (f"these {count:,} {noun}s", "they")
    return (
        f"No run can find out about {said}, and {it} will not be made again before you look in"
        f" ChakraHQ and say so, by number, with:"
        f" {command('unknown --as written|not-written NUMBERS')}."
    )


def keyless_said(rows: int, command: Callable[[str], str]) -> str:
    """What is to be said of unknown rows that nothing but their user's word can end.

    Args:
        rows: How many have no key.
        command: What to type for a subcommand.
    """
    has, it = ("has", "it is") if rows == 1 else ("have", "they are")
    return (
        f"{counted(rows)} {has} no key to be read back by, and no run can find out: look in"
        f" ChakraHQ whether {it} there, then say so, by number, with:"
        f" {command('unknown --as written|not-written NUMBERS')}"
    )
