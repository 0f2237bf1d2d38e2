"""A request of the client as the sandbox receives it, and files as it keeps them elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from chakra_api.errors import NotFound
from chakra_api.wire.transport import GOOD_STATUSES, Response
from chakra_sandbox.messages import RequestIn

if TYPE_CHECKING:
    from chakra_api.clock import Clock
    from chakra_api.wire.transport import Request
    from chakra_sandbox.world import World


def received(request: Request, key: str) -> RequestIn:
    """What arrives of a request that is sent with a key; of a form all of it."""
    parts = urlsplit(request.path)
    headers = {"authorization": f"Bearer {key}"}
    body = request.body or b""
    if request.form is not None:
        headers["content-type"] = request.form.content_type
        body = b"".join(request.form)
    return RequestIn(request.method, parts.path, dict(parse_qsl(parts.query)), headers, body)


class WorldLinks:
    """Fetches what a world keeps on its other host, without a key."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock

    def own_path(self, url: str) -> str | None:
        """A path is ChakraHQ's own."""
        return url if url.startswith("/") else None

    def fetch(self, url: str, most_bytes: int) -> Response:
        """A file; how large it may be is the affair of the real one."""
        parts = urlsplit(url)
        asked = RequestIn("GET", parts.path, dict(parse_qsl(parts.query)))
        answer = self._world.receive(asked, int(self._clock.now() * 1000)).response
        if answer.status not in GOOD_STATUSES or len(answer.body) > most_bytes:
            raise NotFound("No such file", status=answer.status)
        return Response(answer.status, answer.headers, answer.body)

    def close(self) -> None:
        """Nothing is open."""
