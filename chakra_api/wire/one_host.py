"""requests' way to one host, with an end to each answer: in time, in bytes, head and body alike.

A socket's timeout is for one piece: who sends a byte a second never exceeds it. So whatever is read
from the socket is counted here, below http.client, where nothing passes by: a status line of a
byte a second, a header without end, a length of a chunk without a line's end.
"""

from __future__ import annotations

import http.client
import io
import logging
from typing import TYPE_CHECKING, Any, Final, Literal

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.response import assert_header_parsing

from chakra_api.wire.bodies import garbled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from urllib3.connectionpool import ConnectionPool


class AnswerWatch:
    """Watches what is read of one answer at a time.

    Args:
        monotonic: Seconds, for the time that an answer takes.
        seconds: How long it may take.
        most_bytes: How much of it may be read, as it travels.

    Attributes:
        left: Whether anything of the request was given to a connection that stands.
        broke: What it had too much of, if it was not read to its end: `time` or `bytes`.
    """

    def __init__(self, monotonic: Callable[[], float], seconds: float, most_bytes: int) -> None:
        self._monotonic = monotonic
        self._seconds = seconds
        self._most = most_bytes
        self._ends, self._rest = 0.0, 0
        self.left = False
        self.broke: Literal["time", "bytes"] | None = None

    def begin(self) -> None:
        """A request is about to leave."""
        self.left = False
        self.waits()

    def waits(self) -> None:
        """A request has left, as far as its time counts: from now on its answer may come."""
        self._ends, self._rest = self._monotonic() + self._seconds, self._most
        self.broke = None

    def check(self) -> None:
        """More is to be read.

        Raises:
            TimeoutError: The answer takes too long.
        """
        if self._monotonic() > self._ends:
            self.broke = "time"
            raise TimeoutError("the answer takes too long")

    def count(self, size: int) -> None:
        """So many bytes were read.

        Raises:
            OSError: They are too many.
        """
        self._rest -= size
        if self._rest < 0:
            self.broke = "bytes"
            raise OSError("the answer is too large")


class _NoNoise(logging.Filter):
    """Drops urllib3 warnings of headers: they hold a traceback, and bytes of the server."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record passes: what is wrong with an answer is told by its error."""
        return not str(record.msg).startswith("Failed to parse headers")


_NO_NOISE: Final = _NoNoise()


class OneHost(HTTPAdapter):
    """An adapter of requests that looks for the connections of its one host once.

    requests would do so for every request, and for the files of certificates, too.

    Args:
        watch: Watches the answers; one thread uses an adapter.
        pool_size: Connections kept.
    """

    def __init__(self, watch: AnswerWatch, pool_size: int) -> None:
        super().__init__(pool_connections=1, pool_maxsize=pool_size)
        logging.getLogger("urllib3.connection").addFilter(_NO_NOISE)
        self.watch = watch
        self._pool: ConnectionPool | None = None

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> ConnectionPool:  # noqa: ANN401 - requests' own
        """The connections, as requests finds them: the address and its proxies never change."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **options)
            kept: Any = self._pool
            kept.ConnectionCls = _watched(kept.ConnectionCls, self.watch)
        return self._pool


def refuse_torn_head(answer: requests.Response) -> None:
    """Refuse an answer whose head can't be read to its end: a length that it told may be lost.

    Of JSON its parser tells whether all of it came; of a file nothing else does.

    Raises:
        Unreadable: What follows an odd line of its head was not taken for headers.
    """
    head = getattr(getattr(answer.raw, "_original_response", None), "msg", None)
    if not isinstance(head, http.client.HTTPMessage):
        return
    try:
        assert_header_parsing(head)
    except urllib3.exceptions.HeaderParsingError:
        said = "The head of an answer with a file can't be read"
        raise garbled(Body(answer), said, "garbled head") from None


class Body:
    """The body of an answer of which only the head was read.

    Args:
        answer: As requests has it.
    """

    def __init__(self, answer: requests.Response) -> None:
        self._answer = answer

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, by name in any case."""
        return self._answer.headers

    def pieces(self, size: int) -> Iterator[bytes]:
        """The body as it travels, not decompressed.

        Args:
            size: Bytes of a piece at the most.

        Raises:
            RequestException: It broke off; of the kinds that requests would raise.
        """
        try:
            yield from self._answer.raw.stream(size, decode_content=False)
        except urllib3.exceptions.ProtocolError as error:
            raise requests.exceptions.ChunkedEncodingError(error) from None
        except urllib3.exceptions.ReadTimeoutError as error:
            raise requests.exceptions.ReadTimeout(error) from None
        except urllib3.exceptions.SSLError as error:
            raise requests.exceptions.SSLError(error) from None

    def close(self) -> None:
        """Read no more of it: its connection is closed."""
        self._answer.close()


class _Watched(io.RawIOBase):
    """A socket's file, of which each reading is counted."""

    def __init__(self, raw: io.RawIOBase, watch: AnswerWatch) -> None:
        self._raw = raw
        self._watch = watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any buffer
        self._watch.check()
        size: int | None = self._raw.readinto(buffer)
        self._watch.count(size or 0)
        return size

    def close(self) -> None:
        super().close()
        self._raw.close()


def _watched(kind: type[Any], watch: AnswerWatch) -> type[Any]:
    """A kind of connections that tell when a request leaves, and whose answers are watched."""

    class Answer(http.client.HTTPResponse):
        def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - http.client's own
            super().__init__(*args, **options)
            raw: io.RawIOBase = self.fp.detach()
            self.fp = io.BufferedReader(_Watched(raw, watch))

    class Connection(kind):  # type: ignore[misc]  # urllib3 has one for http and one for https
        response_class = Answer
        _connecting = False

        def connect(self) -> None:
            self._connecting = True  # a proxy is spoken to, and TLS: nothing of a request leaves
            try:
                super().connect()
            finally:
                self._connecting = False

        def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's own
            if self.sock is None:
                self.connect()
            if not self._connecting:
                watch.left = True
            super().send(data)

    return Connection
