"""Answers of windows whose rows are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_chakra.reading.window_reader import Answer, page_of, row_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_chakra.timeline.windows import Window


def answer_of(
    window: Window, rows: Sequence[dict[str, Any]], created: Sequence[int], *, whole: bool = False
) -> Answer:
    """The answer to a question about a window.

    Args:
        window: The window asked for.
        rows: Its rows.
        created: Their instants.
        whole: Whether it held all of the window.
    """
    ids = row_ids(rows)
    return Answer(window, page_of(rows, None), range(len(ids)), tuple(created), ids, whole)
