"""Changes that wait are looked up and planned: each becomes an action, nothing, or a reject."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from chakra_api.errors import ChakraError
from target_chakra.changes import (
    Action,
    Ended,
    Failed,
    Halted,
    Key,
    Reject,
    singly,
)
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.key_lookups import PAGE, AnswerNotBelieved, Way, not_believed
from target_chakra.lookups.snapshot import Snapshot
from target_chakra.mapping.destination_names import attribute_of
from target_chakra.planning.foreseen import Foreseen, Unforeseen
from target_chakra.planning.guarded import plan_guarded
from target_chakra.planning.keyless import Keyless, blindly, unseen
from target_chakra.planning.lanes import Lanes
from target_chakra.planning.plan import Rules, in_doubt, plan, says_it_exists, unforeseen
from target_chakra.planning.replayed_deletes import ReplayedDeletes
from target_chakra.planning.sightings import Sightings, spellings_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from target_chakra.changes import Change, Known, PlanningEvent
    from target_chakra.context import RunContext
    from target_chakra.lookups.key_lookups import Found
    from target_chakra.planning.lanes import Group
    from target_chakra.planning.plan import Decision

SINGLE_CHUNK = 10
"""Keys of one task where each costs a request."""
LOOKUPS_AT_ONCE = 4
EXISTS_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Seconds between looks for a key that is said to exist; where they bring nothing, it is hidden."""


class UnknownRows(Protocol):
    """The rows of which nobody knows whether they were written."""

    def bars(self, names: Iterable[Key]) -> bool:
        """Whether one holds the process of these names for longer than a row may wait."""

    def wait_for(self, names: Iterable[Key]) -> float:
        """Seconds until the process of these names is free; 0 if it is."""

    def created(self, key: Key) -> Known | None:
        """What is known of a key's process if it is what an unknown row asked to be created."""


class KnownRows(Protocol):
    """What is on record of processes."""

    @property
    def unknown(self) -> UnknownRows:
        """The rows of which nobody knows whether they were written."""

    def known(self, keys: Sequence[Key]) -> dict[Key, Known]:
        """What is confirmed of keys, up to the last row."""


class Intake:
    """The changes that are not sent yet; its steps yield what it decides on them.

    Args:
        context: Of the run.
        books: What is on record of processes.
        foreseen: Of a run that writes nothing: what earlier rows of it would have done.

    Attributes:
        lanes: The changes that name a process.
        keyless: Those that name none.
        replayed_deletes: What of them waits for a delete to come again.
    """

    def __init__(
        self, context: RunContext, books: KnownRows, foreseen: Foreseen | None = None
    ) -> None:
        self._context = context
        self._foreseen = foreseen
        self._books = books
        self._unknown = books.unknown
        self.lanes = Lanes()
        self.replayed_deletes = ReplayedDeletes(context.journal, self.lanes)
        self.keyless = Keyless(context.journal)
        self._rules: dict[str, Rules] = {}
        self._looking = 0
        self._since: list[int] = []
        self._proving: set[Group] = set()
        self._in_time: set[str] = set()
        self._doubted: set[Group] = set()

    @property
    def busy(self) -> bool:
        """Whether a look-up is under way."""
        return bool(self._looking or self._proving)

    @property
    def waiting(self) -> int:
        """Changes that nothing was decided on."""
        return self.lanes.waiting + self.keyless.waiting

    def register(self, stream: str, rules: Rules) -> None:
        """A stream is about to come."""
        self._rules[stream] = rules

    def add(self, change: Change) -> None:
        """A change came in."""
        if change.key is None:
            self.keyless.add(change)
        else:
            self.lanes.add(change.key, change)
            self.replayed_deletes.came(change)

    def hold_again(self, action: Action) -> None:
        """An action of an earlier run is still under way."""
        key = action.change.key
        if key is None:
            return
        names = self._context.procedure(key.procedure).names(action.change, None)
        if action.process_id:
            names.append(Key(key.procedure, "id", action.process_id))
        self.lanes.hold(key, names)

    def advance(self, *, flush: bool, keyless: bool) -> Iterator[PlanningEvent]:
        """Look up what is ready.

        Args:
            flush: Whether to look up less than a request can ask for.
            keyless: Whether rows without a key may be decided on.
        """
        for group in self.lanes.groups:
            while self._looking < LOOKUPS_AT_ONCE and self.lanes.ready(group):
                if not flush and self.lanes.ready(group) < PAGE:
                    break
                if not (yield from self._look_up(group)):
                    break
        if keyless and self.keyless.waiting >= (1 if flush else PAGE):
            yield from self.keyless.decide(self._rules)
        self.lanes.forget_ticks(min(self._since, default=self.lanes.tick))

    def drain(self) -> list[Change]:
        """Take everything that nothing was decided on."""
        return [*self.lanes.drain(), *self.keyless.drain()]

    def drain_procedure(self, procedure: str) -> list[Change]:
        """Take everything of one procedure that nothing was decided on."""
        return [*self.keyless.drain(procedure), *self.lanes.drain(procedure)]

    # With a key

    def _look_up(self, group: Group) -> Generator[PlanningEvent, None, bool]:
        """Begin to look up ready changes; whether any could be taken."""
        if self._context.settings.compare == "never":
            for change in self.lanes.take(group, PAGE):
                decision = unseen(blindly(change), self._rules[change.stream])
                if event := self._handed_over(decision):
                    yield event
            return True
        procedure = self._context.procedure(group[0])
        way = procedure.ways.get(group[1])
        if way is None:
            self._prove(group)
            return False
        if way is Way.NONE:
            yield Halted(group[0], not_believed(*group))
            return False
        cheap = way in (Way.ARRAY, Way.EMPTY)
        changes = self.lanes.take(group, PAGE if cheap else SINGLE_CHUNK)
        if changes:
            yield from self._ask(group, way, changes)
        return bool(changes)

    def _prove(self, group: Group) -> None:
        if group not in self._proving:
            self._proving.add(group)
            self._begin_proof(group)

    def _begin_proof(self, group: Group) -> None:
        self._context.workers.start(
            self._context.procedure(group[0]).lookups(group[1]).prove,
            partial(self._proven, group),
            partial(self._not_proven, group),
        )

    def _proven(self, group: Group, way: Way) -> None:
        self._proving.discard(group)
        recent = self._context.procedure(group[0]).recent
        is_settled = group in self._doubted or not recent.are_there(self._context.clock.monotonic())
        if way is Way.NONE and not is_settled:
            # Rows that lists leave out for a moment speak against every way.
            self._doubted.add(group)
            self._proving.add(group)
            lag = self._context.settings.patience.lag
            self._context.workers.later(lag, partial(self._begin_proof, group))
            return
        self._context.procedure(group[0]).ways[group[1]] = way

    def _not_proven(self, group: Group, error: Exception) -> Iterator[PlanningEvent]:
        self._proving.discard(group)
        yield _failed(error)

    def _ask(self, group: Group, way: Way, changes: list[Change]) -> Iterator[PlanningEvent]:
        known = self._books.known([c.key for c in changes if c.key])
        since, at = self.lanes.tick, self._context.clock.monotonic()
        asked: list[Change] = []
        for change in changes:
            snapshot = self._remembered(change, known)
            if snapshot is None:
                asked.append(change)
            elif event := self._decided(change, (snapshot,), known, since):
                yield event
        if not asked:
            return
        self._looking += 1
        self._since.append(since)
        procedure = self._context.procedure(group[0])
        keys = [spellings_of(procedure, way, change, known) for change in asked if change.key]
        self._context.workers.start(
            partial(procedure.lookups(group[1]).find_spelled, way, keys),
            partial(self._found, _Asked(group, tuple(asked), known, since, at)),
            partial(self._not_found, asked, since),
        )

    def _remembered(self, change: Change, known: Mapping[Key, Known]) -> Snapshot | None:
        """What the journal confirmed, where that is what rows are compared with."""
        found = known.get(change.key) if change.key else None
        if self._context.settings.compare != "journal" or found is None or found.deleted:
            return None
        if change.refused is not None or change.guard is not None:
            return None
        if not found.process_id or change.fields.keys() - found.fields.keys():
            return None
        data = {
            attribute: value
            for name, value in found.fields.items()
            if (attribute := attribute_of(name)) is not None
        }
        return Snapshot(found.process_id, False, None, None, found.fields, data)  # noqa: FBT003 - a record of facts

    def _found(self, asked: _Asked, found: Found) -> Iterator[PlanningEvent]:
        self._ended(asked.since)
        rules = self._rules
        sightings = Sightings(
            self._context.procedure(asked.group[0]), found, asked.known, self._context.journal
        )
        believed = [each for each in asked.changes if not self._lags(each, sightings, asked)]
        sightings.learn(believed, rules)
        sightings.procedure.store_spellings(self._context.journal)
        for change in believed:
            if change.key is None:
                continue
            snapshots, doubtful = sightings.of(change)
            if doubtful:
                if rejected := self._handed_over(in_doubt(change, doubtful)):
                    yield rejected
                continue
            if self._waits_for_list(change, snapshots):
                continue
            if event := self._decided(change, snapshots, asked.known, asked.since):
                yield event

    def _lags(self, change: Change, sightings: Sightings, asked: _Asked) -> bool:
        """Whether a change is looked up again, since lists do not show yet what we wrote."""
        if change.key is None:
            return False
        recent, lag = sightings.procedure.recent, self._context.settings.patience.lag
        pause = recent.pause(change.key, sightings.seen(change), asked.at, lag)
        if pause is None:
            return False
        self._context.workers.later(pause, partial(self.lanes.defer, change.key, change))
        return True

    def _waits_for_list(self, change: Change, snapshots: Sequence[Snapshot]) -> bool:
        """Whether a key that is said to exist is looked up again: lists lag behind writes."""
        key, refused = change.key, change.refused
        if snapshots or key is None or refused is None or not says_it_exists(refused):
            return False
        if refused.looks >= len(EXISTS_PAUSES) or key.procedure in self._in_time:
            self._in_time.add(key.procedure)
            return False
        waits = replace(change, refused=replace(refused, looks=refused.looks + 1))
        pause = EXISTS_PAUSES[refused.looks]
        self._context.workers.later(pause, partial(self.lanes.defer, key, waits))
        return True

    def _ended(self, since: int) -> None:
        self._looking -= 1
        self._since.remove(since)

    def _not_found(
        self, changes: Sequence[Change], since: int, error: Exception
    ) -> Iterator[PlanningEvent]:
        self._ended(since)
        for change in changes:
            self.free(change)
            yield Ended(change, Outcome.NOT_SENT)
        if isinstance(error, AnswerNotBelieved) and changes:
            yield Halted(changes[0].procedure, error)
        else:
            yield _failed(error)

    # Deciding

    def _decided(
        self, change: Change, snapshots: Sequence[Snapshot], known: Mapping[Key, Known], since: int
    ) -> PlanningEvent | None:
        """What follows from a change that was looked up; None if it waits again."""
        if change.key is None:
            return None
        of_key, foreseen = known.get(change.key), self._foreseen
        if foreseen is None:
            return self._decided_on(change, snapshots, of_key, since)
        try:
            snapshots = foreseen.held(change, snapshots)
        except Unforeseen:
            return self._handed_over(unforeseen(change))
        return self._decided_on(change, snapshots, foreseen.known(change, of_key), since)

    def _decided_on(
        self, change: Change, snapshots: Sequence[Snapshot], known: Known | None, since: int
    ) -> PlanningEvent | None:
        if change.key is None:
            return None
        procedure = self._context.procedure(change.procedure)
        names = procedure.names(change, snapshots[0] if len(snapshots) == 1 else None)
        if self.lanes.is_stale(names, since):
            self.lanes.defer(change.key, change)
            return None
        if self._unknown.bars(names):
            self.lanes.release(change.key)
            return Ended(change, Outcome.NOT_SENT)
        if self._waits_for_unknown(change, names) or (
            all(each.deleted for each in snapshots) and self.replayed_deletes.hold(change)
        ):
            return None
        taken = self.lanes.hold(change.key, names)
        if taken is not None:
            self.lanes.defer(change.key, change, until=taken)
            return None
        rules = self._rules[change.stream]
        created = self._unknown.created(change.key)
        decide = plan if change.guard is None else plan_guarded
        return self._handed_over(decide(change, snapshots, known, rules, created))

    def _waits_for_unknown(self, change: Change, names: Iterable[Key]) -> bool:
        """Whether a change is looked up again once its process is free."""
        pause = self._unknown.wait_for(names)
        if pause and change.key is not None:
            self._context.workers.later(pause, partial(self.lanes.defer, change.key, change))
        return pause > 0

    def _handed_over(self, decision: Decision) -> Decision | None:
        """A decision as an event; what is not to be sent lets go of its process.

        None for the reject of a combined change: its parts are tried singly.
        """
        if isinstance(decision, Reject) and len(decision.change.parts) > 1:
            self.try_singly(decision.change)
            return None
        if not isinstance(decision, Action):
            self.free(decision.change)
        return decision

    def try_singly(self, change: Change) -> None:
        """A combined change can't be carried out: its parts are tried one by one, in order."""
        self.free(change, singly(change))

    def free(self, change: Change, again: Sequence[Change] = ()) -> None:
        """A change's work is done: its process may be worked on again."""
        if change.key is not None:
            self.lanes.release(change.key, again)


def _failed(error: Exception) -> Failed:
    if not isinstance(error, ChakraError):
        raise error
    return Failed(error)


@dataclass(frozen=True, slots=True)
class _Asked:
    group: Group
    changes: tuple[Change, ...]
    known: Mapping[Key, Known]
    since: int
    at: float
