"""Schedules the time that a scan reads: what to ask next, and what follows from an answer.

The scheduler asks nothing itself and knows no threads: a scan takes a question from
`next_question`, has it answered, and gives it to `take_in` together with the answer, in whatever
order answers come. Time is owned as partitions that never overlap (the first ones are those of
`first_partitions.py`); what was read of it is in `coverage`. Partitions that are read by windows
are decided on here, those that are walked in `walked.py`; both are cut for readers without work,
the latter where `hints.py` says.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Final, Literal

from tap_chakra.reading.row_times import created_at, updated_at
from tap_chakra.reading.window_reader import LIMIT
from tap_chakra.scanning.first_partitions import by_answer, of_known, walked_from
from tap_chakra.scanning.hints import Hints
from tap_chakra.scanning.partition import Partition, Taken
from tap_chakra.scanning.question import Question, is_all_that_matters
from tap_chakra.scanning.walked import after_crowd, after_page, give_up_walk, resumed
from tap_chakra.timeline import walk as walks
from tap_chakra.timeline.coverage import Coverage, Range, Unfinished, compact
from tap_chakra.timeline.even_time import EvenTime
from tap_chakra.timeline.listing_order import Evidence, Order
from tap_chakra.timeline.sharing import divide, expected_behind
from tap_chakra.timeline.walk import Walk
from tap_chakra.timeline.windows import (
    Overfull,
    Stretch,
    Window,
    after_overfull,
    after_whole,
    next_window,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chakra_api.endpoints.client import Row
    from tap_chakra.reading.window_reader import Answer
    from tap_chakra.scanning.known import KnownListing
    from tap_chakra.scanning.walked import Followed
    from tap_chakra.timeline.windows import Grain

MOST_WALKS_KEPT = 64
"""Walks that are kept of an unfinished scan; the time of others is read again."""

SHOWS_BY_ORDER: Final[Mapping[Order | None, Literal["any", "oldest", "newest"]]] = {
    None: "any",
    Order.ASCENDING: "oldest",
    Order.DESCENDING: "newest",
}
"""Which rows an overfull answer holds, by the order that is likely."""


class Scheduler:
    """The time that a scan reads, as partitions among readers.

    Args:
        partitions: The time to read, in order.
        grain: How finely the server tells instants apart.
        horizon: The scan's beginning: rows after it are few.
        evidence: What is known of the order of the server's listings.
    """

    def __init__(
        self, partitions: Iterable[Partition], grain: Grain, *, horizon: int, evidence: Evidence
    ) -> None:
        self.grain = grain
        self._horizon = self._first = self._ends = horizon
        self._todo = deque(partitions)
        self._listings = count()
        self._even_time = EvenTime()
        self._asked: dict[Question, Partition] = {}
        self._rows = self._time_read = 0
        self._hints = Hints(grain)
        self._rows_a_walk = walks.ROWS_A_WALK
        self._weight = 1.0
        self.evidence = evidence
        self.coverage = Coverage(top=grain.floor(horizon))

    @classmethod
    def begin(
        cls,
        whole: Window,
        sample: Sequence[Row],
        grain: Grain,
        *,
        began: int,
        unfinished: Unfinished | None,
    ) -> Scheduler:
        """The scheduler of a scan that begins, or resumes an unfinished one.

        Args:
            whole: The time to read.
            sample: Rows of one answer, as they were listed: they tell of the server's order.
            grain: How finely the server tells instants apart.
            began: The scan's beginning, epoch milliseconds.
            unfinished: What an earlier run of the scan has read; None to begin anew.
        """
        created = [created_at(row) or 0 for row in sample]
        evidence = _with_rows(Evidence(), created, sample)
        top = grain.floor(began)
        if unfinished is not None:
            partitions = [Partition(Stretch(gap)) for gap in unfinished.gaps(whole)]
        elif evidence.proven and (whole.lower is None or whole.lower < top):
            partitions = walked_from(whole, top)
        else:
            partitions = by_answer(whole, created, began, grain)
        scheduler = cls(partitions, grain, horizon=began, evidence=evidence)
        scheduler._end_at(whole.upper)
        if unfinished is not None:
            scheduler._resume(unfinished)
        return scheduler

    @classmethod
    def of_part(cls, whole: Window, known: KnownListing, grain: Grain) -> Scheduler:
        """The scheduler of a scan of a part of a listing that somebody has looked at.

        Args:
            whole: The time to read.
            known: What is known of the listing.
            grain: How finely the server tells instants apart.
        """
        rows = known.sample.rows
        evidence = _with_rows(Evidence(), [created_at(row) or 0 for row in rows], rows)
        partitions = of_known(whole, known, grain, ordered=evidence.proven is not None)
        scheduler = cls(partitions, grain, horizon=known.beginning.horizon, evidence=evidence)
        scheduler._end_at(whole.upper)
        return scheduler

    def _end_at(self, upper: int | None) -> None:
        """The time to read ends there, and not at the scan's beginning."""
        if upper is not None:
            self._ends = min(self._ends, upper)

    def _resume(self, unfinished: Unfinished) -> None:
        """Take over what an earlier run has read: what it walked is closed before all else."""
        for read in unfinished.ranges:
            self.coverage.add(read)
        for each in unfinished.walked:
            self._todo.appendleft(resumed(each, self.evidence.possible))

    # How far it is

    @property
    def first(self) -> int:
        """The oldest `createdAt` that was seen, else the scan's beginning; epoch milliseconds."""
        return self._first

    @property
    def share(self) -> float:
        """Share of the time between the first row seen and the scan's beginning that was read.

        Of a range that ends before, up to its end.
        """
        span = Window(self._first, self._ends)
        walked = [each.walk for each in self._partitions() if each.walk and not each.walk.closing]
        read = [each.window for each in self.coverage.ranges] + [walk.taken for walk in walked]
        done = sum(span.overlap(window) for window in read if window is not None)
        return min(1.0, done / max(1, self._ends - self._first))

    def unfinished(self, began: int) -> Unfinished:
        """The time that was read, for a later run to resume the scan that began then."""
        walked = [it for each in self._partitions() if (it := each.walked) is not None]
        top = self.grain.floor(self._horizon)
        ranges = (before for each in self.coverage.ranges if (before := each.until(top)))
        walked.sort(key=lambda each: each.rows, reverse=True)
        return Unfinished(began, compact(ranges), tuple(walked[:MOST_WALKS_KEPT]))

    # Asking

    @property
    def ended(self) -> bool:
        """Whether all was read."""
        return not self._todo and not self._asked

    def next_question(self, *, waiting: bool = False) -> Question | None:
        """The question for an idle reader; None if there is nothing to ask.

        Args:
            waiting: Whether answers are what is waited for.
        """
        if not self._todo and self.evidence.proven is None:
            self._share_time()
        if not self._todo:
            return self._hint(waiting=waiting)
        partition = self._todo.popleft()
        question = self._question(partition)
        self._asked[question] = partition
        return question

    def _question(self, partition: Partition) -> Question:
        order = self.evidence.proven
        if partition.cell is not None:
            return Question("crowd", partition.cell)
        if partition.walk is None and order is not None and partition.taken is None:
            partition.walk, partition.taken = Walk(order, partition.stretch.window), Taken()
            if partition.listing is None:
                partition.listing = next(self._listings)
        if partition.walk is not None:
            return Question("page", partition.walk.window, partition.walk.skip)
        return Question("window", next_window(partition.stretch, self.grain, self._even_time))

    def _partitions(self) -> Iterable[Partition]:
        """All that are still to be read: those that wait, and those that are being asked for."""
        asked = (each for question, each in self._asked.items() if question.kind != "hint")
        return (*self._todo, *asked)

    def _partitions_to_cut(self) -> Iterable[Partition]:
        """The partitions that may be long: few rows came since the scan began."""
        top = self.grain.floor(self._horizon)
        return (each for each in self._partitions() if each.stretch.window.lower != top)

    def _hint(self, *, waiting: bool) -> Question | None:
        """The row at which a partition should be cut for an idle reader."""
        found = self._hints.best(self._partitions_to_cut(), waiting=waiting)
        partition, at = found or (None, 0)
        if partition is None or partition.walk is None:
            return None
        question = Question("hint", partition.walk.window, at - partition.begin)
        if question in self._asked:
            return None
        partition.hints.append(at)
        self._asked[question] = partition
        return question

    @property
    def _typical(self) -> float:
        """Rows per millisecond of all that was read, as they count now."""
        return self._rows * self._weight / max(1, self._time_read)

    def _share_time(self) -> None:
        """Cut the far half off the stretch read by windows of which most rows are expected."""
        typical = self._typical
        asked = [(each, q.window) for q, each in self._asked.items() if q.kind == "window"]
        if not asked:
            return
        partition, window = max(
            asked, key=lambda it: expected_behind(it[0].stretch, it[1], typical)
        )
        if halves := divide(partition.stretch, window, self.grain, typical):
            partition.stretch = halves[0]
            self._todo.append(Partition(halves[1], taken=partition.taken))

    # Taking in

    def take_in(self, question: Question, answer: Answer) -> Sequence[int]:
        """Take in an answer, and decide what follows from it.

        Returns:
            Places among the answer's rows of those to hand out now: each id once in the whole scan.
        """
        partition = self._asked.pop(question)
        if question.kind in ("page", "window"):
            self._weigh(partition, answer.limit)
        self._first = min(self._first, min(filter(None, answer.created), default=self._first))
        if is_all_that_matters(question, answer, self._horizon):
            answer = replace(answer, whole=True)
        if question.kind == "hint":
            order = self.evidence.proven
            cut_off = self._hints.after(question, answer, partition, self._partitions(), order)
            if cut_off is not None:
                self._todo.append(cut_off)
            return ()
        if question.kind == "page":
            return self._follow(partition, self._after_page(partition, answer))
        if question.kind == "crowd":
            return self._follow(partition, after_crowd(partition, answer))
        self._learn(answer)
        return self._window(partition, question.window, answer)

    def begin_with(self, limit: int) -> None:
        """Rows are asked for so many at a time, as the answer showed that it begins with."""
        self._weight = self._hints.weight = LIMIT / limit

    def _weigh(self, asked: Partition, limit: int) -> None:
        """Where an answer holds fewer rows, because they are large, each counts for more."""
        weight = LIMIT / limit
        if weight == self._weight:
            return
        for each in (asked, *self._partitions()):
            each.stretch = each.stretch.scaled(weight / self._weight)
        self._weight = self._hints.weight = weight

    def _learn(self, answer: Answer) -> None:
        """Take in what an answer says of the server's order, until that is proven or refuted."""
        if not self.evidence.possible or self.evidence.proven:
            return
        self.evidence = _with_rows(self.evidence, answer.created, answer.rows)

    def _window(self, partition: Partition, asked: Window, answer: Answer) -> Sequence[int]:
        if not answer.whole:
            parts = after_overfull(
                partition.stretch,
                Overfull(asked, answer.created, SHOWS_BY_ORDER[self.evidence.likely]),
                horizon=self._horizon,
                grain=self.grain,
                time=self._even_time,
            )
            self._todo.extend(Partition(part, taken=partition.taken) for part in parts)
            return ()
        self._even_time.learn(asked, answer.created)
        rest = after_whole(
            partition.stretch,
            asked,
            round(len(answer.ids) * self._weight),
            self._typical,
            time=self._even_time,
        )
        if rest is not None:
            partition.stretch = rest
            self._todo.append(partition)
        self._time_read += asked.width or 0
        # Undated rows come in several answers: they are looked for when all windows are read.
        self._cover(Range(asked, len(answer.ids) - answer.created.count(0)))
        taken = partition.taken
        if taken is None:
            return range(len(answer.ids))
        return [place for place, each in enumerate(answer.ids) if each not in taken]

    def _cover(self, read: Range) -> None:
        self._rows += read.rows
        self.coverage.add(read)

    def _after_page(self, partition: Partition, answer: Answer) -> Followed:
        if partition.walk is not None and answer.refused:
            # The server does not skip so many rows: all walks are to be shorter.
            self._rows_a_walk = min(self._rows_a_walk, partition.walk.skip - 1)
        return after_page(partition, answer, self.grain, self._rows_a_walk)

    def _follow(self, partition: Partition, followed: Followed) -> Sequence[int]:
        """Do what follows from an answer for a walked partition."""
        if followed.covered is not None:
            self._cover(followed.covered)
        if followed.onward is not None:
            self._todo.append(followed.onward)
        if followed.back == "first":
            self._todo.appendleft(partition)
        elif followed.back == "last":
            self._todo.append(partition)
        if followed.refuted:
            self._give_up_order()
        return followed.places

    def _give_up_order(self) -> None:
        """Read again by windows what was taken because of an order that did not hold."""
        self.evidence = self.evidence.refuted()
        for each in self._partitions():
            give_up_walk(each)


def _with_rows(evidence: Evidence, created: Sequence[int], rows: Sequence[Row]) -> Evidence:
    """The evidence of an order after an answer; rows without a usable `createdAt` say nothing."""
    dated = [(at, row) for at, row in zip(created, rows, strict=True) if at]
    updated = [updated_at(row) or 0 for _, row in dated]
    return evidence.with_answer([at for at, _ in dated], updated)
