"""What judges say: faults sorted by what they mean to whoever owns the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = ("lost", "doubled", "wrong")


@dataclass(frozen=True)
class Fault:
    """A promise that was broken.

    Attributes:
        kind: `lost`: a row that should be there is not, or a STATE is ahead of it; `doubled`: one
            is there twice; `wrong`: anything else.
        what: In words.
    """

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"

    def within(self, where: str) -> Fault:
        """The same fault, with where it was found."""
        return Fault(self.kind, f"{where}: {self.what}")


def lost(what: str) -> Fault:
    """A row is missing."""
    return Fault("lost", what)


def doubled(what: str) -> Fault:
    """A row is there twice."""
    return Fault("doubled", what)


def wrong(what: str) -> Fault:
    """Something else is not as promised."""
    return Fault("wrong", what)


def counts(faults: Iterable[Fault]) -> dict[str, int]:
    """How many of each kind."""
    kinds = [fault.kind for fault in faults]
    return {kind: kinds.count(kind) for kind in KINDS}


@dataclass(frozen=True)
class Death:
    """How a run died.

    Attributes:
        how: Name of the signal.
        states: What it was doing; none if it ended before its point.
        kind: What kind of run it was.
    """

    how: str
    states: tuple[str, ...]
    kind: str


@dataclass
class Verdict:
    """What became of a case.

    Attributes:
        name: Replays it.
        deaths: Of its runs.
        faults: The promises that were broken.
        rows: Rows that went through.
        unknown: Rows of which a run said, with its exit code, that nobody knows.
        seconds: What it took.
    """

    name: str
    deaths: list[Death] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    rows: int = 0
    unknown: int = 0
    seconds: float = 0.0

    @property
    def points(self) -> int:
        """How many runs died."""
        return sum(bool(death.states) for death in self.deaths)
