"""The target's campaigns on the simulated server: each case is one name, and the name is all of it.

`reference/14:crash after` is the reference run with a death behind its 14th step; two faults are
joined by `+`; `random/417` is the case that follows from that number, as `entries/417` and
`schedule/417` are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.campaigns.simulated import entries, scenarios, schedule, tap, tap_judges
from tests.campaigns.simulated.apply_cases import ApplySimulation
from tests.campaigns.simulated.call_cases import CallSimulation, task_case
from tests.campaigns.simulated.clock_cases import clock_case
from tests.campaigns.simulated.kinds import ALL_KINDS, CLASSES, Hit, Hits, singles
from tests.campaigns.simulated.lag_cases import lag_case, no_good_row_is_rejected
from tests.campaigns.simulated.message_cases import all_kinds, message_case, two_calls
from tests.campaigns.simulated.photo_cases import (
    GivenPhotoSimulation,
    given_photos,
    photo_case,
    two_photos,
)
from tests.campaigns.simulated.random_cases import random_case
from tests.campaigns.simulated.settled_cases import SettledSimulation
from tests.campaigns.simulated.tap import TapSimulation
from tests.campaigns.simulated.tap_ids import NamedSimulation
from tests.campaigns.simulated.tap_photos import PhotoSimulation
from tests.campaigns.simulated.target import Simulation
from tests.campaigns.simulated.target_judges import verdict
from tests.campaigns.simulated.undo_cases import UndoSimulation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.campaigns.simulated.kinds import Step
    from tests.campaigns.simulated.target import Scenario

    Kinds = Mapping[str, tuple[str, ...]]

SCENARIOS: Mapping[str, Callable[[], Scenario]] = {
    "reference": scenarios.reference,
    "keyless": scenarios.keyless,
    "short": scenarios.short,
}
SETTLED: Mapping[str, Callable[[Hits], SettledSimulation]] = {
    "call-kinds": lambda plan: CallSimulation(all_kinds(), plan),
    "call-short": lambda plan: CallSimulation(two_calls(), plan),
    "photo-kinds": lambda plan: GivenPhotoSimulation(given_photos(), plan),
    "photo-short": lambda plan: GivenPhotoSimulation(two_photos(), plan),
}
TAPS: Mapping[str, Callable[..., TapSimulation]] = {
    "tap-incremental": tap.incremental,
    "tap-full": tap.full_table,
    "tap-photos": PhotoSimulation,
    "tap-ids": NamedSimulation,
}
NUMBERED: Mapping[str, Callable[[int], Simulation]] = {
    "random": random_case,
    "clocks": clock_case,
    "lag": lag_case,
    "entries": lambda number: entries.simulation(entries.case_of(number), number),
    "schedule": schedule.Schedule,
    "apply": ApplySimulation,
    "undo": UndoSimulation,
    "calls": task_case,
    "messages": message_case,
    "photos": photo_case,
}
"""Cases of which each follows from its number."""
DOUBLED = (
    "nothing_is_created_twice",
    "keyless_rows_are_there_once",
    "nothing_is_emitted_twice",
    "calls_are_made_once",
    "photos_are_there_once",
)
LOST = (
    "last_value_wins",
    "no_good_row_is_rejected",
    "states_are_covered",
    "bad_rows_are_on_record",
    "is_carried_out",
    "is_taken_back",
    *tap_judges.LOST,
)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case.

    Attributes:
        case: Its name.
        rows: Rows of its input.
        faults: Faults that came, by family and kind.
        runs: Runs of the process.
        unknown: Rows that a run said it does not know of.
        condemned: What the judges condemn.
    """

    case: str
    rows: int
    faults: Mapping[str, int]
    runs: int
    unknown: int
    condemned: tuple[str, ...]


@dataclass
class Total:
    """A campaign so far.

    Attributes:
        name: Of the campaign.
        cases: Cases that were run.
        rows: Rows of their inputs.
        runs: Runs of the process.
        unknown: Rows that a run said it does not know of.
        faults: Faults that came, by family and kind.
        failed: The cases that were condemned, and why.
    """

    name: str
    cases: int = 0
    rows: int = 0
    runs: int = 0
    unknown: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failed: dict[str, list[str]] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        self.cases += 1
        self.rows += result.rows
        self.runs += result.runs
        self.unknown += result.unknown
        self.faults.update(result.faults)
        if result.condemned:
            self.failed[result.case] = list(result.condemned)

    def count(self, judges: tuple[str, ...]) -> int:
        """How many verdicts come from these judges."""
        return sum(
            each.split(":", 1)[0] in judges for whys in self.failed.values() for each in whys
        )

    @property
    def lost(self) -> int:
        return self.count(LOST)

    @property
    def doubled(self) -> int:
        return self.count(DOUBLED)

    @property
    def wrong(self) -> int:
        return sum(map(len, self.failed.values())) - self.lost - self.doubled


def run_case(case: str) -> Result:
    """Run the case of that name."""
    return _judged(case, _simulation(case))


def _simulation(case: str) -> Simulation | TapSimulation:
    name, _, rest = case.partition("/")
    if name in NUMBERED:
        return NUMBERED[name](int(rest))
    hits = map(_hit, rest.split("+")) if rest else ()
    plan = Hits(*hits)
    if name in TAPS:
        return TAPS[name](plan)
    if name in SETTLED:
        return SETTLED[name](plan)
    return Simulation(SCENARIOS[name](), plan)


def _hit(text: str) -> Hit:
    step, _, kind = text.partition(":")
    return Hit(int(step), kind)


def _judged(case: str, simulation: Simulation | TapSimulation) -> Result:
    name, _, rest = case.partition("/")
    if isinstance(simulation, TapSimulation):
        told = simulation.play()
        rows, runs, unknown = len(told.living), len(told.codes), 0
        condemned = [*tap_judges.verdict(told), *simulation.condemned()]
    else:
        history = simulation.play()
        rows, runs = len(history.wishes), len(history.ended)
        unknown = sum(each.receipt.get("unknown", 0) for each in history.ended)
        if isinstance(simulation, ApplySimulation | UndoSimulation | SettledSimulation):
            condemned = simulation.condemned()
        elif name == "entries":
            condemned = entries.condemned(entries.case_of(int(rest)), history)
        else:
            condemned = schedule.condemned(history) if name == "schedule" else verdict(history)
        if name == "lag":
            judge = no_good_row_is_rejected
            condemned += [f"{judge.__name__}: {why}" for why in judge(history)]
    faults = Counter(f"{step.family}/{kind}" for step, kind in simulation.faults)
    return Result(case, rows, faults, runs, unknown, tuple(condemned))


def trace_of(case: str) -> list[Step]:
    """The steps of a case, up to the end of its input; what follows are its rejects."""
    simulation = _simulation(case)
    simulation.play()
    return simulation.trace[: simulation.steps_of_input]


def single_cases(name: str) -> list[str]:
    """Each kind of fault at each step to which it applies."""
    return [f"{name}/{hit}" for hit in singles(trace_of(name), ALL_KINDS)]


def pair_cases(first: str) -> Iterator[str]:
    """The pairs of which the first fault is that of a case: the second comes at any later step."""
    hit = int(first.partition("/")[2].partition(":")[0])
    for second in singles(trace_of(first), CLASSES):
        if second.step > hit:
            yield f"{first}+{second}"


def first_cases(name: str) -> list[str]:
    """The first faults of all pairs."""
    return [f"{name}/{hit}" for hit in singles(trace_of(name), CLASSES)]


__all__ = ["Hit", "Result", "Total", "first_cases", "pair_cases", "run_case", "single_cases"]
