"""Fetches files from addresses that ChakraHQ gives: without the key, whoever answers.

Such an address is of a store of files, and good for a while; it is a secret itself, so messages
name its host alone. A server that means harm may give any address: what is fetched is bounded, and
only what is as safe on its way as ChakraHQ itself.
"""

from __future__ import annotations

import ipaddress
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import SplitResult, urljoin, urlsplit

import requests

from chakra_api.errors import BadRequest, ChakraError, NoFile, NotFound, ServerFault
from chakra_api.wire.bodies import read_body
from chakra_api.wire.envelope import REDIRECT_STATUSES, retry_after_of
from chakra_api.wire.one_host import AnswerWatch, Body, OneHost, refuse_torn_head
from chakra_api.wire.surroundings import is_loopback
from chakra_api.wire.translation import translated
from chakra_api.wire.transport import (
    FILE_HEADERS,
    FOREIGN,
    GOOD_STATUSES,
    WHOLE_FACTOR,
    Response,
    surroundings_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_api.wire.transport import TransportSettings

MOST_REDIRECTS: Final = 3
"""From one store to another, for one file."""
_PORTS: Final = {"http": 80, "https": 443}
_GONE: Final = frozenset({404, 410})
_SLOW_DOWN: Final = frozenset({408, 425, 429})
_FIRST_FAULT: Final = 500


class Links(Protocol):
    """Fetches what lies elsewhere."""

    def own_path(self, url: str) -> str | None:
        """The path of an address within ChakraHQ; None if it is another host's."""

    def fetch(self, url: str, most_bytes: int) -> Response:
        """A file, without the key.

        Raises:
            AnswerTooLarge: It is larger than is wanted.
            NotFound: It is not there, or no longer.
            NoFile: The address is none that is fetched from.
            ChakraError: It can't be had.
        """

    def close(self) -> None:
        """Let go of all connections."""


@dataclass(frozen=True, slots=True)
class _Store:
    """A host that files are fetched from, by one thread."""

    origin: str
    host: OneHost
    proxies: Mapping[str, str]
    verify: bool | str


class SignedLinks:
    """Fetches with requests, each thread from one host at a time.

    Args:
        base_url: Scheme and host of ChakraHQ.
        settings: How to send.
        monotonic: Seconds, for the time that an answer takes.
    """

    def __init__(
        self, base_url: str, settings: TransportSettings, monotonic: Callable[[], float]
    ) -> None:
        self._own = urlsplit(base_url.strip())
        self._settings = settings
        self._monotonic = monotonic
        self._local = threading.local()
        self._stores: list[_Store] = []
        self._lock = threading.Lock()

    def own_path(self, url: str) -> str | None:
        """The path of an address within ChakraHQ; see `Links`."""
        parts = self._absolute(url)
        if parts is None or parts.username is not None or _origin(parts) != _origin(self._own):
            return None
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def fetch(self, url: str, most_bytes: int) -> Response:
        """A file, without the key; see `Links`."""
        for _ in range(MOST_REDIRECTS + 1):
            parts = self._checked(self._absolute(url))
            answer = self._asked(parts, most_bytes)
            if answer.status not in REDIRECT_STATUSES:
                return _good(answer, parts)
            url = urljoin(parts.geturl(), answer.headers.get("location", ""))
        raise NoFile("A file was answered with one redirect after another", _OTHERS)

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for store in self._stores:
                store.host.close()
            self._stores.clear()
            self._local = threading.local()

    def _absolute(self, url: str) -> SplitResult | None:
        """An address in its parts; what begins with a slash is within ChakraHQ."""
        if url.startswith("/"):
            own = f"{self._own.scheme}:" if url.startswith("//") else self._own.geturl()
            return _split(f"{own.rstrip('/')}{url}")
        return _split(url)

    def _checked(self, parts: SplitResult | None) -> SplitResult:
        """An address that may be fetched from.

        Raises:
            NoFile: It is none, is less safe on the way than ChakraHQ, or leads into a network
                that is not everybody's, where ChakraHQ itself is not.
        """
        if parts is None or parts.username is not None:
            raise NoFile("ChakraHQ gave as the address of a file what is none", _OTHERS)
        if parts.scheme != "https" and self._own.scheme == "https":
            raise NoFile(f"ChakraHQ gave an address of {parts.scheme} for a file", _OTHERS)
        if _is_inner(parts) and not _is_inner(self._own):
            raise NoFile("ChakraHQ gave an address of an inner network for a file", _OTHERS)
        return parts

    def _asked(self, parts: SplitResult, most_bytes: int) -> Response:
        origin = f"{parts.scheme}://{parts.netloc}"
        store = self._store(origin)
        headers = {**FILE_HEADERS, "User-Agent": self._settings.user_agent}
        store.host.watch.begin()
        try:
            request = requests.Request("GET", parts._replace(fragment="").geturl(), headers)
            answer = store.host.send(
                request.prepare(),
                stream=True,
                timeout=(self._settings.connect_timeout, self._settings.read_timeout),
                verify=store.verify,
                proxies=store.proxies,
            )
            refuse_torn_head(answer)
            good = answer.status_code in GOOD_STATUSES
            body = read_body(Body(answer), most_bytes) if good else _unread(answer)
        except FOREIGN as error:
            raise _named(translated(error, origin, left=store.host.watch.left), parts) from None
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, named, body)

    def _store(self, origin: str) -> _Store:
        known: _Store | None = getattr(self._local, "store", None)
        if known is not None and known.origin == origin:
            return known
        proxies, verify = surroundings_of(origin)
        seconds = self._settings.read_timeout * WHOLE_FACTOR
        host = OneHost(AnswerWatch(self._monotonic, seconds, _MOST_READ), pool_size=1)
        made = self._local.store = _Store(origin, host, proxies, verify)
        with self._lock:
            if known is not None:
                known.host.close()
                self._stores.remove(known)
            self._stores.append(made)
        return made


_OTHERS: Final = "The others are fetched; if it is so for all, tell ChakraHQ"
_MOST_READ: Final = 1 << 30
"""Bytes on the wire of one file: how large it may be says who asks, before."""


def _unread(answer: requests.Response) -> bytes:
    """Nothing of an answer that holds no file: its connection is closed."""
    answer.close()
    return b""


def _good(answer: Response, parts: SplitResult) -> Response:
    if answer.status in GOOD_STATUSES:
        return answer
    said = f"{parts.hostname}, where ChakraHQ keeps the file, answered with {answer.status}"
    if answer.status in _GONE:
        raise NotFound(said, _OTHERS, status=answer.status)
    if answer.status in _SLOW_DOWN or answer.status >= _FIRST_FAULT:
        wait = retry_after_of(answer.headers)
        raise ServerFault(said, "Try again later", status=answer.status, retry_after=wait)
    raise BadRequest(said, _OTHERS, status=answer.status)


def _named(error: ChakraError, parts: SplitResult) -> ChakraError:
    error.next_step = (
        f"ChakraHQ keeps files on {parts.hostname}: check that this machine may reach it"
    )
    return error


def _split(url: str) -> SplitResult | None:
    """The parts of an absolute address; None for what others might read as another one."""
    if "\\" in url or not url.isprintable() or not url.isascii():
        return None
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in _PORTS and parts.port != 0 and bool(parts.hostname)
    except ValueError:
        return None
    return parts if usable else None


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    port = parts.port or _PORTS.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


def _is_inner(parts: SplitResult) -> bool:
    """Whether a host is of this machine or of a network that is not everybody's, by its name."""
    host = parts.hostname or ""
    if is_loopback(host) or host.lower().endswith((".localhost", ".internal", ".local")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
