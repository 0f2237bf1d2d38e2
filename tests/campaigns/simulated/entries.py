"""Entries that echo nothing and come in an order of their own: which rows did the server refuse?

The server is quiet: no fault comes. What it refused stands in its rows, and is compared with the
rows on record.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tests.campaigns.simulated.kinds import Hits
from tests.campaigns.simulated.scenarios import (
    COLUMNS,
    lead,
    note,
    old,
    phone,
    settings,
    small_world,
)
from tests.campaigns.simulated.target import Scenario, Simulation
from tests.campaigns.simulated.target_judges import verdict

if TYPE_CHECKING:
    from tests.campaigns.simulated.history import History, Wish

ROWS: Final = 100
REFUSED: Final = (90_001, 90_002, 90_003, 90_004, 90_005)
"""Scores that the server does not take."""
PATIENCE: Final = 30.0
"""Seconds that a run may take beyond the lag of lists: nothing is waited for that does not come."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a case is made of, all of it from its number."""

    wishes: list[Wish]
    knobs: dict[str, Any]
    settings: dict[str, Any]

    @property
    def can_tell(self) -> bool:
        """Whether anything can tell what became of a row: its key, or the process it made."""
        return bool(self.wishes[0].keyed or self.knobs["entry_process"])


def case_of(number: int) -> Case:
    """The case of that number."""
    draw = random.Random(f"entries {number}")
    sort = draw.choice(("creates", "updates", "both", "merges", "without keys"))
    count = draw.choice((1, 2, 3, 3, 5))
    bad = dict(zip(draw.sample(range(ROWS), count), REFUSED, strict=False))
    wishes = [_wish(sort, n, bad.get(n, n)) for n in range(ROWS)]
    knobs = {
        "entry_echo": "none",
        "entry_index": False,
        "entries_order": draw.choice(("input", "completion", "shuffled", "shuffled")),
        "entry_process": draw.random() < 0.5,
        "refused_texts": [str(each) for each in REFUSED],
        "phone_merge": sort == "merges",
        "index_lag_ms": draw.choice((0, 0, 4_000)),
        "duplicate_pk": draw.choice(("reject", "duplicate")),
        "normalise": draw.choice(((), (), ("trim", "lower"))),
        "entries_page_size": draw.choice((7, 100)),
    }
    more = {
        "batch_size": draw.choice((30, 100)),
        "concurrency": draw.choice((1, 2)),
        "compare": draw.choice(("always", "journal")),
    }
    return Case(wishes, knobs, more)


def _wish(sort: str, n: int, score: int) -> Wish:
    if sort == "without keys":
        return note(f"note {n}", score)
    if sort == "merges" and n % 9 == 0:
        return lead(f"merged-{n}", score, phone=phone(ROWS + 1 + n // 9))
    is_new = sort in ("creates", "merges") or (sort == "both" and n % 2)
    return lead(f"new-{n}" if is_new else old(n + 1), score)


def simulation(case: Case, number: int) -> Simulation:
    """A case on its way."""
    wishes = case.wishes
    more = {"max_rejects": ROWS, "stop_at_reject_percent": 100, **case.settings}
    scenario = Scenario(
        seed=number,
        world=partial(small_world, ROWS + 20, 4, case.knobs, number),
        wishes=wishes,
        columns=COLUMNS,
        states=frozenset({len(wishes)}),
        settings={**settings(wishes), **more},
    )
    return Simulation(scenario, Hits())


def condemned(case: Case, history: History) -> list[str]:
    """What is wrong with the end of a case: by the server's own rows, and by the clock."""
    found = verdict(history)
    if not case.can_tell:
        return found  # rows are unknown until an operator says what became of them
    refused = {
        at + 1: str(wish.row["score"])
        for at, wish in enumerate(case.wishes)
        if wish.row["score"] in REFUSED
    }
    said = {reject.line: reject.reason for reject in history.rejects}
    if said.keys() != refused.keys():
        found.append(f"refused were lines {sorted(refused)}, on record are {sorted(said)}")
    for line, text in refused.items():
        reason = said.get(line, "")
        names = [str(each) for each in REFUSED if str(each) in reason]
        if text not in names and "; ..." not in reason:
            found.append(f"line {line} was refused for {text}, and its reason is: {reason}")
        if len(names) > 1 and "does not say which" not in reason:
            found.append(f"line {line} has the reasons of others as its own: {reason}")
    first = history.ended[0]
    if first.receipt["unknown"] or first.code != 0:
        found.append(f"run 1 ended with {first.code}: {first.receipt['outcomes']}")
    most = PATIENCE + case.knobs["index_lag_ms"] / 1000 * 8
    if first.receipt["seconds"] > most:
        found.append(f"run 1 took {first.receipt['seconds']:.0f} s, not {most:.0f}")
    return found


def run(number: int) -> list[str]:
    """Play the case of that number; what is wrong with its end."""
    case = case_of(number)
    return condemned(case, simulation(case, number).play())
