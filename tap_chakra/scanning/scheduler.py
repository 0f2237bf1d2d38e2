"""Divides time among readers: what to ask next, and what follows from an answer.

Asks nothing itself and knows no threads: whoever runs it takes a question from `next_question`,
has it answered, and gives it to `take_in` together with the answer, in whatever order answers
come. It owns time as pieces that never overlap; what was read of it is in `coverage`.

Pieces are cut for readers without work. Where an order is proven, a hint tells where: the row at
some position of the listing, whose instant is the cut. A wrong hint costs balance, never a row.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Final, Literal

from chakra_api.values.timestamps import parse_timestamp
from tap_chakra.reading.window_reader import LIMIT, row_id, row_ids
from tap_chakra.scanning.partition import HINT_GROWTH, Partition, Taken, best_hint, cut_at
from tap_chakra.scanning.question import Question, is_all_that_matters
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
    from tap_chakra.timeline.windows import Grain

MOST_WALKED = 40
"""Pieces in walk that are kept for a later run; others are read again."""

SHOWS: Final[Mapping[Order | None, Literal["any", "oldest", "newest"]]] = {
    None: "any",
    Order.ASCENDING: "oldest",
    Order.DESCENDING: "newest",
}
"""Which rows an overfull answer holds, by the order that is likely."""


class Scheduler:
    """The time that a scan reads.

    Args:
        windows: What is to be read, in order of time.
        grain: How finely the server tells instants apart.
        horizon: The scan's beginning: rows after it are few.
        evidence: What is known of the order of the server's listings.
    """

    def __init__(
        self, windows: Iterable[Window], grain: Grain, *, horizon: int, evidence: Evidence
    ) -> None:
        self.grain = grain
        self._horizon = self._first = horizon
        self._todo = deque(Partition(Stretch(window)) for window in windows)
        self._listings = count()
        self._cycle = EvenTime()
        self._asked: dict[Question, Partition] = {}
        self._rows = self._time_read = 0
        self._farthest = 10**9
        self._span = walks.SPAN
        self.evidence = evidence
        self.coverage = Coverage(top=grain.floor(horizon))

    def resume(self, unfinished: Unfinished) -> None:
        """Take over what an earlier run has read; `windows` are what it has left.

        What it walked is closed first; where its order no longer holds, it is read again.
        """
        for read in unfinished.ranges:
            self.coverage.add(read)
        for each in unfinished.walked:
            order = Order.ASCENDING if each.ascending else Order.DESCENDING
            piece = Partition(Stretch(each.window))
            if order in self.evidence.possible:
                piece.walk = walks.closing_of(each)
                piece.tail = (piece.walk.tail or 0, each.tail)
            self._todo.appendleft(piece)

    # How far it is

    @property
    def share(self) -> float:
        """Share of the time between the first row seen and the scan's beginning that was read."""
        span = Window(self._first, self._horizon)
        walked = [p.walk.taken for p in self._pieces() if p.walk and not p.walk.closing]
        read = [*(each.window for each in self.coverage.ranges), *walked]
        done = sum(span.overlap(window) for window in read if window is not None)
        return min(1.0, done / max(1, self._horizon - self._first))

    def unfinished(self, began: int) -> Unfinished:
        """What was read, for a later run to go on from.

        Args:
            began: When the scan began, epoch milliseconds.
        """
        walked = [each for piece in self._pieces() if (each := piece.walked) is not None]
        top = self.grain.floor(self._horizon)
        ranges = (before for each in self.coverage.ranges if (before := each.until(top)))
        return Unfinished(began, compact(ranges), tuple(walked[:MOST_WALKED]))

    # Asking

    @property
    def ended(self) -> bool:
        """Whether all was read."""
        return not self._todo and not self._asked

    def next_question(self) -> Question | None:
        """What an idle reader should ask; None if there is nothing for it."""
        if not self._todo and self.evidence.proven is None:
            self._share_time()
        if not self._todo:
            return self._hint()
        piece = self._todo.popleft()
        question = self._question(piece)
        self._asked[question] = piece
        return question

    def _question(self, piece: Partition) -> Question:
        order = self.evidence.proven
        if piece.cell is not None:
            return Question("crowd", piece.cell)
        if piece.walk is None and order is not None and piece.taken is None:
            piece.walk, piece.taken = Walk(order, piece.stretch.window), Taken()
            if piece.listing is None:
                piece.listing = next(self._listings)
        if piece.walk is not None:
            return Question("page", piece.walk.window, piece.walk.skip)
        return Question("window", next_window(piece.stretch, self.grain, self._cycle))

    def _pieces(self) -> Iterable[Partition]:
        walked = (piece for question, piece in self._asked.items() if question.kind != "hint")
        return (*self._todo, *walked)

    def _pieces_to_cut(self) -> Iterable[Partition]:
        """Those that may be long: few rows came since the scan began."""
        top = self.grain.floor(self._horizon)
        return (piece for piece in self._pieces() if piece.stretch.window.lower != top)

    def _hint(self) -> Question | None:
        """The row at which a piece should be cut for an idle reader."""
        found = best_hint(self._pieces_to_cut(), self._farthest)
        if found is None or found[0].walk is None:
            return None
        piece, at = found
        question = Question("hint", found[0].walk.window, at - piece.begin)
        if question in self._asked:
            return None
        piece.hints.append(at)
        self._asked[question] = piece
        return question

    @property
    def _typical(self) -> float:
        """Rows per millisecond of all that was read."""
        return self._rows / max(1, self._time_read)

    def _share_time(self) -> None:
        """Cut the far half off the stretch read by windows of which most rows are expected."""
        typical = self._typical
        shared = [(q, p) for q, p in self._asked.items() if q.kind == "window"]
        fullest = max(
            shared,
            key=lambda it: expected_behind(it[1].stretch, it[0].window, typical),
            default=None,
        )
        if fullest is None:
            return
        question, piece = fullest
        if halves := divide(piece.stretch, question.window, self.grain, typical):
            piece.stretch = halves[0]
            self._todo.append(Partition(halves[1], taken=piece.taken))

    # Taking in

    def take_in(self, question: Question, answer: Answer) -> tuple[Row, ...]:
        """Decide what follows from an answer.

        Returns:
            The rows to hand out now: each id once in the whole scan.
        """
        piece = self._asked.pop(question)
        self._first = min(
            self._first, min((at for at in answer.created if at), default=self._first)
        )
        if is_all_that_matters(question, answer, self._horizon):
            answer = replace(answer, whole=True)
        if question.kind == "hint":
            self._cut(piece, question, answer)
            return ()
        if question.kind == "page":
            return self._page(piece, answer)
        if question.kind == "crowd":
            return self._crowd(piece, answer)
        self._learn(answer)
        return self._window(piece, question.window, answer)

    def _learn(self, answer: Answer) -> None:
        """Take what an answer says of the order; rows without a usable `createdAt` say nothing."""
        if not self.evidence.possible or self.evidence.proven:
            return
        dated = [(at, row) for at, row in zip(answer.created, answer.rows, strict=True) if at]
        updated = [parse_timestamp(row.get("updatedAt")) or 0 for _, row in dated]
        self.evidence = self.evidence.with_answer([at for at, _ in dated], updated)

    def _window(self, piece: Partition, asked: Window, answer: Answer) -> tuple[Row, ...]:
        if not answer.whole:
            parts = after_overfull(
                piece.stretch,
                Overfull(asked, answer.created, SHOWS[self.evidence.likely]),
                horizon=self._horizon,
                grain=self.grain,
                time=self._cycle,
            )
            self._todo.extend(Partition(part, taken=piece.taken) for part in parts)
            return ()
        self._cycle.learn(asked, answer.created)
        rest = after_whole(piece.stretch, asked, len(answer.rows), self._typical, time=self._cycle)
        if rest is not None:
            piece.stretch = rest
            self._todo.append(piece)
        self._time_read += asked.width or 0
        # Undated rows come in several answers: they are looked for when all windows are read.
        self._cover(asked, len(answer.rows) - answer.created.count(0))
        taken = piece.taken
        if taken is None:
            return answer.rows
        return tuple(row for row in answer.rows if row_id(row) not in taken)

    def _cover(self, window: Window, rows: int) -> None:
        self._rows += rows
        self.coverage.add(Range(window, rows))

    # Walking

    def _page(self, piece: Partition, answer: Answer) -> tuple[Row, ...]:
        if piece.walk is None:  # it was given up while this page was on its way
            self._todo.append(piece)
            return ()
        if answer.refused:
            self._refused(piece, piece.walk)
            return ()
        page = piece.seen(piece.walk, answer)
        verdict = walks.step(piece.walk, page, self.grain)
        listed = list(zip(page.created, answer.rows, strict=True))
        if isinstance(verdict, walks.Broken):
            self._todo.append(piece)
            self._give_up_order()
        elif isinstance(verdict, walks.Stuck):
            self._read_by_windows(piece, piece.walk)
        elif isinstance(verdict, walks.Again):
            piece.walk = verdict.walk
            self._todo.appendleft(piece)
        elif isinstance(verdict, walks.Crowded):
            piece.cell = verdict.cell
            self._todo.appendleft(piece)
        elif isinstance(verdict, walks.Closing):
            return self._closing(piece, piece.walk, verdict.walk, listed)
        else:
            return self._went_on(piece, piece.walk, verdict, listed)
        return ()

    def _closing(
        self, piece: Partition, walk: Walk, after: Walk | None, listed: Sequence[tuple[int, Row]]
    ) -> tuple[Row, ...]:
        """What a walk took is all there is, but for rows that its last instants hold besides."""
        taken, own = piece.taken, walk.own
        inside = () if taken is None else (row for at, row in listed if own.holds(at))
        late = tuple(row for row in inside if taken is None or row_id(row) not in taken)
        if after is None:
            self._cover(own, walk.rows + len(late))
        else:
            piece.took(row_id(row) for row in late)
            piece.walk = replace(after, rows=after.rows + len(late))
            self._todo.appendleft(piece)
        return late

    def _went_on(
        self,
        piece: Partition,
        walk: Walk,
        verdict: walks.Advanced | walks.Ended,
        listed: Sequence[tuple[int, Row]],
    ) -> tuple[Row, ...]:
        """Hand out what was taken of a page."""
        fresh = [(at, row) for at, row in listed if verdict.part.holds(at)]
        rows = tuple(row for _, row in fresh)
        if isinstance(verdict, walks.Ended):
            self._cover(walk.window, walk.rows + len(rows))
            return rows
        if fresh:
            piece.tail = walks.tail_of(walk, [at for at, _ in fresh], self.grain)
        piece.took(row_ids(rows))
        piece.walk = verdict.walk
        if verdict.walk.closing or verdict.walk.rows < self._span:
            self._todo.appendleft(piece)
        else:
            self._part(piece, verdict.walk, verdict.walk.rest, 0)
        return rows

    def _part(self, piece: Partition, walk: Walk, rest: Window | None, between: int) -> None:
        """End a walk where it is: what it took is closed, the rest is walked anew.

        Between them lie so many rows that were read by other means.
        """
        if rest is not None:
            at = piece.begin + walk.skip + between
            onward = Partition(Stretch(rest), listing=piece.listing, begin=at, end=piece.end)
            onward.hints, piece.hints = piece.hints, []
            self._todo.append(onward)
        if after := walks.closing(walk):
            piece.walk = after
            self._todo.appendleft(piece)

    def _refused(self, piece: Partition, walk: Walk) -> None:
        """The server does not skip so many rows: walks are to be shorter."""
        self._span = min(self._span, walk.skip - 1)
        if self._span < LIMIT:
            self._todo.append(piece)
            self._give_up_order()
        elif not walk.closing and walk.edge is not None:
            self._part(piece, walk, walk.rest, 0)
        elif walk.closing and (nearer := walks.nearer(walk)) is not None:
            piece.walk = nearer
            self._todo.append(piece)
        else:
            self._read_by_windows(piece, walk)

    def _read_by_windows(self, piece: Partition, walk: Walk) -> None:
        """Read all of a walk again, without what it took; other walks go on."""
        piece.stretch, piece.walk = Stretch(walk.own), None
        piece.taken = piece.taken or Taken()
        self._todo.append(piece)

    def _crowd(self, piece: Partition, answer: Answer) -> tuple[Row, ...]:
        """Go on with a walk behind a cell that was read by other means."""
        walk, cell = piece.walk, piece.cell
        piece.cell = None
        if walk is None or cell is None:  # it was given up meanwhile: all of it is read again
            self._todo.append(piece)
            return ()
        onward = walks.past(walk, cell, len(answer.rows))
        if onward is None:
            self._cover(cell, len(answer.rows))
            self._part(piece, walk, walks.behind(walk, cell), len(answer.rows))
            return answer.rows
        ids = row_ids(answer.rows)
        piece.took(ids)
        piece.recent, piece.walk = frozenset(ids), onward
        piece.tail = (walk.order.near_end(cell) or 0, len(ids))
        self._todo.appendleft(piece)
        return answer.rows

    def _give_up_order(self) -> None:
        """The order did not hold: what was taken because of it is read again, by windows."""
        self.evidence = self.evidence.refuted()
        for piece in self._pieces():
            if piece.walk is not None:
                piece.stretch = Stretch(piece.walk.own)
                piece.walk = piece.cell = None

    def _cut(self, piece: Partition, question: Question, answer: Answer) -> None:
        """Cut a piece where a hint says."""
        at = piece.begin + question.skip
        for each in self._pieces():
            if each.listing == piece.listing:
                each.hints = [hint for hint in each.hints if hint != at]
        order = self.evidence.proven
        if answer.refused:
            self._farthest = min(self._farthest, question.skip // HINT_GROWTH)
        elif not answer.created:
            self._bound(piece, at)
        elif order is not None:
            bound = order.end_of(answer.created[0], self.grain)
            if (cut_off := cut_at(self._pieces(), order, bound, at + 1)) is not None:
                self._todo.append(cut_off)
            else:
                piece.hints.append(at)  # in an instant that can't be cut: not to be asked again

    def _bound(self, piece: Partition, at: int) -> None:
        """Nothing is listed at that position."""
        for each in (piece, *self._pieces()):
            if each.listing == piece.listing and (each.end is None or each is piece):
                each.end = at if each.end is None else min(each.end, at)
