"""`tap-chakra listen` as its callers find it: a real process, real sockets."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import sqlite3
import stat
import subprocess
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.outside import documents
from tests.outside.places import ROOT
from tests.support.listening import (
    HEADER,
    SECRET,
    Listening,
    listening,
    message,
    passed_through,
    payloads,
    settings,
    signed,
    start,
)
from tests.support.tap_process import COMMAND, environment
from tests.support.target_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("listen")


@pytest.fixture(scope="module")
def listener(folder: Path) -> Iterator[Listening]:
    """One for the tests that leave each other alone."""
    with listening(folder, "--max-body", "20000", webhook_secrets=[SECRET, "old"]) as running:
        yield running


def count(folder: Path) -> int:
    return len(payloads(folder))


def forms(folder: Path) -> list[str]:
    """In whose form the events came, in order; asked of SQLite itself."""
    with closing(sqlite3.connect(folder / "events.db")) as connection:
        rows = connection.execute("SELECT form FROM webhook_events ORDER BY sequence")
        return [form for (form,) in rows]


def test_both_forms_are_stored_before_the_answer(listener: Listening, folder: Path) -> None:
    before = count(folder)
    assert listener.send("/whatsapp", message("both-1")) == 200
    assert payloads(folder)[before:] == [message("both-1")]
    assert listener.send("/whatsapp", passed_through("both-2", "both-3")) == 200
    assert payloads(folder)[before + 1 :] == [passed_through("both-2"), passed_through("both-3")]


def test_the_sandbox_calls_as_the_page_on_webhooks_has_it(tmp_path: Path) -> None:
    (line,) = documents.blocks(ROOT / "docs" / "webhooks.md", "sh")
    words = shlex.split(line)
    asked = json.loads(words[words.index("-d") + 1])
    secret, (at, *_) = asked.pop("secret"), [each for each in words if each.startswith("http")]
    with (
        start_sandbox(["--rows", "10"]) as sandbox,
        listening(tmp_path, webhook_secrets=[secret]) as listener,
    ):
        assert urlsplit(at).path == urlsplit(f"{sandbox.control}/call").path
        path = urlsplit(asked.pop("url")).path
        answers = sandbox.call(f"http://127.0.0.1:{listener.port}{path}", secret, **asked)
    assert answers == {"200": asked["count"]}
    assert count(tmp_path) >= asked["count"]


def test_an_event_that_comes_again_is_stored_once(listener: Listening, folder: Path) -> None:
    before = count(folder)
    for _ in range(3):
        assert listener.send("/whatsapp", message("again-1")) == 200
        assert listener.send("/whatsapp", passed_through("again-2", "again-3")) == 200
    assert listener.send("/whatsapp", passed_through("again-3", "again-4")) == 200
    assert count(folder) == before + 4


def test_changes_are_stored_each_time(listener: Listening, folder: Path) -> None:
    before = count(folder)
    for _ in range(2):
        assert listener.send("/changes", {"procedure": "lead", "n": 1}) == 200
        time.sleep(0.005)
    assert count(folder) == before + 2


def test_a_signed_call_that_is_sent_again_is_known_at_whatsapp_alone(
    listener: Listening, folder: Path
) -> None:
    event, change = message("heard by somebody"), {"procedure": "lead", "heard": "by somebody"}
    before = count(folder)
    for path, value in (("/whatsapp", event), ("/changes", change)):
        body = json.dumps(value).encode()
        given = {HEADER: signed(body)}
        for _ in range(2):
            assert listener.call(path, body, **given) == 200
            time.sleep(0.005)
    assert payloads(folder)[before:] == [event, change, change]


@pytest.mark.parametrize("value", [message("elsewhere"), passed_through("elsewhere")])
def test_what_was_signed_for_one_address_is_what_the_other_says_that_it_is(
    listener: Listening, folder: Path, value: dict[str, Any]
) -> None:
    """A WhatsApp event at `/changes` is a change, each time, and never one that is known."""
    change = {"procedure": "lead", "elsewhere": value["event" if "event" in value else "object"]}
    before = len(forms(folder))
    assert listener.send("/whatsapp", value) == 200
    for _ in range(2):
        assert listener.send("/changes", value) == 200
        assert listener.send("/whatsapp", value) == 200
        assert listener.send("/whatsapp", change) == 200
        time.sleep(0.005)
    own = "chakra" if "event" in value else "meta"
    assert forms(folder)[before:] == [own, "change", "other", "change"]


def test_only_what_is_signed_counts(listener: Listening, folder: Path) -> None:
    before, body = count(folder), json.dumps(message("signed")).encode()
    flipped = bytes([body[0] ^ 1]) + body[1:]
    for given in ({}, {HEADER: ""}, {HEADER: signed(body, "guessed")}, {HEADER: signed(flipped)},
                  {HEADER: f"sha256={signed(body)}"}):  # fmt: skip
        assert listener.call("/whatsapp", body, **given) == 401, given
        assert listener.call("/changes", body, **given) == 401, given
    assert count(folder) == before
    assert listener.call("/whatsapp", body, **{HEADER: signed(body, "old")}) == 200
    assert listener.call("/whatsapp", body, **{HEADER: signed(body).upper()}) == 200
    assert count(folder) == before + 1  # replayed, and known


def test_changes_come_without_a_signature_at_an_address_that_is_a_secret(
    listener: Listening, folder: Path
) -> None:
    command = [*COMMAND, "--config", str(folder / "listen.json"), "listen", "--unsigned-path"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    path, before = done.stdout.strip(), count(folder)
    assert listener.call(path, b'{"unsigned": true}') == 200
    assert payloads(folder)[before:] == [{"unsigned": True}]
    assert listener.call(path[:-1] + "x", b"{}") == 404
    assert listener.call(path.replace("/changes", "/whatsapp"), b"{}") == 404
    assert listener.call("/changes/", b"{}") == 404
    assert count(folder) == before + 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"no json", {}, 400),
        (b"", {}, 400),
        (b"\xff", {}, 400),
        (b"x" * 20_001, {}, 413),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
    ],
)
def test_bad_bodies_are_refused(
    listener: Listening, folder: Path, body: bytes, headers: dict[str, str], status: int
) -> None:
    before = count(folder)
    given = {HEADER: signed(body), **headers}
    answered, _ = listener.ask("POST", "/whatsapp", body, given)
    assert (answered, count(folder)) == (status, before)


def test_other_paths_and_methods_are_refused(listener: Listening) -> None:
    assert listener.ask("GET", "/whatsapp")[0] == 405
    assert listener.ask("GET", "/")[0] == 404
    assert listener.send("/healthz", {}) == 405
    assert listener.ask("GET", "/healthz")[0] == 200


def test_a_body_without_a_length_has_a_bound_too(listener: Listening) -> None:
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as sent:
        head = f"POST /whatsapp HTTP/1.1\r\nHost: x\r\n{HEADER}: {'0' * 64}\r\n"
        sent.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        sent.sendall(b"5000\r\n" + b"x" * 0x5000 + b"\r\n")
        assert b" 413 " in sent.recv(100)


def test_a_body_that_breaks_off_is_no_event(listener: Listening, folder: Path) -> None:
    before, body = count(folder), json.dumps(message("broken")).encode()
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as sent:
        head = f"POST /whatsapp HTTP/1.1\r\nHost: x\r\n{HEADER}: {signed(body)}\r\n"
        sent.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    assert listener.ask("GET", "/healthz")[0] == 200
    assert count(folder) == before


def test_a_slow_body_is_given_up_and_holds_nobody_up(listener: Listening) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as sent:
        head = f"POST /whatsapp HTTP/1.1\r\nHost: x\r\n{HEADER}: {'0' * 64}\r\n"
        sent.sendall(f"{head}Content-Length: 100\r\n\r\n".encode())
        assert listener.send("/whatsapp", message("beside a slow one")) == 200
        assert b" 408 " in sent.recv(100)
    assert 9 < time.monotonic() - began < 20


def test_too_many_calls_are_told_when_to_come_again(tmp_path: Path) -> None:
    with listening(tmp_path, "--max-rate", "2") as running:
        answers = [running.send("/whatsapp", message(str(n))) for n in range(8)]
        assert answers.count(200) in {4, 5, 6}
        assert set(answers) == {200, 429}
        body = json.dumps(message("late")).encode()
        answered, headers = running.ask("POST", "/whatsapp", body, {HEADER: signed(body)})
        assert (answered, headers["Retry-After"]) == (429, "1")
        assert count(tmp_path) == answers.count(200)
        assert running.ask("GET", "/healthz")[0] == 200


def test_many_at_once_are_all_there(tmp_path: Path) -> None:
    answers: list[int] = []
    with listening(tmp_path, "--max-rate", "10000") as running:

        def call(worker: int) -> None:
            answers.extend(
                running.send("/whatsapp", passed_through(f"{worker}-{n}")) for n in range(40)
            )

        workers = [threading.Thread(target=call, args=(each,)) for each in range(8)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
    assert answers == [200] * 320
    ids = [
        each["entry"][0]["changes"][0]["value"]["messages"][0]["id"] for each in payloads(tmp_path)
    ]
    assert sorted(ids) == sorted(f"{w}-{n}" for w in range(8) for n in range(40))


def is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_in_order(tmp_path: Path, how: signal.Signals) -> None:
    with listening(tmp_path) as running:
        body = json.dumps(message("under way")).encode()
        with socket.create_connection(("127.0.0.1", running.port), timeout=30) as sent:
            head = f"POST /whatsapp HTTP/1.1\r\nHost: x\r\n{HEADER}: {signed(body)}\r\n"
            sent.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
            assert running.ask("GET", "/healthz")[0] == 200  # so what came before it has begun
            running.process.send_signal(how)
            wait_until(lambda: is_refused(running.port))
            sent.sendall(body[-1:])  # the call that had begun is answered
            assert b" 200 " in sent.recv(100)
        code, said = running.stop(how) if running.process.poll() is None else (0, "")
        assert code == 0, said
    assert payloads(tmp_path) == [message("under way")]


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path) -> None:
    """`nohup tap-chakra listen &` outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        running = start(tmp_path)
    finally:
        signal.signal(signal.SIGHUP, before)
    running.process.send_signal(signal.SIGHUP)
    assert running.send("/whatsapp", message("still there")) == 200
    assert running.stop()[0] == 0


def test_a_store_that_fails_is_told_and_mends(tmp_path: Path) -> None:
    with (
        listening(tmp_path) as running,
        closing(sqlite3.connect(tmp_path / "events.db", isolation_level=None)) as other,
    ):
        assert running.send("/whatsapp", message("before")) == 200
        other.execute("ALTER TABLE webhook_events RENAME TO gone")
        assert running.send("/whatsapp", message("meanwhile")) == 503
        assert running.send("/whatsapp", message("meanwhile")) == 503
        other.execute("ALTER TABLE webhook_store RENAME TO gone_too")
        assert running.ask("GET", "/healthz")[0] == 503
        other.execute("ALTER TABLE gone RENAME TO webhook_events")
        other.execute("ALTER TABLE gone_too RENAME TO webhook_store")
        assert running.ask("GET", "/healthz")[0] == 200
        assert running.send("/whatsapp", message("meanwhile")) == 200
        code, said = running.stop()
    assert code == 0
    assert said.count("ERROR") == 1, said
    assert "takes writes again" in said
    assert payloads(tmp_path) == [message("before"), message("meanwhile")]


def test_the_log_has_counts_and_no_value(tmp_path: Path) -> None:
    with listening(tmp_path) as running:
        running.send("/whatsapp", message("one"))
        running.send("/whatsapp", message("one"))
        running.send("/whatsapp", message("two"), "guessed")
        code, said = running.stop()
    assert code == 0
    assert "3 calls, 1 refused with 401; 1 events stored, 1 were there already" in said
    for secret in (SECRET, "15550100017", "Hello", "Mira", signed(b"")):
        assert secret not in running.log + said


def test_the_file_is_its_owners(listener: Listening, folder: Path) -> None:
    assert listener.process.poll() is None
    for path in folder.glob("events.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"webhook_secrets": []}, "webhook_secrets is missing"),
        ({"webhook_secrets": None}, "webhook_secrets is missing"),
        ({"webhook_secrets": ["good", " "]}, "anybody could sign"),
        ({"webhook_secrets": [5]}, "webhook_secrets"),
        ({"webhook_store": ""}, "webhook_store is missing"),
        ({"webhook_store": "mysql://me:pa55word@host/db"}, "no place for events"),
        ({"webhook_store": "/proc/nowhere/events.db"}, "can't be made"),
        ({"webhook_keep_days": -1}, "webhook_keep_days"),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    code, log = ends(tmp_path, settings(tmp_path, **changed))
    assert code == 3, log
    assert said in log
    assert "Traceback" not in log
    assert "pa55word" not in log


def test_a_port_that_is_taken_is_told(listener: Listening, tmp_path: Path) -> None:
    code, log = ends(tmp_path, settings(tmp_path), "--port", str(listener.port))
    assert code == 3
    assert f"Nothing can listen on 127.0.0.1:{listener.port}" in log


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "aiohttp.py").write_text("raise ModuleNotFoundError(name='aiohttp')\n")
    code, log = ends(tmp_path, settings(tmp_path), PYTHONPATH=str(tmp_path))
    assert code == 3
    (line,) = [each for each in log.splitlines() if "ERROR" in each]
    assert "pip install 'chakra-connectors[webhooks]'" in line


def test_secrets_come_from_the_environment_too(tmp_path: Path) -> None:
    command = [*COMMAND, "listen", "--unsigned-path"]
    texts = [SECRET, json.dumps([SECRET, "old"])]
    printed = {
        subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=True,
            env={
                **environment(),
                "TAP_CHAKRA_WEBHOOK_SECRETS": text,
                "TAP_CHAKRA_WEBHOOK_STORE": str(tmp_path / "events.db"),
            },
        ).stdout
        for text in texts
    }
    assert len(printed) == 1


def test_two_listeners_share_a_store(tmp_path: Path) -> None:
    with listening(tmp_path) as one, listening(tmp_path) as two:
        for n in range(20):
            assert one.send("/whatsapp", message(f"a{n}")) == 200
            assert two.send("/whatsapp", message(f"a{n}")) == 200
            assert two.send("/whatsapp", message(f"b{n}")) == 200
    assert count(tmp_path) == 40


def test_it_starts_again_on_what_a_kill_left(tmp_path: Path) -> None:
    with listening(tmp_path) as running:
        assert running.send("/whatsapp", message("one")) == 200
        running.stop(signal.SIGKILL)
    running = start(tmp_path)
    assert running.send("/whatsapp", message("two")) == 200
    assert running.stop()[0] == 0
    assert payloads(tmp_path) == [message("one"), message("two")]


def ends(folder: Path, config: dict[str, Any], *args: str, **variables: str) -> tuple[int, str]:
    """The exit code of a listener that does not begin to listen, and what it said."""
    path = folder / "refused.json"
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
    done = subprocess.run(
        [*COMMAND, "--config", str(path), "listen", "--port", "0", *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**environment(), **variables},
    )
    return done.returncode, done.stderr
