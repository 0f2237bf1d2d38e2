"""The kinds of faults, by what a step does; each kind is listed only where it can do something.

A transaction that finds nothing to write is `idle`: none of its frames can be torn, and it is the
same before and behind it. An answer to a read says the same before and after the server acted, so
that a reset, a time-out or a death has one form there; a submit has both, and a third: it arrives
when nobody waits for its answer any more.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS: Mapping[str, tuple[str, ...]] = {
    "read": (
        "refused",
        "reset after",
        "timeout after",
        "truncated",
        "garbage",
        "html",
        "429 seconds",
        "429 date",
        "429 absent",
        "500",
        "errors",
        "crash",
    ),
    "submit": (
        "refused",
        "reset before",
        "reset after",
        "reset, done later",
        "timeout before",
        "timeout after",
        "truncated",
        "garbage",
        "html",
        "429 seconds",
        "429 date",
        "429 absent",
        "429 minutes",
        "500",
        "502 after",
        "errors",
        "crash before",
        "crash after",
        "crash, done later",
    ),
    "journal": (
        "fsync error",
        "fsync error, yet on disk",
        "disk full",
        "crash before",
        "crash after",
        "torn in a frame",
        "torn between frames",
    ),
    "idle": ("fsync error", "disk full", "crash before"),
    "state": ("reader gone", "crash before", "crash after"),
    "reject": ("disk full", "crash before", "crash after", "torn line"),
    "record": ("reader gone", "crash before", "crash after"),
}
"""What can go wrong at a step of each family."""
ALL_KINDS: Mapping[str, tuple[str, ...]] = {
    **KINDS,
    "photo": (
        *(kind for kind in KINDS["read"] if kind not in ("truncated", "garbage")),
        "lost all run",
    ),
    "file": ("disk full", "crash before", "crash after", "torn"),
}
"""The same with photos and their files, of which no case is drawn from a number.

Bytes have no form by which garbage is known, and that they break off shows on a real connection.
"""

CLASSES: Mapping[str, tuple[str, ...]] = {
    "read": ("refused", "timeout after", "garbage", "429 seconds", "errors", "crash"),
    "submit": (
        "refused",
        "reset before",
        "reset after",
        "reset, done later",
        "429 seconds",
        "429 minutes",
        "errors",
        "crash before",
        "crash after",
    ),
    "journal": ("fsync error", "fsync error, yet on disk", "disk full", "crash before"),
    "idle": ("crash before",),
    "state": ("crash before", "crash after"),
    "reject": ("disk full", "crash after"),
}
"""One kind of each class that the writer can tell apart, for pairs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run that reaches beyond the process.

    Attributes:
        number: From 1, over all runs of a case.
        family: What it does.
        what: Its name, for tables.
    """

    number: int
    family: str
    what: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that is to come, or came.

    Attributes:
        step: Number of the step.
        kind: One of `KINDS` of its family.
    """

    step: int
    kind: str

    def __str__(self) -> str:
        return f"{self.step}:{self.kind}"


NEAR = 8
"""Steps that one task may take."""


class Hits:
    """A plan of single faults: each comes at its step if it can."""

    def __init__(self, *hits: Hit) -> None:
        self._kinds = {hit.step: hit.kind for hit in hits}

    def at(self, step: Step) -> str | None:
        kind = self._kinds.get(step.number)
        return kind if kind in ALL_KINDS[step.family] else None

    def near(self, number: int) -> bool:  # noqa: ARG002 - up to the first hit all goes as without it
        return False


class Rates:
    """A plan of faults by chance, at a rate for each family.

    Args:
        seed: Of the chance.
        rates: By family.
    """

    def __init__(self, seed: object, rates: Mapping[str, float]) -> None:
        self._seed = seed
        self._rates = rates
        self._most = max(rates.values())
        self._drawn: list[tuple[float, float]] = []

    def _draw(self, number: int) -> tuple[float, float]:
        while len(self._drawn) <= number:
            coin = random.Random(f"{self._seed}:{len(self._drawn)}")
            self._drawn.append((coin.random(), coin.random()))
        return self._drawn[number]

    def at(self, step: Step) -> str | None:
        hit, which = self._draw(step.number)
        kinds = KINDS[step.family]
        return kinds[int(which * len(kinds))] if hit < self._rates[step.family] else None

    def near(self, number: int) -> bool:
        return any(self._draw(each)[0] < self._most for each in range(number, number + NEAR))


def singles(trace: Iterable[Step], kinds: Mapping[str, tuple[str, ...]]) -> list[Hit]:
    """Each kind at each step to which it applies."""
    return [Hit(step.number, kind) for step in trace for kind in kinds[step.family]]


def sizes(
    trace: Iterable[Step], kinds: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, int, int]]:
    """By family: how many steps, and how many kinds apply to each."""
    steps = Counter(step.family for step in trace)
    return [(family, steps[family], len(kinds[family])) for family in kinds]
