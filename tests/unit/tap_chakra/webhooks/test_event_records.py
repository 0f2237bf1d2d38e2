"""What of an event becomes a column; written by hand from the contract (4.30) and Meta's pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_chakra.masking.rules import parse_mask
from tap_chakra.masking.stream_mask import stream_mask
from tap_chakra.records.list_mask import ListMask
from tap_chakra.webhooks.event_records import (
    CHAKRA_CHANGES,
    WHATSAPP_EVENTS,
    EventTyper,
    inbound_schema,
)
from tap_chakra.webhooks.event_store import StoredEvent
from tap_chakra.webhooks.inbound import Form
from tests.support.listening import message, passed_through

ONE = "0d6c9a52-5f5e-4b9c-8a54-2f2b8d1e7c01"
TWO = "1e7d0b63-606f-4cad-9b65-303c9e2f8d12"


def record(form: Form, value: Any, stream: str = WHATSAPP_EVENTS) -> dict[str, Any]:
    payload = value if isinstance(value, str) else json.dumps(value)
    stored = StoredEvent(7, 1767225901234, form, "digest", payload)
    return EventTyper(stream, {"lead": "lead"}, None)(stored)


def said(**columns: Any) -> dict[str, Any]:
    names = (
        *("kind", "message_id", "external_id", "waba_id", "phone_number_id", "sender"),
        *("recipient", "type", "status", "text", "sent_at"),
    )
    common = {"id": "digest", "sequence": 7, "received_at": "2026-01-01T00:05:01.234Z"}
    return {**common, **dict.fromkeys(names), **columns}


def test_a_message_of_meta() -> None:
    value = passed_through("wamid.1")
    assert record(Form.META, value) == said(
        form="meta", kind="message", message_id="wamid.1", waba_id="900100",
        phone_number_id="100200300", sender="15550100017", type="text", text="Hello",
        sent_at="2026-01-01T00:05:00.000Z", payload=json.dumps(value),
    )  # fmt: skip


def test_a_status_of_meta() -> None:
    status = {"id": "wamid.2", "status": "read", "timestamp": 1767225900, "recipient_id": 1555}
    change = {"field": "messages", "value": {"statuses": [status]}}
    value = {"entry": [{"id": 42, "changes": [change]}]}
    assert record(Form.META, value) == said(
        form="meta", kind="status", message_id="wamid.2", waba_id="42", recipient="1555",
        status="read", sent_at="2026-01-01T00:05:00.000Z", payload=json.dumps(value),
    )  # fmt: skip


def test_another_change_of_meta() -> None:
    change = {"field": "message_template_status_update", "value": {"event": "APPROVED"}}
    value = {"entry": [{"id": "9", "changes": [change]}]}
    assert record(Form.META, value) == said(
        form="meta", kind="message_template_status_update", waba_id="9", payload=json.dumps(value)
    )


def test_chakras_own_form() -> None:
    value = message("m1")
    assert record(Form.CHAKRA, value) == said(
        form="chakra", kind="message", message_id="m1", external_id="ext.m1", waba_id="900100",
        sender="15550100017", type="text", text="Hello",
        sent_at="2026-01-01T00:05:00.000Z", payload=json.dumps(value),
    )  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [5, None, [], {}, {"entry": [{}, {}]}, {"entry": [{"id": {}, "changes": [{"value": 5}]}]},
     {"event": "message", "payload": {"timestamp": "soon", "message": 5}}],
)  # fmt: skip
@pytest.mark.parametrize("form", [Form.META, Form.CHAKRA, Form.OTHER])
def test_what_does_not_fit_stands_in_the_payload_alone(value: Any, form: Form) -> None:
    found = record(form, value)
    kind = (
        "message" if form is Form.CHAKRA and isinstance(value, dict) and "event" in value else None
    )
    assert found == said(form=form.value, kind=kind, payload=json.dumps(value))


def test_texts_without_what_a_database_refuses() -> None:
    value = passed_through("wamid.1")
    text = json.dumps(value).replace("Hello", "a\\u0000b\\ud83d")
    found = record(Form.META, text)
    assert found["text"] == "ab\ufffd"
    assert found["payload"] == text


def test_a_change_names_its_process_if_it_is_one() -> None:
    one = {"procedure": "lead", "id": ONE}
    found = record(Form.CHANGE, one, CHAKRA_CHANGES)
    assert found == {
        "id": "digest", "sequence": 7, "received_at": "2026-01-01T00:05:01.234Z",
        "procedure": "lead", "process_id": ONE, "payload": json.dumps(one),
    }  # fmt: skip
    several = record(Form.CHANGE, [one, {**one, "id": TWO}], CHAKRA_CHANGES)
    assert (several["procedure"], several["process_id"]) == (None, None)


def test_records_have_the_columns_of_their_schema() -> None:
    for stream, form in ((WHATSAPP_EVENTS, Form.META), (CHAKRA_CHANGES, Form.CHANGE)):
        properties = inbound_schema(stream)["properties"]
        assert isinstance(properties, dict)
        assert list(record(form, {}, stream)) == list(properties)


def test_a_mask_counts_in_columns_and_in_the_payload() -> None:
    setting = parse_mask(
        {"mask": {"*.sender": "hash", "*.text": "drop", "*.wa_id": "drop", "*.from": "drop"},
         "mask_salt": "a salt of the tests"}, "TAP_CHAKRA"
    )  # fmt: skip
    mask = stream_mask(setting, WHATSAPP_EVENTS)
    assert mask is not None
    stored = StoredEvent(7, 1767225901234, Form.CHAKRA, "digest", json.dumps(message("m1")))
    found = EventTyper(WHATSAPP_EVENTS, {}, ListMask(mask))(stored)
    assert "15550100017" not in json.dumps(found)
    assert "Hello" not in json.dumps(found)
    assert "text" not in found
    assert len(str(found["sender"])) == 64
