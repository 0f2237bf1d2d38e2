"""An answer has an end: in time and in bytes, its head as well as its body."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import AnswerLost, Boundless
from chakra_api.redaction import ApiKey
from chakra_api.wire import transport as transports
from chakra_api.wire.transport import WHOLE_FACTOR, Request, RequestsTransport, TransportSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

READ_TIMEOUT = 0.2
BEGIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ENDLESS = {
    "status line": (b"HTTP/1.1 2", b"0"),
    "headers": (BEGIN, b"X: y\r\n"),
    "one header": (BEGIN + b"X: ", b"y"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (BEGIN + b"Content-Length: 100000\r\n\r\n", b"{"),
    "body without a length": (BEGIN + b"\r\n", b" "),
    "chunks": (BEGIN + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "length of a chunk": (BEGIN + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
}


@contextmanager
def sending(begin: bytes, piece: bytes, pause: float) -> Iterator[str]:
    """A server that begins an answer, and then sends a piece again and again."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    link, _ = listening.accept()
                    threading.Thread(target=answer, args=(link,), daemon=True).start()

        def answer(link: socket.socket) -> None:
            with suppress(OSError), link:
                link.recv(65_536)
                link.sendall(begin)
                while True:
                    link.sendall(piece)
                    if pause:
                        time.sleep(pause)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def transport(url: str) -> RequestsTransport:
    settings = TransportSettings(read_timeout=READ_TIMEOUT)
    return RequestsTransport(url, ApiKey("sk-key"), settings, time.monotonic)


@pytest.mark.parametrize("what", ENDLESS)
def test_a_piece_now_and_then_holds_nobody(what: str) -> None:
    with sending(*ENDLESS[what], READ_TIMEOUT / 4) as url:
        began = time.monotonic()
        with pytest.raises(AnswerLost):
            transport(url).send(Request("GET", "/x", repeatable=True))
        assert time.monotonic() - began < READ_TIMEOUT * (WHOLE_FACTOR + 2)


@pytest.mark.parametrize("what", ["body without a length", "chunks"])
def test_no_more_is_read_than_the_ceiling(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "MOST_ANSWER_BYTES", 4 << 20)
    begin, piece = ENDLESS[what]
    settings = TransportSettings(read_timeout=60)
    with sending(begin, piece * 20_000, 0) as url:
        sender = RequestsTransport(url, ApiKey("sk-key"), settings, time.monotonic)
        with pytest.raises(Boundless):
            sender.send(Request("GET", "/x", repeatable=True))


@pytest.mark.parametrize("size", [b"-5", b"xyz", b"", b"\xff", b"9" * 400])
def test_a_chunk_of_no_size_is_an_answer_that_broke_off(size: bytes) -> None:
    begin = BEGIN + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n{}\r\n0\r\n\r\n"
    with sending(begin, b"", READ_TIMEOUT) as url, pytest.raises(AnswerLost):
        transport(url).send(Request("GET", "/x", repeatable=True))


def test_a_header_without_a_colon_is_passed_over_without_a_remark(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begin = b"HTTP/1.1 200 OK\r\nodd line\r\nContent-Length: 2\r\n\r\n{}"
    with sending(begin, b"", READ_TIMEOUT) as url, suppress(AnswerLost):
        transport(url).send(Request("GET", "/x", repeatable=True))
    assert not caplog.records
