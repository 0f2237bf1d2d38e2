"""Webhook calls of a ChakraHQ that has something to tell: made, signed, sent (contract 4.30)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from chakra_sandbox import exact_json
from chakra_sandbox.whatsapp.made_templates import PHONE_NUMBER_ID, WABA_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FORMS = ("chakra", "meta", "change")
_HEADER = "X-Chakra-Signature-256"
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls that are to be made.

    Attributes:
        url: Where to.
        secret: What they are signed with; empty for no signature.
        form: One of `FORMS`.
        count: How many.
        first: Number of the first: the same number makes the same call.
    """

    url: str
    secret: str = ""
    form: str = "chakra"
    count: int = 1
    first: int = 1


def bodies(calls: Calls, now_ms: int, changed: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """The body of each call.

    Args:
        calls: What is to be made.
        now_ms: When.
        changed: Procedure and process ids that changes name, in turn.
    """
    for number in range(calls.first, calls.first + calls.count):
        if calls.form == "change":
            made = _change(number, now_ms, *changed[number % len(changed)])
        else:
            made = _chakra(number, now_ms) if calls.form == "chakra" else _meta(number, now_ms)
        yield exact_json.dumps(made)


def _phone(number: int) -> str:
    return f"1555{number % 10_000_000:07}"


def _message(number: int) -> dict[str, Any]:
    text = {"body": f"Is message {number} there?"}
    return {"from": _phone(number), "type": "text", "text": text}


def _chakra(number: int, now_ms: int) -> dict[str, Any]:
    payload = {
        "wabaId": WABA_ID,
        "externalId": f"wamid.sandbox{number}",
        "messageId": f"sandbox-{number}",
        "timestamp": now_ms,
        "message": _message(number),
        "contacts": [{"wa_id": _phone(number), "profile": {"name": f"Caller {number}"}}],
    }
    return {"event": "message", "payload": payload}


def _meta(number: int, now_ms: int) -> dict[str, Any]:
    told = {"id": f"wamid.sandbox{number}", "timestamp": str(now_ms // 1000), **_message(number)}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550000000", "phone_number_id": PHONE_NUMBER_ID},
        "contacts": [{"wa_id": _phone(number), "profile": {"name": f"Caller {number}"}}],
        "messages": [told],
    }
    entry = {"id": WABA_ID, "changes": [{"field": "messages", "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def _change(number: int, now_ms: int, procedure: str, process: str) -> dict[str, Any]:
    """Nobody documents this form: an invented one that names a process."""
    told = {"id": process, "procedure": procedure}
    return {"event": "process.updated", "id": number, "timestamp": now_ms, "process": told}


async def send(calls: Calls, made: Iterator[bytes]) -> dict[str, int]:
    """Send calls one behind the other; how many were answered how.

    Args:
        calls: Where to, and what they are signed with.
        made: Their bodies.
    """
    answers: Counter[str] = Counter()
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        for body in made:
            answers[await _answer(session, calls, body)] += 1
    return dict(answers)


async def _answer(session: aiohttp.ClientSession, calls: Calls, body: bytes) -> str:
    headers = {"Content-Type": "application/json"}
    if calls.secret:
        made = hmac.new(calls.secret.encode(), body, hashlib.sha256)
        headers[_HEADER] = made.hexdigest()
    try:
        async with session.post(calls.url, data=body, headers=headers) as answer:
            return str(answer.status)
    except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
        return "none"
