"""The tap's settings as the core sees them: parsed once, frozen, every fault named.

The names, defaults and help texts that a user sees are in `tap.py`; this module gives them
their meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.errors import SettingsError
from chakra_api.redaction import ApiKey
from chakra_api.timestamps import iso_ms, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_URL = "https://api.chakrahq.com"
DEFAULT_CONCURRENCY = 8
DEFAULT_LOOKBACK_SECONDS = 600
DEFAULT_REQUEST_TIMEOUT = 60
DEFAULT_MIN_SCAN_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set.

    Attributes:
        api_key: The key.
        api_url: Scheme and host, without a path.
        procedures: ShortIds to read; empty for all.
        start_date: Rows changed before are not emitted, epoch milliseconds.
        created_after: Rows created before are not even read, epoch milliseconds.
        concurrency: Requests under way at a time.
        max_rps: Ceiling on requests a second; None for none.
        lookback_ms: Overlap of incremental runs, milliseconds.
        request_timeout: Seconds without an answer after which a request is given up.
        user_agent: Sent with each request.
        min_scan_share: Share of the last complete scan's rows below which nothing is said
            about deleted rows.
    """

    api_key: ApiKey
    api_url: str
    procedures: tuple[str, ...]
    start_date: int | None
    created_after: int | None
    concurrency: int
    max_rps: float | None
    lookback_ms: int
    request_timeout: float
    user_agent: str
    min_scan_share: float

    @property
    def narrowed(self) -> bool:
        """Whether a run says less than everything, so nothing follows about deleted rows."""
        return self.start_date is not None or self.created_after is not None


def parse_settings(config: Mapping[str, object], *, now: int, user_agent: str) -> Settings:
    """Give the configuration its meaning.

    Args:
        config: The settings by name, already of the right JSON types.
        now: Epoch milliseconds, to notice dates in the future.
        user_agent: The default for `user_agent`.

    Raises:
        SettingsError: A value is missing or means nothing.
    """
    max_rps = config.get("max_rps")
    return Settings(
        api_key=_key(config),
        api_url=_url(config),
        procedures=_procedures(config.get("procedures")),
        start_date=_past("start_date", config.get("start_date"), now),
        created_after=_past("created_after", config.get("created_after"), now),
        concurrency=int(_number(config, "concurrency", DEFAULT_CONCURRENCY, 1)),
        max_rps=None if max_rps is None else _number(config, "max_rps", 0, 0.01),
        lookback_ms=round(_number(config, "lookback_seconds", DEFAULT_LOOKBACK_SECONDS, 0) * 1000),
        request_timeout=_number(config, "request_timeout", DEFAULT_REQUEST_TIMEOUT, 0.1),
        user_agent=str(config.get("user_agent") or user_agent),
        min_scan_share=_number(config, "min_scan_share", DEFAULT_MIN_SCAN_SHARE, 0),
    )


def _key(config: Mapping[str, object]) -> ApiKey:
    key = config.get("api_key")
    if not isinstance(key, str) or not key.strip():
        raise SettingsError(
            "The setting api_key is missing",
            "Create a key in ChakraHQ and set api_key or TAP_CHAKRA_API_KEY",
        )
    if not key.strip().isprintable() or not key.isascii() or " " in key.strip():
        raise SettingsError(
            "The setting api_key holds characters that no key has",
            "Copy the key again, without quotes or line breaks",
        )
    return ApiKey(key.strip())


def _url(config: Mapping[str, object]) -> str:
    url = str(config.get("api_url") or DEFAULT_URL).rstrip("/")
    scheme, separator, rest = url.partition("://")
    if scheme not in {"http", "https"} or not separator or not rest or "/" in rest or "@" in rest:
        raise SettingsError(
            f"The setting api_url is '{url}', which is not a plain http(s) address",
            f"Set it to {DEFAULT_URL}, without a path",
        )
    return url


def _procedures(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) and v for v in value):
        raise SettingsError(
            "The setting procedures is not a list of shortIds", 'Write it as ["lead", "ticket"]'
        )
    return tuple(dict.fromkeys(value))


def _past(name: str, value: object, now: int) -> int | None:
    if value is None or value == "":
        return None
    instant = parse_timestamp(value)
    if instant is None:
        raise SettingsError(
            f"The setting {name} is '{value}', which is not a date",
            "Write it as 2026-01-31 or 2026-01-31T00:00:00Z",
        )
    if instant > now:
        raise SettingsError(
            f"The setting {name} is {iso_ms(instant)}, which lies in the future",
            "Nothing would be read; set an earlier date or leave it out",
        )
    return instant


def _number(config: Mapping[str, object], name: str, default: float, least: float) -> float:
    value = config.get(name)
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < least:
        raise SettingsError(
            f"The setting {name} is {value!r}", f"Set a number that is at least {least:g}"
        )
    return value
