"""How many rows to ask for at a time, by what rows were seen to weigh.

A hundred rows of a megabyte are a hundred megabytes, and there are as many answers at a time as
readers. So no answer is read beyond its share of `FLIGHT_BYTES`: it is cut off, and asked for again
with a smaller limit. Once rows are known to be large, fewer readers ask for fewer rows. With usual
rows nothing of this is seen: all readers ask for whole pages.

Fewer than `FEWEST` rows are never asked for: a walk takes the rows between the first and the last
one of a page. So few rows are read whatever they weigh, but by one reader at a time.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import AnswerTooLarge, TooLarge
from chakra_api.wire.weight import weight_of
from tap_chakra.reading.window_reader import LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_api.endpoints.answers import ProcessPage
    from chakra_api.endpoints.where import Where
    from tap_chakra.reading.window_reader import SizedLister

FLIGHT_BYTES: Final = 24 << 20
"""Bytes of all answers that readers may hold at a time."""

WIDEST_BYTES: Final = 6 << 20
"""Bytes of one answer, where rows are known to be large: fewer readers hold larger answers."""

LEAST_BYTES: Final = 1 << 20
"""Bytes that one answer may always hold, however many readers there are."""

FEWEST: Final = 3
"""Rows that are asked for at the least; see `timeline/walk.py`."""

FILL: Final = 0.9
"""Share of an answer's bytes that its rows are expected to need: some weigh more than others."""

FORGETTING: Final = 0.7
"""What is left of a weight, answer by answer, where rows are seen to weigh less."""

UNTOLD_FACTOR: Final = 2.0
"""How many times its bound an answer weighs that was cut off without having told its length."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What to ask for.

    Attributes:
        rows: The limit of the request.
        most_bytes: The answer is not read beyond; None for no bound.
    """

    rows: int
    most_bytes: int | None


class Portions:
    """What to ask for at a time, of one procedure. Safe for many threads.

    Args:
        readers: Readers that there are.
    """

    def __init__(self, readers: int) -> None:
        self._all = readers
        self._usual = max(LEAST_BYTES, FLIGHT_BYTES // max(1, readers))
        self._row_bytes = 0.0
        self._work = threading.local()
        self._lock = threading.Lock()

    @property
    def readers(self) -> int:
        """How many answers may be on their way at a time."""
        expected = self._widest if self._is_wide else 1.0
        needed = max(expected, (FEWEST if self._is_wide else LIMIT) * self._row_bytes)
        return max(1, min(self._all, int(FLIGHT_BYTES / needed)))

    @property
    def rows(self) -> int:
        """How many rows are asked for at a time."""
        return self._rows_in(self._widest)

    @property
    def answer_bytes(self) -> int:
        """What an answer that is asked for now may weigh."""
        return int(self._widest)

    @property
    def _is_wide(self) -> bool:
        return self._row_bytes * LIMIT > self._usual * FILL

    @property
    def _widest(self) -> float:
        if not self._is_wide:
            return self._usual
        return min(max(self._usual, WIDEST_BYTES), max(self._usual, self._row_bytes * LIMIT / FILL))

    def _rows_in(self, size: float) -> int:
        if not self._is_wide:
            return LIMIT
        return max(FEWEST, min(LIMIT, int(size * FILL / self._row_bytes)))

    def portion(self, limit: int) -> Portion:
        """What to ask for, where a question wants at most so many rows."""
        bound = getattr(self._work, "most_bytes", None) or self.answer_bytes
        rows = min(limit, self._rows_in(bound))
        return Portion(rows, bound if rows > FEWEST else None)

    def weigh(self, page: ProcessPage) -> None:
        """Take in what rows weigh."""
        if not page.rows:
            return
        weight = weight_of(page.body) if self._is_wide else len(page.body)
        seen = weight / max(len(page.rows), FEWEST)
        with self._lock:
            self._row_bytes = max(seen, self._row_bytes * FORGETTING)

    def cut(self, portion: Portion, size: int | None) -> None:
        """An answer was cut off.

        Args:
            portion: What was asked for.
            size: What it would have weighed; None if it did not tell.
        """
        weighs = size or (portion.most_bytes or self._usual) * UNTOLD_FACTOR
        with self._lock:
            self._row_bytes = max(self._row_bytes, weighs / portion.rows)

    @contextmanager
    def at_work(self, question: object, slot: Slot) -> Iterator[None]:
        """Within the block this thread asks for a question, whose answer goes into that slot."""
        self._work.question, self._work.slot = question, slot
        self._work.most_bytes = slot.most_bytes.get(question)
        try:
            yield
        finally:
            self._work.question = self._work.slot = self._work.most_bytes = None

    def wait_for_slot(self) -> None:
        """Wait until no other question's answer may be of any size."""
        slot: Slot | None = getattr(self._work, "slot", None)
        if slot is not None:
            slot.take(self._work.question)


class Slot:
    """Lets the answer to one question at a time be of any size, until its rows are handed out.

    Attributes:
        most_bytes: How large other answers may be, by question.
    """

    def __init__(self) -> None:
        self.most_bytes: dict[object, int] = {}
        self._holder: object = None
        self._ended = False
        self._changed = threading.Condition()

    def take(self, question: object) -> None:
        """Wait until no other question has it."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._holder in (None, question))
            self._holder = question

    def free(self, question: object) -> None:
        """The rows of a question's answer were handed out."""
        self.most_bytes.pop(question, None)
        with self._changed:
            if self._holder == question:
                self._holder = None
                self._changed.notify_all()

    def end(self) -> None:
        """Nothing is handed out any more: nobody waits."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def in_portions(
    lister: SizedLister,
    portions: Portions,
    where: Where | None,
    *,
    skip: int = 0,
    limit: int = LIMIT,
) -> ProcessPage:
    """As `lister`, with fewer rows where they are large: the page tells how many were asked for.

    Raises:
        ChakraError: The request failed for another reason than what it weighs.
    """
    while True:
        portion = portions.portion(limit)
        if limit > FEWEST and portion.most_bytes is None:
            portions.wait_for_slot()
        try:
            page = lister(where, skip=skip, limit=portion.rows, most_bytes=portion.most_bytes)
        except (AnswerTooLarge, TooLarge) as error:
            if portion.rows <= FEWEST:
                raise
            portions.cut(portion, error.size if isinstance(error, AnswerTooLarge) else None)
            continue
        if limit > 1:
            portions.weigh(page)
        return page
