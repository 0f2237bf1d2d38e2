"""Time is scheduled among readers so that nothing is lost, whatever the order of their answers."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_chakra.reading.grain_probe import BY_SECOND, EXACT
from tap_chakra.reading.window_reader import Answer, read_page
from tap_chakra.run.resume import Beside, ResumePoint, Scope, from_state, to_state
from tap_chakra.scanning import hints
from tap_chakra.scanning.first_partitions import walked_from
from tap_chakra.scanning.question import Question
from tap_chakra.scanning.scheduler import Scheduler
from tap_chakra.timeline import walk as walks
from tap_chakra.timeline.listing_order import PAIRS_TO_BELIEVE, Evidence, Order
from tap_chakra.timeline.windows import Window
from tests.support.answers import answer_of
from tests.support.churning import Churn, Ways
from tests.support.distributions import DISTRIBUTIONS
from tests.support.listing import NOW, Listing, make_rows
from tests.support.scheduling import Readers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_chakra.timeline.coverage import Unfinished

DAY = 86_400_000
ORDERS = ["created_asc", "created_desc", "loose_asc", "loose_desc", "insertion", "updated"]


@pytest.fixture(scope="module", autouse=True)
def _small_walks() -> Iterator[None]:
    """A few hundred rows are walked, cut and closed as tens of thousands are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hints, "ROWS_TO_SHARE_A_WALK", 150)
        patch.setattr(hints, "FIRST_HINT_ROWS", 200)
        patch.setattr(walks, "ROWS_A_WALK", 550)
        yield


def server(seed: int, count: int, order: str) -> Listing:
    """A server of many habits, all of which the seed decides."""
    rng = random.Random(f"division {seed}")
    shape = rng.choice(list(DISTRIBUTIONS.values()))
    instants: list[int | None] = sorted(shape(count, rng))
    if order == "insertion":
        for _ in range(rng.choice([0, 1, 3])):  # rows that were dated back
            instants.append(instants.pop(rng.randrange(count)))
    return Listing(
        make_rows(instants, seed),
        order=order,
        precision=rng.choice([1, 1000]),
        has_more=rng.choice(["exact", "absent", "always", "false_positive"]),
        max_skip=rng.choice([None, None, 250]),
        seed=seed,
    )


def kept(unfinished: Unfinished) -> Unfinished:
    """What was read, as it comes back out of STATE."""
    state = to_state(ResumePoint(unfinished, Scope(None, None, Beside()), 0))
    return from_state(json.loads(json.dumps(state))).unfinished


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(120, 900),
    order=st.sampled_from(ORDERS),
    readers=st.integers(1, 9),
    cut=st.none() | st.integers(1, 25),
    churns=st.booleans(),
)
def test_no_order_of_answers_loses_or_doubles_a_row(
    *, seed: int, count: int, order: str, readers: int, cut: int | None, churns: bool
) -> None:
    listing = server(seed, count, order)
    churn = Churn(listing, seed, Ways(hidden=seed % 3 > 0, crowding=0.0))
    rng = random.Random(seed)
    if churns:
        # Not in step with the requests: where a row comes behind each, a listing has no end.
        listing.churn = lambda it: churn(it) if rng.random() < 0.7 else None
    grain = EXACT if listing.precision == 1 else BY_SECOND
    first = Readers(listing, grain, rng, count=readers)
    ids = first.run(cut)
    assert len(ids) == len(set(ids))
    if cut is not None and not first.scheduler.ended:
        unfinished = kept(first.scheduler.unfinished(first.began))
        second = Readers(listing, grain, rng, count=readers, unfinished=unfinished)
        more = second.run()
        assert len(more) == len(set(more))
        ids += more
    assert churn.throughout <= set(ids)


ROWS = [NOW - DAY + 10 * n for n in range(900)]


def walked() -> Scheduler:
    """A scheduler of all time whose order is proven, as after a good first answer."""
    up = [10 * n for n in range(PAIRS_TO_BELIEVE + 1)]
    evidence = Evidence().with_answer(up, up[::-1])
    assert evidence.proven is Order.ASCENDING
    top = EXACT.floor(NOW)
    partitions = walked_from(Window(), top)
    return Scheduler(partitions, EXACT, horizon=NOW, evidence=evidence)


def paged(listing: Listing, question: Question) -> Answer:
    limit = 100 if question.kind == "page" else 1
    return read_page(listing, question.window, EXACT, skip=question.skip, limit=limit)


def test_a_walk_that_was_cut_while_its_page_was_on_its_way_is_closed() -> None:
    listing = Listing(make_rows(ROWS))
    scheduler = walked()
    page = scheduler.next_question()
    assert page is not None
    late = scheduler.next_question()
    hint = scheduler.next_question()
    assert late is not None
    assert hint is not None
    assert (page.kind, late.kind, hint.kind) == ("page", "page", "hint")
    answer = paged(listing, page)
    # The hint cuts inside the page that is on its way.
    cut = answer_of(hint.window, (listing.rows[40],), (ROWS[40],))
    scheduler.take_in(hint, cut)
    places = scheduler.take_in(page, answer)
    assert [answer.rows[place]["createdAt"] for place in places] == ROWS[:41]
    asked = [question for _ in range(4) if (question := scheduler.next_question())]
    closing = next(q for q in asked if q.window == Window(None, ROWS[40] + 1))
    assert (closing.kind, closing.skip) == ("page", 41 - walks.OVERLAP_ROWS)


def test_a_page_out_of_order_gives_up_the_order_and_reads_the_walk_again_without_doubles() -> None:
    rows = make_rows([*ROWS[:250], *ROWS[300:], ROWS[270]])
    listing = Listing(rows, order="insertion")
    readers = Readers(listing, EXACT, random.Random(1), count=3)
    ids = readers.run()
    assert sorted(ids) == sorted(row["id"] for row in rows)
    assert readers.scheduler.evidence.proven is None


def test_a_row_dated_back_behind_the_padding_of_a_closed_walk_is_not_lost() -> None:
    """The filter knows seconds: more than a page of rows pads the question that closes a walk."""
    instants = [NOW - DAY + 5 * n for n in range(2_000)]  # two hundred a second
    for moved in (140, 390, 800, 1_400):
        placed = [*instants[:moved], *instants[moved + 1 :], instants[moved]]
        rows = make_rows(placed)
        listing = Listing(rows, order="insertion", precision=1000, max_skip=450)
        ids = Readers(listing, BY_SECOND, random.Random(moved), count=4).run()
        assert sorted(ids) == sorted(row["id"] for row in rows)


@pytest.mark.parametrize("order", ["created_asc", "created_desc"])
@pytest.mark.parametrize("readers", [1, 4])
def test_a_resumed_walk_goes_on_where_it_was(order: str, readers: int) -> None:
    rows = make_rows(ROWS)
    listing = Listing(rows, order=order)
    first = Readers(listing, EXACT, random.Random(3), count=readers)
    before = first.run(7)
    unfinished = kept(first.scheduler.unfinished(first.began))
    assert unfinished.walked, "nothing was in walk"
    assert 0 <= len(before) - unfinished.rows <= readers * 100
    second = Readers(listing, EXACT, random.Random(4), count=readers, unfinished=unfinished)
    after = second.run()
    assert {*before, *after} == {row["id"] for row in rows}
    assert len(set(before) & set(after)) <= readers * 100


@pytest.mark.parametrize("order", ["created_asc", "created_desc"])
@pytest.mark.parametrize("answers", [250, 400])
def test_with_as_many_readers_as_there_are_by_default_no_more_is_read_again(
    order: str, answers: int
) -> None:
    rows = make_rows([NOW - DAY + 10 * n for n in range(40_000)])
    listing = Listing(rows, order=order)
    first = Readers(listing, EXACT, random.Random(3), count=64)
    before = first.run(answers)
    unfinished = kept(first.scheduler.unfinished(first.began))
    assert len(unfinished.walked) > 40
    assert 0 <= len(before) - unfinished.rows <= 64 * 100


def test_a_resumed_walk_notices_a_row_behind_its_end_that_belongs_before_it() -> None:
    """It knows its end by the rows of its tail, since it keeps no ids."""
    rows = make_rows([*ROWS[:100], *ROWS[101:], ROWS[100]])
    listing = Listing(rows, order="insertion")
    for answers in (1, 2, 3, 4):
        first = Readers(listing, EXACT, random.Random(answers), count=1)
        before = first.run(answers)
        unfinished = kept(first.scheduler.unfinished(first.began))
        second = Readers(listing, EXACT, random.Random(9), count=2, unfinished=unfinished)
        after = second.run()
        assert {*before, *after} == {row["id"] for row in rows}
        assert len(after) == len(set(after))


def test_what_comes_after_the_beginning_is_read_again_by_the_run_that_resumes() -> None:
    rows = make_rows([NOW - DAY + n for n in range(50)] * 3)
    listing = Listing(rows)
    first = Readers(listing, EXACT, random.Random(0), count=2)
    first.run()
    unfinished = first.scheduler.unfinished(first.began)
    assert unfinished.gaps(Window()) == (Window(first.began, None),)


def test_the_share_grows_to_the_whole() -> None:
    readers = Readers(Listing(make_rows(ROWS)), EXACT, random.Random(2), count=2)
    shares = [readers.scheduler.share]
    while not readers.scheduler.ended:
        readers.run(1)
        shares.append(readers.scheduler.share)
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert shares[-1] > 0.99


def test_a_server_that_does_not_skip_so_far_has_shorter_walks() -> None:
    rows = make_rows(ROWS)
    listing = Listing(rows, max_skip=250)
    readers = Readers(listing, EXACT, random.Random(2), count=1)
    ids = readers.run()
    assert sorted(ids) == sorted(row["id"] for row in rows)
    assert readers.scheduler.evidence.proven is Order.ASCENDING
    refused = [skip for _, skip, _ in listing.log if skip > 250]
    assert len(refused) < 6, "a refusal is learned from"


@pytest.mark.parametrize("order", ["created_asc", "created_desc"])
def test_padding_that_the_server_does_not_skip_is_no_end_and_no_endless_walk(order: str) -> None:
    """Seconds that stand side by side, each with more rows than the server skips."""
    instants = [NOW - DAY + 1_000 * (n // 280) for n in range(1_400)]
    rows = make_rows([*ROWS[:300], *instants], seed=4)
    listing = Listing(rows, order=order, precision=1000, max_skip=250)
    ids = Readers(listing, BY_SECOND, random.Random(5), count=3).run()
    assert sorted(ids) == sorted(row["id"] for row in rows)


@pytest.mark.parametrize("order", ["created_asc", "created_desc", "id", "updated_desc"])
@pytest.mark.parametrize("has_more", ["absent", "always"])
def test_the_present_is_not_followed_for_ever(order: str, has_more: str) -> None:
    """A row comes behind each request: an end that is asked for twice is never proven."""
    rows = make_rows(ROWS[:300])
    future = make_rows([NOW + DAY, NOW + 400 * DAY], seed=8)
    listing = Listing([*rows, *future], order=order, has_more=has_more)

    def comes(it: Listing) -> None:
        it.insert(make_rows([NOW + 200 * it.requests], seed=1_000 + it.requests)[0])

    listing.churn = comes
    ids = Readers(listing, EXACT, random.Random(1), count=2).run()
    assert len(ids) == len(set(ids))
    assert {row["id"] for row in [*rows, *future]} <= set(ids)
    assert listing.requests < 600


def test_a_server_that_skips_hardly_any_rows_is_read_by_windows() -> None:
    rows = make_rows(ROWS)
    readers = Readers(Listing(rows, max_skip=50), EXACT, random.Random(2), count=2)
    ids = readers.run()
    assert sorted(ids) == sorted(row["id"] for row in rows)
    assert readers.scheduler.evidence.proven is None


@pytest.mark.parametrize("order", ["created_asc", "created_desc"])
def test_while_a_crowd_is_read_idle_readers_do_not_ask_for_row_after_row_of_it(order: str) -> None:
    instants = [NOW - 40 * DAY + n * 50 for n in range(900)]
    crowd = [NOW - DAY if order == "created_asc" else NOW - 50 * DAY] * 4_000
    listing = Listing(make_rows(sorted(instants + crowd), 5), order=order)
    readers = Readers(listing, EXACT, random.Random(5), count=8)
    scheduler, crowds, asked = readers.scheduler, list[Question](), 0
    while (question := scheduler.next_question()) is not None:
        asked += question.kind == "hint"
        assert asked < 100
        if question.kind == "crowd":
            crowds.append(question)
        else:
            scheduler.take_in(question, readers.answer(question))
    assert len(crowds) == 1
    for question in crowds:
        scheduler.take_in(question, readers.answer(question))
    readers.run()
    assert scheduler.ended
