"""Cases of lists that lag: by any time up to the promised 30 seconds, and in either way.

Each process is brought again and again, by its key, its id or its phone number, while others go on
between; runs die and are started again at once. A list shows the old row until
it has caught up, or none; a fetch by id may do the same.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chakra_sandbox.rows.model import uid
from tests.campaigns.simulated.clock_cases import Deaths
from tests.campaigns.simulated.scenarios import (
    COLUMNS,
    STREAMS,
    dead,
    lead,
    old,
    phone,
    settings,
    small_world,
)
from tests.campaigns.simulated.target import Scenario, Simulation

if TYPE_CHECKING:
    from tests.campaigns.simulated.history import History, Wish

LEADS = 150
LAGS_MS = (500, 2_000, 5_000, 12_000, 20_000, 29_000, 30_000)
BY_ID = {"stream": "ids", "procedure": "lead", "key": "id", "mode": "update"}
BY_PHONE = {
    "stream": "phones",
    "procedure": "lead",
    "key": "phone_number",
    "mode": "upsert",
    "fields": {"phone": "data.phone_number", "score": "data.score"},
}
STREAMS_TOO = [
    *STREAMS,
    {**BY_ID, "fields": {"id": "id", "score": "data.score"}},
    {**BY_PHONE, "key": "phone"},
]
COLUMNS_TOO = {**COLUMNS, "ids": ("id", "score"), "phones": ("phone", "score")}
DEATHS = ("crash before", "crash after")


def lag_case(number: int) -> Simulation:
    """The case of that number; each of the lags, both ways, comes in any 28 in a row."""
    draw = random.Random(f"lag {number}")
    lag = LAGS_MS[number % len(LAGS_MS)] if number % 5 else draw.randrange(1, 30_001)
    knobs: dict[str, Any] = {
        "index_lag_ms": lag,
        "index_lag_shows": ("before", "nothing")[number // len(LAGS_MS) % 2],
        "fetch_lags": draw.random() < 0.4,
        "duplicate_pk": draw.choice(("reject", "duplicate", "merge")),
        "updated_at": draw.choice(("usable", "usable", "zero", "absent")),
        "job_duration_ms": draw.choice((40, 500, 3_000, 12_000)),
        "delete_mode": draw.choice(("soft_hidden", "hard")),
        "id_filter": draw.choice(("works", "works", "ignored")),
        "entry_echo": draw.choice(("input", "none")),
    }
    wishes = _wishes(draw)
    count = len(wishes)
    scenario = Scenario(
        seed=number,
        world=partial(small_world, LEADS, 4, knobs, number),
        wishes=wishes,
        columns=COLUMNS_TOO,
        states=frozenset({*range(40, count, draw.choice((40, 150))), count}),
        pauses=frozenset(draw.sample(range(1, count), draw.randrange(4))),
        settings=settings(
            wishes,
            streams=STREAMS_TOO,
            batch_size=draw.choice((10, 40, 200)),
            concurrency=draw.choice((1, 2, 4)),
        ),
        rests=(draw.choice((0.1, 0.1, 5.0)), draw.choice((0.1, 40.0))),
        most_runs=14,
        calm_after=4,
    )
    return Simulation(scenario, Deaths(_deaths(draw)))


def _deaths(draw: random.Random) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for _ in range(draw.randrange(4)):
        family = draw.choice(("submit", "job", "journal", "state"))
        kinds = {"submit": DEATHS, "job": ("crash",), "journal": DEATHS, "state": DEATHS}
        found[family, draw.randrange(1, 25)] = draw.choice(kinds[family])
    return found


def _wishes(draw: random.Random) -> list[Wish]:
    """Keys that come again and again, with others between; deletes of keys that were just written.

    Each process has one name: how rows by two names of one follow each other is nobody's promise.
    """
    often = draw.randrange(5, 25)
    again = [old(n) for n in range(1, often)] + [f"new-{n}" for n in range(often)]
    made = [_by_its_name(draw, draw.choice(again)) for _ in range(draw.choice((80, 160)))]
    others = [lead(old(n), n + 1_000) for n in range(often, LEADS - 10)]
    made += draw.sample(others, min(len(others), draw.choice((10, 100))))
    draw.shuffle(made)
    gone = draw.sample([key for key in again if key.startswith("new")], 2)
    return [*made, *(lead(key, 7) for key in gone), *map(dead, gone)]


def _by_its_name(draw: random.Random, key: str) -> Wish:
    """A row about a process, by the name that its source has for it."""
    wish = lead(key, draw.randrange(50))
    if key.startswith("new") or int(key.removeprefix("L-")) % 3 == 0:
        return wish
    number, score = int(key.removeprefix("L-")), wish.row["score"]
    if number % 3 == 1:
        row = {"id": uid("lead", str(number - 1)), "score": score}
        return replace(wish, stream="ids", row=row)
    return replace(wish, stream="phones", row={"phone": phone(number), "score": score})


def no_good_row_is_rejected(history: History) -> list[str]:
    """Nothing is wrong with a row: a list that lags is no reason to refuse it."""
    return [
        f"row {reject.line} ({dict(reject.row)}) was rejected: {reject.reason}"
        for reject in history.rejects
        if history.wishes[reject.line - 1].fits
    ]
