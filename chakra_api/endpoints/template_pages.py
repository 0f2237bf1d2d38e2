"""Reads the list of message templates, whose paging is not documented, to its end (contract 4.28).

Meta's own list names the address of the next page (`paging.next`) on each page but the last, and a
cursor (`paging.cursors.after`) on the last one, too. Nobody says what of that ChakraHQ hands on. So
the size of a page proves nothing: where a list names no address at all, what is behind its cursor
is asked for until a page is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from chakra_api.endpoints.answers import id_of, more_of, row_of, rows_of
from chakra_api.endpoints.entry_pages import Gathered
from chakra_api.errors import BadRequest, NotFound, RefusedByMeta, ReportedErrors

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.endpoints.answers import Row
    from chakra_api.wire.envelope import Envelope

MOST_PAGES: Final = 500
"""Pages of templates at the most: an account may have 6,000 templates."""
PAGE: Final = 100
"""Templates that are asked for at a time."""
BEGINS_AGAIN: Final = "the list begins again"
NO_END: Final = "the list has no end"
NO_CURSOR: Final = "the list says that there are more, and not how to ask for them"
AS_MANY_AS_ASKED: Final = (
    f"the list has {PAGE}, as many as were asked for, and does not say whether there are more"
)
_ASKED_IN_VAIN: Final = (BadRequest, NotFound, RefusedByMeta, ReportedErrors)


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """One answer of 4.28.

    Attributes:
        rows: The templates as they came.
        cursor: Of what is behind them; empty if none is told. It may be there on the last page.
        says_more: Whether it says that there are more.
    """

    rows: list[Row]
    cursor: str
    says_more: bool


@dataclass(frozen=True, slots=True)
class TemplateRows:
    """The templates of all pages.

    Attributes:
        rows: As they came, each once.
        unsure: Why there may be more; empty if nothing is in doubt.
    """

    rows: tuple[Row, ...]
    unsure: tuple[str, ...] = ()


def template_page(envelope: Envelope) -> TemplatePage:
    """The page in an answer of 4.28, Meta's or ChakraHQ's own.

    Raises:
        Unreadable: It holds no templates.
    """
    more = more_of(envelope.meta)[0] is True
    if isinstance(envelope.data, list):  # in ChakraHQ's envelope, without Meta's
        return TemplatePage(rows_of(envelope.data), "", more)
    body = row_of(envelope.data)
    paging = row_of(body.get("paging"))
    following = _text(paging, "next")
    cursor = _text(row_of(paging.get("cursors")), "after") or _cursor_in(following)
    return TemplatePage(rows_of(body.get("data")), cursor, more or following != "")


def read_templates(fetch: Callable[[str], TemplatePage]) -> TemplateRows:
    """All templates that can be had.

    Args:
        fetch: Reads the page behind a cursor; an empty one is that of the first page.

    Raises:
        ChakraError: A page could not be read, other than one that no answer told of.
    """
    reading = _Reading()
    page = fetch("")
    while (doubts := reading.take(page)) is None:
        try:
            page = fetch(page.cursor)
        except _ASKED_IN_VAIN as refusal:
            if page.says_more:
                raise
            doubts = (f"what is behind the cursor of the list was refused ({refusal.brief})",)
            break
    return TemplateRows(tuple(reading.gathered), doubts)


class _Reading:
    """How far the list was read, and what its pages have shown of how it is paged."""

    def __init__(self) -> None:
        self.gathered = Gathered(_name_of)
        self._followed = set[str]()
        self._names_more = False
        self._heeds_cursors = False

    def take(self, page: TemplatePage) -> tuple[str, ...] | None:
        """Take a page in; None if its cursor is to be followed, else what is in doubt of the end.

        Args:
            page: The first one, or the one behind the cursor of the one before.
        """
        is_new = self.gathered.add(page.rows)
        self._names_more = self._names_more or page.says_more
        self._heeds_cursors = self._heeds_cursors or (is_new and bool(self._followed))
        doubts = None if page.says_more else self._at_end(page, is_new=is_new)
        return self._follow(page.cursor) if doubts is None else doubts

    def _at_end(self, page: TemplatePage, *, is_new: bool) -> tuple[str, ...] | None:
        """What is in doubt of a page that tells of no other; None if that proves no end."""
        if self._names_more or not page.rows:
            return ()
        if not page.cursor:
            return (AS_MANY_AS_ASKED,) if len(page.rows) == PAGE else ()
        if is_new:
            return None
        # Known ones come again at the end, or each time, where nothing heeds the cursor.
        return () if self._heeds_cursors else (BEGINS_AGAIN,)

    def _follow(self, cursor: str) -> tuple[str, ...] | None:
        """Whether a cursor leads on: None, or why what is behind it can't be had."""
        if not cursor:
            return (NO_CURSOR,)
        if cursor in self._followed:
            return (BEGINS_AGAIN,)
        if len(self._followed) == MOST_PAGES - 1:
            return (NO_END,)
        self._followed.add(cursor)
        return None


def _name_of(row: Row) -> object:
    """What tells a template from others; None if it has no id."""
    template_id = id_of(row)
    if template_id is None:
        return None
    return template_id, _text(row, "name"), _text(row, "language")


def _cursor_in(url: str) -> str:
    """The cursor in the address of a next page; empty if there is none."""
    try:
        return parse_qs(urlsplit(url).query).get("after", [""])[0]
    except ValueError:
        return ""


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
