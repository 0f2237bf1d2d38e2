"""requests' errors become ours at one place, none is left out, and the key stays in its header."""

from __future__ import annotations

import pickle

import pytest
import requests
import requests.exceptions

from chakra_api.errors import AnswerLost, ChakraError, NotSent, SettingsError
from chakra_api.redaction import ApiKey
from chakra_api.transport import RequestsTransport, TransportSettings

SECRET = "sk-very/secret+key=="  # noqa: S105 - made up
KINDS = sorted(
    {
        value
        for value in vars(requests.exceptions).values()
        if isinstance(value, type) and issubclass(value, requests.RequestException)
    },
    key=lambda kind: kind.__name__,
)
NEVER_LEFT = {"ConnectTimeout", "SSLError", "ProxyError"}
BAD_URL = {"InvalidURL", "InvalidSchema", "MissingSchema", "InvalidProxyURL"}


def transport() -> RequestsTransport:
    return RequestsTransport("http://127.0.0.1:9", ApiKey(SECRET), TransportSettings())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_error_of_requests_is_sorted_on_purpose(kind: type[requests.RequestException]) -> None:
    made = kind("x", "y", 0) if kind is requests.exceptions.JSONDecodeError else kind(SECRET)
    error = transport()._translated(made)  # noqa: SLF001 - the one place of translation
    if kind.__name__ in BAD_URL:
        assert isinstance(error, SettingsError)
    elif kind.__name__ in NEVER_LEFT:
        assert isinstance(error, NotSent)
    else:
        assert isinstance(error, AnswerLost), "what is not known may have been applied"
    assert SECRET not in str(error) + repr(error)


def test_a_refused_connection_never_left() -> None:
    from chakra_api.transport import Request  # noqa: PLC0415 - beside its use

    with pytest.raises(NotSent, match="api_url"):
        transport().send(Request("GET", "/"))


def test_the_key_cannot_be_shown_by_accident() -> None:
    key = ApiKey(SECRET)
    assert SECRET not in f"{key} {key!r} {key:>30} {[key]} {vars(ChakraError('x'))}"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert SECRET not in repr(vars(transport()))
