"""What tests ask: every row that ever was with its times, and every request that came."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from chakra_sandbox import exact_json
from chakra_sandbox.messages import RequestIn, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.rows.store import Store

_LOGGED_BODY = 65_536
_LOGGED_REQUESTS = 200_000


def oracle_lines(store: Store) -> Iterator[bytes]:
    """Yield a JSON line per row that ever was, oldest first.

    A line holds `id`, `born_ms`, `died_ms` (null while alive), `createdAt`, `updatedAt`,
    `changes` (ms) and `row` (the last form).
    """
    for slot, life in store.lives():
        head = orjson.dumps(
            {
                "id": store.ids[slot],
                "born_ms": life.born_ms,
                "died_ms": life.died_ms,
                "createdAt": store.created[slot],
                "updatedAt": store.updated[slot],
                "changes": life.changes,
            }
        )
        yield head[:-1] + b',"row":' + store.cells[slot] + b"}\n"


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as it was answered."""

    at_ms: int
    request: RequestIn
    status: int
    fault: str | None

    def to_json(self) -> Row:
        """Show it; the body as JSON if it is, cut to 64 kB of text if not."""
        try:
            body: object = exact_json.loads(self.request.body) if self.request.body else None
        except ValueError:
            body = self.request.body.decode(errors="replace")
        return {
            "at_ms": self.at_ms,
            "method": self.request.method,
            "path": self.request.path,
            "query": dict(self.request.query),
            "authorized": "authorization" in self.request.headers,
            "user_agent": self.request.headers.get("user-agent"),
            "status": self.status,
            "fault": self.fault,
            "body": body,
        }


class RequestLog:
    """The newest requests."""

    def __init__(self) -> None:
        self._logged: deque[Logged] = deque(maxlen=_LOGGED_REQUESTS)
        self.count = 0

    def add(self, logged: Logged) -> None:
        """Remember a request."""
        self.count += 1
        self._logged.append(_cut(logged))

    def clear(self) -> None:
        """Forget all; the count stays."""
        self._logged.clear()

    def lines(self) -> Iterator[bytes]:
        """Yield a JSON line per request, oldest first."""
        for logged in self._logged:
            yield exact_json.dumps(logged.to_json()) + b"\n"


def _cut(logged: Logged) -> Logged:
    request = logged.request
    body = request.body[:_LOGGED_BODY]
    kept = RequestIn(request.method, request.path, request.query, request.headers, body)
    return Logged(logged.at_ms, kept, logged.status, logged.fault)
