"""Which addresses are ChakraHQ's own, which are fetched without the key, and which are not."""

from __future__ import annotations

import time

import pytest

from chakra_api.elsewhere.links import SignedLinks
from chakra_api.errors import NoFile
from chakra_api.wire.transport import TransportSettings

API = "https://api.example.com"


def links_of(base: str = API) -> SignedLinks:
    return SignedLinks(base, TransportSettings(), time.monotonic)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/v2/photo/1", "/v2/photo/1"),
        ("/v2/photo/1?a=b#c", "/v2/photo/1?a=b"),
        ("https://api.example.com/v2", "/v2"),
        ("HTTPS://API.EXAMPLE.COM:443/v2", "/v2"),
        ("https://api.example.com", "/"),
        ("//api.example.com/v2", "/v2"),
    ],
)
def test_what_is_chakras_own(url: str, path: str) -> None:
    assert links_of().own_path(url) == path


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v2",  # the key would be in clear
        "https://api.example.com:8443/v2",
        "https://api.example.com.evil.example/v2",
        "https://api.example.com@evil.example/v2",
        "https://evil@api.example.com/v2",
        "//evil.example/v2",
        "/\\evil.example/v2",
        "\\\\evil.example/v2",
        "/v2\\x",
        "/v2\r\nX: 1",
        "https://ápi.example.com/v2",
        "v2/photo",
        "",
    ],
)
def test_what_is_not(url: str) -> None:
    assert links_of().own_path(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://store.example.com/f",  # less safe than ChakraHQ itself
        "https://127.0.0.1/f",
        "https://localhost/f",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.8/f",
        "https://[::1]/f",
        "https://[fd00::8]/f",
        "https://metadata.google.internal/f",
        "https://user:password@store.example.com/f",
        "https://store.example.com:99999/f",
        "https:///f",
        "file:///etc/passwd",
        "data:image/png;base64,AA==",
        "f",
        "",
    ],
)
def test_what_is_not_fetched_is_refused_before_anybody_is_asked(url: str) -> None:
    with pytest.raises(NoFile) as caught:
        links_of().fetch(url, 10)
    assert "password@" not in str(caught.value)
    assert "/f" not in str(caught.value)
