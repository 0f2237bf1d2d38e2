"""Sends one request once: the seam that a test replaces.

Every exception of requests is translated here, by what the caller may do next, and nowhere else.
Redirects are not followed: the key goes to the host that the user named and to no other.
"""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import SplitResult, urlsplit

import requests

from chakra_api.errors import (
    AnswerLost,
    ChakraError,
    SettingsError,
)
from chakra_api.wire.barred import Way, barred, wants_a_user
from chakra_api.wire.bodies import MOST_ANSWER_BYTES, SMALL_ANSWER_BYTES, read_body, too_large
from chakra_api.wire.one_host import AnswerWatch, Body, OneHost, refuse_torn_head
from chakra_api.wire.surroundings import bundle_of, proxy_of, refuse_in_clear
from chakra_api.wire.translation import translated
from chakra_api.wire.weight import refuse_many_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chakra_api.redaction import ApiKey
    from chakra_api.wire.multipart import Form


@dataclass(frozen=True, slots=True)
class Request:
    """A request to send.

    Attributes:
        method: HTTP method.
        path: From the host on, percent-encoded, with any query.
        body: JSON, or None.
        repeatable: Whether sending it twice is harmless: it reads, or does what it did once more.
        most_bytes: The answer is not read beyond so many, decompressed; None for no bound.
        many: Whether its answer may hold many things: a list, an account, a file.
        leaving: Called when its turn has come; what it raises keeps it from leaving.
        form: A form with a file, sent piece by piece in place of `body`; None for none.
        is_file: Whether its answer may be a file, of any type: who parses it weighs it.
    """

    method: str
    path: str
    body: bytes | None = None
    repeatable: bool = False
    most_bytes: int | None = None
    many: bool = False
    leaving: Callable[[], None] | None = None
    form: Form | None = None
    is_file: bool = False


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Response:
    """The answer that came back.

    Attributes:
        status: HTTP status.
        headers: By lower-case name, the key masked.
        body: Decompressed.
        redact: Masks the key in a text of it: a server or a proxy may send back what it was sent.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    redact: Callable[[str], str] = field(default=_as_it_is, repr=False, compare=False)


class Transport(Protocol):
    """Sends a request once."""

    def send(self, request: Request) -> Response:
        """Send a request and wait for the whole answer, of any status.

        Raises:
            NotSent: It never left.
            AnswerLost: It may have been applied; no whole answer came.
            AnswerTooLarge: The answer is larger than the request wants.
        """

    def close(self) -> None:
        """Let go of all connections."""


MOST_PREPARED: Final = 64
"""Prepared requests that a thread keeps."""

GOOD_STATUSES: Final = range(200, 300)
"""Those of answers of which more is parsed than what they say."""

FOREIGN: Final = (requests.RequestException, http.client.HTTPException, OSError, ValueError)
"""What comes out of requests and of what it stands on: an answer may break any of them."""

PROXY_WANTS_A_USER: Final = 407

FILE_HEADERS: Final = {"Accept": "*/*", "Accept-Encoding": "identity"}
"""What a request for a file takes: any type, and not compressed once more, so that its length tells
how large it is."""

WHOLE_FACTOR: Final = 5
"""How many times the read timeout a whole answer may take, from its request on."""


class _Leaving:
    """A form on its way: the time of the answer begins when the last piece has left.

    Args:
        form: The form.
        watch: Watches the answer.
    """

    def __init__(self, form: Form, watch: AnswerWatch) -> None:
        self._form = form
        self._watch = watch

    def __len__(self) -> int:
        return len(self._form)

    def __iter__(self) -> Iterator[bytes]:
        yield from self._form
        self._watch.waits()


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """Timeouts, user agent and connections of a transport.

    Attributes:
        read_timeout: Seconds without a byte after which an answer is given up; so is one that is
            not whole after `WHOLE_FACTOR` times as many.
        connect_timeout: Seconds after which a connection is given up.
        user_agent: Sent with each request.
        pool_size: Connections kept for each thread's session.
        allow_http: Whether the key may travel where it can be read on the way.
    """

    read_timeout: float = 60.0
    connect_timeout: float = 10.0
    user_agent: str = "chakra-connectors"
    pool_size: int = 1
    allow_http: bool = False


class RequestsTransport:
    """Sends over HTTP with requests: one session per thread, connections kept open, gzip.

    Args:
        base_url: Scheme and host.
        key: Goes into the Authorization header of each request, and nowhere else.
        settings: How to send.
        monotonic: Seconds, for the time that an answer takes.

    Raises:
        SettingsError: `base_url` is no plain http or https address, or the environment names
            a proxy or certificates that can't be used.
    """

    def __init__(
        self,
        base_url: str,
        key: ApiKey,
        settings: TransportSettings,
        monotonic: Callable[[], float],
    ) -> None:
        self._base = _checked(base_url)
        self._key = key
        self._settings = settings
        self._monotonic = monotonic
        self._proxies, self._verify = surroundings_of(self._base)
        proxy = proxy_of(self._base, self._proxies)
        if not settings.allow_http:
            refuse_in_clear(self._base, proxy)
        self._way = Way(self._base, proxy, bundle_of(self._base))
        self._answered = False
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Send a request once; see `Transport`."""
        timeouts = (self._settings.connect_timeout, self._settings.read_timeout)
        session = self._session()
        host: OneHost = self._local.host
        host.watch.begin()
        try:
            # The adapter itself: no hooks, cookies or redirects are wanted, and they cost a third.
            answer = host.send(
                self._prepared(session, request),
                stream=True,
                timeout=timeouts,
                verify=self._verify,
                proxies=self._proxies,
            )
            if request.is_file:
                refuse_torn_head(answer)
            ceiling = None if request.many else SMALL_ANSWER_BYTES
            body = read_body(Body(answer), request.most_bytes, ceiling)
            if answer.status_code in GOOD_STATUSES and not request.is_file:
                refuse_many_values(body, request.most_bytes, ceiling)
        except FOREIGN as error:
            broke = self._cut_off(host.watch)
            raise broke or self._translated(error, left=host.watch.left) from None
        if answer.status_code == PROXY_WANTS_A_USER and self._way.proxy is not None:
            raise wants_a_user(self._way)
        self._answered = True
        return Response(
            answer.status_code,
            {name.lower(): self._key.redact(value) for name, value in answer.headers.items()},
            body,
            self._key.redact,
        )

    def close(self) -> None:
        """Close the sessions of all threads."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()
            self._local = threading.local()

    def _prepared(self, session: requests.Session, request: Request) -> requests.PreparedRequest:
        """A request as requests prepares it, once for each path; the body alone is put in anew."""
        if request.form is not None or request.is_file:
            return self._prepared_apart(session, request)
        known: dict[tuple[str, str], requests.PreparedRequest] = self._local.prepared
        prepared = known.get((request.method, request.path))
        if prepared is None or not request.body:
            made = requests.Request(request.method, self._base + request.path, data=request.body)
            prepared = session.prepare_request(made)
            if len(known) < MOST_PREPARED:
                known[request.method, request.path] = prepared
        else:
            prepared.body = request.body
            prepared.headers["Content-Length"] = str(len(request.body))
        return prepared

    def _prepared_apart(
        self, session: requests.Session, request: Request
    ) -> requests.PreparedRequest:
        """A request that sends or fetches a file."""
        headers = dict(FILE_HEADERS) if request.is_file else {}
        body: object = request.body
        if request.form is not None:
            headers["Content-Type"] = request.form.content_type
            body = _Leaving(request.form, self._local.host.watch)
        made = requests.Request(
            request.method, self._base + request.path, headers=headers, data=body
        )
        return session.prepare_request(made)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._new_session()
            self._local.prepared = {}
            self._local.host = session.get_adapter(self._base)
            with self._lock:
                self._sessions.append(session)
        return session

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        # No netrc, no look-up of proxies per request: both cost time and could replace the key.
        session.trust_env = False
        session.proxies.update(self._proxies)
        session.verify = self._verify
        session.headers.update(
            {
                "Authorization": f"Bearer {self._key.reveal()}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "Content-Type": "application/json",
                "User-Agent": self._settings.user_agent,
            }
        )
        seconds = self._settings.read_timeout * WHOLE_FACTOR
        watch = AnswerWatch(self._monotonic, seconds, MOST_ANSWER_BYTES)
        adapter = OneHost(watch, self._settings.pool_size)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def _cut_off(self, watch: AnswerWatch) -> ChakraError | None:
        """The error of an answer that was given up while it still came; None if none was."""
        if watch.broke == "bytes":
            return too_large()
        if watch.broke is None:
            return None
        seconds = self._settings.read_timeout * WHOLE_FACTOR
        made = AnswerLost(
            f"An answer of {self._base} was not whole after {seconds:g} s",
            f"Raise the setting request_timeout (an answer may take {WHOLE_FACTOR} times as long)"
            " if the way to ChakraHQ is just slow",
        )
        made.brief = "slow answer"
        return made

    def _translated(self, error: Exception, *, left: bool) -> ChakraError:
        if not self._answered and (mistake := barred(error, self._way)) is not None:
            return mistake
        return translated(error, self._base, left=left)


def surroundings_of(base: str) -> tuple[Mapping[str, str], bool | str]:
    """Proxies and certificates that the environment names.

    Asked once: requests would ask again for every request, and read netrc, which could
    replace the key.
    """
    with requests.Session() as session:
        found = session.merge_environment_settings(base, {}, None, None, None)
    verify = found["verify"]
    named = {name: url.strip() for name, url in found["proxies"].items() if url and url.strip()}
    return named, True if verify is None else verify


def _checked(base_url: str) -> str:
    """The address without a slash at its end; a user in it would replace the key."""
    parts = _split(base_url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            "The setting api_url is no address", "Give one such as https://api.chakrahq.com"
        )
    if parts.username or parts.query or parts.fragment:
        raise SettingsError(
            "The setting api_url holds more than an address: a user, a query or a fragment",
            "Give the address alone, such as https://api.chakrahq.com",
        )
    return base_url.strip().rstrip("/")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        usable = parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        return None
    return parts if usable else None
