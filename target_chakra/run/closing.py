"""The end of a run: its receipt, and what its user is told."""

from __future__ import annotations

import logging
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chakra_api.errors import HeldBack
from chakra_api.exit_codes import ExitCode
from target_chakra.books.receipt import Cost, Receipt
from target_chakra.books.run_end import RunEnd
from target_chakra.books.verdict import Held, Verdict
from target_chakra.journal.records import RunKind
from target_chakra.lifecycle import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chakra_api.endpoints.client import ChakraClient
    from chakra_api.errors import ChakraError
    from target_chakra.context import RunContext
    from target_chakra.run.hooks import Hooks
    from target_chakra.run.streams import Streams
    from target_chakra.run.writer import Writer

LOG = logging.getLogger("target-chakra")


@dataclass(frozen=True, slots=True)
class Load:
    """A load whose files may come again.

    Attributes:
        name: Empty where the run works on none.
        is_complete: Whether every file of it was settled, and none was given up.
    """

    name: str = ""
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """Accounts for a run, and tells of it.

    Attributes:
        run_id: Its number in the journal.
        began: When it began, by the monotonic clock.
        context: What belongs to it.
        writer: What wrote.
        streams: What came.
        hooks: Who is told.
        client: Talks to the account.
    """

    run_id: int
    began: float
    context: RunContext
    writer: Writer[Any]
    streams: Streams
    hooks: Hooks[Any]
    client: ChakraClient

    def receipt(self, error: ChakraError | None, load: Load) -> Receipt:
        """The account of the run so far."""
        writer, stats = self.writer, self.client.stats
        seconds = self.context.clock.monotonic() - self.began
        return Receipt(
            run=self.run_id,
            rows=dict(writer.tally.rows),
            outcomes={name: Counter(counts) for name, counts in writer.tally.outcomes.items()},
            mirror=dict(writer.tally.deleted_by_mirror),
            cost=Cost(stats.requests, stats.retries, writer.dispatcher.jobs, seconds, stats.waited),
            error=error,
            halted=tuple(f"{name}: {why}" for name, why in writer.halted.items()),
            halted_code=_halted_code(writer.halted.values()),
            stopped=self.hooks.stopped(),
            dry_run=self.context.settings.writes_nothing,
            planned=tuple(
                (kind.value, count) for kind, count in writer.outbox.dry_run.planned.items()
            ),
            bookmarked=tuple(sorted(self.streams.bookmarked)),
            mirrored=self.streams.mirrored,
            load=load.name,
            load_complete=load.is_complete,
            skipped=dict(self.streams.skipped),
            kept_fields=dict(writer.books.kept_fields + writer.outbox.dry_run.kept),
            plan=str(self.context.settings.plan_path or ""),
            compared=dict(writer.takers.compared.written),
        )

    def say(self, receipt: Receipt, kind: str) -> None:
        """Tell what became of the run.

        Args:
            receipt: The account of it.
            kind: What it was begun for, a value of `RunKind`.
        """
        writer = self.writer
        if self.context.settings.dry_run:
            for line in writer.outbox.dry_run.lines(self.context.settings.batch_size):
                self.hooks.show(line)
        why, unknown, command = writer.books.why, writer.books.unknown, self.hooks.command
        held, holds = (self._held(each) for each in (unknown.held_seconds, unknown.own_seconds))
        keyless = writer.tally.keyless_unknown
        limits, is_undo = self.context.settings.limits, kind == RunKind.UNDO.value
        calls = writer.calls.unknown
        verdict = Verdict(receipt, limits, why, command, held, holds, keyless, is_undo, calls)
        for told in verdict.errors():
            LOG.error("%s", told)
        for told in verdict.warnings():
            LOG.warning("%s", told)
        LOG.info("Run %d: %s", receipt.run, receipt.line())
        if left := verdict.left():
            LOG.info("%s", left)
        self.hooks.ended(
            RunEnd(
                receipt,
                receipt.exit_code(verdict.limits),
                kind,
                self.context.now_ms(),
                why[Outcome.REJECTED].briefs,
                verdict.next_command,
            )
        )

    def _held(self, seconds: float) -> Held | None:
        """Until when processes are held that are free in so many seconds; None if they are."""
        if not seconds:
            return None
        if not math.isfinite(seconds):
            return Held(None, 0)
        now = self.context.server_clock.earliest or self.context.now_ms()
        return Held(now + int(seconds * 1000), math.ceil(seconds))


def _halted_code(why: Iterable[ChakraError]) -> ExitCode:
    """What procedures and streams that nothing more could be written to mean for the run's end."""
    held_back = any(isinstance(each, HeldBack) for each in why)
    return ExitCode.STOPPED if held_back else ExitCode.UNREACHABLE
