"""A user's mistake about certificates or proxies: one line that names it, at once, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from chakra_api.exit_codes import ExitCode
from tests.support.tap_process import COMMAND as TAP
from tests.support.tap_process import environment
from tests.support.tls import serving

if TYPE_CHECKING:
    from pathlib import Path

TARGET = [sys.executable, "-m", "target_chakra"]
SCHEMA = {
    "type": "SCHEMA",
    "stream": "lead",
    "schema": {"properties": {"email": {"type": "string"}}},
    "key_properties": ["email"],
}
BUNDLES = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
SURROUNDINGS = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", *BUNDLES)


def begun(
    folder: Path, number: int, command: list[str], url: str, **variables: str
) -> subprocess.Popen[str]:
    config: dict[str, Any] = {"api_key": "sk-key", "api_url": url}
    if "target_chakra" in command:
        config["journal_path"] = str(folder / f"{number}.db")
    path = folder / f"{number}.json"
    path.write_text(json.dumps(config))
    names = {
        each for name in (*SURROUNDINGS, "REQUESTS_CA_BUNDLE") for each in (name, name.lower())
    }
    plain = {name: value for name, value in environment().items() if name not in names}
    return subprocess.Popen(
        [*command[:3], "--config", str(path), *command[3:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**plain, **variables},
    )


def test_the_users_mistake_is_named_at_once(tmp_path: Path) -> None:
    """All at a time: most of it is the start of six processes."""
    with ExitStack() as stack:
        tls = f"https://localhost:{stack.enter_context(serving(tls=True)).port}"
        plain = stack.enter_context(serving())
        http = f"https://localhost:{plain.port}"
        gone = {"HTTPS_PROXY": "http://nobody:secret@127.0.0.1:9"}
        cases: list[tuple[list[str], str, dict[str, str], ExitCode, str]] = [
            ([*TAP, "--test"], tls, {}, ExitCode.UNREACHABLE, "was refused: self"),
            (TAP, tls, {"REQUESTS_CA_BUNDLE": "/no.pem"}, ExitCode.SETTINGS, "REQUESTS_CA_BUNDLE"),
            (TARGET, tls, {}, ExitCode.UNREACHABLE, "was refused: self"),
            (TARGET, tls, {"HTTPS_PROXY": "http://:bad"}, ExitCode.SETTINGS, "HTTPS_PROXY is"),
            (TAP, http, {}, ExitCode.SETTINGS, "speaks no TLS"),
            (TAP, tls, gone, ExitCode.UNREACHABLE, "http://***@127.0.0.1:9, which HTTPS_PROXY"),
        ]
        began = time.monotonic()
        children = [
            begun(tmp_path, number, command, url, **variables)
            for number, (command, url, variables, _, _) in enumerate(cases)
        ]
        for child, (command, _, _, code, said) in zip(children, cases, strict=True):
            rows = json.dumps(SCHEMA) + "\n" if command is TARGET else ""
            _, stderr = child.communicate(rows, timeout=100)
            told = [line for line in stderr.splitlines() if said in line]
            assert child.returncode == code, stderr
            assert len(told) == 1, stderr
            assert "Traceback" not in stderr
            assert "fault of" not in stderr
            assert "secret" not in stderr
            assert "attempts" not in stderr
        assert time.monotonic() - began < 60, "nothing was tried again and again"
