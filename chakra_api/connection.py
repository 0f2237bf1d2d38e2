"""The settings that every command needs to reach ChakraHQ, and the client that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.elsewhere.links import SignedLinks
from chakra_api.endpoints.client import ChakraClient
from chakra_api.errors import SettingsError
from chakra_api.redaction import ApiKey, mask_likely
from chakra_api.setting_values import flag, is_set, number, shown
from chakra_api.transcripts.watched import WatchedTransport
from chakra_api.values.zones import zone_of
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_api.wire.transport import RequestsTransport, TransportSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from chakra_api.clock import Clock
    from chakra_api.transcripts.watched import Watcher
    from chakra_api.wire.transport import Transport

DEFAULT_URL: Final = "https://api.chakrahq.com"
DEFAULT_REQUEST_TIMEOUT: Final = 60
MOST_CONCURRENCY: Final = 256
"""Requests, or jobs, at a time: more help no server, and each has a thread."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The settings of a connection: where ChakraHQ is, and with which key to talk to it.

    Attributes:
        api_key: The key.
        api_url: Scheme and host, without a path.
        max_rps: Ceiling on requests a second; None for none.
        request_timeout: Seconds without a byte after which an answer is given up, and a fifth of
            those that a whole one may take.
        user_agent: Sent with each request.
        allow_http: Whether the key may travel where it can be read on the way.
    """

    api_key: ApiKey
    api_url: str = DEFAULT_URL
    max_rps: float | None = None
    request_timeout: float = DEFAULT_REQUEST_TIMEOUT
    user_agent: str = "chakra-connectors"
    allow_http: bool = False


def connect(
    connection: Connection, clock: Clock, pool_size: int, watchers: Sequence[Watcher] = ()
) -> ChakraClient:
    """A client of a connection, for as many threads as `pool_size`.

    Args:
        connection: The settings.
        clock: Its time.
        pool_size: Threads that send at a time.
        watchers: Told of each request and its answer.
    """
    settings = TransportSettings(
        read_timeout=connection.request_timeout,
        user_agent=connection.user_agent,
        pool_size=pool_size,
        allow_http=connection.allow_http,
    )
    transport: Transport = RequestsTransport(
        connection.api_url, connection.api_key, settings, clock.monotonic
    )
    links = SignedLinks(connection.api_url, settings, clock.monotonic)
    if watchers:
        transport = WatchedTransport(transport, watchers, monotonic=clock.monotonic, now=clock.now)
    return ChakraClient(transport, Pacer(clock, connection.max_rps), clock, RetryPolicy(), links)


def parse_connection(config: Mapping[str, object], *, user_agent: str, variable: str) -> Connection:
    """Give the settings of the connection their meaning.

    Args:
        config: The settings by name.
        user_agent: The default for `user_agent`.
        variable: Prefix of the environment's variables, to name in errors.

    Raises:
        SettingsError: A value is missing or means nothing.
    """
    paced = is_set(config.get("max_rps"))
    return Connection(
        api_key=_key(config, variable),
        api_url=_url(config),
        max_rps=number(config, "max_rps", 0, 0.01) if paced else None,
        request_timeout=number(config, "request_timeout", DEFAULT_REQUEST_TIMEOUT, 0.1),
        user_agent=str(config.get("user_agent") or user_agent),
        allow_http=flag(config, "allow_http"),
    )


def _key(config: Mapping[str, object], variable: str) -> ApiKey:
    key = config.get("api_key")
    if not isinstance(key, str) or not key.strip():
        raise SettingsError(
            "The setting api_key is missing",
            f"Create a key in ChakraHQ and set api_key or {variable}_API_KEY",
        )
    if not key.strip().isprintable() or not key.isascii() or " " in key.strip():
        raise SettingsError(
            "The setting api_key holds characters that no key has",
            "Copy the key again, without quotes or line breaks",
        )
    return ApiKey(key.strip())


def _url(config: Mapping[str, object]) -> str:
    url = str(config.get("api_url") or DEFAULT_URL).strip().rstrip("/")
    scheme, separator, rest = url.partition("://")
    plain = rest.isprintable() and not set(rest) & set(" /@?#\\")
    if scheme.lower() not in {"http", "https"} or not separator or not rest or not plain:
        # Without a scheme or a dot it is something else that was put here: it may be the key.
        said = f"'{mask_likely(url)}', which" if separator or "." in url else "a text that"
        raise SettingsError(
            f"The setting api_url is {said} is not a plain http(s) address",
            f"Set it to {DEFAULT_URL}, without a path",
        )
    return f"{scheme.lower()}://{rest}"


def parse_zone(config: Mapping[str, object], name: str) -> tzinfo | None:
    """A setting that is a time zone; None if it is not set.

    Raises:
        SettingsError: There is no such zone.
    """
    value = config.get(name)
    if not is_set(value):
        return None
    zone = zone_of(value)
    if zone is None:
        raise SettingsError(
            f"The setting {name} is {shown(value)}, which is no time zone",
            "Use a name as Asia/Kolkata, an offset as +05:30, or UTC",
        )
    return zone
