"""Rows that nobody knows of: listed until a later one is settled, and holding only their own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.campaigns.simulated.scenarios import (
    COLUMNS,
    STREAMS,
    lead,
    old,
    settings,
    small_world,
)
from tests.campaigns.simulated.target import Scenario, Simulation
from tests.campaigns.simulated.target_judges import verdict
from tests.campaigns.simulated.test_finds import Named, codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.campaigns.simulated.history import History, Wish

SAYS_LITTLE = {
    "entry_echo": "none",
    "entry_index": False,
    "entries_order": "shuffled",
    "entry_process": False,
    "refused_texts": ["90001"],
}
QUICK = {"job_duration_ms": 200}
HALF_AN_HOUR = 1810.0
TEN = frozenset({10})
AT_ONCE = ((1.8, old(1), 5),)
"""Somebody else writes a row of the first batch, after its job and before it is read back."""


def play(
    wishes: Sequence[Wish],
    *hits: tuple[str, int, str],
    knobs: dict[str, Any] | None = None,
    rests: tuple[float, ...] = (60.0,),
    edits: Sequence[tuple[float, str, Any]] = (),
    pauses: frozenset[int] = frozenset(),
    until_free: float = HALF_AN_HOUR,
    **more: Any,
) -> History:
    scenario = Scenario(
        seed=1,
        world=partial(small_world, 20, 4, {**QUICK, **(knobs or {})}, 1),
        wishes=wishes,
        columns=COLUMNS,
        states=frozenset({len(wishes)}),
        rests=rests,
        pauses=pauses,
        until_free=until_free,
        edits=tuple((at, key, {"score": score}) for at, key, score in edits),
        settings=settings(wishes, **{"batch_size": 10, "concurrency": 1, **more}),
    )
    plan = Named(*hits)
    history = Simulation(scenario, plan).play()
    assert plan.came == len(hits)
    assert verdict(history) == []
    return history


def listed(history: History) -> list[int]:
    """How many rows `unknown` listed at the end of each run that could still speak."""
    return [len(ended.listed) for ended in history.ended if ended.listed is not None]


SHORTLY = {"job_timeout": 40, "lost_answer_horizon": 35}
"""An unknown row holds its process for hardly longer than lists may lag: a later one waits."""


def test_a_row_that_somebody_edits_holds_up_no_run_for_half_an_hour() -> None:
    """One lost answer and one edit: "1 being read back" for 30 minutes, with the lock held."""
    wishes = [lead(old(n), 1000 + n) for n in range(1, 7)]
    history = play(wishes, ("PATCH process", 1, "reset after"), edits=[(1.2, old(1), 5)])
    assert codes(history) == [8, 0]
    first = history.ended[0].receipt
    assert (first["outcomes"]["updated"], first["outcomes"]["unknown"]) == (5, 1)
    assert first["seconds"] < 40
    assert listed(history) == [1, 0]
    history = play(wishes, ("PATCH process", 1, "crash after"), edits=[(30.0, old(1), 5)])
    assert codes(history) == [None, 8, 0]
    assert history.ended[1].receipt["seconds"] < 70


def test_a_row_that_the_same_run_settled_is_not_listed_any_more() -> None:
    """It was: receipt `unknown: 0`, exit code 0, and the row stayed listed for weeks."""
    wishes = [lead(old(n), 1000 + n) for n in range(1, 4)]
    history = play(
        wishes, ("PATCH process", 1, "crash after"), edits=[(30.0, old(2), 5)], **SHORTLY
    )
    assert codes(history) == [None, 0]
    assert history.ended[1].receipt["unknown"] == 0
    assert listed(history) == [0]


def test_a_row_that_a_later_one_of_its_run_was_written_after_is_superseded() -> None:
    """STATE passes: ChakraHQ holds what the source said last."""
    wishes = [lead(old(1), 7), *(lead(old(n), 50 + n) for n in range(2, 11)), lead(old(1), 9)]
    history = play(
        wishes, ("PATCH process", 1, "reset after"), edits=AT_ONCE, pauses=TEN, **SHORTLY
    )
    assert codes(history) == [0]
    outcomes = history.ended[0].receipt["outcomes"]
    assert (outcomes["unknown"], outcomes["superseded"], outcomes["updated"]) == (0, 1, 10)
    assert listed(history) == [0]


def test_a_row_of_this_run_stays_unknown_where_the_later_one_is_rejected() -> None:
    wishes = [lead(old(1), 7), *(lead(old(n), 50 + n) for n in range(2, 11))]
    wishes.append(lead(old(1), "x", fits=False))
    history = play(wishes, ("PATCH process", 1, "reset after"), edits=AT_ONCE, pauses=TEN)
    assert codes(history) == [8, 0]
    assert listed(history) == [1, 0]


def test_a_row_waits_for_its_process_where_the_job_of_an_unknown_one_is_over() -> None:
    """It was not sent for half an hour, and each run of a schedule ended with 8.

    One of two rows that somebody else edits was refused, and no entry says which.
    """
    wishes = [lead(old(n), 90_001 if n == 3 else 50 + n) for n in range(1, 11)]
    edits = [(1.2, old(1), 5), (1.2, old(3), 5)]
    history = play(wishes, rests=(5.0,), until_free=0.0, edits=edits, knobs=SAYS_LITTLE)
    assert codes(history) == [8, 7]
    assert listed(history) == [2, 0]
    first, second = (ended.receipt for ended in history.ended)
    assert (first["outcomes"]["unknown"], first["outcomes"]["updated"]) == (2, 8)
    assert (second["outcomes"]["updated"], second["outcomes"]["rejected"]) == (1, 1)
    assert 20 < second["seconds"] < 40


INSERTS = [{**STREAMS[0], "mode": "insert", "delete_when": None}, *STREAMS[1:]]
LATE = {"job_duration_ms": 10_000}
GIVES_UP = {"streams": INSERTS, "job_timeout": 4, "lost_answer_horizon": 5}
"""A job of ten seconds, whose answer is lost, is given up in its midst."""


def insert_late(*edits: tuple[float, str, Any]) -> History:
    wishes = [lead(f"NEW-{n}", 7) for n in range(3)]
    lost = ("POST bulk-create", 1, "reset after")
    return play(wishes, lost, knobs=LATE, edits=edits, **GIVES_UP)


def test_an_inserted_row_that_was_unknown_and_is_there_as_it_was_sent_is_unchanged() -> None:
    """It was rejected: "a process has this key already". It was ours."""
    history = insert_late()
    assert codes(history) == [8, 0]
    assert listed(history) == [2, 0]
    assert history.ended[1].receipt["outcomes"]["unchanged"] == 3


def test_an_inserted_row_that_was_unknown_and_is_there_otherwise_is_a_reject() -> None:
    """Somebody else made it, as far as anybody can know."""
    history = insert_late((30.0, "NEW-2", 5))
    assert codes(history) == [8, 7]
    assert history.ended[1].receipt["outcomes"]["rejected"] == 1
    assert listed(history) == [2, 0]
