"""The account of a run: what came in, what became of it, what it cost. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chakra_api.exit_codes import ExitCode
from chakra_api.values.counts import counted
from chakra_api.wire.wire_json import encode
from target_chakra.lifecycle import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.errors import ChakraError
    from target_chakra.settings import Limits


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost.

    Attributes:
        requests: Requests, the repeated ones among them.
        retries: Repeated requests.
        jobs: Batches that ChakraHQ took.
        seconds: From beginning to end.
        waited: Seconds that all threads together waited for the pace.
    """

    requests: int
    retries: int
    jobs: int
    seconds: float
    waited: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a run did.

    Attributes:
        run: Its number in the journal.
        rows: Rows that came in, by stream.
        outcomes: How they ended, by stream.
        mirror: How deletes ended that no row asked for.
        cost: What it cost.
        error: What stopped it; None if it came to its end.
        halted: Procedures, and streams of calls, that nothing more could be written to, and why.
        halted_code: What that means to the script that ran it.
        stopped: Whether a signal ended it.
        dry_run: Whether it wrote nothing on purpose.
        planned: Of a dry run: creates, updates and deletes.
        bookmarked: Mirrored streams whose STATE held a replication key.
        mirrored: Streams in mode mirror.
        load: The load that it worked on; empty where there are none.
        load_complete: Whether all of that is settled.
        skipped: Rows of streams that go nowhere, by stream; not among those that came in.
        kept_fields: Fields that were left as others changed them, by stream.
        plan: Where the plan of a run that only makes one lies; empty without one.
        compared: What is no process and was written, by kind; calls are in the journal.
    """

    run: int
    rows: Mapping[str, int]
    outcomes: Mapping[str, Mapping[Outcome, int]]
    mirror: Mapping[Outcome, int]
    cost: Cost
    error: ChakraError | None = None
    halted: tuple[str, ...] = ()
    halted_code: ExitCode = ExitCode.UNREACHABLE
    stopped: bool = False
    dry_run: bool = False
    planned: tuple[tuple[str, int], ...] = ()
    bookmarked: tuple[str, ...] = ()
    mirrored: tuple[str, ...] = ()
    load: str = ""
    load_complete: bool = False
    skipped: Mapping[str, int] = field(default_factory=dict)
    kept_fields: Mapping[str, int] = field(default_factory=dict)
    plan: str = ""
    compared: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> Counter[Outcome]:
        """Outcomes of all streams together."""
        total: Counter[Outcome] = Counter()
        for counts in self.outcomes.values():
            total.update(counts)
        return total

    @property
    def rows_in(self) -> int:
        """Rows that came in."""
        return sum(self.rows.values())

    def exit_code(self, limits: Limits) -> ExitCode:
        """What the run's end means to the script that ran it."""
        total = self.total
        total.update(self.mirror)
        verdicts = (
            (self.error is not None, self.error.exit_code if self.error else ExitCode.BUG),
            (self.stopped, ExitCode.STOPPED),
            (total[Outcome.UNKNOWN] + total[Outcome.IN_FLIGHT] > 0, ExitCode.UNKNOWN),
            (bool(self.halted), self.halted_code),
            (total[Outcome.REJECTED] > limits.max_rejects, ExitCode.REJECTS),
            (total[Outcome.NOT_SENT] > 0 and not self.dry_run, ExitCode.UNKNOWN),
        )
        return next((code for holds, code in verdicts if holds), ExitCode.DONE)

    def to_json(self) -> dict[str, object]:
        """One JSON object."""
        made: dict[str, object] = {
            "run": self.run,
            "rows_in": self.rows_in,
            "outcomes": _named(self.total),
            "streams": {
                name: {"rows_in": rows, "outcomes": _named(self.outcomes.get(name, {}))}
                for name, rows in self.rows.items()
            },
            "unknown": self.total[Outcome.UNKNOWN],
            "in_flight": self.total[Outcome.IN_FLIGHT],
            "requests": self.cost.requests,
            "requests_repeated": self.cost.retries,
            "jobs": self.cost.jobs,
            "seconds": round(self.cost.seconds, 3),
            "waited_for_pace": round(self.cost.waited, 3),
            "stopped": self.stopped,
            "error": str(self.error) if self.error else None,
            "halted": list(self.halted),
        }
        if self.mirrored:
            made["mirrored"] = list(self.mirrored)
            made["bookmarked"] = list(self.bookmarked)
        if self.mirrored or self.mirror:
            made["mirror_deletes"] = _named(self.mirror)
        if self.load:
            made["load"] = self.load
            made["load_complete"] = self.load_complete
        if self.skipped:
            made["skipped"] = dict(self.skipped)
        if self.kept_fields:
            made["kept_fields"] = dict(self.kept_fields)
        if self.compared:
            made["compared"] = dict(self.compared)
        if self.dry_run:
            made["plan" if self.plan else "dry_run"] = dict(self.planned)
        if self.plan:
            made["plan_path"] = self.plan
        return made

    @property
    def line_json(self) -> str:
        """The same as one line of JSON."""
        return encode(self.to_json()).decode()

    @property
    def rows_said(self) -> str:
        """What became of the rows, as a person reads it."""
        parts = [f"{count:,} {outcome.value}" for outcome, count in _ordered(self.total)]
        said = f"{counted(self.rows_in)} in: {', '.join(parts) or 'nothing to do'}"
        if self.mirror:
            deletes = [f"{count:,} {outcome.value}" for outcome, count in _ordered(self.mirror)]
            said += f"; of the mirror's deletes {', '.join(deletes)}"
        if self.skipped:
            skipped = [f"{count:,} of '{name}'" for name, count in self.skipped.items()]
            said += f"; skipped {', '.join(skipped)}"
        if kept := sum(self.kept_fields.values()):
            said += (
                f"; {counted(kept, 'field')} left as others changed {'it' if kept == 1 else 'them'}"
            )
        return said

    def line(self) -> str:
        """What a person reads."""
        rate = self.rows_in / self.cost.seconds if self.cost.seconds > 0 else 0.0
        return (
            f"{self.rows_said}; {counted(self.cost.jobs, 'job')},"
            f" {counted(self.cost.requests, 'request')},"
            f" {self.cost.seconds:.1f} s ({rate:,.0f} rows/s)"
        )


def _ordered(counts: Mapping[Outcome, int]) -> list[tuple[Outcome, int]]:
    return [(outcome, counts[outcome]) for outcome in Outcome if counts.get(outcome)]


def _named(counts: Mapping[Outcome, int]) -> dict[str, int]:
    return {outcome.value: counts.get(outcome, 0) for outcome in Outcome}
