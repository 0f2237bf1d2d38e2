"""A walk takes what a proven order lists, and notices where it does not hold."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_chakra.timeline import walk as walks
from tap_chakra.timeline.coverage import Walked
from tap_chakra.timeline.listing_order import Order
from tap_chakra.timeline.walk import Page, Walk
from tap_chakra.timeline.windows import Grain, Window

LIMIT = 100
GRAIN = Grain()
PADDED = Grain(1000, 1000)
orders = st.sampled_from(list(Order))


@dataclass
class Listing:
    """Numbered rows, listed by their place: the instant of each, but for those misplaced.

    Ties are listed anew in each answer; rows come and go behind each.
    """

    instants: dict[int, int]
    order: Order
    grain: Grain
    rng: random.Random
    deletes: float = 0.0
    inserts: float = 0.0
    places: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.throughout = set(self.instants)

    def page(self, window: Window, skip: int) -> tuple[list[int], bool]:
        """The numbers of the rows at that place, and whether nothing is listed behind them."""
        asked = self.grain.padded(window)
        hits = [number for number, at in self.instants.items() if asked.holds(at)]
        self.rng.shuffle(hits)
        hits.sort(key=lambda n: self.places.get(n, self.instants[n]) * self.order.value)
        page = hits[skip : skip + LIMIT]
        listed = [(number, self.instants[number]) for number in page]
        self._change()
        self.listed = listed
        return page, len(hits) <= skip + LIMIT

    def _change(self) -> None:
        if self.instants and self.rng.random() < self.deletes:
            gone = self.rng.choice(sorted(self.instants))
            del self.instants[gone]
            self.throughout.discard(gone)
        if self.rng.random() < self.inserts:
            self.instants[10**6 + len(self.instants) + self.rng.randrange(10**6)] = (
                self.rng.randrange(-5_000, 15_000)
            )

    def cell(self, window: Window) -> list[int]:
        """All rows of an instant, as a dense window is read."""
        return [number for number, at in self.instants.items() if window.holds(at)]


@dataclass
class Reader:
    """Walks a window as a scheduler does, but for cutting it."""

    listing: Listing
    walk: Walk
    grain: Grain
    recent: set[int] = field(default_factory=set)
    taken: list[int] = field(default_factory=list)

    def run(self) -> bool:
        """Whether the walk came to its end and what it took is all there is."""
        for _ in range(2_000):
            verdict = self._step()
            if isinstance(verdict, (walks.Broken, walks.Stuck)):
                return False
            if verdict is None:
                return True
        raise AssertionError("the walk does not come to an end")

    def _step(self) -> walks.Step | None:
        walk, listing = self.walk, self.listing
        numbers, whole = listing.page(walk.window, walk.skip)
        listed = listing.listed
        behind = [walk.order.is_behind(walk.window, at) for _, at in listed]
        inside = behind.count(False) if behind and behind[-1] else len(behind)
        recent = self.recent if self.recent & set(numbers) else set(self.taken)
        known = [number in recent for number in numbers]
        page = Page([at for _, at in listed], known, whole, inside)
        verdict = walks.step(walk, page, self.grain)
        if isinstance(verdict, (walks.Advanced, walks.Closing)):
            self.recent = set(numbers)
        if isinstance(verdict, walks.Crowded):
            return self._crowd(verdict.cell)
        if isinstance(verdict, walks.Closing):
            late = {n for n, at in listed if walk.own.holds(at)} - set(self.taken)
            self.taken += late
            self.walk = verdict.walk or walk
            return verdict if verdict.walk else None
        if isinstance(verdict, (walks.Advanced, walks.Ended)):
            self.taken += [number for number, at in listed if verdict.part.holds(at)]
        if isinstance(verdict, walks.Ended):
            return None
        if isinstance(verdict, (walks.Advanced, walks.Again)):
            self.walk = verdict.walk
        return verdict

    def _crowd(self, cell: Window) -> walks.Step | None:
        numbers = self.listing.cell(cell)
        self.taken += numbers
        behind = walks.behind(self.walk, cell)
        closed = walks.closing(self.walk)
        if (
            closed is not None
            and not Reader(self.listing, closed, self.grain, self.recent, self.taken).run()
        ):
            return walks.Broken()
        if behind is None:
            return None
        self.walk, self.recent = Walk(self.walk.order, behind), set()
        return walks.Again(self.walk)


def instants_of(seed: int, count: int) -> list[int]:
    """Ten seconds with rows anywhere, many in one instant, and an instant that is crowded."""
    rng = random.Random(seed)
    crowded, dense = rng.randrange(10_000), [rng.randrange(10_000) for _ in range(5)]
    kinds = [lambda: crowded, lambda: rng.choice(dense), lambda: rng.randrange(-3_000, 13_000)]
    weights = rng.choice([[0, 1, 4], [6, 2, 4], [0, 0, 1]])
    return [rng.choices(kinds, weights)[0]() for _ in range(count)]


@settings(deadline=None, max_examples=150)
@given(
    order=orders,
    seed=st.integers(0, 10**6),
    count=st.integers(0, 700),
    churn=st.sampled_from([(0.0, 0.0), (0.3, 0.0), (1.0, 0.0), (0.0, 1.0), (0.3, 0.3), (1.0, 1.0)]),
    grain=st.sampled_from([GRAIN, Grain(1, 1), PADDED]),
    misplaced=st.sampled_from([0, 0, 1, 3]),
)
def test_a_walk_that_ends_took_every_row_that_was_there_all_along(
    *,
    order: Order,
    seed: int,
    count: int,
    churn: tuple[float, float],
    grain: Grain,
    misplaced: int,
) -> None:
    deletes, inserts = churn
    rng = random.Random(seed)
    rows = dict(enumerate(instants_of(seed, count)))
    listing = Listing(dict(rows), order, grain, rng, deletes, inserts)
    for number in rng.sample(sorted(rows), min(misplaced, count)):
        listing.places[number] = rng.choice([-4_000, 14_000, rng.randrange(10_000)])
    window = Window(0, 10_000)
    reader = Reader(listing, Walk(order, window), grain)
    ended = reader.run()
    assert len(reader.taken) == len(set(reader.taken))
    due = {number for number, at in rows.items() if window.holds(at)}
    if ended:
        assert due & listing.throughout <= set(reader.taken)
    if not (misplaced or deletes or inserts):
        assert ended
        assert set(reader.taken) == due


@pytest.mark.parametrize(
    ("order", "seed", "count", "churn", "grain"),
    [
        (Order.DESCENDING, 809888, 341, (0.3, 0.0), GRAIN),  # skipped within a crowd
        (Order.ASCENDING, 536, 479, (0.0, 0.0), Grain(1, 1)),  # skipped, and nothing changed
        (Order.ASCENDING, 10571, 601, (1.0, 1.0), GRAIN),  # the last of its page: 486 rows
        (Order.ASCENDING, 29815, 522, (0.3, 0.3), PADDED),  # the last of a padded page
    ],
)
def test_a_misplaced_row_hides_neither_itself_nor_others(
    order: Order, seed: int, count: int, churn: tuple[float, float], grain: Grain
) -> None:
    test = test_a_walk_that_ends_took_every_row_that_was_there_all_along.hypothesis.inner_test
    test(order=order, seed=seed, count=count, churn=churn, grain=grain, misplaced=1)


def test_a_page_out_of_order_breaks_a_walk() -> None:
    walk = Walk(Order.ASCENDING, Window(0, 100))
    page = Page([1, 3, 2], [False] * 3, whole=True, inside=3)
    assert isinstance(walks.step(walk, page, GRAIN), walks.Broken)


def test_a_page_that_begins_too_far_is_asked_again_further_and_further_back() -> None:
    walk = Walk(Order.ASCENDING, Window(0, 100), skip=200, edge=40)
    page, asked = Page([50, 51], [False, False], whole=True, inside=2), []
    while isinstance(verdict := walks.step(walk, page, GRAIN), walks.Again) and walk.skip:
        walk = verdict.walk
        asked.append(walk.skip)
    # Where nothing is skipped all there is is seen: no row must be known.
    assert asked == [197, 185, 137, 0]
    assert verdict == walks.Ended(Window(40, 100))


def test_a_walk_is_led_back_only_so_often_before_it_takes_a_row() -> None:
    far = 10**30
    walk, asked = Walk(Order.ASCENDING, Window(0, 100), skip=far, edge=40), 0
    page = Page([50, 51], [False, False], whole=True, inside=2)
    while isinstance(verdict := walks.step(walk, page, GRAIN), walks.Again):
        walk, asked = replace(verdict.walk, skip=far), asked + 1
    # Too much changes; that says nothing of the order.
    assert isinstance(verdict, walks.Stuck)
    assert asked == walks.MOST_DETOURS


def repeats(repeated: int, *, overlap: int) -> int:
    """The overlap that a walk goes on with, after a page that repeated so many rows."""
    walk = Walk(Order.ASCENDING, Window(0, 1_000), skip=200, edge=40, overlap=overlap)
    created, known = range(40 - repeated, 140 - repeated), [True] * repeated + [False] * 100
    verdict = walks.step(walk, Page(created, known[:100], whole=False, inside=100), GRAIN)
    assert isinstance(verdict, walks.Advanced)
    assert verdict.walk.skip + verdict.walk.overlap == 200 + 98
    return verdict.walk.overlap


def test_the_more_rows_were_deleted_the_more_are_repeated_by_the_next_page() -> None:
    assert repeats(1, overlap=1) == 1
    assert repeats(3, overlap=4) == 3
    assert repeats(1, overlap=4) == 7
    assert repeats(1, overlap=64) == 50


def test_where_none_are_deleted_any_more_ever_fewer_rows_are_repeated() -> None:
    overlaps = [64]
    while overlaps[-1] > 1:
        overlaps.append(repeats(overlaps[-1], overlap=overlaps[-1]))
    assert overlaps[:4] == [64, 48, 36, 27]
    assert repeats(9, overlap=4) == 3  # rows that came before them move known ones there


def test_knowing_a_row_that_was_not_taken_is_not_enough() -> None:
    walk = Walk(Order.ASCENDING, Window(0, 100), skip=9, edge=40)
    page = Page([40, 41], [True, False], whole=True, inside=2)
    assert isinstance(walks.step(walk, page, GRAIN), walks.Again)


def test_the_rows_of_the_last_instant_are_left_to_the_next_page() -> None:
    page = Page([*range(98), 98, 98], [False] * 100, whole=False, inside=100)
    verdict = walks.step(Walk(Order.ASCENDING, Window(0, 200)), page, GRAIN)
    assert isinstance(verdict, walks.Advanced)
    assert verdict.part == Window(0, 98)
    assert (verdict.walk.skip, verdict.walk.edge, verdict.walk.rows) == (97, 98, 98)


def test_the_end_of_the_listing_needs_no_closing() -> None:
    page = Page([1, 2], [False] * 2, whole=True, inside=2)
    assert walks.step(Walk(Order.ASCENDING, Window(0, 9)), page, GRAIN) == walks.Ended(Window(0, 9))


def test_a_walk_that_was_cut_while_its_page_was_on_its_way_is_closed() -> None:
    """The page goes on behind the cut: a row that stands elsewhere may come after it."""
    walk = Walk(Order.ASCENDING, Window(0, 40))
    page = Page(list(range(100)), [False] * 100, whole=False, inside=40)
    verdict = walks.step(walk, page, GRAIN)
    assert isinstance(verdict, walks.Advanced)
    assert verdict.part == Window(0, 40)
    assert verdict.walk.closing
    assert (verdict.walk.window, verdict.walk.rows) == (Window(0, 40), 40)
    assert verdict.walk.skip == 40 - walks.OVERLAP_ROWS


def test_a_cut_walk_that_saw_the_end_of_the_longer_listing_needs_no_closing() -> None:
    page = Page([10, 50], [False] * 2, whole=True, inside=1)
    ended = walks.step(Walk(Order.ASCENDING, Window(0, 40)), page, GRAIN)
    assert ended == walks.Ended(Window(0, 40))


CLOSING = Walk(Order.ASCENDING, Window(0, 40), skip=5, edge=40, rows=15, closing=True, overlap=20)


def test_a_closing_walk_lists_just_what_was_taken_from_shortly_before_its_end() -> None:
    walk = walks.closing(Walk(Order.ASCENDING, Window(0, 100), skip=50, edge=40, rows=51))
    assert walk is not None
    assert (walk.window, walk.skip, walk.closing) == (Window(0, 40), 51 - walks.OVERLAP_ROWS, True)
    assert walks.closing(Walk(Order.ASCENDING, Window(0, 100))) is None


@pytest.mark.parametrize(
    ("known", "whole", "closes"),
    [
        ([True, True], True, True),
        ([True, False], True, True),  # a row of the last instant that comes to light is taken
        ([False, True], True, True),
        ([False, False], True, False),
        ([True, True], False, False),
        ([], True, False),
    ],
)
def test_behind_what_was_taken_there_must_be_nothing(
    *, known: list[bool], whole: bool, closes: bool
) -> None:
    page = Page(list(range(len(known))), known, whole, inside=len(known))
    verdict = walks.step(CLOSING, page, GRAIN)
    assert (verdict == walks.Closing(None)) is closes
    assert closes or isinstance(verdict, walks.Again)


def test_a_walk_is_not_closed_before_the_end_of_the_padding() -> None:
    """Behind it may stand a row that was dated back; there it is noticed."""
    padding = Page([39, *[40] * 99], [True, *[False] * 99], whole=False, inside=1)
    verdict = walks.step(CLOSING, padding, PADDED)
    assert isinstance(verdict, walks.Closing)
    assert verdict.walk is not None
    assert verdict.walk.skip + verdict.walk.overlap == CLOSING.skip + 100
    behind = Page([40, 40, 12], [True, False, False], whole=True, inside=3)
    assert isinstance(walks.step(verdict.walk, behind, PADDED), walks.Broken)
    nothing = Page([40, 40], [True, False], whole=True, inside=0)
    assert walks.step(verdict.walk, nothing, PADDED) == walks.Closing(None)


def test_a_closing_that_never_comes_to_an_end_is_given_up() -> None:
    page = Page([1] * 100, [True] * 100, whole=False, inside=100)
    walk, asked = CLOSING, 0
    while isinstance(verdict := walks.step(walk, page, GRAIN), walks.Closing):
        assert verdict.walk is not None
        walk, asked = verdict.walk, asked + 1
    assert isinstance(verdict, walks.Stuck)
    assert asked == walks.MOST_DETOURS


def test_a_server_that_does_not_skip_so_far_is_asked_nearer_once() -> None:
    walk = Walk(Order.ASCENDING, Window(0, 40), skip=480, rows=500, closing=True, overlap=20)
    nearer = walks.nearer(walk)
    assert nearer is not None
    assert nearer.skip == 500 - walks.MOST_ROWS_TO_END
    assert walks.nearer(nearer) is None


@pytest.mark.parametrize("order", Order)
def test_a_resumed_walk_reads_its_tail_again_and_knows_its_end_by_it(order: Order) -> None:
    ascending = order is Order.ASCENDING
    near, until = (Window(0, 30), 40) if ascending else (Window(30, 60), 20)
    walk = walks.closing_of(Walked(near, 200, until, 12, ascending))
    assert walk.window == (Window(0, 40) if ascending else Window(20, 60))
    assert (walk.own, walk.tail, walk.closing, walk.rows) == (near, 30, True, 200)
    assert walk.skip == 200 + 12 - walks.OVERLAP_ROWS


def test_an_instant_with_more_rows_than_an_answer_is_left_to_other_means() -> None:
    walk = Walk(Order.DESCENDING, Window(0, 100), skip=4, edge=61)
    page = Page([70] + [60] * 99, [True] + [False] * 99, whole=False, inside=100)
    assert walks.step(walk, page, GRAIN) == walks.Crowded(Window(60, 61))


def test_a_crowded_instant_parts_the_walk() -> None:
    walk = Walk(Order.ASCENDING, Window(0, 100), skip=4, edge=60, rows=5)
    assert walks.behind(walk, Window(60, 61)) == Window(61, 100)
    assert walks.behind(walk, Window(60, 100)) is None
    assert walks.behind(walk, Window(60, None)) is None


def test_the_last_row_of_a_page_says_nothing_of_the_time_before_it() -> None:
    """It may stand far before its own instant: rows between may be listed behind it."""
    page = Page([*range(99), 190], [False] * 100, whole=False, inside=100)
    verdict = walks.step(Walk(Order.ASCENDING, Window(0, 200)), page, GRAIN)
    assert isinstance(verdict, walks.Advanced)
    assert (verdict.part, verdict.walk.edge, verdict.walk.skip) == (Window(0, 98), 98, 97)


@pytest.mark.parametrize("order", Order)
def test_padding_is_walked_over(order: Order) -> None:
    walk = Walk(order, Window(10_000, 20_000))
    at = 9_100 if order is Order.ASCENDING else 20_900
    page = Page([at] * 100, [False] * 100, whole=False, inside=100)
    verdict = walks.step(walk, page, PADDED)
    assert isinstance(verdict, walks.Advanced)
    assert verdict.walk.edge is None
    assert verdict.walk.rows == 0
    assert 80 < verdict.walk.skip < 100


def test_behind_padding_only_a_row_of_the_padding_is_known() -> None:
    """The rows of the window's first instant were listed and not taken: deletions may hide some."""
    walk = Walk(Order.ASCENDING, Window(10_000, 20_000), skip=90)
    unread = Page([10_500] * 100, [True] + [False] * 99, whole=False, inside=100)
    assert isinstance(walks.step(walk, unread, PADDED), walks.Again)
    padded = Page([9_900, *[10_500] * 99], [True] * 100, whole=False, inside=100)
    assert isinstance(walks.step(walk, padded, PADDED), walks.Crowded)


def test_padding_whose_end_can_not_be_proven_is_left_to_other_means() -> None:
    walk = Walk(Order.ASCENDING, Window(10_000, 20_000), skip=90)
    page = Page([9_100] * 9, [True] * 9, whole=False, inside=9)
    assert isinstance(walks.step(walk, page, PADDED), walks.Stuck)


def test_an_end_behind_padding_that_can_not_be_proven_is_looked_at_from_further_back() -> None:
    page = Page([40], [True], whole=False, inside=0)
    again = walks.step(replace(CLOSING, skip=200), page, PADDED)
    assert isinstance(again, walks.Again)
    assert again.walk.skip == 200 - walks.OVERLAP_ROWS * (walks.OVERLAP_GROWTH - 1)
    given_up = replace(again.walk, detours=walks.MOST_DETOURS)
    assert isinstance(walks.step(given_up, page, PADDED), walks.Stuck)


@pytest.mark.parametrize("order", Order)
def test_the_tail_of_a_walk_begins_with_a_whole_instant(order: Order) -> None:
    walk = Walk(order, Window(0, 1_000))
    created = sorted([5] * 30 + [6] * 10 + list(range(10, 15)), reverse=order is Order.DESCENDING)
    bound, rows = walks.tail_of(walk, created, GRAIN)
    in_tail = [at for at in created if not order.precedes_bound(at, bound)]
    assert len(in_tail) == rows >= walks.TAIL
    assert all(at not in set(in_tail) for at in created if order.precedes_bound(at, bound))
