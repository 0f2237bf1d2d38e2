"""A transport that answers what it was told to, one answer a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from chakra_api.wire.transport import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

DATE = "Thu, 05 Nov 2026 10:00:00 GMT"


def answer(status: int = 200, body: object = None, **headers: str) -> Response:
    """An answer; a body that is not bytes becomes JSON."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"date": DATE, **named}, content)


def data(value: object, **meta: object) -> Response:
    """A good answer."""
    return answer(body={"_data": value, "_meta": meta, "_errors": []})


class Scripted:
    """Gives the answers in order, or raises where one is an exception; keeps the requests."""

    def __init__(self, *script: Response | Exception) -> None:
        self._script: Iterable[Response | Exception] = iter(script)
        self.requests: list[Request] = []
        self.closed = False

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        following = next(iter(self._script))
        if isinstance(following, Exception):
            raise following
        return following

    def close(self) -> None:
        self.closed = True
