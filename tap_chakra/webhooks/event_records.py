"""The streams of inbound events: what of a webhook call becomes a column, the rest in `payload`.

`payload` holds an event whole, as it came; a column is null where the event does not say it, or
says it as what no such column can hold. Meta counts seconds, ChakraHQ's own form milliseconds
(contract 4.30).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from chakra_api.values.coercion import MISFIT, json_text, to_string
from chakra_api.values.time_reading import root_time_reader
from chakra_api.values.times import SECOND_MS, UTC
from chakra_api.values.timestamps import iso_ms
from chakra_api.wire.wire_json import decode
from tap_chakra.webhooks.inbound import Form
from tap_chakra.webhooks.named import named_processes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_chakra.webhooks.event_store import StoredEvent

    Row = dict[str, object]

WHATSAPP_EVENTS: Final = "whatsapp_events"
CHAKRA_CHANGES: Final = "chakra_changes"
FORMS: Final = {
    WHATSAPP_EVENTS: (Form.META, Form.CHAKRA, Form.OTHER),
    CHAKRA_CHANGES: (Form.CHANGE,),
}
"""The streams, and in whose forms the events of each came."""
KEYS: Final = ("id",)
SEQUENCE: Final = "sequence"
"""The column by which the streams go on."""
PAYLOAD: Final = "payload"

_TEXT: Final = {"type": ["string", "null"]}
_COMMON: Final[Row] = {
    "id": {"type": ["string"], "description": "The same where an event comes again."},
    SEQUENCE: {"type": ["integer"], "description": "Rises in the order of arrival."},
    "received_at": {
        "type": ["string"],
        "format": "date-time",
        "description": "When it came, by the clock of the listener.",
    },
}
_JSON: Final = {"type": ["string", "null"], "description": "JSON: the event as it came."}
_SAID: Final[Mapping[str, str]] = {
    "kind": "message or status; else what Meta calls the change, or ChakraHQ the event.",
    "message_id": "Meta's id of the message; in ChakraHQ's form its messageId.",
    "external_id": "In ChakraHQ's form its externalId.",
    "waba_id": "Your WhatsApp Business account.",
    "phone_number_id": "Your phone number, by its id at Meta.",
    "sender": "The number that a message came from.",
    "recipient": "The number that a status is about.",
    "type": "Type of a message, such as text.",
    "status": "Status of a message that was sent, in Meta's word.",
    "text": "Text of a message.",
}
"""What is said of a message, and what the column of each says."""
SHOWN_IN_PAYLOAD: Final = frozenset({*_SAID, "sent_at", "procedure", "process_id"})
"""Columns that say what the payload says, too."""
_PROPERTIES: Final[Mapping[str, Row]] = {
    WHATSAPP_EVENTS: {
        **_COMMON,
        "form": {"type": ["string"], "description": "Whose form it has: meta, chakra or other."},
        **{name: {**_TEXT, "description": said} for name, said in _SAID.items()},
        "sent_at": {**_TEXT, "format": "date-time", "description": "When, by WhatsApp."},
        PAYLOAD: _JSON,
    },
    CHAKRA_CHANGES: {
        **_COMMON,
        "procedure": {**_TEXT, "description": "ShortId, where the event names one process."},
        "process_id": {**_TEXT, "description": "The process that the event names, if it is one."},
        PAYLOAD: _JSON,
    },
}
_SECONDS: Final = root_time_reader(replace(UTC, unit_ms=SECOND_MS))
_MILLISECONDS: Final = root_time_reader(UTC)


def inbound_schema(stream: str) -> Row:
    """The JSON Schema of a stream of inbound events."""
    return {"type": "object", "properties": dict(_PROPERTIES[stream])}


class EventMask(Protocol):
    """What masks the records of a stream."""

    def before(self, name: str, value: object) -> object:
        """The value of a column, what stands in it under masked names masked."""

    def leaves(self, record: Row) -> Row:
        """A record, its columns masked."""


class EventTyper:
    """Makes the records of one stream of inbound events.

    Args:
        stream: Its name.
        procedures: The shortIds of all procedures, by shortId and by id.
        mask: What masks it; None if nothing does.
    """

    def __init__(self, stream: str, procedures: Mapping[str, str], mask: EventMask | None) -> None:
        self._of_whatsapp = stream == WHATSAPP_EVENTS
        self._procedures = procedures
        self._mask = mask

    def __call__(self, event: StoredEvent) -> Row:
        """The record of an event."""
        value = decode(event.payload.encode())
        record: Row = {
            "id": event.identity,
            SEQUENCE: event.sequence,
            "received_at": iso_ms(event.received_at),
            **(_whatsapp(event.form, value) if self._of_whatsapp else self._change(value)),
            PAYLOAD: event.payload,
        }
        if self._mask is None:
            return record
        shown = self._mask.before(PAYLOAD, value)
        if shown != value:
            record[PAYLOAD] = json_text(shown)
        return self._mask.leaves(record)

    def _change(self, value: object) -> Row:
        named = named_processes(value, self._procedures)
        procedure, process = named[0] if len(named) == 1 else (None, None)
        return {"procedure": procedure, "process_id": process}


def _whatsapp(form: Form, value: object) -> Row:
    said: Row = dict.fromkeys((*_SAID, "sent_at"))
    if form is Form.META:
        said |= _of_meta(value)
    elif form is Form.CHAKRA:
        said |= _of_chakra(value)
    typed: Row = {"form": form.value, **{name: _text(said[name]) for name in _SAID}}
    instant = (_SECONDS if form is Form.META else _MILLISECONDS)(said["sent_at"])
    return {**typed, "sent_at": None if instant is MISFIT else instant}


def _of_meta(value: object) -> Row:
    """What Meta says of one message, status or change; nothing of a call that holds several."""
    entry = _only(_member(value, "entry"))
    change = _only(_member(entry, "changes"))
    inner = _member(change, "value")
    message = _only(_member(inner, "messages"))
    status = _only(_member(inner, "statuses"))
    item = message or status
    metadata = _member(inner, "metadata")
    return {
        "kind": "message" if message else "status" if status else _member(change, "field"),
        "message_id": _member(item, "id"),
        "waba_id": _member(entry, "id"),
        "phone_number_id": _member(metadata, "phone_number_id"),
        "sender": _member(message, "from"),
        "recipient": _member(status, "recipient_id"),
        "type": _member(message, "type"),
        "status": _member(status, "status"),
        "text": _member(_member(message, "text"), "body"),
        "sent_at": _member(item, "timestamp"),
    }


def _of_chakra(value: object) -> Row:
    payload = _member(value, "payload")
    message = _member(payload, "message")
    return {
        "kind": _member(value, "event"),
        "message_id": _member(payload, "messageId"),
        "external_id": _member(payload, "externalId"),
        "waba_id": _member(payload, "wabaId"),
        "sender": _member(message, "from"),
        "type": _member(message, "type"),
        "text": _member(_member(message, "text"), "body"),
        "sent_at": _member(payload, "timestamp"),
    }


def _member(value: object, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    return value.get(name) if isinstance(value, dict) else None


def _only(value: object) -> object:
    """The one member of a list; None where there are several, or none."""
    return value[0] if isinstance(value, list) and len(value) == 1 else None


def _text(value: object) -> object:
    typed = to_string(value)
    return None if typed is MISFIT else typed
