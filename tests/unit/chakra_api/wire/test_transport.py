"""requests' errors become ours at one place, none is left out, and the key stays in its header."""

from __future__ import annotations

import pickle
import time

import pytest
import requests
import requests.exceptions

from chakra_api.errors import AnswerLost, ChakraError, NotSent, SettingsError
from chakra_api.redaction import ApiKey
from chakra_api.wire.translation import translated
from chakra_api.wire.transport import Request, RequestsTransport, TransportSettings
from tests.support.tls import CERTIFICATE

SECRET = "sk-very/secret+key=="  # noqa: S105 - made up
KINDS = sorted(
    {
        value
        for value in vars(requests.exceptions).values()
        if isinstance(value, type) and issubclass(value, requests.RequestException)
    },
    key=lambda kind: kind.__name__,
)
NEVER_LEFT = {
    "ConnectTimeout",
    "ConnectionError",
    "ProxyError",
    "ReadTimeout",
    "SSLError",
    "Timeout",
}
BAD_SETTING = {
    "InvalidURL",
    "InvalidSchema",
    "MissingSchema",
    "InvalidProxyURL",
    "InvalidHeader",
}


def transport() -> RequestsTransport:
    return RequestsTransport(
        "http://127.0.0.1:9", ApiKey(SECRET), TransportSettings(), time.monotonic
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_error_of_requests_is_sorted_on_purpose(kind: type[requests.RequestException]) -> None:
    made = kind("x", "y", 0) if kind is requests.exceptions.JSONDecodeError else kind(SECRET)
    error = translated(made, "http://127.0.0.1:9", left=False)
    if kind.__name__ in BAD_SETTING:
        assert isinstance(error, SettingsError)
    elif kind.__name__ in NEVER_LEFT:
        assert isinstance(error, NotSent)
    else:
        assert isinstance(error, AnswerLost), "what is not known may have been applied"
    after = translated(made, "http://127.0.0.1:9", left=True)
    assert isinstance(after, AnswerLost), "what left may have been applied"
    assert SECRET not in "".join(f"{each} {each!r}" for each in (error, after))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.chakrahq.com",
        "ftp://x",
        "https://",
        "https://x:y",
        "https://u:p@x",
        "https://x?a=1",
    ],
)
def test_what_is_no_plain_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(SettingsError, match="api_url"):
        RequestsTransport(url, ApiKey(SECRET), TransportSettings(), time.monotonic)


def test_the_environments_certificates_and_proxy_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "")
    made = RequestsTransport(
        "https://api.example", ApiKey(SECRET), TransportSettings(), time.monotonic
    )
    session = made._session()  # noqa: SLF001 - what requests is told
    assert session.verify == str(CERTIFICATE)
    assert session.proxies["https"] == "http://proxy.example:3128"


def test_a_refused_connection_never_left() -> None:
    with pytest.raises(NotSent, match="api_url"):
        transport().send(Request("GET", "/"))


def test_the_key_cannot_be_shown_by_accident() -> None:
    key = ApiKey(SECRET)
    assert SECRET not in f"{key} {key!r} {key:>30} {[key]} {vars(ChakraError('x'))}"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert SECRET not in repr(vars(transport()))
