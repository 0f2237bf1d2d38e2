"""Watches all answers of a scan for what can't be true, whichever reader asked for them.

An answer that says that there is more and shows nothing is asked for again; if it says so again,
nobody knows what is there. A row has an id of its own: one without an id, or with the id of another
row, can't be told from others, neither here nor by a loader. A row without an id is left out, of
rows under one id of an answer the last is handed out, and the scan is not complete. Nor is it
where an answer says `hasMore` in a word that means neither yes nor no.
"""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from chakra_api.endpoints.answers import Contradiction, has_id
from chakra_api.values.counts import counted
from tap_chakra.reading.window_reader import CONTRADICTION, LIMIT, UNCLEAR, row_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.endpoints.answers import ProcessPage, Row
    from chakra_api.endpoints.where import Where
    from tap_chakra.reading.window_reader import Lister


class AnswerCheck:
    """What the answers of one scan were seen to get wrong. Safe for many threads.

    Attributes:
        left_out: Rows without a usable id, of those that `told_apart` was given.
        doubled: Rows under the id of another row of their answer, of the same.
        repeated: Rows under the id of a row of another answer; known at the end.
    """

    def __init__(self) -> None:
        self.left_out = self.doubled = self.repeated = 0
        self._lock = Lock()
        self._contradicts = self._mixes_up = self._unclear = False

    @property
    def finds(self) -> bool:
        """Whether anything was found."""
        return self._contradicts or self._mixes_up or self._unclear or self.repeated > 0

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was found, in a few words each; empty if nothing was."""
        found: list[str] = [CONTRADICTION] if self._contradicts else []
        if self._unclear:
            found.append(UNCLEAR)
        if self.left_out:
            rows = counted(self.left_out)
            found.append(f"{rows} came without a usable id, and were left out")
        if self.repeated:
            found.append(f"{counted(self.repeated)} came under the id of a row of another answer")
        if self.doubled:
            found.append(f"{counted(self.doubled)} came under the id of another row of the answer")
        if self._mixes_up and not (self.left_out or self.doubled):
            found.append("an answer held rows without an id of their own")
        return tuple(map(Contradiction, found))

    def watching(self, lister: Lister) -> Lister:
        """As `lister`, its answers looked at."""
        return partial(self._watched, lister)

    def told_apart(self, rows: Sequence[Row], positions: Sequence[int]) -> Sequence[int]:
        """Those of the positions that are to be handed out: each row with an id of its own.

        Args:
            rows: Of one answer.
            positions: Positions of those that are meant.
        """
        if not self._mixes_up:
            return positions
        named = [at for at in positions if has_id(rows[at])]
        last = {row_id(rows[at]): at for at in named}
        with self._lock:
            self.left_out += len(positions) - len(named)
            self.doubled += len(named) - len(last)
        return sorted(last.values())

    def _watched(
        self, lister: Lister, where: Where | None, *, skip: int = 0, limit: int = LIMIT
    ) -> ProcessPage:
        page = lister(where, skip=skip, limit=limit)
        if not page.rows and page.has_more is True:
            page = lister(where, skip=skip, limit=limit)  # a row may have gone meanwhile
            if not page.rows and page.has_more is True:
                self._contradicts = True
        self._unclear = self._unclear or page.unclear
        if not self._mixes_up and not _are_told_apart(page.rows):
            self._mixes_up = True
        return page


def _are_told_apart(rows: Sequence[Row]) -> bool:
    """Whether each row of an answer has an id of its own."""
    ids = [row.get("id") for row in rows]
    if set(map(type, ids)) == {str}:
        texts = set(ids)
        return len(texts) == len(ids) and "" not in texts and "\n" not in "".join(ids)  # type: ignore[arg-type]  # all are texts
    return all(map(has_id, rows)) and len(set(map(row_id, rows))) == len(rows)
