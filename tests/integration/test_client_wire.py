"""The client against a real server: what the wire does to it, and what it says then."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import (
    AnswerLost,
    NotFound,
    NotSent,
    ServerFault,
    Unreadable,
    WrongKey,
)
from chakra_api.wire.retry import RetryPolicy
from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.client_of import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ONCE = RetryPolicy(max_attempts=1, max_reported=1)


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "500"]) as running:
        yield running


@pytest.fixture
def calm(server: Sandbox) -> Iterator[Sandbox]:
    """The server, its knobs put back and its log emptied for each test."""
    before = server.knobs()
    server.forget_requests()
    yield server
    server.knobs(**before)


def test_what_the_server_holds_is_read(calm: Sandbox) -> None:
    client = client_of(calm)
    page = client.list_processes("lead", None, limit=100)
    assert len(page.rows) == 100
    assert page.has_more is True
    assert page.server_time is not None
    one = client.fetch_process("lead", str(page.rows[0]["id"]))
    assert one["id"] == page.rows[0]["id"]
    assert {user["id"] for user in client.users().rows} == {
        user["id"] for user in client.users(version=2).rows
    }
    client.close()


def test_heads_are_those_of_the_rows_and_any_key_reaches_the_server(calm: Sandbox) -> None:
    client = client_of(calm)
    rows = client.list_processes("lead", None).rows
    heads = client.list_heads("lead", None).rows
    named = ("id", "createdAt", "updatedAt")
    assert [[row[name] for name in named] for row in heads] == [
        [row[name] for name in named] for row in rows
    ]
    client_of(calm, key="wrong").reach()
    with pytest.raises(NotSent):
        client_of(Sandbox("http://127.0.0.1:9", "some-key", "", 0)).reach()


def test_a_process_is_deleted_by_its_key(calm: Sandbox) -> None:
    client = client_of(calm)
    client.create_process("lead", {"data": {"lead_id": "L-to-delete"}})
    client.delete_process_by_key("lead", ("lead_id", "L-to-delete"))
    assert client.list_processes("lead", {"lead_id": "L-to-delete"}).rows == []


def test_a_write_is_carried_out_once_and_its_job_tells_of_each_row(calm: Sandbox) -> None:
    client = client_of(calm)
    calm.knobs(job_duration_ms=0)
    made = client.create_process("lead", {"data": {"lead_id": "L-wire", "name": "Mira"}})
    changed = client.update_process_by_key("lead", ("lead_id", "L-wire"), {"data": {"name": "Ivo"}})
    assert changed["id"] == made["id"]
    job = client.bulk_update("lead", [{"id": made["id"], "update": {"data": {"name": "Asha"}}}])
    while not (status := client.job(job.job_id)).counts.get("SUCCESS"):
        assert not status.counts.get("ERROR")
    entries = client.job_entries(job.job_id)
    assert len(entries.entries) == entries.total == 1
    assert client.delete_process("lead", str(made["id"]))["id"] == made["id"]
    client.close()


@pytest.mark.parametrize("kind", ["reset_before", "truncate", "garbage", "html", "500", "502"])
def test_a_read_survives_every_other_answer_being_broken(calm: Sandbox, kind: str) -> None:
    calm.knobs(faults=[{"kind": kind, "every_nth": 2}])
    client = client_of(calm)
    for _ in range(6):
        assert len(client.list_processes("lead", None, limit=10).rows) == 10
    assert client.stats.retries > 0
    client.close()


@pytest.mark.parametrize("kind", ["reset_after", "truncate", "garbage", "502_after"])
def test_a_create_whose_answer_is_lost_arrives_once(calm: Sandbox, kind: str) -> None:
    calm.knobs(faults=[{"kind": kind, "every_nth": 1}])
    client = client_of(calm)
    with pytest.raises(AnswerLost):
        client.create_process("lead", {"data": {"lead_id": f"L-{kind}", "name": "once"}})
    sent = [entry for entry in calm.requests() if entry["method"] == "POST"]
    assert len(sent) == 1
    held = [row for row in calm.oracle() if row.data.get("lead_id") == f"L-{kind}"]
    assert len(held) == 1
    client.close()


def test_a_hanging_server_is_given_up_as_an_answer_lost(calm: Sandbox) -> None:
    calm.knobs(faults=[{"kind": "hang", "every_nth": 1, "for_ms": 3000}])
    client = client_of(calm, ONCE, read_timeout=0.3)
    with pytest.raises(AnswerLost, match="request_timeout"):
        client.config()
    client.close()


def test_each_refusal_says_what_it_is(calm: Sandbox) -> None:
    with pytest.raises(WrongKey, match="api_key"):
        client_of(calm, key="wrong").config()
    with pytest.raises(NotFound, match="nothing_such"):
        client_of(calm).list_processes("nothing_such", None)
    calm.knobs(faults=[{"kind": "500", "every_nth": 1}])
    with pytest.raises(ServerFault, match="2 attempts: 2 x 500"):
        client_of(calm, RetryPolicy(base=0.01, max_attempts=2)).config()
    calm.knobs(faults=[{"kind": "html", "every_nth": 1}])
    with pytest.raises(Unreadable, match="api_url"):
        client_of(calm, ONCE).config()


def test_nobody_there_is_not_sent() -> None:
    nowhere = Sandbox("http://127.0.0.1:9", "some-key", "", 0)
    with pytest.raises(NotSent, match="api_url"):
        client_of(nowhere, ONCE).config()


def test_many_threads_share_one_rate_and_lose_nothing(calm: Sandbox) -> None:
    """A limit of 100 a second, 300 requests, 16 threads: all answered, in about 3 seconds."""
    calm.knobs(rate_limit_rps=100, rate_limit_burst=100)
    client = client_of(calm)
    rows: list[int] = []

    def read() -> None:
        rows.extend(len(client.list_processes("lead", None, limit=1).rows) for _ in range(19))

    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows == [1] * 304
    assert client.stats.requests == 304 + client.stats.retries
    client.close()
