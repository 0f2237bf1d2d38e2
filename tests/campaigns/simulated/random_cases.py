"""Random cases: from one number follow the server's habits, the input, the settings and the faults.

Every open question of the API that touches writing is answered either way, often several at once.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from chakra_sandbox.rows.people import BY_USERNAME
from tests.campaigns.simulated.kinds import KINDS, Rates
from tests.campaigns.simulated.scenarios import (
    COLUMNS,
    STREAMS,
    dead,
    lead,
    note,
    old,
    phone,
    small_world,
    ticket,
)
from tests.campaigns.simulated.target import Scenario, Simulation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.campaigns.simulated.history import Wish

ANSWERS: Mapping[str, tuple[Any, ...]] = {
    "timestamp_format": ("iso", "ms_string"),
    "assigned_to_read": ("username",),
    "assigned_to_write": ("username_only", "id_only"),
    "state_read": ("id", "object"),
    "state_graph": ("on",),
    "updated_at": ("zero", "null", "absent"),
    "unset_attributes": ("null", "empty_defaults"),
    "data_keys": ("id",),
    "error_shape": ("objects",),
    "list_order": ("created_desc", "id", "random_stable", "shuffled_per_request"),
    "has_more": ("absent", "always_true_until_empty", "false_positive"),
    "id_filter": ("ignored", "no_rows", "error"),
    "array_filter": ("ignored", "cut_short", "find_nothing"),
    "unknown_where_key": ("ignored", "error"),
    "index_lag_ms": (400, 4_000, 20_000),
    "delete_mode": ("soft_listed", "hard"),
    "normalise": (("trim", "lower"), ("drop_plus",)),
    "write_response": ("id_only", "empty"),
    "duplicate_pk": ("merge", "duplicate"),
    "phone_merge": (True,),
    "unknown_attribute": ("dropped", "error"),
    "type_check": ("strict", "none"),
    "next_action_at_accepts": ("int_only",),
    "bulk_create": ("404",),
    "bulk_create_pk_from": ("data_only", "top_only"),
    "bulk_create_body": ("object",),
    "max_batch": (20,),
    "max_body_bytes": (4_000,),
    "over_batch": ("400", "truncate"),
    "bulk_update_accepts": ("flat", "both"),
    "flat_when_nested": ("silent_success_no_change",),
    "no_identifier": ("400",),
    "bulk_missing": ("INVALID",),
    "job_duration_ms": (40, 5_000, 60_000, 600_000),
    "job_get_has_status": (False,),
    "job_empty_counts_first": (True,),
    "job_in_flight_gap": (True,),
    "job_final_status": ("SUCCESS", "ERROR", "stuck"),
    "job_ttl_s": (5.0, 60.0),
    "job_visible_after_ms": (2_500,),
    "max_running_jobs": (1,),
    "job_order": ("parallel",),
    "job_atomic": (True,),
    "entry_error_rate": (0.01,),
    "entries_page_size": (7,),
    "entries_paging": ("absolute_url", "skip_limit", "page", "none"),
    "entries_meta_names": ("other",),
    "entry_echo": ("none", "json_string"),
    "entry_index": (False,),
    "entries_order": ("completion", "shuffled"),
    "entry_names": ("other",),
    "rate_limit_rps": (20.0,),
    "rate_limit_body": ("empty", "html"),
    "retry_after": ("date", "absent"),
    "config_style": ("alt_names", "keyed_by_id", "embedded_refs"),
}
"""The answers to the open questions, beside the default of each."""

RATES = (0.0, 0.005, 0.01, 0.02, 0.05)
OTHER = 0.08
"""Share of the questions that are answered otherwise in a case."""
LONG_MS = 600_000
CALM_AFTER = 4
"""Runs after which no more faults come: a case ends."""
FIELDS = {"owner": "assignedTo", "stage": "state", "due": "nextActionAt"}


def random_case(number: int) -> Simulation:
    """The case of that number."""
    draw = random.Random(f"random {number}")
    knobs = {name: draw.choice(others) for name, others in ANSWERS.items() if draw.random() < OTHER}
    return Simulation(_scenario(number, draw, knobs), _faults(draw))


def _faults(draw: random.Random) -> Rates:
    rates = {family: draw.choice(RATES) for family in KINDS}
    # A disk that fails ends the run: where each of many steps may, it comes nowhere.
    rates["journal"] /= 4
    return Rates(draw.random(), rates)


def _scenario(number: int, draw: random.Random, knobs: dict[str, Any]) -> Scenario:
    leads = draw.choice((40, 150, 400))
    wishes = _wishes(draw, leads, draw.choice((400, 1_000, 1_600)))
    often = draw.choice((10, 50, 200))
    count = len(wishes)
    settings = {
        "streams": [{**STREAMS[0], "fields": {**STREAMS[0]["fields"], **FIELDS}}, *STREAMS[1:]],
        "max_rejects": sum(not wish.fits for wish in wishes),
        "max_deletes": sum(wish.deletes for wish in wishes),
        "stop_at_reject_percent": 100,
        "batch_size": draw.choice((5, 30, 200, 1_000)),
        "concurrency": draw.choice((1, 2, 4, 6)),
        "compare": draw.choice(("always", "always", "journal")),
        "assigned_to_format": "id" if knobs.get("assigned_to_write") == "id_only" else "username",
    }
    if knobs.get("job_duration_ms", 0) >= LONG_MS:
        # One job behind another: the last of those in flight ends so much later (guarantees.md).
        settings["job_timeout"] = LONG_MS / 1000 * (settings["concurrency"] + 2)
    return Scenario(
        seed=number,
        world=partial(small_world, leads, 60, knobs, number),
        wishes=wishes,
        columns={**COLUMNS, "scores": (*COLUMNS["scores"], *FIELDS)},
        states=frozenset([*range(often, count, often), count]),
        pauses=frozenset(draw.sample(range(1, count), draw.randrange(3))),
        settings=settings,
        rests=tuple(draw.choice((1.0, 30.0, 400.0, 2_000.0)) for _ in range(4)),
        ahead=partial(_ahead, draw.choice((0.0, 0.0, 3_600.0, -3_600.0))),
        most_runs=16,
        calm_after=CALM_AFTER,
    )


def _ahead(seconds: float, _run: int, _lasted: float) -> float:
    return seconds


def _wishes(draw: random.Random, leads: int, count: int) -> list[Wish]:
    """Rows of all sorts, in an order; a process that is deleted is not named again."""
    keyless = draw.random() < 0.5
    spare = list(range(leads - 9, leads + 1))
    made = [_wish(draw, leads - 10, keyless=keyless, n=n) for n in range(count)]
    made += [lead(f"merged-{n}", n, phone=phone(n)) for n in spare[:3]]
    draw.shuffle(made)
    doomed = draw.sample(sorted({w.name[1] for w in made if w.stream == "scores" and w.fits}), 8)
    return [*made, *map(dead, doomed)] if draw.random() < 0.5 else _dead_early(made, doomed)


def _dead_early(made: list[Wish], doomed: list[str]) -> list[Wish]:
    """Each process is deleted right behind the last row about it."""
    last = {wish.name[1]: at for at, wish in enumerate(made) if wish.stream == "scores"}
    ends = {last[key]: key for key in doomed}
    found: list[Wish] = []
    for at, wish in enumerate(made):
        found.append(wish)
        if at in ends:
            found.append(dead(ends[at]))
    return found


def _wish(draw: random.Random, leads: int, *, keyless: bool, n: int) -> Wish:
    sort = draw.random()
    if sort < 0.55:
        return _full(draw, old(draw.randint(1, leads)))
    if sort < 0.75:
        return _full(draw, f"new-{draw.randrange(200)}")
    if sort < 0.77:
        return lead(old(draw.randint(1, leads)), "many", fits=False)
    if keyless and sort < 0.87:
        return note(f"note {n // 2}", 7)
    return ticket(draw.choice((draw.randint(1, 60), draw.randint(9_000, 9_050))), f"s{n}")


def _full(draw: random.Random, key: str) -> Wish:
    """A row with a score, and now and then with fields of the process itself."""
    wish = lead(key, draw.randrange(100))
    row, data = dict(wish.row), dict(wish.data)
    if draw.random() < 0.2:
        row["stage"] = "WON"
        data["@state"] = "WON"
    if draw.random() < 0.2:
        row["owner"] = draw.choice(("ivo.lang", "mira.rao"))
        data["@assignedTo"] = BY_USERNAME[row["owner"]].id
    if draw.random() < 0.1:
        row["due"] = data["@nextActionAt"] = 1_800_000_000_000 + draw.randrange(10**9)
    return replace(wish, row=row, data=data)
