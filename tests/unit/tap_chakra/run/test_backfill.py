"""Ranges of `createdAt` that meet hold every row once, to the millisecond; each is its own run."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from chakra_api.values.timestamps import iso_ms
from tap_chakra.reading.portions import Portions
from tap_chakra.run.bookmark import Bookmark, from_state, to_state
from tap_chakra.run.modes import plan_run
from tap_chakra.run.procedure_run import ProcedureRun
from tap_chakra.run.resume import Beside
from tap_chakra.scanning.beginning import Beginning
from tap_chakra.scanning.crew import Crew
from tap_chakra.scanning.extent import Extent
from tap_chakra.scanning.scan import Listers, Readers, Scan
from tap_chakra.settings import CHANGE_DETECTION, Settings, parse_settings
from tests.support.clock import FakeClock
from tests.support.listing import NOW, ORDERS, Listing, Row, make_rows
from tests.support.scanning import CELLS, SameThread

if TYPE_CHECKING:
    from tap_chakra.run.modes import Selection
    from tap_chakra.timeline.coverage import Unfinished

DAY = 86_400_000
SHIFTS = (0, 1, -1, 499, 1000)


def ranged(after: int | None, before: int | None, **more: object) -> Settings:
    bounds = {"created_after": after, "created_before": before}
    config = {name: iso_ms(at) for name, at in bounds.items() if at is not None}
    return parse_settings({"api_key": "k", **config, **more}, now=NOW, user_agent="test")


def run_of(listing: Listing, given: Settings, before: Bookmark | None = None) -> ProcedureRun:
    def opens(selection: Selection, unfinished: Unfinished | None) -> Scan:
        extent = Extent(selection.lower, selection.where is not None, unfinished, selection.upper)
        return Scan(
            Listers(listing, listing),
            Readers(SameThread(), Crew(3, FakeClock().monotonic), Portions(3)),
            cells=CELLS,
            extent=extent,
            begins=lambda said: Beginning.at(said or NOW),
        )

    before = before or Bookmark()
    plan = plan_run(given, before, now=NOW, full_table=False, server=False)
    return ProcedureRun(plan, before, opens=opens, beside=Beside())


def read(it: ProcedureRun) -> list[str]:
    it.open()
    return [str(row["id"]) for each in it.deliveries() for row in each.rows]


def rows_of(rng: random.Random) -> list[Row]:
    """Rows in bursts and alone, some at one instant, some without a `createdAt`."""
    count = rng.choice([0, 3, 90, 260, 450])
    dense = NOW - rng.randrange(DAY)
    instants: list[int | None] = [
        dense if rng.random() < 0.1 else NOW - rng.randrange(1, 30 * DAY) for _ in range(count)
    ]
    return make_rows([*instants, *[None] * rng.choice([0, 0, 1, 7])], rng.randrange(10**6))


@given(
    st.integers(0, 10**6),
    st.sampled_from([order for order in ORDERS if order != "unstable"]),
    st.sampled_from([1, 1000]),
    st.booleans(),
    st.sampled_from(["exact", "absent"]),
)
@settings(max_examples=150)
def test_ranges_that_meet_hold_every_row_once(
    seed: int,
    order: str,
    precision: int,
    gte_is_gt: bool,  # noqa: FBT001 - drawn
    has_more: str,
) -> None:
    rng = random.Random(seed)
    rows = rows_of(rng)
    instants = [row["createdAt"] for row in rows if row["createdAt"] is not None] or [NOW - DAY]
    cuts = {rng.choice(instants) + rng.choice(SHIFTS) for _ in range(rng.randrange(4))}
    past = sorted(at for at in cuts if at <= NOW)
    if rng.random() < 0.3:
        past.append(NOW + DAY)
    ids, states = [], []
    for after, before in pairwise([None, *past, None]):
        if after is not None and after > NOW:
            continue  # created_after may not lie in the future: nothing is created there
        listing = Listing(
            rows,
            order=order,
            precision=precision,
            gte_is_gt=gte_is_gt,
            has_more=has_more,
            seed=seed,
        )
        it = run_of(listing, ranged(after, before))
        found = read(it)
        assert it.progress.complete
        for row in rows:
            if row["id"] in found and row["createdAt"] is not None:
                assert after is None or row["createdAt"] >= after
                assert before is None or row["createdAt"] < before
        ids += found
        states.append(to_state(it.result(min_share=0.9).bookmark))
    everything = sorted(row["id"] for row in rows)
    assert sorted(ids) == everything
    known = from_state("process_lead", rng.choice(states))
    again = read(run_of(Listing(rows, order=order, seed=seed), ranged(None, None), known))
    if len(states) > 1:  # the state of a range: a run without one goes on with every row
        assert sorted(again) == everything


@pytest.mark.parametrize("mode", CHANGE_DETECTION)
def test_a_range_says_nothing_about_deletes_and_keeps_a_bookmark_of_its_own(mode: str) -> None:
    rows = make_rows([NOW - DAY + n * 60_000 for n in range(300)])
    given_range = ranged(None, NOW - DAY + 6_000_000, change_detection=mode)
    it = run_of(Listing(rows), given_range)
    assert len(read(it)) == 100
    result = it.result(min_share=0.9)
    assert given_range.narrowed
    assert (result.complete, result.full, result.sees_deletes) == (True, False, False)
    assert result.bookmark.since == it.began
    assert result.bookmark.rows is None


def test_rows_of_a_range_are_never_compared_with_those_of_all() -> None:
    rows = make_rows([NOW - DAY + n * 60_000 for n in range(300)])
    known = Bookmark()
    for before, seen, speaks in ((NOW - DAY + 6_000_000, None, False), (None, 300, True)) * 2:
        it = run_of(Listing(rows), ranged(None, before, full_scan=True), known)
        read(it)
        result = it.result(min_share=0.9)
        assert result.sees_deletes is speaks
        assert result.bookmark.rows == (seen or known.rows)
        known = result.bookmark


@pytest.mark.parametrize("mode", ["created", "open"])
def test_a_range_that_is_over_has_no_new_rows_and_none_twice(mode: str) -> None:
    rows = make_rows([NOW - DAY + n * 60_000 for n in range(300)])
    over = NOW - DAY + 6_000_000
    at = Bookmark(since=NOW - 3_600_000, rows=None, began=NOW - 3_600_000)
    for row in rows:
        row["updatedAt"] = NOW - 1_000
    ids = read(run_of(Listing(rows), ranged(None, over, change_detection=mode), at))
    assert len(ids) == len(set(ids))
    changed = {row["id"] for row in rows if row["createdAt"] < over and row["status"] == "OPEN"}
    if mode == "open":
        assert changed <= set(ids)
    else:
        assert len(ids) <= 1


@pytest.mark.parametrize("after", [NOW - DAY, NOW - DAY + 1, NOW])
def test_a_range_that_holds_no_instant_is_refused(after: int) -> None:
    with pytest.raises(SettingsError, match="created_before"):
        ranged(after, NOW - DAY)


def test_only_a_scan_of_the_same_range_is_resumed() -> None:
    rows = make_rows([NOW - DAY + n * 1_000 for n in range(900)])
    first = run_of(Listing(rows), ranged(None, NOW - 1_000))
    first.open()
    deliveries = first.deliveries()
    for _ in range(4):
        next(deliveries)
    point = first.resume_point
    assert point is not None
    for before, resumes in ((NOW - 1_000, True), (NOW - 2_000, False), (None, False)):
        it = run_of(Listing(rows), ranged(None, before), Bookmark(resume_point=point))
        assert (it.rows_resumed > 0) is resumes, before
    again = run_of(Listing(rows), ranged(None, NOW - 1_000), Bookmark(resume_point=point))
    read_before = {i for i in [row["id"] for row in rows] if i not in set(read(again))}
    assert read_before
