"""What a webhook call holds: its inbound events, each as JSON text of its own. Pure.

Meta sends up to a thousand messages and statuses in one call. Each becomes an event with what
stands around it, in the form in which Meta would have sent it alone. Texts and numbers stay as they
came, letter by letter: the parts are cut out and never read and written anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chakra_api.wire.wire_json import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Members = Mapping[str, bytes]

MOST_SPLIT: Final = 8 << 20
"""Bytes that the events of one call may have together: one that would be more stays whole."""
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ITEMS: Final = {"messages": "message", "statuses": "status"}
"""What Meta's changes list, and what one of it is called."""


class Form(str, Enum):
    """In whose form a webhook call came."""

    META = "meta"
    """WhatsApp's own, passed through."""
    CHAKRA = "chakra"
    """ChakraHQ's own of WhatsApp events."""
    OTHER = "other"
    """None that is known, where WhatsApp events are taken."""
    CHANGE = "change"
    """A change of a record, process or task."""


class NotJson(ValueError):
    """The body of a call is no JSON."""


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """One event of a webhook call.

    Attributes:
        form: In whose form it came.
        identity: What tells it from others: the same where it comes again.
        payload: JSON text.
    """

    form: Form
    identity: str
    payload: str


def whatsapp_events(body: bytes) -> list[InboundEvent]:
    """The WhatsApp events of a call, in their order.

    A message is known again by its id, a status by id, status and time, all else by its content.

    Args:
        body: As it came.

    Raises:
        NotJson: It is no JSON.
    """
    text, value = _read(body)
    if not isinstance(value, dict):
        return [_by_content(Form.OTHER, text)]
    if isinstance(value.get("entry"), list):
        return _of_meta(body, text)
    if isinstance(value.get("event"), str) and isinstance(value.get("payload"), dict):
        return [_of_chakra(value, text)]
    return [_by_content(Form.OTHER, text)]


def change_event(body: bytes, received_at: int) -> InboundEvent:
    """The event of a change webhook.

    What one holds is not known, so two that are equal may be two changes: each is told from others
    by when it came, too.

    Args:
        body: As it came.
        received_at: Epoch milliseconds.

    Raises:
        NotJson: It is no JSON.
    """
    text, _ = _read(body)
    return InboundEvent(Form.CHANGE, _identity(Form.CHANGE, str(received_at), text), text)


def _read(body: bytes) -> tuple[str, Any]:
    try:
        return body.decode(), decode(body)
    except ValueError:
        raise NotJson from None


def _identity(form: Form, *parts: str) -> str:
    """The digest of what tells an event from others."""
    return sha256(json.dumps([form.value, *parts]).encode()).hexdigest()


def _by_content(form: Form, text: str) -> InboundEvent:
    return InboundEvent(form, _identity(form, "content", text), text)


def _of_chakra(value: Mapping[str, Any], text: str) -> InboundEvent:
    payload = value["payload"]
    message = payload.get("messageId") or payload.get("externalId")
    if value["event"] != "message" or not isinstance(message, str):
        return _by_content(Form.CHAKRA, text)
    return InboundEvent(Form.CHAKRA, _identity(Form.CHAKRA, "message", message), text)


def _of_meta(body: bytes, text: str) -> list[InboundEvent]:
    """Each message, each status and each change without any; else the call as a whole."""
    try:
        parts = list(_bounded(_parts(body)))
    except (msgspec.MsgspecError, UnicodeDecodeError, _TooMuch):
        parts = []
    if not parts:
        return [_by_content(Form.META, text)]
    if len(parts) == 1:
        kind, item, _ = parts[0]
        return [_meta_event(kind, item, text)]
    return [_meta_event(kind, item, payload.decode()) for kind, item, payload in parts]


def _meta_event(kind: str, item: bytes, payload: str) -> InboundEvent:
    """The event of a message, a status or a change.

    Args:
        kind: `message` or `status`; empty for a change as a whole.
        item: The message or status itself.
        payload: Its JSON, with what stands around it.
    """
    value = decode(item) if kind else None
    names = ("id",) if kind == "message" else ("id", "status", "timestamp")
    told = [value.get(name) for name in names] if isinstance(value, dict) else []
    if not told or not all(isinstance(each, str) and each for each in told):
        return _by_content(Form.META, payload)
    return InboundEvent(Form.META, _identity(Form.META, kind, *map(str, told)), payload)


class _TooMuch(Exception):
    """The events of a call weigh much more than the call."""


def _bounded(parts: Iterator[tuple[str, bytes, bytes]]) -> Iterator[tuple[str, bytes, bytes]]:
    weight = 0
    for part in parts:
        weight += len(part[2])
        if weight > MOST_SPLIT:
            raise _TooMuch
        yield part


def _parts(body: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Of each event its kind, the message or status, and the payload of its own."""
    top = _members(body)
    for entry in map(_members, _LIST.decode(top["entry"])):
        for change in map(_members, _LIST.decode(entry.get("changes", b"[]"))):
            for kind, item, alone in _items(change):
                inner = {**entry, "changes": _array(_object(alone))}
                yield kind, item, _object({**top, "entry": _array(_object(inner))})


def _items(change: Members) -> Iterator[tuple[str, bytes, Members]]:
    """Of each event of a change its kind, the message or status, and the change with it alone."""
    value = _members(change["value"]) if change.get("value", b"").startswith(b"{") else {}
    lists = {name: _LIST.decode(value[name]) for name in _ITEMS if value.get(name) not in _NONE}
    if not any(lists.values()):
        yield "", b"", change
        return
    around = {name: each for name, each in value.items() if name not in _ITEMS}
    for name, items in lists.items():
        for item in map(bytes, items):
            alone = {**change, "value": _object({**around, name: _array(item)})}
            yield _ITEMS[name], item, alone


_NONE: Final = (None, b"null")


def _members(text: bytes | msgspec.Raw) -> dict[str, bytes]:
    """The members of an object, each as it is spelled."""
    return {name: bytes(each).strip() for name, each in _OBJECT.decode(text).items()}


def _object(members: Members) -> bytes:
    return b"{" + b",".join(msgspec.json.encode(k) + b":" + v for k, v in members.items()) + b"}"


def _array(item: bytes) -> bytes:
    return b"[" + item + b"]"
