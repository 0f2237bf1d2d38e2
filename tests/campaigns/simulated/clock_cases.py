"""Cases of clocks: runs that die with open jobs, and a machine whose clock is set meanwhile.

From a number follow how long jobs take and when they are listed, where runs die, by how much the
clock jumps between runs and in one, whether the machine sleeps, and what the server's `Date` says.
Keys may be had twice on the server: whatever is sent again too early is there twice.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.campaigns.simulated.scenarios import (
    COLUMNS,
    dead,
    lead,
    note,
    old,
    settings,
    small_world,
)
from tests.campaigns.simulated.target import Scenario, Simulation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.campaigns.simulated.history import Wish
    from tests.campaigns.simulated.kinds import Step

HOUR, DAY, YEAR = 3_600.0, 86_400.0, 31_557_600.0
JUMPS = (0.0, 40 * 60.0, 5 * HOUR, -40 * 60.0, -5 * HOUR, 30.0, -30.0, 3 * DAY, -3 * DAY, -6 * YEAR)
"""Seconds by which the machine's clock is off."""
ABSURD = (4_086_000_000.0, 253_402_300_000.0, 0.0)
"""What a `Date` may say: 2099, year 9999, 1970."""
DATES = ("right", "right", "right", "off", "missing", "once absurd", "absurd", "missing later")
LEADS = 60
JOBS_MS = (500, 5_000, 40_000, 120_000)
LONG_MS = 40_000
DEATHS = ("crash before", "crash after", "crash, done later", "crash")


@dataclass(frozen=True)
class Deaths:
    """A plan of deaths: of a run, at its n-th submit or at its n-th look at a job.

    Attributes:
        at_steps: What dies, by the step's name and number.
    """

    at_steps: Mapping[tuple[str, int], str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_seen", {})

    def at(self, step: Step) -> str | None:
        seen: dict[str, int] = self._seen  # type: ignore[attr-defined]
        what = "job" if step.what == "job" else step.family
        seen[what] = seen.get(what, 0) + 1
        return self.at_steps.get((what, seen[what]))

    def near(self, _number: int) -> bool:
        return True


def clock_case(number: int) -> Simulation:
    """The case of that number."""
    draw = random.Random(f"clocks {number}")
    wishes = _wishes(draw)
    concurrency = draw.choice((1, 2, 4))
    jobs_ms = draw.choice(JOBS_MS)
    knobs: dict[str, Any] = {
        "duplicate_pk": draw.choice(("duplicate", "duplicate", "reject")),
        "job_duration_ms": jobs_ms,
        "job_visible_after_ms": draw.choice((0, 0, 2_500)),
        "index_lag_ms": draw.choice((0, 0, 20_000)),
        "index_lag_shows": draw.choice(("before", "nothing")),
    }
    if jobs_ms >= LONG_MS:
        # One behind another, a job that arrives late would begin behind the horizon: no promise.
        knobs["job_order"] = "parallel"
    jumps = [draw.choice(JUMPS) for _ in range(4)]
    steps = [(draw.uniform(0.0, 60.0), draw.choice(JUMPS)) for _ in range(draw.randrange(3))]
    kind, absurd = draw.choice(DATES), draw.choice(ABSURD)
    count = len(wishes)
    scenario = Scenario(
        seed=number,
        world=partial(small_world, LEADS, 4, knobs, number),
        wishes=wishes,
        columns=COLUMNS,
        states=frozenset({*range(draw.choice((20, 50)), count, 50), count}),
        settings=settings(wishes, batch_size=draw.choice((10, 30)), concurrency=concurrency),
        rests=(draw.choice((0.5, 5.0, 60.0)), draw.choice((0.5, 300.0, 2_000.0))),
        ahead=partial(_ahead, tuple(jumps), tuple(steps)),
        suspends={
            (draw.randrange(1, 4), draw.randrange(1, count)): draw.choice((60.0, 3_000.0))
            for _ in range(draw.randrange(2))
        },
        dates=Dates(kind, absurd, draw.choice((7_200.0, -7_200.0))),
        most_runs=16,
        calm_after=6,
    )
    return Simulation(scenario, Deaths(_deaths(draw)))


def _deaths(draw: random.Random) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for _ in range(draw.randrange(1, 4)):
        if draw.random() < 0.5:
            found["submit", draw.randrange(1, 12)] = draw.choice(DEATHS[:3])
        else:
            found["job", draw.randrange(1, 30)] = "crash"
    submits = [number for what, number in found if what == "submit" and number > 1]
    for number in submits:
        if draw.random() < 0.4:
            # The submit that dies waited for minutes behind its intent.
            found.setdefault(("submit", number - 1), "429 minutes")
    return found


def _ahead(
    jumps: tuple[float, ...], steps: tuple[tuple[float, float], ...], run: int, lasted: float
) -> float:
    """By how much the clock is off: another jump for each run, and steps within it."""
    return jumps[run % len(jumps)] + sum(by for after, by in steps if lasted >= after)


@dataclass(frozen=True)
class Dates:
    """What the `Date` of answers says.

    Attributes:
        kind: One of `DATES`.
        absurd: The time that an absurd one tells.
        off: By how much it is off, if it is always.
    """

    kind: str
    absurd: float
    off: float

    def __call__(self, run: int, number: int, now: float) -> float | None:
        if self.kind == "missing" or (self.kind == "missing later" and run > 1):
            return None
        if self.kind == "absurd" or (self.kind == "once absurd" and number == 7 * run):
            return self.absurd
        return now + self.off if self.kind == "off" else now


def _wishes(draw: random.Random) -> list[Wish]:
    """Rows of old and new keys, some twice; deletes at the end; some cases have keyless rows."""
    count = draw.choice((60, 120))
    keys = [old(n) for n in range(1, LEADS - 5)] + [f"new-{n}" for n in range(count)]
    made = [lead(draw.choice(keys), draw.randrange(1_000)) for _ in range(count)]
    made += [lead(f"new-{n}", n) for n in range(0, count, 3)]
    if draw.random() < 0.3:
        made += [note(f"note {n}", n) for n in range(10)]
    draw.shuffle(made)
    return [*made, *(dead(old(n)) for n in range(LEADS - 4, LEADS + 1))]
