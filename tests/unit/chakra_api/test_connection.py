"""Where requests go is an address and nothing else; over http only to this machine."""

from __future__ import annotations

import pytest

from chakra_api.clock import SystemClock
from chakra_api.connection import Connection, connect, parse_connection
from chakra_api.errors import SettingsError


def connection(**settings: object) -> Connection:
    given = {"api_key": "ck_live_51H8s9aBcD7xYz", **settings}
    return parse_connection(given, user_agent="a", variable="X")


def opened(**settings: object) -> None:
    connect(connection(**settings), SystemClock(), 1).close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pa55word@api.example",
        "https://user:pa55word",
        "pa55word",
        "https://api.example/?key=pa55word",
        "https://api.example#pa55word",
        "ck_live_51H8s9aBcD7xYzpa55word",
        "ftp://u:pa55word@api.example",
    ],
)
def test_an_address_with_a_secret_is_refused_without_it(url: str) -> None:
    with pytest.raises(SettingsError, match="api_url") as caught:
        opened(api_url=url)
    assert "pa55word" not in str(caught.value)
    assert "ck_live" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.chakrahq.com",
        "HTTP://api.chakrahq.com",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "http://10.0.0.1:8080",
        "http://0.0.0.0",
        "http://[::2]",
        "http://127.1",
        "http://2130706433",
    ],
)
def test_http_to_another_machine_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="allow_http"):
        opened(api_url=url)
    opened(api_url=url, allow_http=True)
    with pytest.raises(SettingsError, match="allow_http"):
        opened(api_url=url, allow_http="maybe")


@pytest.mark.parametrize(
    "url",
    ["http://localhost:1", "http://LOCALHOST", "http://127.0.0.1:1", "http://127.9.9.9",
     "http://[::1]:1", "https://api.example", "HTTPS://api.example"],
)  # fmt: skip
def test_this_machine_and_https_need_no_leave(url: str) -> None:
    opened(api_url=url)


@pytest.mark.parametrize(
    "url", ["http://localhost\\.example", "http://a b", "http://a\nb", "http://"]
)
def test_what_readers_take_for_different_hosts_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="plain"):
        connection(api_url=url)


def test_a_proxy_elsewhere_may_not_read_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://user:pa55word@proxy.example:3128")
    with pytest.raises(SettingsError, match="NO_PROXY") as caught:
        opened(api_url="http://127.0.0.1:1")
    assert "pa55word" not in str(caught.value)
    opened(api_url="http://127.0.0.1:1", allow_http=True)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    opened(api_url="http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    opened(api_url="https://api.example")  # it sees the name of the host alone
