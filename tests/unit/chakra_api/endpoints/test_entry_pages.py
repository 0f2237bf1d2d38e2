"""Entries and users are read to their end, each once, however the server pages them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from chakra_api.endpoints.answers import EntriesPage, Row, UserList, page_of
from chakra_api.endpoints.entry_pages import (
    Gathered,
    entries_page,
    next_path,
    read_entries,
    read_users,
)
from chakra_api.errors import BadRequest, Boundless, ServerFault
from chakra_api.wire.envelope import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/v1/ext/background-job/j/entries"
USERS = "/v1/ext/users"


class Server:
    """Has entries, shows `size` at a time, and keeps the paths that were asked for."""

    def __init__(self, entries: list[Row], size: int, *, total: int | None) -> None:
        self.entries = entries
        self.size = size
        self.total = total
        self.asked: list[str] = []

    def by(self, name: str, *, linked: bool = False) -> Callable[[str], EntriesPage]:
        """Pages by a parameter: skip, page, or none that it knows."""

        def fetch(path: str) -> EntriesPage:
            self.asked.append(path)
            query = parse_qs(urlsplit(path).query)
            place = int(query.get(name, ["0"])[0])
            start = max(0, place - 1) * self.size if name == "page" else place
            page = self.entries[start : start + self.size]
            more = linked and start + self.size < len(self.entries)
            link = f"{PATH}?skip={start + self.size}" if more else None
            return EntriesPage(page, self.total, link)

        return fetch


def numbered(count: int) -> list[Row]:
    return [{"id": f"e{n}"} for n in range(count)]


@pytest.mark.parametrize("total", [250, None, 100])
def test_links_are_followed_to_the_end_whatever_the_total_counts(total: int | None) -> None:
    """A `count` may be that of the page: the link says more."""
    server = Server(numbered(250), 100, total=total)
    found = read_entries(server.by("skip", linked=True), PATH)
    assert found.entries == numbered(250)
    assert found.total == total
    assert len(server.asked) == 3


def test_without_links_skip_is_tried_while_entries_are_missing() -> None:
    server = Server(numbered(250), 100, total=250)
    assert read_entries(server.by("skip"), PATH).entries == numbered(250)
    assert server.asked == [PATH, f"{PATH}?skip=100&limit=100", f"{PATH}?skip=200&limit=100"]


def test_page_is_tried_where_skip_brings_the_same_again() -> None:
    server = Server(numbered(250), 100, total=250)
    assert read_entries(server.by("page"), PATH).entries == numbered(250)
    assert server.asked[1:] == [
        f"{PATH}?skip=100&limit=100",
        f"{PATH}?page=2&limit=100",
        f"{PATH}?page=3&limit=100",
    ]


@pytest.mark.parametrize("entries", [numbered(3), [{"status": "ok"}] * 3])
def test_a_server_that_only_has_one_page_is_asked_once_each_way(entries: list[Row]) -> None:
    server = Server(entries, 2, total=3)
    found = read_entries(server.by("nothing"), PATH)
    assert (found.entries, found.total) == (entries[:2], 3)
    assert len(server.asked) == 3


@pytest.mark.parametrize("total", [None, 100, 0])
def test_nothing_is_tried_when_nothing_is_known_to_be_missing(total: int | None) -> None:
    server = Server(numbered(100), 100, total=total)
    assert len(read_entries(server.by("skip"), PATH).entries) == 100
    assert server.asked == [PATH]


def test_a_total_without_entries_ends_at_once() -> None:
    server = Server([], 100, total=5)
    assert read_entries(server.by("skip"), PATH).entries == []
    assert server.asked == [PATH]


def test_a_server_that_refuses_what_is_only_tried_keeps_its_entries() -> None:
    def fetch(path: str) -> EntriesPage:
        if "?" in path:
            raise BadRequest("no such parameter", status=400)
        return EntriesPage(numbered(2), 3, None)

    assert read_entries(fetch, PATH).entries == numbered(2)


def test_a_linked_page_that_fails_is_an_error_not_an_end() -> None:
    def fetch(path: str) -> EntriesPage:
        if "?" in path:
            raise ServerFault("down", status=502)
        return EntriesPage(numbered(2), 3, f"{PATH}?skip=2")

    with pytest.raises(ServerFault):
        read_entries(fetch, PATH)


def test_a_link_to_the_same_page_ends_the_walk() -> None:
    asked: list[str] = []

    def fetch(path: str) -> EntriesPage:
        asked.append(path)
        return EntriesPage(numbered(2), None, f"{PATH}?skip=0")

    assert read_entries(fetch, PATH).entries == numbered(2)
    assert len(asked) == 2


def test_a_server_that_invents_entries_is_left_when_the_total_is_long_passed() -> None:
    asked: list[str] = []

    def fetch(path: str) -> EntriesPage:
        asked.append(path)
        return EntriesPage([{"id": len(asked)}], 10, f"{PATH}?skip={len(asked)}")

    read_entries(fetch, PATH)
    assert len(asked) <= 12


def test_each_id_comes_once_and_equals_without_ids_only_within_a_page() -> None:
    gathered = Gathered()
    assert gathered.add(
        [{"id": 1}, {"id": 1, "status": "ok"}, {"entryId": "1"}, {"a": 1}, {"a": 1}]
    )
    assert not gathered.add([{"a": 1}, {"entryId": "1"}])
    assert gathered.add([{"a": 2}])
    assert list(gathered) == [{"id": 1}, {"entryId": "1"}, {"a": 1}, {"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    "meta",
    [
        {"nextPath": f"{PATH}?skip=1"},
        {"nextPage": f"{PATH}?skip=1"},
        {"next": f"https://elsewhere.example{PATH}?skip=1"},
        {"next": f"//elsewhere.example{PATH}?skip=1"},
        {"nextPagePath": "?skip=1"},
        {"nextUrl": "entries?skip=1"},
        {"links": {"next": f"{PATH}?skip=1"}},
        {"odd": f"{PATH}?skip=1"},
        {"nextPage": 2, "cursor": "abc", "odd": f"{PATH}?skip=1"},
    ],
)
def test_a_next_page_is_found_by_any_name_and_asked_of_our_own_host(
    meta: dict[str, object],
) -> None:
    assert next_path(meta, PATH) == f"{PATH}?skip=1"


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/v1/ext/config?skip=1",
        "/v1/ext/background-job/other/entries?skip=1",
        "/v1/ext/config",
        PATH,
        "abc",
        "http://[",
        "",
        None,
        2,
        {"skip": 1},
    ],
)
def test_a_link_to_anything_else_is_ignored(link: object) -> None:
    assert next_path({"nextPage": link}, PATH) is None


def listed(*answers: tuple[list[Row], dict[str, object]]) -> tuple[UserList, list[str]]:
    asked: list[str] = []
    script = iter(answers)

    def fetch(path: str) -> Envelope:
        asked.append(path)
        rows, meta = next(script)
        return Envelope(rows, meta, None)

    return read_users(fetch, USERS), asked


def users_of(*answers: tuple[list[Row], dict[str, object]]) -> tuple[list[object], list[str]]:
    found, asked = listed(*answers)
    return [row["id"] for row in found.rows], asked


def test_users_are_read_by_links() -> None:
    link = {"nextPage": f"https://elsewhere.example{USERS}?page=2"}
    found, asked = users_of(([{"id": 1}], link), ([{"id": 1}, {"id": 2}], {}))
    assert (found, asked) == ([1, 2], [USERS, f"{USERS}?page=2"])


def test_users_are_read_by_skip_where_there_are_more() -> None:
    more: dict[str, object] = {"hasMore": True}
    found, asked = users_of(([{"id": 1}], more), ([{"id": 2}], more), ([{"id": 2}], more))
    assert (found, asked) == ([1, 2], [USERS, f"{USERS}?skip=1", f"{USERS}?skip=2"])


def test_a_list_of_users_that_says_more_and_shows_none_is_in_doubt() -> None:
    more: dict[str, object] = {"hasMore": True}
    said = ("ChakraHQ says that there are more users, and shows none",)
    for answers in ([([], more)], [([{"id": 1}], more), ([], more)]):
        assert listed(*answers)[0].unsure == said
    assert listed(([{"id": 1}], more), ([], {"hasMore": False}))[0].unsure == ()
    assert listed(([{"id": 1}], more), ([], {}))[0].unsure == ()


@pytest.mark.parametrize("said", ["perhaps", "", 2, [], {}])
def test_a_list_of_users_that_may_have_more_is_in_doubt(said: object) -> None:
    assert "neither yes nor no" in listed(([{"id": 1}], {"hasMore": said}))[0].unsure[0]


@pytest.mark.parametrize(
    ("said", "more"), [("true", True), ("False", False), (1, True), (0, False)]
)
def test_what_plainly_means_yes_or_no_is_read_as_such(said: object, *, more: bool) -> None:
    page = page_of(Envelope([], {"hasMore": said}, None), 100)
    assert (page.has_more, page.unclear) == (more, False)


@pytest.mark.parametrize("said", ["yes?", "", 2, [], {}, "null"])
def test_what_nobody_knows_is_unclear(said: object) -> None:
    page = page_of(Envelope([], {"hasMore": said}, None), 100)
    assert (page.has_more, page.unclear) == (None, True)


@pytest.mark.parametrize("meta", [{}, {"hasMore": None}])
def test_what_is_absent_is_no_word(meta: dict[str, object]) -> None:
    page = page_of(Envelope([], meta, None), 100)
    assert (page.has_more, page.unclear) == (None, False)


def test_far_more_rows_than_were_asked_for_are_no_page() -> None:
    assert len(page_of(Envelope([{}] * 20_000, {}, None), 3).rows) == 20_000
    with pytest.raises(Boundless, match="has 20,001 rows, where 3 were asked for"):
        page_of(Envelope([{}] * 20_001, {}, None), 3)


@pytest.mark.parametrize(
    ("told", "total"), [("3", 3), (" 4 ", 4), (5, 5), (True, None), ("x", None), ("9" * 30, None)]
)
def test_a_number_of_entries_may_be_a_text(told: object, total: int | None) -> None:
    assert entries_page(Envelope([], {"total": told}, None), PATH).total == total


def test_users_that_are_not_told_apart_are_in_doubt() -> None:
    odd: list[Row] = [{"id": 1}, {"id": "1"}, {"id": None}, {"name": "x"}, {"id": True}]
    found, _ = listed((odd, {}))
    assert found.unsure == (
        "3 of the users came without a usable id",
        "1 of the users came under the id of another one",
    )


def test_users_that_come_all_at_once_are_asked_for_once() -> None:
    assert users_of(([{"id": 1}, {"id": 2}], {})) == ([1, 2], [USERS])


def test_entries_are_bounded_by_what_was_submitted_whatever_the_server_says() -> None:
    """Ten rows were submitted, and there is always one entry more behind the next page."""
    for total in (None, 10_000_000):
        server = Server(numbered(5_000), 1, total=total)
        found = read_entries(server.by("skip", linked=True), PATH, 10)
        assert len(found.entries) <= 20
        assert len(server.asked) <= 22
