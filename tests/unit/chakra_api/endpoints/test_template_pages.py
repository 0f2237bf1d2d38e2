"""A list of templates is whole, or is said to be in doubt, whatever of Meta's paging is left."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.endpoints.client import ChakraClient
from chakra_api.endpoints.message_templates import TemplateList, TemplateOwner
from chakra_api.errors import RefusedByMeta
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from tests.support.clock import FakeClock
from tests.support.transport import Scripted, answer, data

if TYPE_CHECKING:
    from chakra_api.wire.transport import Request, Response

OWNER = TemplateOwner("v19.0", "123")
META = "https://graph.facebook.com/v19.0/123/message_templates?access_token=x&after="
ASKED = 100
"""Templates that the client asks for at a time."""


class Shelf:
    """Has templates, pages them by one of its habits, and counts what it is asked.

    Args:
        count: How many templates.
        size: How many come at a time.
        habit: `meta` names the address of a next page, the others never. `cursors` leads to an
            empty page at the end, and `stays` to the last one again, `refuses` to a refusal. `deaf`
            answers each cursor with the first page, `restless` does so under new cursors.
    """

    TELLING: Final = ("meta", "cursors", "stays")
    MUTE: Final = ("refuses", "deaf", "restless")

    def __init__(self, count: int, size: int, habit: str) -> None:
        self.rows: list[dict[str, str]] = [
            {"id": f"{n}", "name": f"t{n}", "language": "en"} for n in range(count)
        ]
        self._size = size
        self._habit = habit
        self.asked = 0

    def send(self, request: Request) -> Response:
        self.asked += 1
        after = int(parse_qs(urlsplit(request.path).query).get("after", ["0"])[0])
        at = after
        if self._habit in ("deaf", "restless"):
            at = 0
        elif after >= len(self.rows) > 0:
            if self._habit == "refuses":
                return answer(400, {"error": {"code": 100, "message": "Invalid parameter"}})
            if self._habit == "stays":
                at = (len(self.rows) - 1) // self._size * self._size
        rows = self.rows[at : at + self._size]
        end = at + len(rows)
        cursor = self.asked if self._habit == "restless" else end
        paging: dict[str, object] = {"cursors": {"after": f"{cursor}"}} if rows else {}
        if self._habit == "meta" and end < len(self.rows):
            paging["next"] = f"{META}{end}"
        return answer(200, {"data": rows, "paging": paging})

    def close(self) -> None:
        """Nothing is open."""


def listed(server: Shelf | Scripted) -> TemplateList:
    clock = FakeClock()
    return ChakraClient(server, Pacer(clock), clock, RetryPolicy()).templates.list_all(OWNER)


def page(count: int, **paging: object) -> dict[str, object]:
    return {"data": [{"id": f"{n}"} for n in range(count)], "paging": paging}


@given(
    count=st.integers(0, 40),
    size=st.integers(1, 45),
    habit=st.sampled_from(Shelf.TELLING),
)
def test_every_template_is_there_and_at_most_one_request_is_for_nothing(
    count: int, size: int, habit: str
) -> None:
    server = Shelf(count, size, habit)
    found = listed(server)
    assert [each.row for each in found.templates] == server.rows
    pages = max(1, math.ceil(count / size))
    named = habit == "meta" and pages > 1
    assert server.asked == pages + (0 if named or count == 0 else 1)
    alike_a_deaf_one = habit == "stays" and pages == 1 and count > 0
    assert bool(found.unsure) == alike_a_deaf_one


@given(
    count=st.integers(1, 40),
    size=st.integers(1, 45),
    habit=st.sampled_from(Shelf.MUTE),
)
def test_a_list_whose_end_can_not_be_known_is_in_doubt(count: int, size: int, habit: str) -> None:
    server = Shelf(count, size, habit)
    found = listed(server)
    assert len(found.unsure) == 1
    shown = server.rows if habit == "refuses" else server.rows[:size]
    assert [each.row for each in found.templates] == shown
    assert server.asked <= math.ceil(count / size) + 1


def test_a_refusal_of_a_page_that_was_promised_is_an_error() -> None:
    refused = answer(400, {"error": {"code": 100, "message": "Invalid parameter"}})
    promised = page(1, cursors={"after": "a"}, next=f"{META}a")
    with pytest.raises(RefusedByMeta):
        listed(Scripted(answer(200, promised), refused))


def test_more_without_a_way_to_it_is_in_doubt() -> None:
    for said in (answer(200, page(1, next="https://graph.facebook.com/x")),
                 answer(200, page(1, next="https://[")),
                 data([{"id": "0"}], hasMore=True)):  # fmt: skip
        found = listed(Scripted(said))
        assert len(found.templates) == 1
        assert found.unsure == ("the list says that there are more, and not how to ask for them",)


@pytest.mark.parametrize("count", [0, 1, ASKED - 1, ASKED, ASKED + 1])
def test_without_a_cursor_as_many_as_were_asked_for_may_not_be_all(count: int) -> None:
    rows = page(count)["data"]
    for said in (answer(200, page(count)), data(rows), answer(200, {"data": rows})):
        found = listed(Scripted(said))
        assert len(found.templates) == count
        assert bool(found.unsure) == (count == ASKED)


def test_templates_without_an_id_come_once_where_a_page_comes_again() -> None:
    """Two of one page that say the same are two."""
    rows = [{"name": "a"}, {"name": "a"}, {"id": "1", "name": "b"}]
    first = answer(200, {"data": rows, "paging": {"cursors": {"after": "x"}}})
    last = answer(200, {"data": [{"id": "2"}, *rows], "paging": {"cursors": {"after": "y"}}})
    found = listed(Scripted(first, last, last))
    assert [each.row for each in found.templates] == [*rows, {"id": "2"}]
    assert found.unsure == ()
