"""What a run that did not end well says in one line: how many rows, why, and what to type. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.errors import LimitCrossed
from chakra_api.exit_codes import ExitCode
from chakra_api.values.timestamps import iso_ms
from target_chakra.books.reasons import counted
from target_chakra.lifecycle import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_chakra.books.reasons import Reasons
    from target_chakra.books.receipt import Receipt
    from target_chakra.settings import Limits


@dataclass(frozen=True, slots=True)
class Held:
    """Until when processes are held that rows were not sent to.

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
    """

    receipt: Receipt
    limits: Limits
    why: Mapping[Outcome, Reasons]
    command: Callable[[str], str]
    held: Held | None = None

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

    def _count(self, outcome: Outcome) -> int:
        return self.receipt.total[outcome] + self.receipt.mirror.get(outcome, 0)

    def _over_limit(self) -> str:
        count, most = self._count(Outcome.REJECTED), self.limits.max_rejects
        verb = "would be" if self.receipt.dry_run else "were" if count > 1 else "was"
        return f"{counted(count)} {verb} rejected, and max_rejects allows {most:,}."

    def _rejects_said(self) -> str:
        said = f"Rejected most often: {self.why[Outcome.REJECTED].said()}."
        if self.receipt.dry_run:
            return (
                f"{said} A dry run adds none to the rejects on record, and takes none away: mend"
                " them in the source or the mapping."
            )
        listed, again = self.command(f"rejects --run {self.receipt.run}"), self.command("retry")
        return f"{said} List them with: {listed}. Once mended, send them again with: {again}."

    def _unknown_said(self) -> str:
        unknown, unsent = self._count(Outcome.UNKNOWN), self._count(Outcome.NOT_SENT)
        in_flight = self._count(Outcome.IN_FLIGHT)
        parts = []
        if unknown:
            verb = "was" if unknown == 1 else "were"
            parts.append(f"Nobody knows whether {counted(unknown)} {verb} written.")
            why = self.why[Outcome.UNKNOWN].said()
            parts += [f"Most often: {why}."] if why else []
            parts.append(f"List them with: {self.command('unknown')}.")
        if in_flight:
            parts.append(f"{_in_flight_said(in_flight)}.")
        if unsent:
            parts.append(f"{counted(unsent)} not sent, to come again from the source: {self._why}.")
        return " ".join((*parts, self._go_on))

    @property
    def _why(self) -> str:
        if self.held is None:
            return "an unknown row, or one in flight, holds their process"
        until = self.held.until_ms
        if until is None:
            return (
                "what was sent to their process before, and nobody knows of, may still be written,"
                " and ChakraHQ's answers tell no time (Date) by which to know until when"
            )
        return (
            "what was sent to their process before, and nobody knows of, may still be written"
            f" until {iso_ms(until)} by ChakraHQ's clock ({self.held.seconds:,} s"
            " from now)"
        )

    @property
    def _go_on(self) -> str:
        return "Run it again after that." if self.held else "Run it again to go on."


def _in_flight_said(count: int) -> str:
    verb = "is" if count == 1 else "are"
    return f"{counted(count)} {verb} in flight; the next run with this journal follows them"
