"""Sorts requests' errors into ours: what certainly never left, and what may have been applied.

Which of them it is no error tells: an answer can break in each way that a connection can, and in
ways that a setting can. So who sends knows by the connection whether anything left, and says it.
"""

from __future__ import annotations

import requests

from chakra_api.errors import AnswerLost, ChakraError, NotSent, SettingsError, Unreadable


def translated(error: Exception, base: str, *, left: bool) -> ChakraError:
    """Our error for one of requests.

    Args:
        error: As it came out of requests, or of what that stands on.
        base: Scheme and host of what was asked.
        left: Whether anything of the request left.
    """
    for kind, make, brief, said, next_step in TRANSLATIONS:
        if isinstance(error, kind) and not (left and make in _BEFORE):
            made = make(f"{said} ({base})", next_step)
            made.brief = brief
            return made
    made = AnswerLost(f"The connection to {base} broke before the answer was whole")
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
    (requests.Timeout, NotSent, "connect timeout", "No connection in time", _CHECK_URL),
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

_BEFORE = (NotSent, SettingsError)
"""What is said of requests of which nothing left."""
