"""Visits that ask for WhatsApp messages, the settings that send them, and what arrived."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from chakra_sandbox.whatsapp.made_templates import PHONE_NUMBER_ID, PLUGIN_ID, WABA_ID
from tests.support.target_process import record, schema, settings, state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chakra_sandbox.launch import Sandbox

WHATSAPP = {"plugin": PLUGIN_ID, "sender": PHONE_NUMBER_ID, "waba_id": WABA_ID}
COLUMNS = ("visit", "mobile", "lead", "name", "link", "words", "whole")
BY_NUMBER: dict[str, Any] = {
    "stream": "visits",
    "kind": "whatsapp_template_message",
    "once_by": "visit",
    "phone": "mobile",
    "template": "visit_reminder",
    "language": "en",
    "parameters": {"1": "name"},
    "max_messages": 1000,
}
BY_PROCESS: dict[str, Any] = {
    **{name: value for name, value in BY_NUMBER.items() if name != "phone"},
    "process": "lead",
    "procedure": "lead",
}
FREE: dict[str, Any] = {
    "stream": "visits",
    "kind": "whatsapp_message",
    "once_by": "visit",
    "campaign": "visits of November",
    "phone": "mobile",
    "text": "words",
    "max_messages": 1000,
}


def config_of(sandbox: Sandbox, mapping: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Settings that send by a mapping."""
    return settings(sandbox, whatsapp=WHATSAPP, streams=[mapping], **more)


def visits(numbers: Iterable[int], **more: Any) -> list[dict[str, Any]]:
    """Visits by number, each of a phone number of its own, and a STATE behind them."""
    rows = [visit(number, **more) for number in numbers]
    return [schema("visits", COLUMNS), *rows, state({"at": "the end"})]


def visit(number: int, **more: Any) -> dict[str, Any]:
    """One visit."""
    row = {"visit": f"V-{number}", "mobile": f"+1 555 01{number:05}", "name": f"Mira {number}"}
    row["words"] = f"Hello {number}"
    return record("visits", **{**row, **more})


def texts(sandbox: Sandbox) -> list[str]:
    """How the messages read that arrived, in their order."""
    return [message["text"] for message in sandbox.arrived("messages")]


def numbers_of(sandbox: Sandbox) -> Counter[str]:
    """How many messages each number got."""
    return Counter(message["to"] for message in sandbox.arrived("messages"))
