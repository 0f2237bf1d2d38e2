"""What is said never to have left did not arrive, whatever breaks; by what a real server received.

Each server here breaks at another step. The oracle is what came out of its socket, decrypted.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import AnswerLost, Barred, ChakraError, NotSent, SettingsError
from chakra_api.redaction import ApiKey
from chakra_api.wire.transport import Request, RequestsTransport, TransportSettings
from tests.support.tls import CERTIFICATE, EXPIRED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chakra_api.wire.transport import Response

    Plays = Callable[[socket.socket, "Breaking"], None]

WANTED = b"what must not be sent twice"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Breaking:
    """Accepts connections, and does with each what it is told to; knows what it received."""

    def __init__(self, plays: Plays) -> None:
        self._plays = plays
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.received = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                link, _ = self._listening.accept()
                with link, suppress(OSError):
                    link.settimeout(5)
                    self._plays(link, self)

    def request(self, link: socket.socket) -> bytes:
        """All of a request: with the body that these tests send, or without one."""
        came = b""
        while b"\r\n\r\n" not in came or (came.startswith(b"POST") and WANTED not in came):
            piece = link.recv(65_536)
            if not piece:
                raise OSError("it hung up")
            came += piece
            self.received += piece
        return came

    def end(self) -> None:
        self._listening.close()


def _tls(link: socket.socket, certificate: Path = CERTIFICATE) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # the handshake is over when it says so
    return context.wrap_socket(link, server_side=True)


def answers(reply: bytes) -> Plays:
    def plays(link: socket.socket, server: Breaking) -> None:
        server.request(link)
        link.sendall(reply)

    return plays


def hangs_up(_link: socket.socket, _server: Breaking) -> None:
    """It accepts, and nothing more."""


def resets(link: socket.socket, server: Breaking) -> None:
    server.request(link)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def answers_in_tls(link: socket.socket, server: Breaking) -> None:
    with _tls(link) as secure:
        server.request(secure)
        secure.sendall(GOOD)


def speaks_in_clear_after_tls(link: socket.socket, server: Breaking) -> None:
    """As what stands before a server does when it dies: a page of HTML, in the middle of TLS."""
    secure = _tls(link)
    server.request(secure)
    plain = socket.socket(fileno=secure.detach())
    with plain:
        plain.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>")


def hangs_up_in_tls(link: socket.socket, server: Breaking) -> None:
    secure = _tls(link)
    server.request(secure)
    socket.socket(fileno=secure.detach()).close()


def has_an_old_certificate(link: socket.socket, server: Breaking) -> None:
    with _tls(link, EXPIRED) as secure:
        server.request(secure)


def speaks_no_tls(link: socket.socket, _server: Breaking) -> None:
    link.recv(5)
    link.sendall(GOOD)


def is_silent_in_the_handshake(link: socket.socket, _server: Breaking) -> None:
    while link.recv(65_536):
        pass


def hangs_up_in_the_handshake(link: socket.socket, _server: Breaking) -> None:
    link.recv(5)


def is_a_proxy_that_refuses(link: socket.socket, server: Breaking) -> None:
    server.request(link)
    link.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


def is_a_proxy_that_breaks_off(link: socket.socket, server: Breaking) -> None:
    server.request(link)
    link.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
    with _tls(link) as secure:
        server.request(secure)


@dataclass(frozen=True)
class Step:
    """Where it breaks.

    Attributes:
        plays: What the server does.
        error: What must come of it.
        scheme: By which the server is asked.
        by_proxy: Whether the server is the proxy on the way to another one.
    """

    plays: Plays
    error: type[ChakraError]
    scheme: str = "http"
    by_proxy: bool = False


def _headed(*lines: str) -> Plays:
    head = "".join(f"{line}\r\n" for line in ("HTTP/1.1 200 OK", *lines))
    return answers(head.encode() + b"\r\n{}")


STEPS = {
    "hangs up": Step(hangs_up, AnswerLost),
    "resets": Step(resets, AnswerLost),
    "tells two lengths": Step(_headed("Content-Length: 2", "Content-Length: 3"), AnswerLost),
    "tells a length and hangs up": Step(_headed("Content-Length: 9"), AnswerLost),
    "no HTTP": Step(answers(b"SSH-2.0-OpenSSH\r\n\r\n"), AnswerLost),
    "no chunks": Step(_headed("Transfer-Encoding: chunked"), AnswerLost),
    "clear after TLS": Step(speaks_in_clear_after_tls, AnswerLost, "https"),
    "hangs up in TLS": Step(hangs_up_in_tls, AnswerLost, "https"),
    "old certificate": Step(has_an_old_certificate, NotSent, "https"),
    "hangs up in the handshake": Step(hangs_up_in_the_handshake, NotSent, "https"),
    "silent in the handshake": Step(is_silent_in_the_handshake, NotSent, "https"),
    "no TLS": Step(speaks_no_tls, NotSent, "https"),
    "a proxy refuses": Step(is_a_proxy_that_refuses, NotSent, "https", by_proxy=True),
    "a proxy breaks off": Step(is_a_proxy_that_breaks_off, AnswerLost, "https", by_proxy=True),
}
BEFORE = (NotSent, SettingsError, Barred)


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Breaking, Step], Response]]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    made: list[RequestsTransport] = []

    def posted(server: Breaking, step: Step) -> Response:
        if step.by_proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
            monkeypatch.setenv("NO_PROXY", "")
        settings = TransportSettings(read_timeout=1, connect_timeout=1, allow_http=True)
        host = "localhost" if step.scheme == "https" else "127.0.0.1"
        base = f"{step.scheme}://{host}:{server.port}"
        transport = RequestsTransport(base, ApiKey("k"), settings, time.monotonic)
        transport._answered = True  # noqa: SLF001 - as in the middle of a run
        made.append(transport)
        return transport.send(Request("POST", "/v1/x", WANTED))

    yield posted
    for each in made:
        each.close()


@pytest.mark.parametrize("name", STEPS)
def test_what_is_said_never_to_have_left_did_not_arrive(
    name: str, post: Callable[[Breaking, Step], Response]
) -> None:
    step = STEPS[name]
    server = Breaking(step.plays)
    with pytest.raises(ChakraError) as told:
        post(server, step)
    server.end()
    assert not (isinstance(told.value, BEFORE) and WANTED in server.received)
    assert isinstance(told.value, step.error)


def test_the_certificate_of_these_tests_is_trusted(
    post: Callable[[Breaking, Step], Response],
) -> None:
    """Else what breaks after a handshake would be judged by one that never was."""
    server = Breaking(answers_in_tls)
    assert post(server, Step(answers_in_tls, ChakraError, "https")).status == 200
    assert WANTED in server.received
    server.end()


def test_what_is_sent_on_a_kept_connection_that_broke_may_have_arrived() -> None:
    def plays(link: socket.socket, server: Breaking) -> None:
        server.request(link)
        link.sendall(GOOD)
        server.received = b""
        server.request(link)

    server = Breaking(plays)
    transport = RequestsTransport(
        f"http://127.0.0.1:{server.port}",
        ApiKey("k"),
        TransportSettings(allow_http=True),
        time.monotonic,
    )
    assert transport.send(Request("POST", "/v1/x", WANTED)).status == 200
    with pytest.raises(AnswerLost):
        transport.send(Request("POST", "/v1/x", WANTED))
    assert WANTED in server.received
    transport.close()
    server.end()
