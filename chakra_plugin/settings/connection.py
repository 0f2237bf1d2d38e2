"""The settings of a connection to ChakraHQ, declared once for tap and target.

Their meaning: `chakra_api/connection.py`.
"""

from __future__ import annotations

from typing import NamedTuple

from singer_sdk import typing as th

from chakra_api import connection


class ConnectionSettings(NamedTuple):
    """The declarations of a connection's settings, each to be put where `--about` shows it."""

    api_key: th.Property[str]
    api_url: th.Property[str]
    max_rps: th.Property[float]
    request_timeout: th.Property[float]
    user_agent: th.Property[str]
    allow_http: th.Property[bool]


def connection_settings(command: str, *, role: str, timed_out: str) -> ConnectionSettings:
    """The settings of a connection as a command declares them.

    Args:
        command: Its name.
        role: A sentence or more on what the role of the key decides.
        timed_out: What becomes of a request that is not answered in time.
    """
    return ConnectionSettings(
        api_key=th.Property(
            "api_key",
            th.StringType,
            required=True,
            secret=True,
            title="API key",
            description=f"Access token of ChakraHQ. {role}",
        ),
        api_url=th.Property(
            "api_url",
            th.StringType,
            default=connection.DEFAULT_URL,
            title="API URL",
            description="Scheme and host of the API, without a path.",
        ),
        max_rps=th.Property(
            "max_rps",
            th.NumberType,
            title="Max requests per second",
            description="Ceiling on requests per second. None by default: the pace adapts to"
            " the server's 429 and 503.",
        ),
        request_timeout=th.Property(
            "request_timeout",
            th.NumberType,
            default=connection.DEFAULT_REQUEST_TIMEOUT,
            title="Request timeout",
            description=f"Seconds without an answer after which a request is {timed_out}; a whole"
            " answer may take five times as long.",
        ),
        user_agent=th.Property(
            "user_agent",
            th.StringType,
            title="User agent",
            description=f"Sent with each request. {command}/<version> by default.",
        ),
        allow_http=th.Property(
            "allow_http",
            th.BooleanType,
            default=False,
            title="Allow http",
            description="Lets the key travel where others can read it: http:// to another machine.",
        ),
    )
