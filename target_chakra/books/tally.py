"""Counts what became of each row, and knows up to where all is settled."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

from target_chakra.books.state_gate import StateGate
from target_chakra.changes import AskedBy
from target_chakra.lifecycle import SETTLED, Outcome
from target_chakra.weights import MOST_OPEN_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from target_chakra.changes import Change

State = TypeVar("State")


class Tally(Generic[State]):
    """The outcomes of one run's rows.

    Args:
        heard: Called with each row and the outcome of the change that it went into: a superseded
            row is as good as its successor.

    Attributes:
        rows: Rows that came in, by stream.
        outcomes: By stream.
        deleted_by_mirror: Outcomes of deletes that no row asks for.
        watched: Outcomes of single rows, by number, where they are to be known.
        last_seq: Number of the last row.
        keyless_unknown: Unknown rows without a key: only their user can say what became of them.
        open: Rows that have no outcome yet.
        open_bytes: What the large ones of those weigh.
    """

    def __init__(self, heard: Callable[[Change, Outcome], None] | None = None) -> None:
        self.rows: Counter[str] = Counter()
        self.outcomes: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
        self.deleted_by_mirror: Counter[Outcome] = Counter()
        self.watched: dict[int, Outcome | None] = {}
        self.last_seq = self.keyless_unknown = 0
        self.open = self.open_bytes = 0
        self.heard = heard
        self._weights: dict[int, int] = {}
        self._gate: StateGate[tuple[int, State]] = StateGate()

    def came_in(self, stream: str, weight: int = 0) -> int:
        """A row came in, of so many bytes if it is a large one; its number in this run."""
        self.last_seq += 1
        if weight:
            self._weights[self.last_seq] = weight
            self.open_bytes += weight
        self.open += 1
        self.rows[stream] += 1
        self._gate.came_in(self.last_seq)
        return self.last_seq

    @property
    def is_heavy(self) -> bool:
        """Whether the large rows without an outcome weigh so much that no row may come."""
        return self.open_bytes >= MOST_OPEN_BYTES

    def state(self, value: State) -> None:
        """A STATE came in."""
        self._gate.state((self.last_seq, value))

    def passable(self) -> tuple[int, State] | None:
        """The last STATE that may be passed on, and the number of the row before it."""
        return self._gate.passable()

    def settle(self, change: Change, outcome: Outcome) -> None:
        """A change ended; the rows that it superseded end with it."""
        if not change.parts:
            self._count(change, outcome, outcome)
            return
        *earlier, last = change.parts
        for part in earlier:
            self._count(part, Outcome.SUPERSEDED, outcome)
        self._count(last, outcome, outcome)

    def supersede(self, changes: Iterable[Change]) -> None:
        """Changes were unknown, and later ones were written in their place."""
        for change in changes:
            asked_by_row = change.asked_by.is_row
            counts = self.outcomes[change.stream] if asked_by_row else self.deleted_by_mirror
            counts[Outcome.UNKNOWN] -= 1
            counts[Outcome.SUPERSEDED] += 1
            for row in change.singles if asked_by_row else ():
                self._gate.settled(row.seq)
                if row.seq in self.watched:
                    self.watched[row.seq] = Outcome.SUPERSEDED
                if self.heard is not None:
                    self.heard(row, Outcome.SUPERSEDED)

    def _count(self, change: Change, outcome: Outcome, end: Outcome) -> None:
        """Count a row; `end` is what became of the change that it went into."""
        if not change.asked_by.is_row:
            if change.asked_by is AskedBy.MIRROR:
                self.deleted_by_mirror[outcome] += 1
            return
        self.open -= 1
        if self._weights:
            self.open_bytes -= self._weights.pop(change.seq, 0)
        if change.seq in self.watched:
            self.watched[change.seq] = outcome
        self.outcomes[change.stream][outcome] += 1
        self.keyless_unknown += outcome is Outcome.UNKNOWN and change.key is None
        if end in SETTLED:
            self._gate.settled(change.seq)
        if self.heard is not None:
            self.heard(change, end)

    def give_up(self, unstored: Iterable[Change] = ()) -> None:
        """The rows that have no outcome yet get one: whatever left is counted, these never did.

        Args:
            unstored: Rejected rows that the journal did not take: nobody finds them there.
        """
        for change in unstored:
            self._take_back(change.parts[-1] if change.parts else change)
        for stream, came in self.rows.items():
            self.outcomes[stream][Outcome.NOT_SENT] += came - self.outcomes[stream].total()
        self.open = self.open_bytes = 0
        self._weights.clear()

    def _take_back(self, rejected: Change) -> None:
        """A rejected row was never sent, and that is all that is known of it."""
        is_row = rejected.asked_by.is_row
        if not is_row and rejected.asked_by is not AskedBy.MIRROR:
            return
        counts = self.outcomes[rejected.stream] if is_row else self.deleted_by_mirror
        counts[Outcome.REJECTED] -= 1
        counts[Outcome.NOT_SENT] += 1
        if rejected.seq in self.watched:
            self.watched[rejected.seq] = Outcome.NOT_SENT

    @property
    def total(self) -> Counter[Outcome]:
        """Outcomes of all streams together."""
        return sum(self.outcomes.values(), Counter())

    def count(self, outcome: Outcome) -> int:
        """How many rows ended so."""
        return sum(counts[outcome] for counts in self.outcomes.values())
