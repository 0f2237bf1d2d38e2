"""A variable that means nothing is named before the first request, and shows no password."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import NotSent, SettingsError
from chakra_api.redaction import ApiKey
from chakra_api.wire.surroundings import bundle_of, proxy_of
from chakra_api.wire.transport import Request, RequestsTransport, TransportSettings
from tests.support.tls import CERTIFICATE

if TYPE_CHECKING:
    from pathlib import Path


def made(base: str = "https://api.example") -> RequestsTransport:
    return RequestsTransport(base, ApiKey("sk-key"), TransportSettings(), time.monotonic)


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("HTTPS_PROXY", "http://:bad"),
        ("https_proxy", "http://proxy.example:port"),
        ("HTTPS_PROXY", "http://"),
        ("HTTPS_PROXY", "gopher://proxy.example:70"),
        ("ALL_PROXY", "socks5://proxy.example:1080"),
        ("HTTPS_PROXY", "socks5h://proxy.example:1080"),
        ("HTTPS_PROXY", "http://[::1:3128"),
    ],
)
def test_a_proxy_that_means_nothing_is_named(
    variable: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.setenv(variable, url)
    with pytest.raises(SettingsError) as caught:
        made()
    assert variable in str(caught.value)
    # What stands where a port should may be a password whose host was forgotten.
    assert re.sub(":(bad|port)$", ":***", url) in str(caught.value)


@pytest.mark.parametrize("at", ["nobody:secret@host:x", "nobody:se@cret@host:x", "secret@:1"])
@pytest.mark.parametrize("scheme", ["", "http://", "socks4://", "ftp://"])
def test_no_password_of_a_proxy_is_shown(
    scheme: str, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", scheme + at)
    with pytest.raises(SettingsError) as caught:
        made()
    shown = str(caught.value)
    assert "cret" not in shown
    assert "nobody" not in shown


@pytest.mark.parametrize(
    "url", ["proxy.example", "proxy.example:3128", "http://u:p@proxy.example:3128", "HTTPS://p:1"]
)
def test_a_proxy_that_means_something_is_used(url: str) -> None:
    found = proxy_of("https://api.example", {"https": url})
    assert found is not None
    assert "u:p" not in str(found)


def test_blanks_around_a_proxy_mean_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://127.0.0.1:9"
    monkeypatch.setenv("HTTPS_PROXY", f" {url} ")
    transport = made()
    assert str(transport._way.proxy) == f"{url}, which HTTPS_PROXY names"  # noqa: SLF001 - as told
    with pytest.raises(NotSent, match="HTTPS_PROXY") as caught:
        transport.send(Request("GET", "/v1/ext/config", repeatable=True))
    assert url in str(caught.value)
    monkeypatch.setenv("HTTPS_PROXY", "  ")
    assert made()._way.proxy is None  # noqa: SLF001 - blank is not set


@pytest.mark.parametrize("hosts", ["*", "api.example", ".example", "a b,,api.example"])
def test_a_host_that_needs_no_proxy_has_none(hosts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://:bad")
    monkeypatch.setenv("NO_PROXY", hosts)
    made().close()


@pytest.mark.parametrize("hosts", ["10.0.0.0/99", "[::1]/x", ",", " ", "*.else.example", "://"])
def test_odd_exceptions_are_none(hosts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", hosts)
    assert made()._way.proxy is not None  # noqa: SLF001 - what the requests go through


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_can_not_be_read_are_named(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, folder = tmp_path / "notes.txt", tmp_path / "folder"
    text.write_text("no certificate")
    folder.mkdir()
    (folder / "our.pem").write_bytes(CERTIFICATE.read_bytes())
    for path, why in (
        (tmp_path / "none.pem", "names no file"),
        (text, "no certificates in PEM"),
        (folder, "c_rehash"),
    ):
        monkeypatch.setenv(variable, str(path))
        with pytest.raises(SettingsError, match=why) as caught:
            made()
        assert f"{variable} is '{path}'" in str(caught.value)


def test_certificates_count_where_tls_is_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    made("http://127.0.0.1").close()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    monkeypatch.setenv("CURL_CA_BUNDLE", str(CERTIFICATE))
    found = bundle_of("https://api.example")
    assert found is not None
    assert found.variable == "CURL_CA_BUNDLE"
    (tmp_path / "0a1b2c3d.0").write_bytes(CERTIFICATE.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    made().close()
