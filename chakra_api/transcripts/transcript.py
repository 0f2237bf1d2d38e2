"""Writes down requests and answers with every value replaced by its shape, a JSON line each.

What is left are methods, paths of the documents, names of fields, statuses, times, and headers that
say nothing of anybody: fit to be sent to somebody who has no business with the data.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from chakra_api.transcripts.outline import name_shown, outline
from chakra_api.values.shapes import shape_of
from chakra_api.wire.wire_json import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO

    from chakra_api.transcripts.watched import Exchange
    from chakra_api.wire.transport import Request

FORM: Final = 1
"""The number of this form, in the first line."""
HARMLESS: Final = frozenset(
    {
        *("cache-control", "connection", "content-encoding", "content-length", "content-type"),
        *("date", "keep-alive", "retry-after", "transfer-encoding", "vary"),
    }
)
"""Headers that are written as they are."""
WORDS: Final = frozenset(
    {
        *("v1", "v2", "ext", "health", "config", "users", "user", "procedure", "process", "list"),
        *("background-job", "entries", "bulk-create", "p", "task", "photo"),
        *("plugin", "whatsapp", "api", "phoneNumber", "send-template-message"),
        *("upload-public-media", "messages", "message_templates"),
    }
)
"""Segments of the paths in the documents; every other one is a value."""


class Transcript:
    """Writes down what goes over the wire. Safe for many threads.

    Args:
        file: Takes the lines.
        redact: Masks the key in a text, wherever it might stand after all.

    Attributes:
        fault: Why not all of it could be written; empty if all was.
    """

    def __init__(self, file: IO[str], redact: Callable[[str], str]) -> None:
        self._file = file
        self._redact = redact
        self._lock = threading.Lock()
        self._number = 0
        self.fault = ""

    def begin(self, command: str) -> None:
        """Write the first line: what was run, in which form this is written."""
        self._write({"transcript": FORM, "command": command})

    def leaves(self, request: Request) -> None:
        """A request leaves: it is written with its answer."""

    def came(self, exchange: Exchange) -> None:
        """Write down a request and what came of it."""
        with self._lock:
            self._number += 1
            self._write({"number": self._number, **_exchange(exchange)})

    def _write(self, line: Mapping[str, object]) -> None:
        if self.fault:
            return
        try:
            self._file.write(self._redact(json.dumps(line, ensure_ascii=False)) + "\n")
            self._file.flush()
        except OSError as error:
            self.fault = error.strerror or type(error).__name__


def _exchange(exchange: Exchange) -> dict[str, object]:
    made: dict[str, object] = {
        "request": f"{exchange.request.method} {path_shown(exchange.request.path)}",
        "body": _sent(exchange.request),
        "seconds": round(exchange.seconds, 3),
    }
    if exchange.response is None:
        return {**made, "error": "" if exchange.error is None else exchange.error.brief}
    response = exchange.response
    return {
        **made,
        "status": response.status,
        "headers": headers_shown(response.headers),
        "bytes": len(response.body),
        "answer": _body(response.body),
    }


def path_shown(path: str) -> str:
    """A path with its query, what is a value in it replaced by its shape."""
    parts = urlsplit(path)
    segments = [_segment(each) for each in parts.path.split("/")]
    query = [f"{name_shown(name)}={{{shape_of(value)}}}" for name, value in _pairs(parts.query)]
    return "/".join(segments) + (f"?{'&'.join(query)}" if query else "")


def _segment(segment: str) -> str:
    return segment if not segment or segment in WORDS else f"{{{shape_of(unquote(segment))}}}"


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def headers_shown(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by name; what they say where that is harmless, else its shape."""
    return {
        name_shown(name): value if name.lower() in HARMLESS else shape_of(value)
        for name, value in headers.items()
    }


def _sent(request: Request) -> object:
    if request.form is None:
        return _body(request.body)
    return f"a form with a file, {len(request.form):,} bytes"


def _body(body: bytes | None) -> object:
    if not body:
        return None
    try:
        return outline(decode(body))
    except ValueError:
        kind = "HTML" if body.lstrip()[:1] == b"<" else "no JSON"
        return f"{kind}, {len(body):,} bytes"
