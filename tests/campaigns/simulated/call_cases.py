"""Rows that each ask for a task, among rows of processes, run after run until all are settled.

From a number follow the server's habits, the rows (some with a value that came before, some that
can't be), and the faults and deaths of the runs. An operator says of each unknown task whether it
is there, once no request of its run can arrive any more.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final

from chakra_api.exit_codes import ExitCode
from target_chakra.history.reports import Reports
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
from tests.campaigns.simulated.target import Scenario, Simulation
from tests.campaigns.simulated.target_judges import of_no_input
from tests.campaigns.simulated.undo_cases import RATES, knobs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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


class CallSimulation(Simulation):
    """A case of its number.

    Args:
        number: Of the case.
    """

    def __init__(self, number: int) -> None:
        draw = random.Random(f"calls {number}")
        rates = {family: draw.choice(RATES) for family in KINDS}
        self.early: list[str] = []
        super().__init__(_scenario(number, draw), Rates(draw.random(), rates))

    def _note_state(self, rows: int) -> None:
        """A STATE was printed: the tasks before it are there, or their rows on record."""
        self.server.catch_up()
        made, rejected = self.made, {each.line - 1 for each in self._on_record()}
        for at, wish in enumerate(self.history.wishes[:rows]):
            if wish.stream == STREAM and not made[_value(wish)] and at not in rejected:
                self.early.append(f"{_value(wish)} is not there, and a STATE has passed it")
        super()._note_state(rows)

    @property
    def made(self) -> Counter[str]:
        """How often the server made a task for a value."""
        return Counter(str(each["data"].get("remarks")) for each in self.world.arrived()["tasks"])

    def _look_and_say(self) -> None:
        super()._look_and_say()
        made = self.made
        with closing(Reports(self.disk.journal)) as reports:
            for each in reports.unknowns():
                if each.kind == "task":
                    is_there = made[str(each.fields["data.remarks"])] > 0
                    reports.resolve([each.id], "written" if is_there else "not-written")

    def _replay(self) -> None:
        """Send the rejects again, without any fault: what a faulty answer refused is made."""
        self._calm = True
        with closing(Reports(self.disk.journal)) as reports:
            found = reports.rejects()
        if found and self.history.ended[-1].code is not None:
            self.history.ended.append(self._once(lambda session: session.retry(found)))

    def condemned(self) -> list[str]:
        """What is wrong at the end."""
        history = self.history
        found = of_no_input(history, history.ended[-1:])
        if history.ended[-1].code not in (ExitCode.DONE, ExitCode.REJECTS):
            return [*found, f"the rows were never settled: {[e.code for e in history.ended]}"]
        late = (f"states_are_covered: {why}" for why in self.early)
        wrong = (f"calls_are_made_once: {why}" for why in wrongly_made(history.wishes, self.made))
        return [*found, *late, *wrong]


def wrongly_made(wishes: Iterable[Wish], made: Mapping[str, int]) -> Iterator[str]:
    """Values whose task is not there once, of rows that fit; or there at all, of those that don't.

    Args:
        wishes: The rows.
        made: How often the server made a task, by value.
    """
    wanted = {_value(each): each.fits for each in wishes if each.stream == STREAM}
    for value, fits in wanted.items():
        if made.get(value, 0) != fits:
            yield f"{value} was made {made.get(value, 0)} times"
    for value in made.keys() - wanted.keys():
        yield f"{value} was made, and no row asks for it"


def _value(wish: Wish) -> str:
    return str(wish.row["visit"])


def visit(value: str, process: str, *, fits: bool = True) -> Wish:
    """A row that asks for a task on a lead."""
    row = {"visit": value, "lead": process}
    return Wish(STREAM, row, ("lead", f"no process of {value}"), {}, keyed=False, fits=fits)


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
