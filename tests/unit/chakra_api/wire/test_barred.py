"""What bars the way to ChakraHQ is told at once, by its reason; what may pass is tried again."""

from __future__ import annotations

import resource
import socket
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from chakra_api.endpoints.client import ChakraClient
from chakra_api.errors import Barred, ChakraError, MachineFault, NotSent, SettingsError
from chakra_api.redaction import ApiKey
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_api.wire.transport import RequestsTransport, TransportSettings
from tests.support.clock import FakeClock
from tests.support.tls import CERTIFICATE, ELSEWHERE, EXPIRED, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def servers() -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        kinds = {"tls": (True, 200), "plain": (False, 200), "no": (False, 407)}
        kinds |= {"never": (False, 403), "late": (False, 503)}
        yield {
            name: stack.enter_context(serving(tls=tls, status=status))
            for name, (tls, status) in kinds.items()
        }


def asked(base: str, *, times: int = 1) -> tuple[ChakraError | None, FakeClock]:
    """Ask for the configuration: the error that its user is told, and the time that it took."""
    clock = FakeClock()
    settings = TransportSettings(connect_timeout=5, read_timeout=5, allow_http=True)
    transport = RequestsTransport(base, ApiKey("sk-key"), settings, time.monotonic)
    client = ChakraClient(transport, Pacer(clock), clock, RetryPolicy())
    try:
        for _ in range(times):
            client.config()
    except ChakraError as error:
        return error, clock
    finally:
        client.close()
    return None, clock


def test_a_refused_certificate_says_why_at_once(
    servers: dict[str, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = f"https://localhost:{servers['tls'].port}"
    error, _ = asked(base)
    assert isinstance(error, Barred)
    assert "self-signed certificate" in error.cause.replace("self signed", "self-signed")
    assert "REQUESTS_CA_BUNDLE" in error.next_step
    assert servers["tls"].connections == 1, "once, not six times"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    assert asked(base)[0] is None


@pytest.mark.parametrize(
    ("certificate", "why", "step"),
    [
        (EXPIRED, "expired", "needs a new certificate; or the clock of this machine is wrong"),
        (ELSEWHERE, "ostname mismatch", "the certificate belongs to another host"),
    ],
)
def test_a_certificate_that_is_over_or_another_host_s_says_so_though_its_issuer_is_trusted(
    certificate: Path, why: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(tls=True, certificate=certificate) as server:
        error, _ = asked(f"https://localhost:{server.port}")
    assert isinstance(error, Barred)
    assert why in error.cause
    assert step in error.next_step


def test_a_variable_that_is_not_read_is_named_where_its_user_relies_on_it(
    servers: dict[str, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    error, _ = asked(f"https://localhost:{servers['tls'].port}")
    assert isinstance(error, Barred)
    assert f"SSL_CERT_FILE is not read: set REQUESTS_CA_BUNDLE to '{CERTIFICATE}'" in str(error)


def test_connections_that_the_machine_refuses_are_not_laid_to_the_server(
    servers: dict[str, Server],
) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        error, _ = asked(f"http://127.0.0.1:{servers['plain'].port}")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert isinstance(error, MachineFault)
    assert "may open no further file or connection" in error.cause


def test_tls_and_plain_http_are_told_apart(servers: dict[str, Server]) -> None:
    for base, word in (
        (f"https://localhost:{servers['plain'].port}", "speaks no TLS"),
        (f"http://localhost:{servers['tls'].port}", "speaks TLS"),
    ):
        error, _ = asked(base)
        assert isinstance(error, SettingsError)
        assert word in error.cause
        assert base in error.cause


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("server", "why"), [("no", "wants a user"), ("closed", "refused"), ("never", "403")]
)
def test_a_proxy_that_refuses_is_named_at_once(
    scheme: str, server: str, why: str, servers: dict[str, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    if (scheme, server) == ("http", "never"):
        return  # there it looks like ChakraHQ's own answer
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    port = closed if server == "closed" else servers[server].port
    variable = f"{scheme.upper()}_PROXY"
    monkeypatch.setenv(variable, f"http://nobody:secret@127.0.0.1:{port}")
    error, _ = asked(f"{scheme}://api.example")
    assert isinstance(error, Barred)
    assert f"http://***@127.0.0.1:{port}, which {variable} names" in error.cause
    assert why in error.cause
    assert "secret" not in str(error)
    assert server == "closed" or servers[server].connections == 1


def test_a_proxy_that_can_not_now_is_asked_again(
    servers: dict[str, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{servers['late'].port}")
    error, _ = asked("https://api.example")
    assert isinstance(error, NotSent)
    assert "6 attempts" in error.cause
    assert servers["late"].connections == RetryPolicy().max_attempts


def test_a_way_that_was_good_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that begins anew in the middle of a run costs a wait, and not the run."""
    clock = FakeClock()
    with serving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        transport = RequestsTransport(
            "http://api.example", ApiKey("k"), TransportSettings(allow_http=True), time.monotonic
        )
        client = ChakraClient(transport, Pacer(clock), clock, RetryPolicy())
        client.config()
    transport.close()
    with pytest.raises(NotSent, match="6 attempts"):
        client.config()


def test_our_key_wins_over_netrc(
    tmp_path: Path, servers: dict[str, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine localhost login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    assert asked(f"http://localhost:{servers['plain'].port}")[0] is None
    assert servers["plain"].headers[0]["Authorization"] == "Bearer sk-key"
