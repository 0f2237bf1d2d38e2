"""A bookmark speaks of the rows of its range alone: whatever runs follow one another, none lacks.

The warehouse is a dict of what was emitted, by id; each run gets the STATE of the one before.
"""

from __future__ import annotations

import json
import random
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chakra_api.values.timestamps import iso_ms
from tap_chakra.reading.portions import Portions
from tap_chakra.run import bookmark as bookmarks
from tap_chakra.run.bookmark import Bookmark
from tap_chakra.run.modes import plan_run, wants_probe
from tap_chakra.run.procedure_run import ProcedureRun
from tap_chakra.run.ranges import UNKNOWN, WHOLE, RowRange, from_state, to_state
from tap_chakra.run.resume import Beside
from tap_chakra.scanning.beginning import Beginning
from tap_chakra.scanning.crew import Crew
from tap_chakra.scanning.extent import Extent
from tap_chakra.scanning.scan import Listers, Readers, Scan
from tap_chakra.settings import CHANGE_DETECTION, parse_settings
from tests.support.clock import FakeClock
from tests.support.listing import NOW, Listing, Row, make_rows
from tests.support.scanning import CELLS, SameThread

if TYPE_CHECKING:
    from tap_chakra.run.modes import RunPlan, Selection
    from tap_chakra.timeline.coverage import Unfinished

DAY = 86_400_000
HOUR = 3_600_000
CUTS = (None, *(NOW - days * DAY for days in (9, 6, 3)))
cuts = st.sampled_from(CUTS)
ranges = st.tuples(cuts, cuts).filter(lambda it: None in it or it[0] < it[1])


def plan_of(bookmark: Bookmark, now: int = NOW, **config: Any) -> RunPlan:
    given_settings = parse_settings({"api_key": "k", **config}, now=now, user_agent="test")
    return plan_run(given_settings, bookmark, now=now, full_table=False, server=True)


def bounds(after: int | None, before: int | None) -> dict[str, str]:
    named = {"created_after": after, "created_before": before}
    return {name: iso_ms(at) for name, at in named.items() if at is not None}


def matches(row: Row, where: Any) -> bool:
    """Whether a row is one that a selection's filter finds."""
    if not where:
        return True
    if where == {"status": "OPEN"}:
        return bool(row["status"] == "OPEN")
    since = datetime.fromisoformat(where["updatedAt"][">="].replace("Z", "+00:00"))
    return bool(row["updatedAt"] >= round(since.timestamp() * 1000))


class Account:
    """An account over the hours, and what a warehouse has of it."""

    def __init__(self, rng: random.Random) -> None:
        self.rows = make_rows(
            [*(NOW - rng.randrange(12 * DAY) for _ in range(rng.choice([40, 40, 260]))), None, None]
        )
        self.warehouse: dict[str, int] = {}
        self.state: dict[str, Any] = {}
        self.hours = 0
        self._blind = False
        self._rng = rng

    def goes_on(self) -> None:
        """An hour passes, in which some rows change and one is created."""
        self.hours += 1
        now = NOW + self.hours * HOUR
        for row in self._rng.sample(self.rows, 5):
            row["updatedAt"] = now - self._rng.randrange(1, HOUR - 60_000)
        (new,) = make_rows([now - HOUR // 2], self.hours, touched=0)
        self.rows.append(new)

    def runs(
        self, mode: str, after: int | None, before: int | None, *, cut: bool
    ) -> RunPlan | None:
        """A run, which may be cut off behind its first answer.

        Returns:
            What it read; None where the next run must come before anything is promised: it was cut
            off, or went on with one that was, and is as of the beginning of that.
        """
        hours = self.hours

        def opens(selection: Selection, unfinished: Unfinished | None) -> Scan:
            rows = [row for row in self.rows if matches(row, selection.where)]
            listing = Listing(rows, requests=hours * HOUR)
            filtered = selection.where is not None
            return Scan(
                Listers(listing, listing),
                Readers(SameThread(), Crew(2, FakeClock().monotonic), Portions(2)),
                cells=CELLS,
                extent=Extent(selection.lower, filtered, unfinished, selection.upper),
                begins=lambda said: Beginning.at(said or NOW),
            )

        known = bookmarks.from_state("process_lead", json.loads(json.dumps(self.state)))
        config = {"change_detection": mode, "lookback_seconds": 60, **bounds(after, before)}
        plan = plan_of(known, NOW + hours * HOUR, **config)
        it = ProcedureRun(plan, known, opens=opens, beside=Beside())
        it.open()
        for each in it.deliveries():
            self.warehouse.update((row["id"], row["updatedAt"]) for row in each.rows)
            if cut:
                it.keep_progress(self.state)
                return None
        result = it.result(min_share=0.9)
        assert result.complete
        self.state = bookmarks.to_state(result.bookmark)
        return None if it.rows_resumed else plan

    def lacks(self, after: int | None, before: int | None, plan: RunPlan) -> set[str]:
        """Ids of the rows of a range that the warehouse has not, or not as they are.

        What changed and what only a full scan finds is not promised after other runs: older rows
        in the modes `created` and `open`, and rows without a `createdAt`, which no window holds.
        """
        self._blind = not plan.full and (self._blind or plan.reason != "rows that changed are read")
        within = (
            row
            for row in self.rows
            if (row["createdAt"] is None and after is None)
            or (
                row["createdAt"] is not None
                and (after is None or row["createdAt"] >= after)
                and (before is None or row["createdAt"] < before)
            )
        )
        return {
            row["id"]
            for row in within
            if row["id"] not in self.warehouse
            or (
                self.warehouse[row["id"]] != row["updatedAt"]
                and not self._blind
                and (plan.full or row["createdAt"] is not None)
            )
        }


@given(
    st.integers(0, 10**6),
    st.lists(
        st.tuples(st.sampled_from(CHANGE_DETECTION), ranges, st.booleans()), min_size=2, max_size=7
    ),
)
@settings(max_examples=80, deadline=None)
def test_after_any_runs_of_any_ranges_a_run_has_loaded_every_row_of_its_own(
    seed: int, runs: list[tuple[str, tuple[int | None, int | None], bool]]
) -> None:
    account = Account(random.Random(seed))
    for mode, (after, before), cut in runs:
        account.goes_on()
        plan = account.runs(mode, after, before, cut=cut)
        if plan is not None:
            assert not account.lacks(after, before, plan), (mode, plan)
    for _ in range(2):  # the first one may go on with a scan that was cut off
        account.goes_on()
        plan = account.runs("scan", None, None, cut=False)
    assert plan is not None
    assert not account.lacks(None, None, plan)


@given(st.tuples(cuts, cuts), st.tuples(cuts, cuts), st.integers(-10, 0) | st.none())
def test_a_range_holds_another_where_it_has_each_of_its_rows(
    one: tuple[int | None, int | None], other: tuple[int | None, int | None], days: int | None
) -> None:
    at = None if days is None else NOW + days * DAY
    mine, its = (RowRange(*each) for each in (one, other))
    if mine.holds(its) and in_range(at, *other):
        assert in_range(at, *one)
    assert mine.holds(mine)
    assert WHOLE.holds(mine)
    assert mine.holds(WHOLE) is (one == (None, None))
    assert from_state(to_state(mine)) == mine


def in_range(at: int | None, after: int | None, before: int | None) -> bool:
    if at is None:
        return after is None
    return (after is None or at >= after) and (before is None or at < before)


AT = Bookmark(NOW - DAY, 400, NOW - DAY)
OLD = RowRange(None, CUTS[1])


def test_a_run_that_reads_more_than_the_bookmark_speaks_of_emits_all_and_says_so() -> None:
    for mode in CHANGE_DETECTION:
        it = plan_of(Bookmark(NOW, None, NOW, NOW, range=OLD), change_detection=mode)
        assert [each.since.threshold for each in it.selections] == [None]
        assert it.full
        assert f"rows created before {iso_ms(CUTS[1] or 0)} only" in it.said
        assert "every row is emitted once more" in it.said
    it = plan_of(Bookmark(NOW, None, NOW, range=OLD), start_date=iso_ms(NOW - DAY))
    assert it.selections[0].since.threshold == NOW - DAY, "start_date counts all the same"
    config = {"api_key": "k", "change_detection": "server"}
    given_settings = parse_settings(config, now=NOW, user_agent="test")
    assert not wants_probe(given_settings, Bookmark(NOW, None, NOW, range=OLD), full_table=False)


def test_a_run_of_the_same_range_or_of_less_follows_the_bookmark_and_says_nothing() -> None:
    for before in (CUTS[1], (CUTS[1] or 0) - 1):
        it = plan_of(Bookmark(NOW, None, NOW, range=OLD), **bounds(None, before))
        assert it.selections[0].since.threshold is not None
        assert (it.said, it.range) == ("", RowRange(None, before))


def test_a_narrow_run_of_less_does_not_move_what_a_run_of_more_goes_on_from() -> None:
    after = Bookmark(NOW - HOUR, 400, NOW - HOUR, NOW, narrow_range=OLD)
    wide = plan_of(after, change_detection="created")
    assert wide.selections[0].lower == NOW - HOUR - 600_000
    same = plan_of(after, change_detection="server", **bounds(None, CUTS[1]))
    assert same.selections[0].since.threshold == NOW - 600_000


def test_a_state_of_old_that_tells_no_rows_comes_from_a_range_that_it_does_not_tell() -> None:
    state = bookmarks.to_state(Bookmark(NOW, None, NOW))
    known = bookmarks.from_state("process_lead", state)
    assert known.range == UNKNOWN
    assert bookmarks.to_state(known) == state
    assert "rows of a range only" in plan_of(known).said
    assert not plan_of(known, **bounds(CUTS[1], None)).said


@pytest.mark.parametrize("name", ["last_complete_scan", "last_narrow_scan"])
def test_a_range_survives_state_and_is_not_there_where_none_was_set(name: str) -> None:
    whole = Bookmark(NOW, 400, NOW, NOW)
    assert set(bookmarks.to_state(whole)[name]) <= {"began", "rows"}  # type: ignore[call-overload]
    both = RowRange(CUTS[1], CUTS[3])
    ranged = Bookmark(NOW, None, NOW, NOW, range=both, narrow_range=OLD, start=NOW - DAY)
    assert bookmarks.from_state("process_lead", bookmarks.to_state(ranged)) == ranged


def test_a_start_date_that_moves_back_is_told_as_long_as_rows_lack() -> None:
    began = Bookmark(NOW, 400, NOW, start=plan_of(Bookmark(), start_date="2026-03-01").start)
    for more in ({}, {"start_date": "2026-01-01"}):
        it = plan_of(began, **more)
        assert "2026-03-01T00:00:00.000Z" in it.said
        assert "--full-refresh" in it.said
        assert it.start == began.start
    for date in ("2026-03-01", "2026-03-02"):
        assert not plan_of(began, start_date=date).said
    assert plan_of(AT, start_date="2026-03-01").start is None, "the bookmark is further on"
    late = plan_of(AT, start_date=iso_ms(NOW - HOUR))
    assert late.start == NOW - HOUR, "what changed since the bookmark was left out"
