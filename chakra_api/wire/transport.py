"""Sends one request once: the seam that a test replaces, and the only importer of requests.

Every exception of requests is translated here, by what the caller may do next, and nowhere else.
Redirects are not followed: the key goes to the host that the user named and to no other.
"""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter

from chakra_api.errors import (
    AnswerLost,
    ChakraError,
    NotSent,
    SettingsError,
    Unreadable,
)
from chakra_api.wire.barred import Way, barred, wants_a_user, wrapped
from chakra_api.wire.bodies import read_body
from chakra_api.wire.surroundings import bundle_of, proxy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from urllib3.connectionpool import ConnectionPool

    from chakra_api.redaction import ApiKey


@dataclass(frozen=True, slots=True)
class Request:
    """A request to send.

    Attributes:
        method: HTTP method.
        path: From the host on, percent-encoded, with any query.
        body: JSON, or None.
        repeatable: Whether sending it twice is harmless: it reads.
        most_bytes: The answer is not read beyond so many, decompressed; None for no bound.
        leaving: Called when its turn has come; what it raises keeps it from leaving.
    """

    method: str
    path: str
    body: bytes | None = None
    repeatable: bool = False
    most_bytes: int | None = None
    leaving: Callable[[], None] | None = None


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

PROXY_WANTS_A_USER: Final = 407


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """Timeouts, user agent and connections of a transport.

    Attributes:
        read_timeout: Seconds without a byte after which an answer is given up.
        connect_timeout: Seconds after which a connection is given up.
        user_agent: Sent with each request.
        pool_size: Connections kept for each thread's session.
    """

    read_timeout: float = 60.0
    connect_timeout: float = 10.0
    user_agent: str = "chakra-connectors"
    pool_size: int = 1


class _OneHost(HTTPAdapter):
    """An adapter of requests that looks for the connections of its one host once.

    requests would do so for every request, and for the files of certificates, too.
    """

    _pool: ConnectionPool | None = None

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> ConnectionPool:  # noqa: ANN401 - requests' own
        """The connections, as requests finds them: the address and its proxies never change."""
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **options)
        return self._pool


class RequestsTransport:
    """Sends over HTTP with requests: one session per thread, connections kept open, gzip.

    Args:
        base_url: Scheme and host.
        key: Goes into the Authorization header of each request, and nowhere else.
        settings: How to send.

    Raises:
        SettingsError: `base_url` is no plain http or https address, or the environment names
            a proxy or certificates that can't be used.
    """

    def __init__(self, base_url: str, key: ApiKey, settings: TransportSettings) -> None:
        self._base = _checked(base_url)
        self._key = key
        self._settings = settings
        self._proxies, self._verify = _surroundings(self._base)
        proxy = proxy_of(self._base, self._proxies)
        self._way = Way(self._base, proxy, bundle_of(self._base))
        self._answered = False
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Send a request once; see `Transport`."""
        timeouts = (self._settings.connect_timeout, self._settings.read_timeout)
        session = self._session()
        try:
            # The adapter itself: no hooks, cookies or redirects are wanted, and they cost a third.
            answer = session.get_adapter(self._base).send(
                self._prepared(session, request),
                stream=True,
                timeout=timeouts,
                verify=self._verify,
                proxies=self._proxies,
            )
            body = read_body(answer, request.most_bytes)
        except requests.RequestException as error:
            raise self._translated(error) from None
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

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._new_session()
            self._local.prepared = {}
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
        adapter = _OneHost(pool_connections=1, pool_maxsize=self._settings.pool_size)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def _translated(self, error: requests.RequestException) -> ChakraError:
        if not self._answered and (mistake := barred(error, self._way)) is not None:
            return mistake
        for kind, make, brief, said, next_step in TRANSLATIONS:
            if isinstance(error, kind) and (make is not NotSent or _never_left(error)):
                made = make(f"{said} ({self._base})", next_step)
                made.brief = brief
                return made
        made = AnswerLost(f"The connection to {self._base} broke before the answer was whole")
        made.brief = "connection broken"
        return made


_CHECK_URL = "Check the setting api_url and that this machine may reach it"
_CHECK_TLS = (
    "Check the setting api_url; behind a proxy that opens TLS, name its certificates in "
    "the environment variable REQUESTS_CA_BUNDLE"
)

TRANSLATIONS: tuple[tuple[type[Exception], type[ChakraError], str, str, str], ...] = (
    (requests.exceptions.SSLError, NotSent, "no TLS", "No secure connection", _CHECK_TLS),
    (requests.exceptions.ProxyError, NotSent, "proxy", "The proxy let nothing through", _CHECK_URL),
    (requests.ConnectTimeout, NotSent, "connect timeout", "No connection in time", _CHECK_URL),
    (
        requests.Timeout,
        AnswerLost,
        "timeout",
        "No answer in time",
        "Raise the setting request_timeout if ChakraHQ is just slow",
    ),
    (
        requests.exceptions.ContentDecodingError,
        Unreadable,
        "garbled body",
        "The answer could not be decompressed",
        _CHECK_URL,
    ),
    (
        requests.exceptions.ChunkedEncodingError,
        AnswerLost,
        "cut answer",
        "The answer was cut off",
        "",
    ),
    (requests.ConnectionError, NotSent, "no connection", "No connection to the server", _CHECK_URL),
    (
        requests.exceptions.InvalidProxyURL,
        SettingsError,
        "bad proxy",
        "The proxy that the environment names (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) is no address",
        "Write it as http://host:port, or unset it",
    ),
    (
        requests.exceptions.InvalidURL,
        SettingsError,
        "bad URL",
        "The setting api_url is no address",
        _CHECK_URL,
    ),
    (
        requests.exceptions.InvalidSchema,
        SettingsError,
        "bad URL",
        "The setting api_url is no address",
        _CHECK_URL,
    ),
    (
        requests.exceptions.MissingSchema,
        SettingsError,
        "bad URL",
        "The setting api_url is no address",
        _CHECK_URL,
    ),
    (
        requests.exceptions.InvalidHeader,
        SettingsError,
        "bad header",
        "The setting user_agent cannot be sent in a header",
        "Take out line breaks and blanks at its start",
    ),
)
"""requests' exception → ours. What is in none of these rows may have been applied."""

_NEVER_LEFT = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")

_HANDSHAKE = frozenset(
    {
        "CERTIFICATE_VERIFY_FAILED",
        "HTTP_REQUEST",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_UNRECOGNIZED_NAME",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
"""OpenSSL's reasons that only a handshake has. TLS may also break in the middle of an answer."""


def _never_left(error: BaseException) -> bool:
    """Whether the connection itself failed, as urllib3 tells it from one that broke later."""
    if isinstance(error, requests.exceptions.SSLError):
        return _in_handshake(error)
    if isinstance(error, (requests.exceptions.ProxyError, requests.ConnectTimeout)):
        return True
    return type(wrapped(error)).__name__ in _NEVER_LEFT


def _in_handshake(error: BaseException) -> bool:
    inner: object = error
    while isinstance(inner, BaseException):
        if isinstance(inner, ssl.SSLError) and inner.reason:
            return inner.reason in _HANDSHAKE
        inner = wrapped(inner)
    return False


def _surroundings(base: str) -> tuple[Mapping[str, str], bool | str]:
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
