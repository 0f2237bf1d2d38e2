"""Message templates as rows: what does not fit a column is kept, and none is without an id."""

from __future__ import annotations

import json

from chakra_api.endpoints.client import ChakraClient
from chakra_api.whatsapp_account import WhatsAppAccount
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from tap_chakra.lists.template_list import template_list, template_schema
from tests.support.clock import FakeClock
from tests.support.transport import Scripted, answer

OWNER = WhatsAppAccount(waba_id="123")


def listed(*rows: dict[str, object], **paging: object) -> tuple[list[dict[str, object]], list[str]]:
    """The rows of the stream, and why there may be more."""
    script = [answer(200, {"data": rows, "paging": paging})] * 2
    clock = FakeClock()
    client = ChakraClient(Scripted(*script), Pacer(clock), clock, RetryPolicy())
    found = template_list(client, OWNER)
    return list(found.rows), found.doubts


def test_a_template_without_an_id_is_known_by_its_name_and_language() -> None:
    rows, doubts = listed({"name": "offer", "language": "en"}, {"name": "offer", "language": "hi"})
    assert [row["id"] for row in rows] == ["offer/en", "offer/hi"]
    assert not doubts


def test_what_has_no_column_or_does_not_fit_stands_in_extra_data() -> None:
    components = [{"type": "BODY", "text": "Hi {{1}} \U0001f600"}]
    (row,), _ = listed(
        {
            "id": "7",
            "name": "offer",
            "language": ["en"],
            "status": "APPROVED",
            "components": components,
            "quality_score": {"score": "GREEN"},
        }
    )
    assert (row["id"], row["name"], row["status"], row["category"]) == (
        *("7", "offer", "APPROVED"),
        None,
    )
    assert json.loads(str(row["components"])) == components
    assert row["language"] is None
    kept = {"quality_score": {"score": "GREEN"}, "language": ["en"]}
    assert json.loads(str(row["_extra_data"])) == kept
    assert row.keys() == template_schema()["properties"].keys()  # type: ignore[attr-defined]


def test_a_list_that_begins_again_is_in_doubt() -> None:
    more = {"next": "https://graph.facebook.com/x?after=a", "cursors": {"after": "a"}}
    rows, doubts = listed({"id": "1", "name": "n", "language": "en"}, **more)
    assert [row["id"] for row in rows] == ["1"]
    assert doubts == ["the list begins again"]
