"""Drives a scheduler as readers do whose answers come in any order: a seed decides which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_chakra.reading.dense import DenseReader
from tap_chakra.reading.window_reader import LIMIT, Answer, read_page, read_window
from tap_chakra.scanning.scheduler import Scheduler
from tap_chakra.timeline.windows import Window, is_dense
from tests.support.answers import answer_of
from tests.support.listing import NOW
from tests.support.scanning import CELLS

if TYPE_CHECKING:
    import random

    from tap_chakra.scanning.question import Question
    from tap_chakra.timeline.coverage import Unfinished
    from tap_chakra.timeline.windows import Grain
    from tests.support.listing import Listing

MOST_REQUESTS = 20_000
"""A scheduler that needs more is said not to end."""


class Readers:
    """Some readers on one scheduler.

    A question is asked, answered by the server at some later moment, and taken in later still:
    the scheduler may have cut or given up the partition meanwhile.
    """

    def __init__(
        self,
        listing: Listing,
        grain: Grain,
        rng: random.Random,
        *,
        count: int,
        unfinished: Unfinished | None = None,
    ) -> None:
        self._listing = listing
        self._rng = rng
        self._count = count
        sample = listing(None).rows
        self.began = NOW + 1 if unfinished is None else unfinished.began
        self.scheduler = Scheduler.begin(
            Window(), sample, grain, began=self.began, unfinished=unfinished
        )
        self._dense = DenseReader(listing, CELLS)
        self._dense.began = self.began
        self._asked: list[Question] = []
        self._answered: list[tuple[Question, Answer]] = []

    def run(self, answers: int | None = None) -> list[str]:
        """The ids handed out until all is read, or until so many answers were taken in."""
        ids: list[str] = []
        while not self.scheduler.ended and answers != 0:
            assert self._listing.requests < MOST_REQUESTS, "the scheduler does not come to an end"
            if self._ask():
                continue
            if self._asked and (not self._answered or self._rng.random() < 0.5):
                question = self._asked.pop(self._rng.randrange(len(self._asked)))
                self._answered.append((question, self.answer(question)))
                continue
            at = self._rng.randrange(len(self._answered))
            question, answer = self._answered.pop(at)
            places = self.scheduler.take_in(question, answer)
            ids += [str(answer.rows[place]["id"]) for place in places]
            answers = None if answers is None else answers - 1
        return ids

    def _ask(self) -> bool:
        if len(self._asked) + len(self._answered) >= self._count:
            return False
        question = self.scheduler.next_question()
        if question is not None:
            self._asked.append(question)
        return question is not None

    def answer(self, question: Question) -> Answer:
        """What the server says."""
        return answered(self._listing, self._dense, self.scheduler.grain, question)


def answered(listing: Listing, dense_reader: DenseReader, grain: Grain, asked: Question) -> Answer:
    """What a server that lists these rows says to a question."""
    window = asked.window
    if asked.kind in ("page", "hint"):
        limit = LIMIT if asked.kind == "page" else 1
        return read_page(listing, window, grain, skip=asked.skip, limit=limit)
    if asked.kind == "window":
        answer = read_window(listing, window, grain)
        if answer.whole or not is_dense(window, grain):
            return answer
    dense = dense_reader.read(window, grain)
    assert dense.complete
    return answer_of(window, dense.rows, dense.created, whole=True)


def questions_by_round(listing: Listing, scheduler: Scheduler, readers: int) -> list[int]:
    """How many questions some readers ask at a time, where all answers take equally long."""
    dense = DenseReader(listing, CELLS)
    rounds = []
    while not scheduler.ended:
        asked: list[Question] = []
        while len(asked) < readers and (question := scheduler.next_question()) is not None:
            asked.append(question)
        for question in asked:
            scheduler.take_in(question, answered(listing, dense, scheduler.grain, question))
        rounds.append(len(asked))
    return rounds
