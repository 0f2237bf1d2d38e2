"""An answer whose head can't be read to its end may have told a length: it is no file."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from chakra_api.elsewhere.links import SignedLinks
from chakra_api.errors import Unreadable
from chakra_api.redaction import ApiKey
from chakra_api.wire.transport import Request, RequestsTransport, TransportSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chakra_api.wire.transport import Response

SETTINGS = TransportSettings(read_timeout=5, connect_timeout=5, allow_http=True)
FILE = Request("GET", "/v1/ext/photo/1", repeatable=True, many=True, is_file=True)
TORN = [b"odd line", b"odd line\r\nContent-Length: 9", b" folded: x", b"Content Length: 9"]
WHOLE = [b"Content-Length: 4", b"Content-Type: multipart/mixed; boundary=x", b"X-Odd: \xff"]


@contextmanager
def server_of(head: bytes) -> Iterator[str]:
    """A server that gives four bytes under a head; its address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                link, _ = listening.accept()
                with link:
                    link.recv(65_536)
                    link.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\nfile")

    threading.Thread(target=serve, daemon=True).start()
    with closing(listening):
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(params=["ChakraHQ's host", "another"])
def fetch(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Response]]:
    """Fetches a file of a server, as one of ChakraHQ's or as one that lies elsewhere."""
    with ExitStack() as opened:

        def fetched(url: str) -> Response:
            if request.param == "another":
                links = SignedLinks(url, SETTINGS, time.monotonic)
                return opened.enter_context(closing(links)).fetch(f"{url}/file", 1_000)
            transport = RequestsTransport(url, ApiKey("k"), SETTINGS, time.monotonic)
            return opened.enter_context(closing(transport)).send(FILE)

        yield fetched


@pytest.mark.parametrize("head", TORN)
def test_a_file_under_a_torn_head_is_refused(head: bytes, fetch: Callable[[str], Response]) -> None:
    with server_of(head) as url, pytest.raises(Unreadable, match="head of an answer"):
        fetch(url)


@pytest.mark.parametrize("head", WHOLE)
def test_a_file_under_any_other_head_is_had(head: bytes, fetch: Callable[[str], Response]) -> None:
    with server_of(head) as url:
        assert fetch(url).body == b"file"
