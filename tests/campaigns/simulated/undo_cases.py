"""A run, what people edit behind it, and undo after undo of it until one ends well.

From a number follow the server's habits, the run, the edits, and the faults and deaths of the
undos. The run itself goes undisturbed: what becomes of runs that are not is for the other cases.
"""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chakra_api.exit_codes import ExitCode
from target_chakra.history.reports import Reports
from target_chakra.on_record.undo import take_back
from tests.campaigns.simulated.kinds import KINDS, Rates
from tests.campaigns.simulated.random_cases import ANSWERS
from tests.campaigns.simulated.scenarios import COLUMNS, dead, lead, old, settings, small_world
from tests.campaigns.simulated.target import Scenario, Simulation
from tests.campaigns.simulated.target_judges import alike, of_no_input
from tests.support.simulated import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.campaigns.simulated.history import Ended, Kept

LEADS: Final = 60
UNDOS: Final = 12
CALM_AFTER: Final = 4
RATES: Final = (0.0, 0.02, 0.05, 0.1)
OTHER: Final = 0.08
"""Share of the questions that are answered otherwise in a case."""
NOT_ASKED: Final = frozenset(
    {"delete_mode", "duplicate_pk", "phone_merge", "unknown_attribute", "entry_error_rate"}
)
"""What makes of the run itself something else than its rows say, or leaves nothing to take back."""
SLOW_MS: Final = 5_000
"""Of a job, at most: longer ones are for other cases."""
BY_HAND: Final = -7
"""A score that people enter, and no run."""


class UndoSimulation(Simulation):
    """A case of its number.

    Args:
        number: Of the case.
    """

    def __init__(self, number: int) -> None:
        draw = random.Random(f"undo {number}")
        rates = Rates(draw.random(), {family: draw.choice(RATES) for family in KINDS})
        self.deletes_created = draw.random() < 0.5
        super().__init__(_scenario(number, draw), rates)
        self._draw = draw
        self.written: dict[str, Kept] = {}
        self.edited: dict[str, dict[str, Any]] = {}

    def _play(self) -> None:
        self._calm = True
        self.history.ended.append(self._once(self._feed))
        self.written = {each.id: each for each in self._kept()}
        if self.history.ended[-1].code != ExitCode.DONE:
            return
        self.turns.sleep(5.0)
        self._edit()
        for number in range(UNDOS):
            self._calm = number >= CALM_AFTER
            ended = self._undo()
            self.history.ended.append(ended)
            if ended.code in (ExitCode.DONE, ExitCode.BUG):
                return
            self.turns.sleep(self._draw.choice((1.0, 30.0, 400.0)))
            if ended.code == ExitCode.UNKNOWN:
                self.turns.sleep(self._scenario.until_free)

    def _replay(self) -> None:
        """What an undo could not take back is not sent again by a retry."""

    def _edit(self) -> None:
        """People change some of what the run wrote, and some fields that it did not."""
        before = {each.id for each in self.history.before}
        leads = [each for each in self.written.values() if each.name[0] == "lead" and each.lives]
        for each in self._draw.sample(leads, 25):
            data: dict[str, Any] = {"score": BY_HAND}
            if each.id in before:
                data = self._draw.choice((data, {"name": "by hand"}, {**data, "name": "by hand"}))
            self.edited[each.id] = data
            self.server.edits.append(Edit(self.server.now_ms, "lead", each.name[1], data))
        self.server.catch_up()
        self.turns.sleep(5.0)

    def _undo(self) -> Ended:
        self.disk.follow()
        with closing(Reports(self.disk.journal)) as reports:
            (run,) = reports.runs(1)
            effects = reports.effects(1)
        with closing(effects):
            return self._once(
                lambda session: take_back(
                    session, run, effects, deletes_created=self.deletes_created
                )
            )

    def condemned(self) -> list[str]:
        """What is wrong at the end."""
        history = self.history
        found = of_no_input(history, history.ended)
        if history.ended[-1].code != ExitCode.DONE:
            return [*found, f"the undo never ended well: {[e.code for e in history.ended]}"]
        before = {each.id: each for each in history.before}
        done = Done(before, self.written, self.edited, self.deletes_created)
        return [*found, *(f"is_taken_back: {fault}" for fault in is_taken_back(done, history.kept))]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done before an undo, by process id.

    Attributes:
        before: The processes before the run.
        written: Those behind it.
        edited: What people changed of those: attributes.
        deletes_created: Whether the undo deletes what the run created.
    """

    before: Mapping[str, Kept]
    written: Mapping[str, Kept]
    edited: Mapping[str, Mapping[str, Any]]
    deletes_created: bool


def is_taken_back(done: Done, kept: Iterable[Kept]) -> Iterator[str]:
    """What people changed stays, and all else is as it was; nothing came into being."""
    for now in kept:
        was, edits = done.before.get(now.id), done.edited.get(now.id, {})
        lives = not done.deletes_created or bool(edits) if was is None else was.lives
        if now.id not in done.written:
            yield f"{now.name} came into being"
        elif now.lives != lives:
            yield f"{now.name} is {'there' if now.lives else 'deleted'}"
        elif lives:
            wanted = (was or done.written[now.id]).data
            yield from _unlike(now, {**wanted, **edits})


def _unlike(now: Kept, wanted: Mapping[str, Any]) -> Iterator[str]:
    for name, value in wanted.items():
        if not alike(value, now.data.get(name)):
            yield f"{now.name} holds {now.data.get(name)!r} in {name}, and not {value!r}"


def knobs_of(draw: random.Random) -> dict[str, Any]:
    """How the server answers open questions."""
    knobs = {
        name: draw.choice(others)
        for name, others in ANSWERS.items()
        if name not in NOT_ASKED and draw.random() < OTHER
    }
    if knobs.get("job_duration_ms", 0) > SLOW_MS:
        knobs["job_duration_ms"] = SLOW_MS
    return {**knobs, "delete_mode": "soft_listed"}


def _scenario(number: int, draw: random.Random) -> Scenario:
    keys = [old(n) for n in range(1, LEADS + 1)]
    draw.shuffle(keys)
    updated, gone = keys[: draw.choice((10, 40))], keys[40 : 40 + draw.choice((0, 3, 15))]
    created = [f"new-{n}" for n in range(draw.choice((0, 5, 20)))]
    wishes = [lead(key, 1000 + n) for n, key in enumerate((*updated, *created))]
    wishes += [lead(key, 2000 + n) for n, key in enumerate(updated[:5])]
    wishes += map(dead, gone)
    return Scenario(
        seed=number,
        world=partial(small_world, LEADS, 4, knobs_of(draw), number),
        wishes=wishes,
        columns=COLUMNS,
        states=frozenset({len(wishes)}),
        settings=settings(
            wishes,
            batch_size=draw.choice((5, 20, 200)),
            concurrency=draw.choice((1, 2, 4)),
            compare="always",
            max_deletes=len(wishes),
        ),
        most_runs=1,
    )
