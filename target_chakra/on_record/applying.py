"""Carries a plan out: each action is looked up again, and sent only over what it was decided on.

A plan is a load, and its actions are the lines of it: what is settled is on record by number, so
that a second run goes on where the first one ended, and does nothing twice. An action without a
key can't be looked up. It is known again by its twin, and only where no other run has brought rows
of its stream since.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from target_chakra.books.limits import too_many_calls, too_many_deletes
from target_chakra.changes import Kind, Reject
from target_chakra.journal.records import RunKind
from target_chakra.lifecycle import SETTLED, Outcome
from target_chakra.line_ranges import LineRanges
from target_chakra.moments import DAY_MS
from target_chakra.planning.plan import Rules
from target_chakra.plans.entries import SINCE, change_of
from target_chakra.plans.metadata import readable
from target_chakra.plans.reading import AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_chakra.changes import Change
    from target_chakra.history.reports import RunLine
    from target_chakra.plans.entries import Entry
    from target_chakra.plans.metadata import PlanFacts
    from target_chakra.plans.reading import Plan
    from target_chakra.run.session import Session
    from target_chakra.settings import Settings

LOG = logging.getLogger("target-chakra")
FILE: Final = "actions"
"""What the lines of a plan are called beside its name, in the journal."""
ACTIONS_A_MARK: Final = 2000
"""Actions settled after which their numbers are stored."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a plan is to be carried out.

    Attributes:
        only: The only kind; None for all.
        limit: How many actions at the most, of those that are not done; None for all.
        written: Streams without a key of which another run has brought rows since, each with that
            run: their creates can't be told from those.
    """

    only: Kind | None = None
    limit: int | None = None
    written: dict[str, str] | None = None

    def takes(self, entry: Entry) -> bool:
        """Whether an entry is to be carried out."""
        return entry.is_action and self.only in (None, Kind(entry.kind))


def load_of(plan: Plan) -> str:
    """The name by which the journal knows a plan."""
    return f"plan {plan.digest}"


class Applying:
    """One run of a plan.

    Args:
        plan: The plan.
        choice: What of it is to be carried out.

    Attributes:
        done_before: Chosen actions that an earlier run had settled.
        taken: Actions that this run took.
    """

    def __init__(self, plan: Plan, choice: Choice) -> None:
        self._plan = plan
        self._choice = choice
        self._session: Session[Any] | None = None
        self._settled = LineRanges()
        self._numbers: dict[int, int] = {}
        self._unmarked = 0
        self._opened: set[str] = set()
        self.done_before = self.taken = 0

    @property
    def load(self) -> str:
        """The name by which the journal knows the plan."""
        return load_of(self._plan)

    def work(self, session: Session[Any]) -> None:
        """Carry the plan out.

        Args:
            session: A run that was begun for it, with `heard` and `mark` of this among its hooks.

        Raises:
            SettingsError: The plan is of another account, or so old that the journal has forgotten
                what of it was done.
            LimitCrossed: It would delete more than max_deletes allows, or send more messages than
                max_messages.
        """
        facts = self._plan.facts
        if facts.account != session.account_id:
            raise SettingsError(
                f"The plan was made for the account {facts.account or '(no id)'}, and this key is"
                f" of {session.account_id or '(no id)'}",
                "Use the key of that account, or make the plan again",
            )
        _refuse_old(facts, session.settings, session.moment.ours)
        session.takes_on(RunKind.UNDO if self._takes_back else RunKind.APPLY)
        self._session = session
        self._settled = session.serve(self.load).get(FILE, LineRanges())
        self._refuse_deletes(session.settings)
        for stream, each in facts.streams.items():
            session.open_stream(stream, each.columns)
        self._refuse_calls(session)
        for entry in self._chosen():
            if session.is_stopped:
                break
            self._carry_out(session, entry)
        session.writer.finish()

    @property
    def _takes_back(self) -> bool:
        """Whether the plan is of an undo."""
        first = next(self._plan.entries(), None)
        return first is not None and first.undone is not None

    def _refuse_deletes(self, settings: Settings) -> None:
        """Refuse more deletes than are allowed before the first action is sent."""
        allowed = settings.limits.max_deletes
        if settings.writes_nothing or self._plan.facts.counts.get("deletes", 0) <= allowed:
            return
        deletes = sum(entry.kind == Kind.DELETE.value for entry in self._chosen(counts=False))
        if deletes > allowed:
            raise too_many_deletes(deletes, allowed)

    def _refuse_calls(self, session: Session[Any]) -> None:
        """Refuse more messages than are allowed before the first one is sent."""
        desk = session.writer.calls
        if session.settings.writes_nothing or not desk.scopes:
            return
        wanted = Counter(entry.stream for entry in self._chosen(counts=False) if entry.is_call)
        for stream, count in wanted.items():
            allowed = desk.most_of(stream)
            if allowed is not None and count > allowed:
                raise too_many_calls(stream, count, allowed)

    def _chosen(self, *, counts: bool = True) -> Iterator[Entry]:
        """What is to be done, in order; an action without a key is seen though it is done."""
        left = self._choice.limit
        for entry in self._plan.entries():
            if not self._choice.takes(entry):
                continue
            if entry.number in self._settled:
                self.done_before += counts
                if counts and entry.key is None and self._session is not None:
                    self._session.writer.intake.keyless.came_before(self._change(entry))
                continue
            if left is not None:
                if left <= 0:
                    return
                left -= 1
            yield entry

    def _change(self, entry: Entry) -> Change:
        change = change_of(entry, self._plan.facts.made_at)
        guard = change.guard and replace(change.guard, load=self.load)
        return replace(change, guard=guard)

    def _carry_out(self, session: Session[Any], entry: Entry) -> None:
        self.taken += 1
        if entry.undone is not None and entry.stream not in self._opened:
            self._opened.add(entry.stream)
            into = session.procedure(entry.procedure).destinations
            rules = Rules(into.comparable, into.read_only)
            session.writer.intake.register(entry.stream, rules)
        change, tally = self._change(entry), session.writer.tally
        self._numbers[tally.last_seq + 1] = entry.number
        written = self._choice.written or {}
        if entry.key is None and entry.stream in written:
            session.writer.carry_out(_told_apart(change, written[entry.stream]))
        else:
            session.writer.carry_out(change)
        if self._unmarked >= ACTIONS_A_MARK:
            session.flush()
            self.mark()

    def heard(self, change: Change, outcome: Outcome) -> None:
        """An action has an outcome; or one that was unknown, another."""
        number = self._numbers.get(change.seq)
        if number is None or outcome is Outcome.UNKNOWN:
            return
        del self._numbers[change.seq]
        if outcome in SETTLED:
            self._settled.add(number)
            self._unmarked += 1

    def mark(self) -> None:
        """Store which actions are settled; what became of them is stored already."""
        session = self._session
        if session is None or session.settings.writes_nothing or not self._unmarked:
            return
        self._unmarked = 0
        session.mark({FILE: self._settled})

    @property
    def found_nothing(self) -> bool:
        """Whether all that was to be carried out had an outcome before."""
        return bool(self.done_before) and not self.taken

    def said(self) -> str:
        """What is to be said of what an earlier run did; empty if it did nothing."""
        if not self.done_before or self.found_nothing:
            return ""
        return f"{self.done_before:,} actions of this plan had an outcome already"


def _told_apart(change: Change, run: str) -> Reject:
    return Reject(
        change,
        f"Changed since {SINCE}: {run} has brought rows of '{change.stream}', and what has no key"
        " can't be looked up",
        "See in ChakraHQ whether it is there; if it is not, send it with target-chakra retry",
    )


def written_since(runs: Sequence[RunLine], plan: Plan) -> dict[str, str]:
    """Streams of a plan of which other runs have brought rows since, each with the last such run.

    Args:
        runs: All runs that the journal knows.
        plan: The plan; it creates processes without a key.

    Raises:
        SettingsError: The plan was made with another journal: nobody can say.
    """
    facts, load = plan.facts, load_of(plan)
    made = any(_is_of(plan, run) for run in runs)
    if not made:
        raise SettingsError(
            "The plan creates processes without a key, and was made with another journal: whether"
            " a run has created them since can't be known here",
            "Apply it with the journal of the run that made it, or make the plan again with this"
            " one",
        )
    found: dict[str, str] = {}
    for run in runs:
        if run.id <= facts.run or run.dry or run.load == load or run.account != facts.account:
            continue
        if not (run.receipt or run.recorded or run.in_flight):
            continue  # it was killed before it sent anything
        streams = run.receipt.get("streams")
        came = streams if isinstance(streams, dict) else facts.streams
        found.update(dict.fromkeys(came, f"run {run.id}"))
    return found


def _is_of(plan: Plan, run: RunLine) -> bool:
    """Whether a run is the one that made a plan."""
    facts = plan.facts
    same = (run.id, run.began_ms) == (facts.run, facts.began)
    return same and run.kind == RunKind.PLAN.value


def _refuse_old(facts: PlanFacts, settings: Settings, now_ms: int) -> None:
    days = max(settings.retention_days, 1)
    if now_ms - facts.began > days * DAY_MS:
        raise SettingsError(
            f"The plan is older than {days:g} days: the journal does not keep for longer what of it"
            " was done (journal_retention_days)",
            "Make the plan again",
        )


def refuse_other(facts: PlanFacts, settings: Settings) -> None:
    """Refuse a plan that was made for something else than the settings say.

    Raises:
        SettingsError: It was made for another API, or by a mapping that was changed since.
    """
    if facts.api_url != settings.connection.api_url:
        raise SettingsError(
            f"The plan was made for {facts.api_url}, and api_url is {settings.connection.api_url}",
            "Set api_url to that, or make the plan again",
        )
    if settings.plan_path is not None:
        raise SettingsError(
            "plan_path is set, and a plan of a plan is none", "Take plan_path away to apply it"
        )
    for stream, planned in facts.streams.items():
        now = readable(settings.mapping_for(stream))
        if now != planned.mapping:
            was, names = planned.mapping, sorted({*now, *planned.mapping})
            changed = [name for name in names if now.get(name) != was.get(name)]
            raise SettingsError(
                f"The mapping of '{stream}' was changed since the plan was made"
                f" ({', '.join(changed)})",
                AGAIN,
            )
