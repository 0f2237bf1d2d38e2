"""What goes in and out of the rules: requests, answers, the envelope (contract 1.3, 1.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from chakra_sandbox import exact_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = dict[str, Any]
"""A JSON object of the wire."""

JSON_HEADERS: Mapping[str, str] = {"content-type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class RequestIn:
    """A request as it arrived.

    Attributes:
        method: In capitals.
        path: Percent-encoded as sent, without the query.
        query: Decoded query parameters.
        headers: Lower-case names.
        body: Raw bytes, already decompressed.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ResponseOut:
    """An answer before it is put on a connection.

    Attributes:
        status: Of HTTP.
        body: Its bytes.
        headers: By name.
        cpu_us: Microseconds of CPU that it is to cost, beside what making it did.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: JSON_HEADERS)
    cpu_us: float = 0.0


Delivery = Literal["whole", "reset", "truncate", "hang", "refuse"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and how it is delivered.

    Attributes:
        response: The answer; for "reset", "hang" and "refuse" it is never sent.
        delivery: "whole", or what goes wrong with the connection.
        refuse_ms: For "refuse": how long nothing listens on the port.
    """

    response: ResponseOut
    delivery: Delivery = "whole"
    refuse_ms: int = 0


class Rejection(Exception):
    """The API's refusal of a request or of one item of a batch."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def envelope(
    data: object, meta: Mapping[str, object] | None = None, errors: Sequence[object] = ()
) -> bytes:
    """Wrap data in `{"_data", "_meta", "_errors"}`."""
    return exact_json.dumps({"_data": data, "_meta": meta or {}, "_errors": list(errors)})


def ok(data: object, meta: Mapping[str, object] | None = None) -> ResponseOut:
    """Answer 200 with the envelope around `data`."""
    return ResponseOut(200, envelope(data, meta))


def refusal(status: int, message: str) -> ResponseOut:
    """Answer an error in the assumed form of contract 1.4."""
    return ResponseOut(status, envelope(None, None, [message]))
