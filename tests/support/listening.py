"""The real `tap-chakra listen`, and who calls it and signs as ChakraHQ does."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
import signal
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.tap_process import COMMAND, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "the hmac secret of the team"  # noqa: S105 - of tests alone
HEADER = "X-Chakra-Signature-256"
_READY = re.compile(r"Listening on http://[^ ]+:(\d+): ")


@dataclass
class Listening:
    """A listener that runs.

    Attributes:
        process: The process.
        port: Where it listens.
        log: What it said until it was ready.
    """

    process: subprocess.Popen[str]
    port: int
    log: str

    def call(self, path: str, body: bytes, **headers: str) -> int:
        """Call it with headers of one's own; the status of the answer."""
        return self.ask("POST", path, body, headers)[0]

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage]:
        """Ask it anything; status and headers of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers

    def send(self, path: str, value: Any, secret: str = SECRET) -> int:
        """Call it with a signed value of JSON; the status of the answer."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.call(path, body, **{HEADER: signed(body, secret)})

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it; its exit code, and what it said since it was ready."""
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


def signed(body: bytes, secret: str = SECRET) -> str:
    """The signature of a body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    """The settings of a listener."""
    return {"webhook_store": str(folder / "events.db"), "webhook_secrets": [SECRET], **more}


def start(folder: Path, *args: str, **more: Any) -> Listening:
    """Start a listener, and wait until it takes calls."""
    path = folder / "listen.json"
    path.write_text(json.dumps(settings(folder, **more)))
    process = subprocess.Popen(
        [*COMMAND, "--config", str(path), "listen", "--port", "0", *args],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stderr is not None
    log = ""
    for line in process.stderr:
        log += line
        if found := _READY.search(line):
            return Listening(process, int(found[1]), log)
    raise AssertionError(f"it ended with {process.wait()}: {log}")


@contextmanager
def listening(folder: Path, *args: str, **more: Any) -> Iterator[Listening]:
    """A listener for as long as the block."""
    running = start(folder, *args, **more)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.communicate()


def payloads(folder: Path) -> list[Any]:
    """The payloads that the store holds, in order; asked of SQLite itself."""
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        rows = connection.execute("SELECT payload FROM webhook_events ORDER BY sequence")
        return [json.loads(payload) for (payload,) in rows]


def message(name: str) -> dict[str, Any]:
    """A message in ChakraHQ's own form."""
    said = {"from": "15550100017", "type": "text", "text": {"body": "Hello"}}
    payload = {
        "wabaId": "900100",
        "externalId": f"ext.{name}",
        "messageId": name,
        "timestamp": 1767225900000,
        "message": said,
        "contacts": [{"wa_id": "15550100017", "profile": {"name": "Mira"}}],
    }
    return {"event": "message", "payload": payload}


def passed_through(*names: str) -> dict[str, Any]:
    """Messages in Meta's form."""
    messages = [
        {"from": "15550100017", "id": name, "timestamp": "1767225900", "type": "text",
         "text": {"body": "Hello"}}
        for name in names
    ]  # fmt: skip
    metadata = {"display_phone_number": "15550100000", "phone_number_id": "100200300"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "messages": messages}
    entry = {"id": "900100", "changes": [{"value": value, "field": "messages"}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}
