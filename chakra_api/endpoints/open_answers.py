"""Answers without ChakraHQ's envelope: empty ones, plain JSON, and those in Meta's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import MetaError, RefusedByMeta, Throttled, Unreadable
from chakra_api.wire import wire_json
from chakra_api.wire.bodies import CHECK_URL
from chakra_api.wire.envelope import (
    Envelope,
    date_of,
    envelope_of,
    failure_of,
    open_envelope,
    retry_after_of,
)
from chakra_api.wire.transport import GOOD_STATUSES

if TYPE_CHECKING:
    from chakra_api.endpoints.answers import Row
    from chakra_api.wire.transport import Response

_EMPTY_IS_GOOD: Final = frozenset({200, 204})
_REFUSALS: Final = range(400, 500)
_MAY_PASS: Final = frozenset({408, 425, 429})
TOO_FAST: Final = frozenset({4, 80007, 130429})
"""Meta's codes of a pace that is too fast: nothing was done."""
_MOST_SAID: Final = 300


def open_or_empty(response: Response, what: str) -> Envelope:
    """The envelope of an answer to a single write, which may be an empty body (Q17)."""
    if response.status in _EMPTY_IS_GOOD and not response.body.strip():
        return Envelope({}, {}, date_of(response.headers))
    return open_envelope(response, what)


def open_plain(response: Response, what: str) -> Envelope:
    """A good answer of any form, what it says if that is JSON.

    Raises:
        ChakraError: It is no good one.
    """
    if response.status not in GOOD_STATUSES:
        raise failure_of(response, what)
    body = _object(response)
    return envelope_of(response, body.get("_data", body), None)


def open_meta(response: Response, what: str) -> Envelope:
    """An answer in Meta's form, whether ChakraHQ wraps it in `_data` or not (contract 1.3).

    Raises:
        RefusedByMeta: Meta refused the call, and says by which code.
        Throttled: Calls come too fast.
        ChakraError: The answer is no good one.
    """
    body = _object(response)
    refused = _refused(body, response)
    if refused is not None:
        raise _refusal(refused, response, what)
    if response.status not in GOOD_STATUSES or "_data" in body or body.get("_errors"):
        envelope = open_envelope(response, what)
        if "data" in body:
            raise Unreadable(f"The answer to {what} holds both data and _data", CHECK_URL)
        return envelope
    if not body:
        raise Unreadable(f"The answer to {what} is no JSON object", CHECK_URL)
    return envelope_of(response, body, None)


def _object(response: Response) -> Row:
    try:
        body = wire_json.decode(response.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


@dataclass(frozen=True, slots=True)
class _Said:
    """Meta's error, as it came."""

    row: Row
    code: int


def _refused(body: Row, response: Response) -> _Said | None:
    """What Meta refused in an answer that says so: `{"error": {"code": 131009, …}}`."""
    error = body.get("error")
    last = response.status in GOOD_STATUSES or response.status in _REFUSALS
    if not isinstance(error, dict) or not last or response.status in _MAY_PASS:
        return None
    code = error.get("code")
    if not isinstance(code, int) or isinstance(code, bool):
        return None
    return _Said(error, code)


def _refusal(said: _Said, response: Response, what: str) -> RefusedByMeta | Throttled:
    error = _meta_error(said, response)
    told = "; ".join(text for text in (error.message, error.details, error.for_user) if text)
    cause = f"WhatsApp refused {what} with error {said.code}: {told or 'no reason is given'}"
    if said.code in TOO_FAST:
        wait = retry_after_of(response.headers)
        return Throttled(cause, "Lower max_rps if this goes on", retry_after=wait)
    return RefusedByMeta(cause, "See the message", status=response.status, error=error)


def _meta_error(said: _Said, response: Response) -> MetaError:
    row = said.row
    data = row.get("error_data")
    subcode = row.get("error_subcode")
    return MetaError(
        code=said.code,
        message=_text(row, "message", response),
        details=_text(data, "details", response) if isinstance(data, dict) else "",
        for_user=_text(row, "error_user_msg", response),
        subcode=subcode if isinstance(subcode, int) else None,
    )


def _text(row: Row, name: str, response: Response) -> str:
    value = row.get(name)
    text = " ".join(response.redact(value).split()) if isinstance(value, str) else ""
    return text if len(text) <= _MOST_SAID else text[: _MOST_SAID - 1] + "…"
