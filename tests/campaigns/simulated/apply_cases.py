"""A plan, what people edit behind it, and apply after apply of it until one ends well.

From a number follow the server's habits, the rows (some without a key, some of those alike), the
edits, and the faults and deaths of the runs. The plan is made undisturbed.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chakra_api.exit_codes import ExitCode
from target_chakra.history.reports import Reports
from target_chakra.on_record.applying import Applying, Choice, written_since
from target_chakra.plans.reading import opened_plan
from target_chakra.run.hooks import Hooks
from tests.campaigns.simulated.kinds import KINDS, Rates
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
from tests.campaigns.simulated.target_judges import alike, of_no_input
from tests.campaigns.simulated.undo_cases import RATES, knobs_of
from tests.support.simulated import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.campaigns.simulated.history import Ended, Kept, Name, Wish

LEADS: Final = 60
APPLIES: Final = 14
CALM_AFTER: Final = 5
BY_HAND: Final = -7
"""A score that people enter, and no plan."""
EDITS: Final = ({"score": BY_HAND}, {"name": "by hand"})


class ApplySimulation(Simulation):
    """A case of its number.

    Args:
        number: Of the case.
    """

    def __init__(self, number: int) -> None:
        draw = random.Random(f"apply {number}")
        rates = {family: draw.choice(RATES) for family in KINDS}
        super().__init__(_scenario(number, draw), Rates(draw.random(), rates))
        self._draw = draw
        self._applying: Applying | None = None
        self.edited: dict[Name, dict[str, Any]] = {}

    def _play(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "plan.parquet"
            self._make(path)
            self.turns.sleep(5.0)
            self._edit()
            self._carry_out(path)

    def _make(self, path: Path) -> None:
        scenario, self._calm = self._scenario, True
        planned = {**scenario.settings, "plan_path": str(path)}
        self._scenario = replace(scenario, settings=planned)
        self.history.ended.append(self._once(self._feed))
        self._scenario = scenario

    def _edit(self) -> None:
        """People change some of what is planned, and some fields that are not."""
        planned = sorted({wish.name for wish in self.history.wishes if wish.keyed})
        there = {each.name for each in self.history.before}
        for name in self._draw.sample([each for each in planned if each in there], 8):
            self.edited[name] = self._draw.choice(EDITS)
            edit = Edit(self.server.now_ms, name[0], name[1], self.edited[name])
            self.server.edits.append(edit)
        self.server.catch_up()
        self.turns.sleep(5.0)

    def _carry_out(self, path: Path) -> None:
        """Apply after apply, until one ends well; and once more, which finds nothing to do."""
        for number in range(APPLIES):
            self._calm = number >= CALM_AFTER
            ended = self._apply(path)
            self.history.ended.append(ended)
            if ended.code == ExitCode.BUG:
                return
            if ended.code == ExitCode.DONE:
                self._calm = True
                self.history.ended.append(self._apply(path))
                return
            self.turns.sleep(self._draw.choice((1.0, 30.0, 400.0)))
            if ended.code == ExitCode.UNKNOWN:
                self.turns.sleep(self._scenario.until_free)
                self._look_and_say()

    def _apply(self, path: Path) -> Ended:
        self.disk.follow()
        plan = opened_plan(path)
        with closing(Reports(self.disk.journal)) as reports:
            choice = Choice(written=written_since(reports.runs(), plan))
        self._applying = applying = Applying(plan, choice)
        try:
            return self._once(applying.work)
        finally:
            self._applying = None

    def _hooks(self) -> Hooks[Any]:
        applying = self._applying
        if applying is None:
            return super()._hooks()
        return Hooks(self._emit, heard=applying.heard, ending=applying.mark)

    def _replay(self) -> None:
        """What was changed since the plan is not sent again by a retry."""

    def condemned(self) -> list[str]:
        """What is wrong at the end."""
        history = self.history
        found = of_no_input(history, history.ended[1:])
        codes = [each.code for each in history.ended]
        if codes[0] != ExitCode.DONE or codes[-1] != ExitCode.DONE:
            return [*found, f"the plan was never carried out: {codes}"]
        agreed = Agreed(history.wishes, history.before, self.edited)
        return [*found, *(f"is_carried_out: {why}" for why in is_carried_out(agreed, history.kept))]


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed to, and what people did since.

    Attributes:
        wishes: The rows of the plan, in order.
        before: The processes before it.
        edited: What people changed: attributes, by the name of the process.
    """

    wishes: Iterable[Wish]
    before: Iterable[Kept]
    edited: Mapping[Name, Mapping[str, Any]]


def is_carried_out(agreed: Agreed, kept: Iterable[Kept]) -> Iterator[str]:
    """Each action is done once; nothing is written over what people changed since."""
    keyed = {wish.name: wish for wish in agreed.wishes if wish.keyed}
    notes = Counter(wish.name for wish in agreed.wishes if not wish.keyed)
    before = {each.name: each for each in agreed.before}
    now: dict[Name, list[Kept]] = {}
    for each in kept:
        now.setdefault(each.name, []).append(each)
    for name, count in notes.items():
        if len(now.get(name, ())) != count:
            yield f"{name} is there {len(now.get(name, ()))} times, and not {count}"
    for name in now.keys() | keyed.keys():
        if name not in notes:
            was, edits = before.get(name), agreed.edited.get(name, {})
            yield from _wrong_of(name, now.get(name, []), _end_of(keyed.get(name), was, edits))


def _end_of(
    wish: Wish | None, was: Kept | None, edits: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """What a process must hold in the end; None for a deleted one."""
    held = {**(was.data if was else {}), **edits}
    if wish is None:
        return held
    if wish.deletes:
        return held if edits else None
    return held if "score" in edits else {**held, **wish.data}


def _wrong_of(name: Name, found: list[Kept], wanted: Mapping[str, Any] | None) -> Iterator[str]:
    if len(found) != 1:
        yield f"{name} was made {len(found)} times"
        return
    (now,) = found
    if now.lives != (wanted is not None):
        yield f"{name} is {'there' if now.lives else 'deleted'}"
    elif wanted is not None:
        for attribute, value in wanted.items():
            if not alike(value, now.data.get(attribute)):
                yield f"{name} holds {now.data.get(attribute)!r} in {attribute}, and not {value!r}"


def _scenario(number: int, draw: random.Random) -> Scenario:
    keys = [old(n) for n in range(1, LEADS + 1)]
    draw.shuffle(keys)
    updated, gone = keys[: draw.choice((10, 40))], keys[40 : 40 + draw.choice((0, 3, 15))]
    created = [f"new-{n}" for n in range(draw.choice((0, 5, 20)))]
    wishes = [lead(key, 1000 + n) for n, key in enumerate((*updated, *created))]
    wishes += map(dead, gone)
    wishes += [note(f"note {n // 2}", 7) for n in range(draw.choice((0, 6, 20)))]
    draw.shuffle(wishes)
    return Scenario(
        seed=number,
        world=partial(small_world, LEADS, 4, knobs_of(draw), number),
        wishes=wishes,
        columns=COLUMNS,
        states=frozenset({len(wishes)}),
        settings={
            **settings(wishes, batch_size=draw.choice((5, 20, 200))),
            "concurrency": draw.choice((1, 2, 4)),
            "max_rejects": len(wishes),
            "stop_at_reject_percent": 100,
        },
        most_runs=1,
    )
