"""Templates are listed to their end, each once, and never at an address of Meta's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chakra_api.endpoints.client import ChakraClient
from chakra_api.endpoints.message_templates import TemplateOwner
from chakra_api.endpoints.template_pages import MOST_PAGES, PAGE
from chakra_api.errors import Unreadable
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from tests.support.clock import FakeClock
from tests.support.transport import Scripted, answer

if TYPE_CHECKING:
    from chakra_api.wire.transport import Response

OWNER = TemplateOwner("v19.0", "12/3")
NEXT = "https://graph.facebook.com/v19.0/123/message_templates?limit=25&after=fromnext"


def client_of(*script: Response) -> tuple[ChakraClient, Scripted]:
    transport, clock = Scripted(*script), FakeClock()
    return ChakraClient(transport, Pacer(clock), clock, RetryPolicy()), transport


def page(ids: list[int], after: str = "", following: str = "") -> Response:
    paging: dict[str, object] = {"cursors": {"after": after}} if after else {}
    if following:
        paging["next"] = following
    return answer(200, {"data": [{"id": f"{each}"} for each in ids], "paging": paging})


def ids(client: ChakraClient) -> list[str | None]:
    return [each.template_id for each in client.templates.list_all(OWNER).templates]


def test_a_cursor_goes_to_chakra_and_metas_address_to_nobody() -> None:
    client, transport = client_of(page([1], "a=/b", NEXT), page([2], "", NEXT), page([3]))
    assert ids(client) == ["1", "2", "3"]
    base = "/v1/ext/plugin/whatsapp/api/v19.0/12%2F3/message_templates"
    assert [request.path for request in transport.requests] == [
        f"{base}?limit={PAGE}",
        f"{base}?limit={PAGE}&after=a%3D%2Fb",
        f"{base}?limit={PAGE}&after=fromnext",
    ]


def test_a_full_page_without_an_address_is_followed_by_its_cursor() -> None:
    client, transport = client_of(page(list(range(PAGE)), "a"), page([], "a"))
    assert len(ids(client)) == PAGE
    assert len(transport.requests) == 2


def test_a_template_that_moves_to_the_next_page_is_one() -> None:
    client, _ = client_of(page([1, 2], "a", NEXT), page([2, 3]))
    assert ids(client) == ["1", "2", "3"]


def test_different_templates_of_one_id_are_all_there_and_said_to_be_unsure() -> None:
    rows = [{"id": "1", "name": name, "language": "en"} for name in ("a", "b", "a")]
    client, _ = client_of(answer(200, {"data": rows, "paging": {}}))
    listed = client.templates.list_all(OWNER)
    assert [each.name for each in listed.templates] == ["a", "b"]
    assert listed.unsure == ("different templates have the same id",)


def test_a_list_that_begins_again_or_has_no_end_is_left_and_said_to_be_unsure() -> None:
    client, transport = client_of(*[page([1], "a", NEXT)] * 3)
    assert client.templates.list_all(OWNER).unsure == ("the list begins again",)
    assert len(transport.requests) == 2
    endless = [page([each], f"c{each}", NEXT) for each in range(MOST_PAGES + 1)]
    client, transport = client_of(*endless)
    assert client.templates.list_all(OWNER).unsure == ("the list has no end",)
    assert len(transport.requests) == MOST_PAGES


@pytest.mark.parametrize("body", [{"data": 5}, {"data": [1]}, {"other": []}])
def test_what_is_no_list_is_unreadable(body: object) -> None:
    client, _ = client_of(answer(200, body))
    with pytest.raises(Unreadable):
        client.templates.list_all(OWNER)


def test_odd_fields_of_a_template_are_kept_and_cost_nothing() -> None:
    odd = {"id": 7, "name": None, "language": 5, "components": [1, {"type": "BODY"}], "x": "y"}
    client, _ = client_of(answer(200, {"data": [odd, {}, {"components": "x"}]}))
    first, second, third = client.templates.list_all(OWNER).templates
    assert (first.template_id, first.name, first.language) == ("7", "", "")
    assert first.components == ({"type": "BODY"},)
    assert first.row == odd
    assert (second.template_id, second.components, third.components) == (None, (), ())
