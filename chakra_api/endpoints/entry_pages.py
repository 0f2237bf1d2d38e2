"""Reads lists of entries and users, whose paging is not documented, to their end (Q23, Q25).

Each page must bring something new, or reading ends: a server that repeats itself, or that does
not know how it is asked, costs one request and no loop.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from chakra_api.endpoints.answers import (
    Contradiction,
    EntriesPage,
    JobEntries,
    Row,
    UserList,
    has_id,
    more_of,
    rows_of,
)
from chakra_api.errors import BadRequest, NotFound, ReportedErrors
from chakra_api.wire.bodies import too_large
from chakra_api.wire.weight import weight_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from chakra_api.wire.envelope import Envelope

_TOTALS: Final = ("total", "totalCount", "totalEntries", "count")
_NEXTS: Final = ("nextPath", "nextPage", "next", "nextPagePath", "nextUrl")
_IDS: Final = ("id", "entryId")
_MOST_PAGES: Final = 10_000
_MOST_USER_PAGES: Final = 1_000
_MOST_USER_BYTES: Final = 48 << 20
"""What all pages of users weigh at the most; a user weighs a kilobyte."""
_LAST_PAGES: Final = 2
_LONGEST_COUNT: Final = 18
_ENTRIES_A_ROW: Final = 2
"""Entries that a row may have at the most: one is documented."""


def entries_page(envelope: Envelope, path: str) -> EntriesPage:
    """The page of entries in an answer of 4.21.

    Args:
        envelope: The answer.
        path: Of the first page of that list.

    Raises:
        Unreadable: It holds no entries.
    """
    told = (_count_of(envelope.meta.get(name)) for name in _TOTALS)
    total = next((count for count in told if count is not None), None)
    return EntriesPage(rows_of(envelope.data), total, next_path(envelope.meta, path))


def next_path(meta: Mapping[str, object], path: str) -> str | None:
    """The path of the next page, under any of its names; None if none is told (Q25).

    Only the path and the query of an address are kept: they are asked of the setting `api_url`,
    never of another host. A link that leads to anything but the list at `path` is ignored.

    Args:
        meta: Of the page before.
        path: Of the first page of that list.
    """
    return next((found for link in _links(meta) if (found := _of_list(link, path))), None)


def read_entries(
    fetch: Callable[[str], EntriesPage], path: str, submitted: int | None = None
) -> JobEntries:
    """All entries of a job that can be had (contract 4.21, Q25).

    Links to a next page are followed. Where they end before the total, `?skip=&limit=` is tried,
    and `?page=&limit=` if that brought nothing new.

    Args:
        fetch: Reads the page at a path.
        path: Of the first page.
        submitted: How many rows the job was submitted with: no more than twice as many entries
            are read, whatever the server says that there are. None if that is not known.

    Raises:
        ChakraError: A page could not be read, other than one at a path that was only tried.
    """
    reading = _Entries(fetch, submitted)
    size = reading.follow(path)
    if size:
        for following in (
            lambda: f"{path}?skip={len(reading.gathered)}&limit={size}",
            lambda: f"{path}?page={len(reading.gathered) // size + 1}&limit={size}",
        ):
            reading.attempt(following)
    return JobEntries(list(reading.gathered), reading.total)


def read_users(fetch: Callable[[str], Envelope], path: str) -> UserList:
    """All users, each id once (contract 4.12, Q23): by links, or by `hasMore`, where given.

    Args:
        fetch: Reads the page at a path.
        path: Of the first page.

    Raises:
        Boundless: The pages together are larger than any list of users.
        ChakraError: A page could not be read.
    """
    users, pages = Gathered(), 0
    nameless = doubled = size = 0
    unclear = False
    following: str | None = path
    while following is not None and pages < _MOST_USER_PAGES:
        envelope, pages = fetch(following), pages + 1
        size += weight_of(envelope.body)
        if size > _MOST_USER_BYTES:
            raise too_large(_MOST_USER_BYTES)
        rows = rows_of(envelope.data)
        named = [row["id"] for row in rows if has_id(row)]
        nameless += len(rows) - len(named)
        doubled += len(named) - len(set(map(str, named)))
        is_new = users.add(rows)
        following = next_path(envelope.meta, path)
        more, odd = more_of(envelope.meta)
        unclear = unclear or odd
        if following is None and more:
            following = f"{path}?skip={len(users)}"
        if not is_new:
            # Behind a linked page there may be an empty one; who says more shows it.
            following = path if more else None
            break
    return UserList(
        list(users), _doubts(nameless, doubled, more=following is not None, unclear=unclear)
    )


def _doubts(nameless: int, doubled: int, *, more: bool, unclear: bool) -> tuple[str, ...]:
    """Why a list of users may not be all of them."""
    found = ["ChakraHQ says that there are more users, and shows none"] if more else []
    if unclear:
        found.append("ChakraHQ says neither yes nor no to whether there are more users (hasMore)")
    if nameless:
        found.append(f"{nameless:,} of the users came without a usable id")
    if doubled:
        found.append(f"{doubled:,} of the users came under the id of another one")
    return tuple(map(Contradiction, found))


class Gathered:
    """The objects of several pages, each once.

    One without an id is compared as a whole with those of the pages before, not with its own
    page: there, two that say the same are two.

    Args:
        name_of: What tells an object from others; None if it has no id.
    """

    def __init__(self, name_of: Callable[[Row], object] | None = None) -> None:
        self._name_of = name_of or _id_of
        self._rows: list[Row] = []
        self._seen: set[str] = set()

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def add(self, rows: Iterable[Row]) -> bool:
        """Take the objects of a page that are new; say whether there were any."""
        before = len(self._rows)
        whole: set[str] = set()
        for row in rows:
            name = self._name_of(row)
            key = _text(row) if name is None else f"id {name!r}"
            if key not in self._seen:
                self._rows.append(row)
                (whole if name is None else self._seen).add(key)
        self._seen |= whole
        return len(self._rows) > before


class _Entries:
    """A job's entries as they are read."""

    def __init__(self, fetch: Callable[[str], EntriesPage], submitted: int | None) -> None:
        self._fetch = fetch
        self._most = _MOST_PAGES if submitted is None else submitted * _ENTRIES_A_ROW
        self._pages = 0
        self.gathered = Gathered()
        self.total: int | None = None

    def follow(self, path: str) -> int:
        """Read the first page and the pages linked; returns the size of the first."""
        page = self._page(path)
        size = len(page.entries)
        while self.gathered.add(page.entries) and page.next_path and self._may_go_on():
            page = self._page(page.next_path)
        return size

    def attempt(self, following: Callable[[], str]) -> None:
        """Read pages at paths that no answer told, while entries are missing and new ones come."""
        while self.total is not None and len(self.gathered) < self.total and self._may_go_on():
            try:
                page = self._page(following())
            except (BadRequest, NotFound, ReportedErrors):
                return  # Not how this server is asked.
            if not self.gathered.add(page.entries):
                return

    def _page(self, path: str) -> EntriesPage:
        self._pages += 1
        page = self._fetch(path)
        self.total = self.total if page.total is None else page.total
        return page

    def _may_go_on(self) -> bool:
        """Whether to ask for one page more: each brings an entry, but for the last of each way."""
        wanted = self._most if self.total is None else min(self._most, self.total)
        return self._pages < wanted + _LAST_PAGES and len(self.gathered) < self._most


def _count_of(value: object) -> int | None:
    """A number of entries, also where it came as a text."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) <= _LONGEST_COUNT:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _links(meta: Mapping[str, object]) -> Iterator[str]:
    """All texts of a page that may link to the next one, the likeliest first."""
    links = meta.get("links")
    linked = links.get("next") if isinstance(links, dict) else None
    candidates = (*(meta.get(name) for name in _NEXTS), linked, *meta.values())
    return (link for link in candidates if isinstance(link, str))


def _of_list(link: str, path: str) -> str | None:
    """Path and query of a link, if it leads to the list at `path`, under any prefix."""
    try:
        parts = urlsplit(urljoin(path, link))
    except ValueError:
        return None
    tail = "/".join(path.rsplit("/", 2)[1:])
    if not parts.path.startswith("/") or not parts.path.rstrip("/").endswith(f"/{tail}"):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else None


def _id_of(row: Row) -> str | int | None:
    found = (row.get(name) for name in _IDS)
    return next((v for v in found if isinstance(v, (str, int)) and v != ""), None)


def _text(row: Row) -> str:
    return json.dumps(row, sort_keys=True)
