"""One run of a procedure: what is emitted of its scans, and the bookmark that follows."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from chakra_api.endpoints.where import all_of
from tap_chakra.reading.portions import Portions
from tap_chakra.run.bookmark import Bookmark
from tap_chakra.run.incremental import Since
from tap_chakra.run.modes import RunPlan, Selection
from tap_chakra.run.procedure_run import ProcedureRun
from tap_chakra.run.resume import Beside, ResumePoint, Scope
from tap_chakra.scanning.beginning import Beginning
from tap_chakra.scanning.crew import Crew
from tap_chakra.scanning.extent import Extent
from tap_chakra.scanning.scan import Listers, Readers, Scan
from tap_chakra.timeline.coverage import Range, Unfinished
from tap_chakra.timeline.windows import Window
from tests.support.clock import FakeClock
from tests.support.listing import NOW, Listing, Row, make_rows
from tests.support.scanning import CELLS, SameThread

if TYPE_CHECKING:
    from chakra_api.endpoints.client import ProcessPage
    from chakra_api.endpoints.where import Where

DAY = 86_400_000
HOUR = 3_600_000
EVERYTHING = RunPlan((Selection(Since()),), full=True, reason="everything is read")


def run_of(
    listing: Listing,
    plan: RunPlan = EVERYTHING,
    before: Bookmark | None = None,
    *,
    versioned: bool = False,
) -> ProcedureRun:
    def opens(selection: Selection, unfinished: Unfinished | None) -> Scan:
        def lister(where: Where | None, *, skip: int = 0, limit: int = 100) -> ProcessPage:
            wanted = all_of(where or {}, selection.where or {})
            return listing(wanted, skip=skip, limit=limit)

        return Scan(
            Listers(lister, lister),
            Readers(SameThread(), Crew(2, FakeClock().monotonic), Portions(2)),
            cells=CELLS,
            extent=Extent(
                selection.lower, selection.where is not None, unfinished, selection.upper
            ),
            begins=lambda said: Beginning.at(said or NOW),
        )

    return ProcedureRun(plan, before or Bookmark(), opens=opens, beside=Beside(versioned))


def run(it: ProcedureRun) -> list[str]:
    it.open()
    return [str(record["id"]) for each in it.deliveries() for record in each.rows]


def rows_of(count: int) -> list[Row]:
    return make_rows([NOW - DAY + n * 1_000 for n in range(count)])


def test_a_complete_scan_moves_the_bookmark_to_its_beginning() -> None:
    it = run_of(Listing(rows_of(500)))
    ids = run(it)
    result = it.result(min_share=0.9)
    assert len(ids) == it.emitted == 500
    assert result.bookmark == Bookmark(it.began, 500, it.began)
    assert (result.complete, result.full, result.enough, result.lead) == (True, True, True, 0)


def test_what_did_not_change_is_seen_and_not_emitted() -> None:
    rows = rows_of(500)
    plan = replace(EVERYTHING, selections=(Selection(Since(NOW - DAY + 250_500)),))
    it = run_of(Listing(rows), plan)
    it.open()
    deliveries = list(it.deliveries())
    assert sorted(i for each in deliveries for i in each.seen) == sorted(row["id"] for row in rows)
    due = {row["id"] for row in rows if row["updatedAt"] >= NOW - DAY + 250_500}
    assert {str(record["id"]) for each in deliveries for record in each.rows} == due
    assert it.result(min_share=0.9).bookmark.rows == 500


def test_a_scan_that_is_not_complete_moves_nothing_and_drops_what_was_resume_point() -> None:
    listing = Listing(rows_of(400), order="unstable", honours=lambda _: False)
    before = Bookmark(
        NOW - DAY, 400, NOW - DAY, NOW - HOUR, _point(Scope(5, None, Beside(versioned=True)))
    )
    it = run_of(listing, before=before)
    run(it)
    result = it.result(min_share=0.9)
    assert result.bookmark == replace(before, resume_point=None)
    assert (result.complete, result.full, result.enough) == (False, False, False)
    assert it.resume_point is None


def open_plan(narrow: int) -> RunPlan:
    new = Selection(Since(), lower=narrow)
    still_open = Selection(Since(narrow), None, {"status": "OPEN"}, created_before=narrow)
    return RunPlan((new, still_open), full=False, reason="OPEN rows and new rows are read")


def test_of_two_selections_no_row_is_emitted_twice_and_only_the_narrow_bookmark_moves() -> None:
    narrow = NOW - DAY + 200_000
    rows = rows_of(300)
    before = Bookmark(NOW - 2 * DAY, 250, NOW - 2 * DAY)
    for row in rows[::3]:
        row["updatedAt"] = NOW - HOUR
    it = run_of(Listing(rows), open_plan(narrow), before)
    ids = run(it)
    due = {
        row["id"]
        for row in rows
        if row["createdAt"] >= narrow or (row["status"] == "OPEN" and row["updatedAt"] >= narrow)
    }
    assert sorted(ids) == sorted(due)
    result = it.result(min_share=0.9)
    assert result.bookmark == replace(before, narrow=it.began)
    assert (result.complete, result.full, result.enough) == (True, False, False)


def test_a_run_that_stops_between_its_scans_is_not_complete() -> None:
    it = run_of(Listing(rows_of(300)), open_plan(NOW - HOUR), Bookmark(1, 2, 3))
    it.open()
    list(islice(it.deliveries(), 1))
    assert not it.result(min_share=0.9).complete
    assert it.resume_point is None, "only a full scan is gone on with"


def test_a_clock_ahead_of_the_servers_date_holds_the_bookmark_back() -> None:
    rows = rows_of(150)
    rows[7]["updatedAt"] = NOW + 5_000
    it = run_of(Listing(rows))
    run(it)
    result = it.result(min_share=0.9)
    assert 3_900 < result.lead <= 4_000
    assert result.bookmark.since == it.began - result.lead
    assert result.bookmark.began == it.began


@pytest.mark.parametrize(
    ("seen_before", "min_share", "enough", "kept"),
    [(500, 0.9, False, 500), (440, 0.9, True, 400), (500, 0.0, True, 400), (None, 0.9, True, 400)],
)
def test_far_fewer_rows_say_nothing_of_deletes_until_that_is_confirmed(
    *, seen_before: int | None, min_share: float, enough: bool, kept: int
) -> None:
    it = run_of(Listing(rows_of(400)), before=Bookmark(1, seen_before, 1))
    run(it)
    result = it.result(min_share=min_share)
    assert result.complete
    assert result.enough is enough
    # The next run is measured by the last count that was believed.
    assert result.bookmark.rows == kept


def test_a_scan_that_created_after_narrows_says_nothing_of_deletes() -> None:
    lower = NOW - DAY + 200_000
    plan = replace(EVERYTHING, selections=(Selection(Since(), lower),))
    before = Bookmark(1, 300, 1)
    it = run_of(Listing(rows_of(300)), plan, before)
    assert len(run(it)) == 100
    result = it.result(min_share=0.9)
    assert (result.complete, result.full) == (True, False)
    assert result.bookmark.rows == 300


def _point(scope: Scope) -> ResumePoint:
    done = (Range(Window(None, NOW - DAY + 100_000), 100),)
    return ResumePoint(Unfinished(NOW - HOUR, done), scope, 70)


def test_a_scan_is_gone_on_with_from_its_first_beginning() -> None:
    rows = rows_of(300)
    before = Bookmark(resume_point=_point(Scope(None, None, Beside())))
    it = run_of(Listing(rows), before=before)
    ids = run(it)
    assert it.began == NOW - HOUR
    assert it.rows_resumed == 100
    assert sorted(ids) == sorted(row["id"] for row in rows[100:])
    result = it.result(min_share=0.9)
    assert result.bookmark == Bookmark(NOW - HOUR - 70, 300, NOW - HOUR)
    assert result.lead == 70


@pytest.mark.parametrize(
    "scope",
    [
        Scope(NOW - DAY, None, Beside()),
        Scope(None, NOW - DAY, Beside()),
        Scope(None, None, Beside(versioned=True)),
        Scope(None, None, Beside(ids=True)),
    ],
    ids=["emits since", "created after", "versioned", "ids"],
)
def test_a_scan_of_another_scope_is_not_gone_on_with(scope: Scope) -> None:
    rows = rows_of(300)
    it = run_of(Listing(rows), before=Bookmark(resume_point=_point(scope)))
    assert len(run(it)) == 300
    assert it.rows_resumed == 0
    assert it.began > NOW


@pytest.mark.parametrize("ahead", [0, 5, HOUR])
def test_a_scan_is_known_by_a_later_instant_than_the_one_before_whatever_the_clock_says(
    ahead: int,
) -> None:
    first = run_of(Listing(rows_of(3)))
    run(first)
    last = replace(first.result(min_share=0.9).bookmark, began=first.began + ahead)
    second = run_of(Listing(rows_of(3)), before=last)
    run(second)
    bookmark = second.result(min_share=0.9).bookmark
    assert second.began == bookmark.began == first.began + ahead + 1
    assert bookmark.since == first.began


def test_a_run_that_reads_less_does_not_go_on_with_a_full_scan() -> None:
    before = Bookmark(1, 2, 3, resume_point=_point(Scope(None, NOW - HOUR, Beside())))
    plan = RunPlan((Selection(Since(), NOW - HOUR),), full=False, reason="new rows are read")
    it = run_of(Listing(rows_of(300)), plan, before)
    run(it)
    assert it.rows_resumed == 0


@pytest.mark.parametrize("cut", [1, 2, 4, 7, 11])
def test_whatever_was_emitted_before_it_was_cut_off_is_not_lost_and_hardly_comes_again(
    cut: int,
) -> None:
    rows = rows_of(1_500)
    listing = Listing(rows)
    first = run_of(listing)
    first.open()
    before = [str(r["id"]) for each in islice(first.deliveries(), cut) for r in each.rows]
    point = first.resume_point
    assert point is not None
    second = run_of(listing, before=Bookmark(resume_point=point))
    after = run(second)
    assert second.began == first.began
    assert {*before, *after} == {row["id"] for row in rows}
    assert len(set(before) & set(after)) <= 2 * 100
    assert second.result(min_share=0.9).bookmark.rows == 1_500
