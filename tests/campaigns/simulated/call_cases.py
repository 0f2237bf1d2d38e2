"""Rows that each ask for a call among rows of processes, run after run until all are settled.

An operator says of each unknown one whether it is there, once no request of its run can arrive any
more. Here are tasks, a case of which follows from its number: the server's habits, the rows (some
with a value that came before, some that can't be), and the faults and deaths of the runs.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from target_chakra.history.reports import Reports
from tests.campaigns.simulated.call_judges import BRAKES, asked_in, calls_are_made_once
from tests.campaigns.simulated.history import Wish
from tests.campaigns.simulated.kinds import KINDS, Rates
from tests.campaigns.simulated.scenarios import (
    COLUMNS,
    STREAMS,
    lead,
    old,
    settings,
    small_world,
)
from tests.campaigns.simulated.settled_cases import SettledSimulation
from tests.campaigns.simulated.target import Scenario
from tests.campaigns.simulated.undo_cases import RATES, knobs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.campaigns.simulated.call_judges import Braked
    from tests.campaigns.simulated.target import Plan

    Made = Callable[[int, random.Random], tuple[Scenario, Mapping[str, Braked]]]

LEADS: Final = 30
RUNS: Final = 20
CALM_AFTER: Final = 6
STREAM: Final = "visits"
MAPPING: Final = {
    "stream": STREAM,
    "kind": "task",
    "procedure": "lead",
    "process": "lead",
    "task": "lead_follow_up",
    "once_by": "visit",
    "fields": {"visit": "data.remarks"},
}
ONCE_BY: Final = "visit"
"""The column by whose value a call is made once, in all streams of calls."""
GREETING: Final = "Hi "
"""How messages by the template begin; the value is the rest of them."""


class CallSimulation(SettledSimulation):
    """A case with rows that ask for calls.

    Args:
        scenario: What is run.
        plan: Says which faults come.
        braked: What the users of streams of messages allow.
    """

    def __init__(
        self, scenario: Scenario, plan: Plan, braked: Mapping[str, Braked] | None = None
    ) -> None:
        self._braked = braked or {}
        super().__init__(scenario, plan)

    def _note_state(self, rows: int) -> None:
        """A STATE was printed: the calls before it are made, or their rows on record."""
        self.server.catch_up()
        made, rejected = self.made, {each.line - 1 for each in self._on_record()}
        for at, wish in enumerate(self.history.wishes[:rows]):
            if ONCE_BY in wish.row and not made[value_of(wish)] and at not in rejected:
                self.early.append(f"{value_of(wish)} is not made, and a STATE has passed it")
        super()._note_state(rows)

    @property
    def made(self) -> Counter[str]:
        """How often the server made a call for a value."""
        arrived = self.world.arrived()
        tasks = (str(each["data"].get("remarks")) for each in arrived["tasks"])
        messages = (str(each["text"]).removeprefix(GREETING) for each in arrived["messages"])
        return Counter(chain(tasks, messages))

    def _look_and_say(self) -> None:
        super()._look_and_say()
        made, mark = self.made, f"{ONCE_BY}="
        with closing(Reports(self.disk.journal)) as reports:
            for each in reports.unknowns():
                if each.key.startswith(mark):
                    is_there = made[each.key.removeprefix(mark)] > 0
                    reports.resolve([each.id], "written" if is_there else "not-written")

    def _wrong(self) -> Iterator[str]:
        """What is wrong with the calls."""
        wanted = {value_of(each): each.fits for each in self.history.wishes if ONCE_BY in each.row}
        for why in calls_are_made_once(wanted, self.made):
            yield f"{calls_are_made_once.__name__}: {why}"
        for stream, braked in self._braked.items():
            values = [value_of(each) for each in self.history.wishes if each.stream == stream]
            asked = asked_in(self.history.requests, values)
            for judge in BRAKES:
                yield from (f"{judge.__name__}: {why}" for why in judge(asked, braked))


def value_of(wish: Wish) -> str:
    """What a row's call is made once for."""
    return str(wish.row[ONCE_BY])


def asks(stream: str, value: str, *, fits: bool = True, **row: Any) -> Wish:
    """A row that asks for a call."""
    name = ("lead", f"no process of {value}")
    return Wish(stream, {ONCE_BY: value, **row}, name, {}, keyed=False, fits=fits)


def visit(value: str, process: str, *, fits: bool = True) -> Wish:
    """A row that asks for a task on a lead."""
    return asks(STREAM, value, fits=fits, lead=process)


def numbered(what: str, number: int, made: Made) -> CallSimulation:
    """The case that follows from a number.

    Args:
        what: Its campaign.
        number: Of the case.
        made: Makes the scenario.
    """
    draw = random.Random(f"{what} {number}")
    rates = {family: draw.choice(RATES) for family in KINDS}
    scenario, braked = made(number, draw)
    return CallSimulation(scenario, Rates(draw.random(), rates), braked)


def task_case(number: int) -> CallSimulation:
    """A case of tasks."""
    return numbered("calls", number, lambda number, draw: (_scenario(number, draw), {}))


def _scenario(number: int, draw: random.Random) -> Scenario:
    values = [f"visit {n}" for n in range(draw.choice((5, 20, 40)))]
    asked = [visit(each, old(draw.randint(1, LEADS))) for each in values]
    again = [draw.choice(asked) for _ in range(draw.choice((0, 5)))]
    bad = [visit(f"bad {n}", f"nobody {n}", fits=False) for n in range(draw.choice((0, 2)))]
    leads = [lead(old(n), 1000 + n) for n in range(1, draw.choice((1, 10)))]
    wishes = [*asked, *again, *bad, *leads]
    draw.shuffle(wishes)
    size = draw.choice((4, 11, 100))
    return Scenario(
        seed=number,
        world=partial(small_world, LEADS, 2, knobs_of(draw), number),
        wishes=wishes,
        columns={**COLUMNS, STREAM: ("visit", "lead")},
        states=frozenset({*range(size, len(wishes), size), len(wishes)}),
        settings={
            **settings(wishes),
            "streams": [*STREAMS, MAPPING],
            "concurrency": draw.choice((1, 2, 4)),
            "max_rejects": len(wishes),
            "stop_at_reject_percent": 100,
        },
        most_runs=RUNS,
        calm_after=CALM_AFTER,
        rests=(1.0, 30.0, 400.0),
    )
