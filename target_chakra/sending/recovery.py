"""After a crash or a lost answer: what a process that is read back says. Pure.

No job can be asked for without its id, and none is sent twice without proof. So the rows of a
submit whose answer was lost are read back, again and again (design decision 4):

- *as sent*: ChakraHQ holds every field sent, after coercion or the known conversion;
- *as before*: every field sent equals what the journal kept;
- *neither*: another writer touched it;
- *not as sent*: what it was before is not known, so nobody can say whether it was touched.

One row as sent proves that the job was accepted: the others may still come, until `job_timeout`.
Where all others were touched nothing is left to wait for but lists that lag: they are unknown.
All as before past the horizon proves that it never was: the batch may be sent again.

How old a batch is that an earlier run sent is told by ChakraHQ's clock; and nothing of it is given
up at the first look: this run watches it for a while, too (`docs/decisions/0017`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from target_chakra.changes import Kind
from target_chakra.lookups.comparison import same
from target_chakra.mapping.destination_names import DELETED, is_for_creates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_chakra.changes import Action
    from target_chakra.lookups.comparison import Comparable
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.settings import Patience


class Sight(str, Enum):
    """What a process that was read back says about an action."""

    AS_SENT = "as sent"
    AS_BEFORE = "as before"
    NEITHER = "neither"
    NOT_AS_SENT = "not as sent"


def sight(
    action: Action,
    snapshots: Sequence[Snapshot],
    comparable: Comparable,
    converted: Mapping[str, object] | None = None,
) -> Sight:
    """What a process says.

    Args:
        action: What was sent.
        snapshots: The processes that its key or id names now.
        comparable: How values of a destination are compared.
        converted: What ChakraHQ is known to make of values, by destination.
    """
    if action.kind is Kind.DELETE:
        gone = not snapshots or all(each.deleted for each in snapshots)
        return Sight.AS_SENT if gone else Sight.AS_BEFORE
    if not snapshots:
        return Sight.AS_BEFORE if action.kind is Kind.CREATE else Sight.NEITHER
    if len(snapshots) > 1:
        return Sight.NEITHER
    if _holds(action.fields, snapshots[0], comparable, converted or {}):
        return Sight.AS_SENT
    if action.kind is Kind.UPDATE and action.before is not None:
        as_before = _holds(action.before, snapshots[0], comparable, {})
        return Sight.AS_BEFORE if as_before else Sight.NEITHER
    return Sight.NEITHER


def _holds(
    fields: Mapping[str, object],
    snapshot: Snapshot,
    comparable: Comparable,
    converted: Mapping[str, object],
) -> bool:
    for name, value in fields.items():
        if is_for_creates(name):
            continue
        now = snapshot.value(name)
        if name == DELETED:
            now = snapshot.deleted
        if same(name, value, now, comparable):
            continue
        if name not in converted or not same(name, converted[name], now, comparable):
            return False
    return True


@dataclass(frozen=True, slots=True)
class LostVerdict:
    """What follows from reading a lost batch back.

    Attributes:
        settled: Positions that are as sent.
        unknown: Positions whose outcome will never be known.
        released: Whether the whole batch may be sent again.
        accepted: Whether the job is known to have been accepted.
    """

    settled: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    released: bool = False
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Age:
    """How old a batch is.

    Attributes:
        seconds: Since it was sent.
        watched: In this run, of these; None if this run sent it.
    """

    seconds: float
    watched: float | None = None

    def is_past(self, limit: float, patience: Patience) -> bool:
        """Whether so much time has passed, and this run has watched it for a while."""
        is_watched = self.watched is None or self.watched >= patience.watch
        return self.seconds >= limit and is_watched


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the looks at a lost batch have shown.

    Attributes:
        sights: By position, of the rows that are not settled yet.
        accepted: Whether an earlier look, or its job's id, has shown that it was accepted.
        as_sent: Whether a row was seen as sent, now or before: others came, and these did not.
        touched_for: Seconds for which all rows that are left have been seen touched by others.
    """

    sights: Mapping[int, Sight]
    accepted: bool = False
    as_sent: bool = False
    touched_for: float = 0.0

    @property
    def left(self) -> tuple[int, ...]:
        """The rows that are not as sent."""
        return tuple(at for at, what in self.sights.items() if what is not Sight.AS_SENT)

    @property
    def all_touched(self) -> bool:
        """Whether the job was accepted, and all that it has not written others have touched."""
        as_sent = self.as_sent or len(self.left) < len(self.sights)
        return as_sent and all(self.sights[at] is Sight.NEITHER for at in self.left)

    @property
    def was_taken(self) -> bool:
        """Whether the batch can't be sent again: it was accepted, or that can't be told."""
        return self.accepted or any(w is not Sight.AS_BEFORE for w in self.sights.values())


def lost_verdict(evidence: Evidence, age: Age, patience: Patience) -> LostVerdict:
    """Decide about a lost batch.

    Args:
        evidence: What was seen of it.
        age: How old it is.
        patience: How long to wait for what.
    """
    left = evidence.left
    settled = tuple(at for at in evidence.sights if at not in left)
    accepted = evidence.accepted or bool(settled)
    if not evidence.was_taken:
        # What its job wrote at the last moment may not be listed yet.
        return LostVerdict(released=age.is_past(patience.horizon + patience.lag, patience))
    given_up = age.is_past(patience.job_timeout, patience)
    if evidence.all_touched and evidence.touched_for >= patience.lag:
        # They hold their processes for as long as the job may write.
        given_up = True
    return LostVerdict(settled, left if given_up else (), accepted=accepted)


def seconds_left(evidence: Evidence, age: Age, patience: Patience) -> float:
    """Seconds until time alone ends the reading back of a batch, if its rows stay as they are."""
    limit = patience.job_timeout if evidence.was_taken else patience.horizon + patience.lag
    left = limit - age.seconds
    if age.watched is not None:
        left = max(left, patience.watch - age.watched)
    if evidence.all_touched:
        left = min(left, patience.lag - evidence.touched_for)
    return max(0.0, left)
