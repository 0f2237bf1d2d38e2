"""The plan that a run leaves in place of writing, if it comes to its end."""

from __future__ import annotations

import logging
import shlex
from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError
from target_chakra.journal.records import RunKind
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.key_lookups import PAGE
from target_chakra.planning.foreseen import is_made_up
from target_chakra.plans.metadata import PlanFacts
from target_chakra.plans.shown import times_of
from target_chakra.plans.writing import PlanWriter

if TYPE_CHECKING:
    from pathlib import Path

    from target_chakra.moments import Moment
    from target_chakra.run.closing import Closing
    from target_chakra.run.outbox import Notes
    from target_chakra.settings import Settings

LOG = logging.getLogger("target-chakra")
SAYS: Final = {
    RunKind.RUN: "Writes",
    RunKind.DRY: "Dry run: writes nothing",
    RunKind.PLAN: "Makes a plan, and writes nothing",
}
"""What a run of each kind says as it begins."""


def kind_of(settings: Settings) -> RunKind:
    """What a run of rows is begun for."""
    if settings.plan_path is not None:
        return RunKind.PLAN
    return RunKind.DRY if settings.dry_run else RunKind.RUN


class PlanKeeper:
    """Keeps what a run would do until that is a plan.

    Args:
        path: Where the plan is to lie.
        account: The team that it is for.

    Raises:
        SettingsError: It can't be written there.
    """

    def __init__(self, path: Path, account: str) -> None:
        self._account = account
        self._file = PlanWriter(path, is_made_up)

    @property
    def notes(self) -> tuple[Notes, ...]:
        """Who is told what would be done."""
        return (self._file,)

    def leave(
        self, error: ChakraError | None, closing: Closing, began: Moment
    ) -> ChakraError | None:
        """Put the plan in its place, if the run came to its end.

        Args:
            error: What stopped the run; None if nothing did.
            closing: Accounts for it.
            began: When it began.

        Returns:
            What is wrong with the run.
        """
        writer, path = closing.writer, self._file.path
        is_whole = error is None or error is writer.outbox.crossed
        if not is_whole or closing.hooks.stopped() or writer.halted:
            LOG.warning("No plan is left in '%s': the run did not come to its end", path)
            return error
        try:
            self._file.finish(self._facts(closing, began))
        except ChakraError as failed:
            return failed
        shown = closing.hooks.command(f"plan {shlex.quote(str(path))}")
        LOG.info("The plan is in '%s'; read it with: %s", path, shown)
        return error

    def discard(self) -> None:
        """What is no plan by now does not stay."""
        self._file.discard()

    def _facts(self, closing: Closing, began: Moment) -> PlanFacts:
        settings, writer = closing.context.settings, closing.writer
        dry = writer.outbox.dry_run
        jobs, requests = dry.cost(settings.batch_size)
        lookups = ceil(sum(dry.planned.values()) / PAGE)  # each action is looked up again
        requests += lookups
        took = closing.context.clock.monotonic() - closing.began
        total: Counter[Outcome] = sum(writer.tally.outcomes.values(), Counter())
        counts = dry.counts | {"rejects": dry.rejected, "unchanged": total[Outcome.UNCHANGED]}
        counts["superseded"] = total[Outcome.SUPERSEDED]
        counts["kept"] = total[Outcome.KEPT]
        counts["creates_without_key"] = dry.keyless
        counts["not_planned"] = total[Outcome.NOT_SENT] - dry.rows
        return PlanFacts(
            made_at=began.ours if began.server is None else began.server,
            began=began.ours,
            run=closing.run_id,
            account=self._account,
            api_url=settings.connection.api_url,
            streams=closing.streams.planned(),
            counts=counts,
            rows_in=writer.tally.last_seq,
            jobs=jobs,
            requests=requests,
            minutes=round(
                (requests + lookups) * took / max(closing.client.stats.requests, 1) / 60, 2
            ),
            made_by=settings.connection.user_agent,
            times=self._times(closing),
        )

    def _times(self, closing: Closing) -> dict[str, dict[str, int]]:
        """Which fields hold times, of the procedures that the plan is of."""
        names = sorted(self._file.procedures - closing.writer.takers.scopes)
        opened = map(closing.context.procedure, names)
        found = {
            each.name: times_of(each.destinations.procedure, each.destinations.rules.times.unit_ms)
            for each in opened
        }
        return {name: times for name, times in found.items() if times}
