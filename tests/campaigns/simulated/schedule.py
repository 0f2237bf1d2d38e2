"""A schedule of fifty runs, and now and then a row that nobody knows of: it must come through.

A run begins every few minutes and is given what the source brings since the last STATE. Somebody
else edits rows, answers are lost, the server refuses rows and says little. A run may end with 8 for
what is unknown, or on its way, in it, and for a row of its own that was not sent since its process
is held by such a one: all other runs behind it have nothing to do with that.
"""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tests.campaigns.simulated.scenarios import COLUMNS, lead, old, settings, small_world
from tests.campaigns.simulated.target import BEGAN, Scenario, Simulation
from tests.campaigns.simulated.target_judges import (
    LEFT,
    bad_rows_are_on_record,
    exits_are_documented,
    last_value_wins,
    no_process_is_in_two_jobs,
    nothing_is_created_twice,
    rejects_hold_the_row,
    rows_add_up,
)

if TYPE_CHECKING:
    from target_chakra.run.session import Session
    from tests.campaigns.simulated.history import Ended, History
    from tests.campaigns.simulated.kinds import Step

RUNS: Final = 50
ROWS_A_RUN: Final = 12
LEADS: Final = 60
REFUSED: Final = (90_001, 90_002)
UNKNOWN: Final = 8
EXTRA: Final = 8
"""Runs behind the schedule, until all of the input is settled."""
JUDGES: Final = (
    last_value_wins,
    nothing_is_created_twice,
    rows_add_up,
    exits_are_documented,
    rejects_hold_the_row,
    bad_rows_are_on_record,
    no_process_is_in_two_jobs,
)
"""The others are of inputs that come as a whole, or of processes that nobody else edits."""


class Lost:
    """A plan that loses the answers of some submits."""

    def __init__(self, seed: object) -> None:
        self._draw = random.Random(f"{seed}:lost")

    def at(self, step: Step) -> str | None:
        is_lost = step.family == "submit" and self._draw.random() < 0.08
        return "reset after" if is_lost else None

    def near(self, _number: int) -> bool:
        return True


class Schedule(Simulation):
    """Runs at their times, each with what the source has by then.

    Args:
        number: Of the case.
    """

    def __init__(self, number: int) -> None:
        draw = random.Random(f"schedule {number}")
        self.every = draw.choice((300.0, 900.0))
        self._given = 0
        super().__init__(_scenario(number, draw, self.every), Lost(number))

    def _play(self) -> None:
        for number in range(RUNS + EXTRA):
            due = BEGAN + number * self.every
            while due <= self.turns.now:  # the run before took longer: the next one is left out
                due += self.every
            self.turns.sleep(due - self.turns.now)
            is_last = number >= RUNS - 1
            self._given = len(self.history.wishes) if is_last else (number + 1) * ROWS_A_RUN
            self._calm = number >= RUNS
            self.history.ended.append(self._once(self._feed_given))
            if number >= RUNS and self._all_covered:
                return

    def _feed_given(self, session: Session[Any]) -> None:
        wishes = self.history.wishes
        self.history.wishes = wishes[: self._given]
        try:
            self._feed(session)
            session.state({"rows": self._given})
        finally:
            self.history.wishes = wishes


def _scenario(number: int, draw: random.Random, every: float) -> Scenario:
    wishes = [
        lead(
            old(draw.randint(1, LEADS)) if draw.random() < 0.6 else f"new-{draw.randrange(400)}",
            draw.choice(REFUSED) if draw.random() < 0.02 else n,
        )
        for n in range((RUNS - 1) * ROWS_A_RUN)
    ]
    # What others edited is put right in the end, and what was refused is mended.
    keys = dict.fromkeys(wish.name[1] for wish in wishes)
    wishes += [lead(key, at) for at, key in enumerate(keys)]
    knobs = {
        "entry_echo": "none",
        "entry_index": False,
        "entries_order": "shuffled",
        "entry_process": draw.random() < 0.5,
        "refused_texts": [str(each) for each in REFUSED],
        "job_duration_ms": draw.choice((500, 5_000)),
    }
    edits = sorted(
        (draw.randrange(RUNS - 2) * every + draw.uniform(0.3, 12.0), old(draw.randint(1, LEADS)))
        for _ in range(150)
    )
    return Scenario(
        seed=number,
        world=partial(small_world, LEADS, 4, knobs, number),
        wishes=wishes,
        columns=COLUMNS,
        states=frozenset(),
        edits=tuple((at, key, {"score": -1}) for at, key in edits),
        settings={
            **settings(wishes, batch_size=100, concurrency=2),
            "max_rejects": len(wishes),
            "stop_at_reject_percent": 100,
        },
    )


def ended_with_8(history: History) -> tuple[int, int]:
    """How many runs ended with 8, and how many of those had settled all that they were given."""
    runs = [each for each in history.ended if each.code == UNKNOWN]
    return len(runs), sum(not _of_its_own(each) for each in runs)


def _of_its_own(ended: Ended) -> bool:
    outcomes = ended.receipt["outcomes"]
    return bool(outcomes["unknown"] or outcomes["in flight"] or outcomes["not sent"])


def condemned(history: History) -> list[str]:
    """What is wrong: the promises at the end, and runs that ended with 8 for another's row."""
    found = [f"{judge.__name__}: {fault}" for judge in JUDGES for fault in judge(history)]
    found += [
        f"run {each.run} ended with 0 and leaves {each.listed}"
        for each in history.ended
        if each.code == 0 and (each.listed or any(map(each.receipt["outcomes"].get, LEFT)))
    ]
    _, of_others = ended_with_8(history)
    if of_others:
        found.append(f"{of_others} runs ended with 8, and had settled all rows of their own")
    if history.ended[-1].covered < len(history.wishes):
        found.append("the schedule never came through")
    return found
