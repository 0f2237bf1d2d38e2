"""A question: what a scheduler (`scheduler.py`) wants a scan's reader (`scan.py`) to ask next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tap_chakra.reading.window_reader import Answer
    from tap_chakra.timeline.windows import Window

NEXT_SCAN_AFTER_MS = 10_000
"""Milliseconds after a scan's beginning from which on rows are surely the next one's to read."""

Kind = Literal["window", "page", "hint", "crowd"]


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask of a window.

    Attributes:
        kind: `window`: all of its rows; `page`: its listing from `skip` on; `hint`: one row of
            its listing; `crowd`: all of its rows, known to be more than an answer holds.
        window: The window.
        skip: Rows of its listing to leave out.
    """

    kind: Kind
    window: Window
    skip: int = 0


def is_all_that_matters(question: Question, answer: Answer, began: int) -> bool:
    """Whether rows that an answer may leave out came since the scan began, for it is not full.

    Where rows come as fast as they are asked for, and the end of a listing must be asked for
    twice, it is never proven: a scan would follow the present for ever.
    """
    if answer.refused or len(answer.rows) >= answer.limit:
        return False
    if question.kind == "window":
        return (
            question.window.lower is not None and question.window.lower > began + NEXT_SCAN_AFTER_MS
        )
    # Of a page that is sorted from old to new, what is listed behind it came later still.
    created = answer.created
    is_old_to_new = bool(created) and created[0] < created[-1]
    return question.kind == "page" and is_old_to_new and created[-1] > began + NEXT_SCAN_AFTER_MS
