"""No page that a browser shows can read the sandbox's rows or turn its knobs."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = {"Content-Type": "application/json"}
ASKED = [
    ("GET", "/_sandbox/oracle"),
    ("GET", "/_sandbox/knobs"),
    ("PATCH", "/_sandbox/knobs"),
    ("DELETE", "/_sandbox/requests"),
    ("POST", "/_sandbox/mutate"),
    ("POST", "/v1/ext/procedure/lead/process/list"),
    ("GET", "/v1/ext/config"),
    ("OPTIONS", "/_sandbox/knobs"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "5"]) as running:
        yield running


def ask(sandbox: Sandbox, asked: tuple[str, str], headers: dict[str, str]) -> tuple[int, bytes]:
    """The status and the body of what the sandbox answers."""
    parts = urlsplit(sandbox.url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=30)
    try:
        key = {"Authorization": f"Bearer {sandbox.api_key}"}
        body = None if asked[0] in {"GET", "OPTIONS"} else b"{}"
        line.request(*asked, body=body, headers={**key, **JSON, **headers})
        answer = line.getresponse()
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        return answer.status, answer.read()
    finally:
        line.close()


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8765"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost@evil.example"},
        {"Host": "10.0.0.1"},
        {"Host": ""},
        {"Host": "["},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
    ids=str,
)
def test_a_page_of_somebody_else_is_refused(
    sandbox: Sandbox, asked: tuple[str, str], headers: dict[str, str]
) -> None:
    status, body = ask(sandbox, asked, headers)
    assert status in {400, 403}  # 400 where it is no HTTP at all
    assert b"lead" not in body


def test_a_form_of_a_page_turns_no_knob(sandbox: Sandbox) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        status, _ = ask(sandbox, ("POST", "/_sandbox/mutate"), {"Content-Type": kind})
        assert status == 403


def test_programs_and_pages_of_its_own_are_answered(sandbox: Sandbox) -> None:
    port = urlsplit(sandbox.url).port
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        for more in ({}, {"Origin": f"http://{host}"}):
            status, body = ask(sandbox, ("PATCH", "/_sandbox/knobs"), {"Host": host, **more})
            assert status == 200
            assert json.loads(body)
    assert sandbox.stats()["rows"]["lead"] == 5
    assert sandbox.get_json("/v1/ext/config")


def test_on_every_address_it_answers_to_addresses_and_not_to_names() -> None:
    with start_sandbox(["--rows", "5", "--host", "0.0.0.0"]) as sandbox:  # noqa: S104 - a moment
        assert ask(sandbox, ("GET", "/_sandbox/knobs"), {"Host": "192.168.1.7:80"})[0] == 200
        assert ask(sandbox, ("GET", "/_sandbox/knobs"), {"Host": "evil.example"})[0] == 403
