"""Takes the envelope off every answer: data, errors, pace (contract 1.3, 1.4, Q3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from chakra_api.errors import (
    BadRequest,
    ChakraError,
    Conflict,
    NoAccess,
    NotFound,
    Redirected,
    Refused,
    ReportedErrors,
    ServerFault,
    Throttled,
    TooLarge,
    Unavailable,
    Unreadable,
    WrongKey,
)
from chakra_api.values.coercion import json_text
from chakra_api.wire import wire_json
from chakra_api.wire.transport import GOOD_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_api.wire.transport import Response

UTC: Final = timezone.utc
REDIRECT_STATUSES: Final = range(300, 400)
REFUSAL_STATUSES: Final = range(400, 500)
TOO_MANY_REQUESTS: Final = 429
UNAVAILABLE: Final = 503
TRANSIENT_STATUSES: Final = frozenset({408, 425})
FIRST_SERVER_FAULT: Final = 500
FIRST_UNREADABLE: Final = 253_402_214_400
"""Seconds of the last day of the year 9999: in some zone it is over, and dates end there."""
_REFUSALS: Final[Mapping[int, type[Refused]]] = {
    401: WrongKey,
    403: NoAccess,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
}
_NEXT_STEP: Final[Mapping[int, str]] = {
    401: "Check the setting api_key: the key is wrong, deleted, or of another address than api_url",
    403: "The key's access role may not do this: use a key of role type Manager or Admin",
    407: "The proxy that the environment names wants a user and a password",
    404: "Check the procedure's shortId and the setting api_url",
    413: "Send less at once",
}
_MESSAGE_FIELDS: Final = ("message", "msg", "error", "detail", "code")
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_MOST_QUOTED: Final = 200
_MOST_NAMED: Final = 10
_MOST_SAID: Final = 1 << 20
"""Bytes that are read of an answer which says that a call was not carried out."""
_MOST_MESSAGES: Final = 100
"""Errors of an answer that are kept: nobody reads more."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The envelope of a good answer.

    Attributes:
        data: `_data`.
        meta: `_meta`; empty if absent.
        server_time: Of the `Date` header, epoch milliseconds; None if there is none.
        body: The answer itself.
    """

    data: object
    meta: Mapping[str, object]
    server_time: int | None
    body: bytes = b""


def open_envelope(response: Response, what: str) -> Envelope:
    """The envelope of a good answer, its data inside, the key masked in each of its texts.

    Args:
        response: The answer.
        what: What was asked for, as a message names it.

    Raises:
        ChakraError: The answer is not a good one; see `chakra_api.errors`.
    """
    opened = open_rows(response, what)
    if _holds_no_key(response):
        return opened
    return replace(opened, data=_masked(opened.data, response.redact), body=b"")


def open_rows(response: Response, what: str) -> Envelope:
    """The envelope of a good answer whose data is rows: those arrive as ChakraHQ holds them.

    Args:
        response: The answer.
        what: What was asked for, as a message names it.

    Raises:
        ChakraError: The answer is not a good one; see `chakra_api.errors`.
    """
    if response.status not in GOOD_STATUSES:
        raise failure_of(response, what)
    body = _parsed(response.body)
    if not isinstance(body, dict):
        raise _not_chakra(response, what)
    if messages := tuple(map(response.redact, _messages(body))):
        raise ReportedErrors(
            f"ChakraHQ answered {what} with errors: {_quoted('; '.join(messages))}",
            "See the message; the call was not carried out",
            messages=messages,
        )
    if "_data" not in body:
        raise _not_chakra(response, what)
    return envelope_of(response, body["_data"], body.get("_meta"))


def envelope_of(response: Response, data: object, meta: object) -> Envelope:
    """The envelope of an answer whose `_data` and `_meta` are these; rows stay as they are."""
    known = _masked(meta, response.redact)
    known = known if isinstance(known, dict) else {}
    return Envelope(data, known, date_of(response.headers), response.body)


def _holds_no_key(response: Response) -> bool:
    """Whether no text of an answer gives the key away: one look at all of it."""
    body = response.body.decode(errors="replace")
    return response.redact(body) == body


def _masked(value: object, redact: Callable[[str], str]) -> object:
    """A value of JSON, the key masked in its texts and in the names of its fields."""
    if isinstance(value, str):
        masked = redact(value)
        return value if masked == value else masked
    if isinstance(value, list):
        return [_masked(each, redact) for each in value]
    if isinstance(value, dict):
        return {redact(str(name)): _masked(each, redact) for name, each in value.items()}
    text = str(value)  # of a number, which a key may be
    return value if redact(text) == text else redact(text)


def failure_of(response: Response, what: str) -> ChakraError:
    """The error that an answer other than a 2xx is."""
    status = response.status
    said = f"ChakraHQ answered {what} with {status}{_said(response)}"
    wait = retry_after_of(response.headers)
    if status == TOO_MANY_REQUESTS:
        return Throttled(said, "Lower max_rps or concurrency if this goes on", retry_after=wait)
    if status == UNAVAILABLE:
        return Unavailable(said, "Try again later", status=status, retry_after=wait)
    if status in TRANSIENT_STATUSES or status >= FIRST_SERVER_FAULT:
        return ServerFault(said, "Try again later", status=status, retry_after=wait)
    if status in REDIRECT_STATUSES:
        return _redirect(response, what)
    if status not in REFUSAL_STATUSES:  # such as 102: no answer at all, and no refusal
        return Unreadable(said, "Check the setting api_url, and what stands between")
    kind = _REFUSALS.get(status, BadRequest)
    return kind(said, _NEXT_STEP.get(status, "See the message"), status=status)


def _redirect(response: Response, what: str) -> Redirected:
    target = response.headers.get("location") or "nowhere"
    return Redirected(
        f"{what} was answered with a redirect to {_quoted(response.redact(target))}",
        "Set api_url to the address of the API itself: the key is sent to no other",
    )


def _said(response: Response) -> str:
    begins = response.body[:_MOST_SAID]
    body = _parsed(begins)
    said = "; ".join(_messages(body)) if isinstance(body, dict) else _shown(begins)
    return f": {_quoted(response.redact(said))}" if said else ""


def _parsed(body: bytes) -> object:
    try:
        return wire_json.decode(body)
    except ValueError:
        return None


def _messages(body: Mapping[str, object]) -> tuple[str, ...]:
    """The errors of a body, in any of their shapes (Q3)."""
    errors = body.get("_errors")
    if not errors:
        errors = body.get("error") if "_data" not in body else None
    if not errors and "_data" not in body:
        errors = body.get("message")
    if not errors:
        return ()
    told = errors if isinstance(errors, list) else [errors]
    return tuple(map(_message, told[:_MOST_MESSAGES]))


def _message(error: object) -> str:
    if isinstance(error, dict):
        found = next((error[name] for name in _MESSAGE_FIELDS if error.get(name)), None)
        if found is not None and not isinstance(found, dict):
            return str(found)
    return error if isinstance(error, str) else json_text(error)


def _not_chakra(response: Response, what: str) -> Unreadable:
    text = response.redact(_shown(response.body)) or "nothing"
    return Unreadable(
        f"The answer to {what} is not ChakraHQ's: {_quoted(text)}",
        "Check the setting api_url, and whether a proxy or a login page stands between",
    )


def _shown(body: bytes) -> str:
    """A page's title, or how a body begins. Longer than what is quoted: redact it before.

    Of JSON no value is shown: it may hold rows, and what is in them is nobody's business.
    """
    if body.lstrip()[:1] in (b"{", b"["):
        return _shape(body)
    title = _TITLE.search(body[:10_000])
    shown = title.group(1) if title else body[:10_000]
    return " ".join(shown.decode(errors="replace").split())


def _shape(body: bytes) -> str:
    """What is said of a body of JSON."""
    value = _parsed(body)
    if isinstance(value, dict):
        return f"a JSON object with {', '.join(list(value)[:_MOST_NAMED]) or 'nothing in it'}"
    if isinstance(value, list):
        return "a JSON array"
    return f"JSON that breaks off after {len(body):,} bytes"


def _quoted(text: str) -> str:
    return text if len(text) <= _MOST_QUOTED else text[: _MOST_QUOTED - 1] + "…"


def date_of(headers: Mapping[str, str]) -> int | None:
    """The `Date` header, epoch milliseconds; None if absent or unreadable."""
    return _http_date(headers.get("date", ""))


def _http_date(text: str) -> int | None:
    try:
        named = parsedate_to_datetime(text)
        # One that names no zone is in that of HTTP, not in ours.
        instant = int((named if named.tzinfo else named.replace(tzinfo=UTC)).timestamp())
    except (TypeError, ValueError, OverflowError):
        return None
    return instant * 1000 if 0 <= instant < FIRST_UNREADABLE else None


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds from the answer on, from either of its forms; None if absent.

    A date is measured against the answer's own `Date`: our clock may differ from the server's.
    """
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    until, sent = _http_date(text), date_of(headers)
    if until is None or sent is None:
        return None
    return max(0.0, (until - sent) / 1000)
