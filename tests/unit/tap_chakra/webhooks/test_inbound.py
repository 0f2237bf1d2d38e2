"""What a call holds: which events, told apart by what, and each letter as it came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.webhooks import inbound
from tap_chakra.webhooks.inbound import Form, NotJson, change_event, whatsapp_events


def meta(*changes: dict[str, Any], waba: str = "WABA") -> dict[str, Any]:
    entry = {"id": waba, "changes": list(changes)}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def messages(*ids: str, **more: Any) -> dict[str, Any]:
    texts = [{"from": "15550100017", "id": each, "type": "text"} for each in ids]
    return {"field": "messages", "value": {"metadata": {"n": 1}, "messages": texts, **more}}


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_a_call_with_one_message_is_one_event_letter_by_letter() -> None:
    came = (
        b' {"object" : "w", "entry": [ {"id":"W","changes":[{"field":"messages",\n "value":'
        b'{"n": 1.50, "messages":[{"id":"m1","from":"1"}]}}]}]}'
    )
    (event,) = whatsapp_events(came)
    assert (event.form, event.payload) == (Form.META, came.decode())


def test_each_message_and_status_of_a_call_becomes_a_call_of_its_own() -> None:
    statuses = [{"id": "s1", "status": "read", "timestamp": "7"}]
    first = messages("m1", "m2", statuses=statuses, contacts=[{"wa_id": "1"}])
    other = {"field": "message_template_status_update", "value": {"event": "APPROVED"}}
    found = whatsapp_events(body(meta(first, other)))
    parts = [json.loads(each.payload)["entry"] for each in found]
    assert [each["id"] for (each,) in parts] == ["WABA"] * 4
    values = [change["value"] for (entry,) in parts for change in entry["changes"]]
    assert [each.get("messages") for each in values[:2]] == [
        [m] for m in first["value"]["messages"]
    ]
    assert all("statuses" not in each for each in values[:2])
    assert values[2]["statuses"] == statuses
    assert "messages" not in values[2]
    assert [each.get("contacts") for each in values[:3]] == [[{"wa_id": "1"}]] * 3
    assert values[3] == {"event": "APPROVED"}
    assert len({each.identity for each in found}) == 4


def test_parts_keep_their_spelling() -> None:
    came = (
        b'{"x":1.0,"entry":[{"id":"W","time":1e2,"changes":[{"value":'
        b'{"big":123456789012345678901234567890,'
        b'"messages":[{"id":"a","v":0.10,"t":"\\u00e9\\u0000"},{"id":"b"}]}}]}]}'
    )
    first, second = whatsapp_events(came)
    assert '{"id":"a","v":0.10,"t":"\\u00e9\\u0000"}' in first.payload
    for each in (first, second):
        assert '"x":1.0' in each.payload
        assert '"time":1e2' in each.payload
        assert '"big":123456789012345678901234567890' in each.payload


def test_a_message_is_known_by_its_id_whatever_stands_around_it() -> None:
    (first,) = whatsapp_events(body(meta(messages("m1", contacts=[{"name": "Mira"}]))))
    (again,) = whatsapp_events(body(meta(messages("m1", contacts=[{"name": "Mira Rao"}]))))
    within, _ = whatsapp_events(body(meta(messages("m1", "m2"))))
    assert first.identity == again.identity == within.identity


def test_a_status_is_known_by_id_status_and_time() -> None:
    def identity(**more: str) -> str:
        said = {"id": "m1", "status": "sent", "timestamp": "7", **more}
        change = {"field": "messages", "value": {"statuses": [said]}}
        (event,) = whatsapp_events(body(meta(change)))
        return event.identity

    assert identity() == identity(recipient_id="1")
    assert (
        len({identity(), identity(status="read"), identity(timestamp="8"), identity(id="2")}) == 4
    )


def test_a_message_and_a_status_of_one_id_are_two() -> None:
    status = {"id": "m1", "status": "sent", "timestamp": "7"}
    found = whatsapp_events(body(meta(messages("m1", statuses=[status]))))
    assert len({each.identity for each in found}) == 2


def test_chakras_own_form_is_known_by_the_id_of_its_message() -> None:
    payload = {"messageId": "m1", "externalId": "e", "timestamp": 1}
    (first,) = whatsapp_events(body({"event": "message", "payload": payload}))
    (again,) = whatsapp_events(body({"event": "message", "payload": {**payload, "timestamp": 2}}))
    (status,) = whatsapp_events(body({"event": "status", "payload": payload}))
    (read,) = whatsapp_events(body({"event": "status", "payload": {**payload, "timestamp": 2}}))
    assert first.form is Form.CHAKRA
    assert first.identity == again.identity
    assert len({first.identity, status.identity, read.identity}) == 3


@pytest.mark.parametrize(
    "value",
    [1, None, "text", [], {}, {"entry": 5}, {"event": "message"}, {"event": 1, "payload": {}}],
)
def test_a_form_that_is_not_known_is_kept_as_it_came(value: Any) -> None:
    (event,) = whatsapp_events(body(value))
    (again,) = whatsapp_events(body(value))
    assert (event.form, event.payload) == (Form.OTHER, json.dumps(value))
    assert event == again


@pytest.mark.parametrize(
    "entry",
    [
        [],
        [5],
        [{}],
        [{"changes": 5}],
        [{"changes": []}],
        [{"changes": ["x"]}],
        [{"changes": [{"value": 5}]}],
        [{"changes": [{"value": {"messages": 5}}]}],
        [{"changes": [{"value": {"messages": [5]}}]}],
        [{"changes": [{"value": {"messages": [{"id": 5}]}}]}],
        [{"changes": [{"value": {"messages": [], "statuses": None}}]}],
    ],
)
def test_odd_calls_of_meta_are_kept_as_they_came(entry: Any) -> None:
    (event,) = whatsapp_events(body({"entry": entry}))
    assert (event.form, event.payload) == (Form.META, json.dumps({"entry": entry}))


def test_half_an_emoji_is_kept_as_it_came() -> None:
    came = b'{"entry":[{"changes":[{"value":{"messages":[{"id":"a","t":"\\ud83d"},{"id":"b"}]}}]}]}'
    (event,) = whatsapp_events(came)
    assert event.payload == came.decode()


def test_events_that_would_weigh_much_more_than_their_call_stay_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbound, "MOST_SPLIT", 2_000)
    few = body(meta(messages("m1", "m2", contacts=["x" * 500])))
    many = body(meta(messages("m1", "m2", "m3", contacts=["x" * 500])))
    assert len(whatsapp_events(few)) == 2
    (event,) = whatsapp_events(many)
    assert event.payload == many.decode()


@pytest.mark.parametrize("came", [b"", b"{", b"\xff\xfe", b"no", b'{"a":1}x', b"[" * 200_000])
def test_what_is_no_json_is_refused(came: bytes) -> None:
    with pytest.raises(NotJson):
        whatsapp_events(came)
    with pytest.raises(NotJson):
        change_event(came, 1)


def test_two_equal_changes_are_two() -> None:
    first, second = (change_event(b'{"id":1}', at) for at in (1, 2))
    assert first.identity != second.identity
    assert first.payload == second.payload == '{"id":1}'
    assert first.form is Form.CHANGE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ITEM = st.fixed_dictionaries({"id": st.text(min_size=1, max_size=5)}, optional={"x": JSON})
VALUE = st.fixed_dictionaries(
    {}, optional={"messages": st.lists(ITEM, max_size=3), "statuses": st.lists(ITEM, max_size=3),
                  "metadata": JSON}
)  # fmt: skip
CHANGE = st.fixed_dictionaries({"field": st.text(max_size=5), "value": VALUE})
ENTRY = st.fixed_dictionaries({"id": st.text(max_size=5), "changes": st.lists(CHANGE, max_size=3)})


@given(st.lists(ENTRY, min_size=1, max_size=3))
def test_nothing_of_any_call_is_lost(entries: list[Any]) -> None:
    """By an oracle of its own: all messages, statuses and bare changes, with what is around."""
    wanted: list[Any] = []
    for entry in entries:
        for change in entry["changes"]:
            value = change["value"]
            around = {k: v for k, v in value.items() if k not in ("messages", "statuses")}
            alone = [(k, x) for k in ("messages", "statuses") for x in value.get(k, [])]
            alone.sort(key=lambda pair: list(value).index(pair[0]))
            for name, item in alone:
                wanted.append((entry["id"], change["field"], {**around, name: [item]}))
            if not alone:
                wanted.append((entry["id"], change["field"], value))
    found = whatsapp_events(body({"entry": entries}))
    if not wanted:
        assert [json.loads(each.payload) for each in found] == [{"entry": entries}]
        return
    got = []
    for each in found:
        (entry,) = json.loads(each.payload)["entry"] if len(wanted) > 1 else [None]
        if entry is None:
            assert json.loads(each.payload) == {"entry": entries}
            return
        (change,) = entry["changes"]
        got.append((entry["id"], change["field"], change["value"]))
    assert sorted(map(repr, got)) == sorted(map(repr, wanted))
