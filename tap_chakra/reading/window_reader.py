"""Reads one window of a procedure: one request where one suffices, and says if it was whole.

An answer is believed to be whole only if it holds fewer rows than were asked for and does not
say that there are more. Where the server says `hasMore` beside fewer rows than asked for, or
says nothing at all (contract Q15), the tail is asked for once more, with the last row repeated
so that a row that moved meanwhile is noticed. A server that says `hasMore` and shows nothing more
contradicts itself: its answer is used, and is `unsure`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from chakra_api.endpoints.answers import Contradiction, ProcessPage
from chakra_api.endpoints.where import created_between
from chakra_api.errors import BadRequest, ReportedErrors
from tap_chakra.reading.row_times import all_created_at, created_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chakra_api.endpoints.answers import Row
    from chakra_api.endpoints.where import Where
    from tap_chakra.timeline.windows import Grain, Window

LIMIT = 100
"""Rows an answer may hold (contract 4.3)."""

CONTRADICTION: Final = Contradiction("ChakraHQ says that there are more rows, and shows none")
"""Why a scan with such an answer is not complete, however often it is asked."""

UNCLEAR: Final = Contradiction(
    "ChakraHQ says neither yes nor no to whether there are more rows (hasMore)"
)
"""The same."""


class Lister(Protocol):
    """Lists the processes of one procedure."""

    def __call__(self, where: Where | None, *, skip: int = 0, limit: int = LIMIT) -> ProcessPage:
        """One list request (contract 4.3). A page tells if fewer rows were asked for."""


class SizedLister(Protocol):
    """Lists the processes of one procedure, an answer of at most so many bytes at a time."""

    def __call__(
        self, where: Where | None, *, skip: int = 0, limit: int = LIMIT, most_bytes: int | None
    ) -> ProcessPage:
        """One list request (contract 4.3).

        Raises:
            AnswerTooLarge: The answer is larger.
        """


class FilterNotHonoured(Exception):
    """An answer held rows that the question had excluded, or none that can be told by their time.

    Attributes:
        window: The window asked for.
        stranger: The `createdAt` of a row that has no place there, epoch milliseconds; 0 where
            more rows came than an answer holds, and not one has a usable `createdAt`.
    """

    def __init__(self, window: Window, stranger: int) -> None:
        super().__init__(window, stranger)
        self.window = window
        self.stranger = stranger


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question about a window.

    Its rows are those of a page, and go nowhere without it: where they are heads alone, their
    other fields are in its body.

    Attributes:
        window: The window asked for.
        page: The list request's answer that all of its rows are from; a page without a body where
            they are whole rows of several.
        positions: Positions in that page of the rows that lie in the window, each id once; rows
            without a usable `createdAt` too.
        created: Their `createdAt`, epoch milliseconds, in the order of the rows; 0 where unusable.
        ids: Their ids, in that order; see `row_id`.
        whole: Whether the answer held all of the window.
        refused: Whether the server skips no rows that far; then there are none.
        unsure: Why rows may be missing all the same; empty if none can be.
    """

    window: Window
    page: ProcessPage
    positions: Sequence[int]
    created: tuple[int, ...]
    ids: Sequence[str]
    whole: bool
    refused: bool = False
    unsure: str = ""

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows."""
        rows = self.page.rows
        return tuple([rows[position] for position in self.positions])

    @property
    def server_time(self) -> int | None:
        """The server's time at the answer, epoch milliseconds; None if it gave none."""
        return self.page.server_time

    @property
    def limit(self) -> int:
        """Rows that were asked for at the most."""
        return self.page.limit


def page_of(rows: Iterable[Row], server_time: int | None, limit: int = LIMIT) -> ProcessPage:
    """A page, without a body, of whole rows that were gathered from several answers."""
    return ProcessPage(list(rows), None, server_time, limit=limit)


def row_id(row: Row) -> str:
    """The id of a row as text; empty if it has none."""
    value = row.get("id")
    return value if isinstance(value, str) else "" if value is None else str(value)


def row_ids(rows: Sequence[Row]) -> list[str]:
    """The ids of rows, in their order; see `row_id`."""
    ids = [row.get("id") for row in rows]
    if set(map(type, ids)) == {str}:
        return ids  # type: ignore[return-value]  # all are, as ids are documented (contract 3.1)
    return list(map(row_id, rows))


def read_window(lister: Lister, window: Window, grain: Grain) -> Answer:
    """Ask for a window and sort what came.

    Raises:
        FilterNotHonoured: A row lies outside even of the padded bounds, or the answer is not whole
            and shows no instant at which to cut the window: all rows are without a usable one.
        ChakraError: The request failed.
    """
    asked = grain.padded(window)
    where = created_between(asked.lower, asked.upper)
    page = lister(where or None)
    positions, created = within(page.rows, window, asked)
    ids = row_ids([page.rows[at] for at in positions])
    whole, unsure = _ending(lister, where, page)
    if not whole and page.rows and not _show_an_instant(page.rows, asked):
        raise FilterNotHonoured(window, 0)
    return Answer(window, page, positions, created, ids, whole, unsure=unsure)


def read_page(
    lister: Lister, window: Window, grain: Grain, *, skip: int = 0, limit: int = LIMIT
) -> Answer:
    """One page of a window's listing, its rows as they were listed, those of the padding too.

    Raises:
        FilterNotHonoured: A row lies outside even of the padded bounds.
        ChakraError: The request failed.
    """
    asked = grain.padded(window)
    where = created_between(asked.lower, asked.upper)
    try:
        page = lister(where or None, skip=skip, limit=limit)
    except (BadRequest, ReportedErrors):
        if not skip:
            raise
        return Answer(window, page_of((), None), (), (), (), whole=False, refused=True)
    created = all_created_at(page.rows)
    for at in created:
        if at is not None and not asked.holds(at):
            raise FilterNotHonoured(window, at)
    whole, unsure = False, ""
    if limit == LIMIT:
        whole, unsure = _ending(lister, where, page, skip, in_order=True)
    known = tuple(at or 0 for at in created)
    ids = row_ids(page.rows)
    return Answer(window, page, range(len(ids)), known, ids, whole, unsure=unsure)


def within(
    rows: Sequence[Row], window: Window, asked: Window
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The positions of the rows that belong to a window, and their `createdAt`.

    Raises:
        FilterNotHonoured: A row lies outside of `asked`.
    """
    kept: list[tuple[int, int]] = []
    for position, created in enumerate(all_created_at(rows)):
        if created is not None and not window.holds(created):
            if not asked.holds(created):
                raise FilterNotHonoured(window, created)
            continue
        kept.append((position, created or 0))
    return tuple(at for at, _ in kept), tuple(created for _, created in kept)


def _show_an_instant(rows: Iterable[Row], asked: Window) -> bool:
    """Whether one of these rows lies at an instant at which to cut: at 0 where that was asked for.

    0 is no usable `createdAt`, but many servers take it for an instant.
    """
    return any(created_at(row) or (row.get("createdAt") == 0 and asked.holds(0)) for row in rows)


def shows_all(lister: Lister, where: Where, page: ProcessPage) -> bool:
    """Whether an answer without an end in time holds all rows that its question finds.

    Raises:
        ChakraError: The request failed.
    """
    return not page.is_full and (page.has_more is not True or _ending(lister, where, page)[0])


def _ending(
    lister: Lister, where: Where, page: ProcessPage, skip: int = 0, *, in_order: bool = False
) -> tuple[bool, str]:
    """Whether an answer is whole, and why rows may be missing all the same; empty if none can."""
    if not page.rows:
        return _nothing_here(lister, where, page, skip)
    if page.is_full:
        return False, ""
    if page.has_more is False:
        return True, ""
    return _ends_here(lister, where, page, skip, in_order=in_order)


def _nothing_here(lister: Lister, where: Where, page: ProcessPage, skip: int) -> tuple[bool, str]:
    """What follows from an answer without rows, which may say that there are more."""
    if page.has_more is not True:
        return True, ""
    again = lister(where or None, skip=skip)  # a row may have gone meanwhile
    if again.rows:
        return False, ""
    return True, CONTRADICTION if again.has_more is True else ""


def _ends_here(
    lister: Lister, where: Where, page: ProcessPage, skip: int, *, in_order: bool
) -> tuple[bool, str]:
    """Whether nothing follows these rows: at the place of the last, one of them comes alone.

    In an order that holds more of them may, moved by rows that came before them: what is listed
    behind a known row is all there is behind it. Where even that answer says that there is more,
    what is behind it is asked for.
    """
    last = skip + len(page.rows) - 1
    try:
        behind = lister(where or None, skip=last)
        known = {row_id(row) for row in page.rows}
        tail, most = behind.rows, behind.limit - 1 if in_order else 1
        if not (0 < len(tail) <= most and all(row_id(row) in known for row in tail)):
            return False, ""
        if page.has_more is not True or behind.has_more is not True:
            return True, ""
        beyond = lister(where or None, skip=last + len(tail))
    except (BadRequest, ReportedErrors):  # it skips no rows that far
        return False, ""
    if not beyond.rows:
        return _nothing_here(lister, where, beyond, last + len(tail))
    # In an order rows that came before them moved known ones there meanwhile.
    return in_order and all(row_id(row) in known for row in beyond.rows), ""
