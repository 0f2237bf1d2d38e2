"""A journal in PostgreSQL has one run at a time, whatever becomes of the sessions that hold it."""

from __future__ import annotations

import json
import time
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.journal.journal import Journal
from target_chakra.journal.records import RunKind
from target_chakra.storage.lock import JournalLock
from tests.support.in_process import KEY, run_target, world_of, written
from tests.support.target_process import record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from chakra_api.course import Course

NUMBERS = count(1)
HOLDS = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
TAKEN = r"Another run has taken the journal meanwhile \(run 2\)"


@pytest.fixture
def url(postgres: str) -> str:
    """An empty database."""
    name = f"fenced{next(NUMBERS)}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    return sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)


def begun(url: str, *, dry: bool = False) -> Journal:
    journal = Journal(url)
    journal.hold()
    journal.begin_run("acme", "pid 1 on here", 1, RunKind.DRY if dry else RunKind.RUN)
    return journal


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        made = connection.execute(statement)
        return made.fetchall() if made.description else []


def let_idle(url: str, milliseconds: int) -> None:
    """New sessions end once they idle for so long, in a transaction or not."""
    for which in ("idle_in_transaction_session_timeout", "idle_session_timeout"):
        name = sa.make_url(url).database
        ask(url, f'ALTER DATABASE "{name}" SET {which} = {milliseconds}')


def end_sessions(url: str) -> None:
    assert ask(url, f"SELECT pg_terminate_backend(pid) FROM ({HOLDS}) AS held")


def test_the_session_that_holds_it_may_idle(url: str) -> None:
    journal = Journal(url)
    let_idle(url, 300)
    journal.hold()
    journal.begin_run("acme", "pid 1 on here", 1)
    (holder,) = ask(url, HOLDS)
    time.sleep(1)
    assert ask(url, HOLDS) == [holder]
    assert ask(url, f"SELECT state FROM pg_stat_activity WHERE pid = {holder[0]}") == [("idle",)]
    journal.look()
    journal.found("lead", "shape", "flat")
    journal.end_run({}, 0, 2)
    journal.close()
    assert ask(url, HOLDS) == []


def test_a_dry_run_may_idle(url: str) -> None:
    let_idle(url, 2_000)
    journal = begun(url, dry=True)
    time.sleep(2.5)
    journal.found("lead", "shape", "flat")
    journal.end_run({}, 0, 2)
    journal.close()


def test_a_session_that_is_ended_is_taken_again_where_nobody_else_has(url: str) -> None:
    journal = begun(url)
    end_sessions(url)
    assert ask(url, HOLDS) == []
    journal.look()
    assert len(ask(url, HOLDS)) == 1
    second = Journal(url)
    with pytest.raises(JournalError, match="is held by another run: run 1"):
        second.hold()
    for each in (journal, second):
        each.close()


@pytest.mark.parametrize("first_of_all", ["look", "store"])
def test_a_run_whose_session_was_ended_is_fenced_by_the_next(url: str, first_of_all: str) -> None:
    first = begun(url)
    end_sessions(url)
    second = begun(url)
    steps: list[tuple[Callable[[], None], str]] = [
        (first.look, "another run holds it now"),
        (lambda: first.found("lead", "shape", "flat"), TAKEN),
    ]
    for step, match in steps if first_of_all == "look" else reversed(steps):
        with pytest.raises(JournalError, match=match):
            step()
    second.found("lead", "shape", "nested")
    assert second.findings() == {("lead", "shape"): "nested"}
    for journal in (first, second):
        journal.close()


def test_two_that_no_lock_keeps_apart_are_kept_apart_by_the_fence(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that hands sessions around: either would think that it holds the lock."""
    monkeypatch.setattr(JournalLock, "acquire", lambda _: True)
    first, second = begun(url), begun(url)
    with pytest.raises(JournalError, match=TAKEN):
        first.found("lead", "shape", "flat")
    second.found("lead", "shape", "nested")
    for journal in (first, second):
        journal.close()


def test_who_takes_it_waits_for_a_transaction_that_is_under_way(url: str) -> None:
    """What a run stores before it is fenced is seen by the run that comes after it."""
    first = begun(url)
    end_sessions(url)
    second = Journal(url)
    second.hold()
    with first._database.writing() as connection:  # noqa: SLF001 - a transaction, held open
        with pytest.raises(psycopg.errors.LockNotAvailable):
            ask(url, "SET lock_timeout = '200ms'; UPDATE target_chakra.fence SET number = 2")
        connection.exec_driver_sql(
            "INSERT INTO findings (account, procedure, name, value) VALUES ('acme', 'a', 'b', 'c')"
        )
    second.begin_run("acme", "pid 2 on here", 1)
    assert second.findings() == {("a", "b"): "c"}
    for journal in (first, second):
        journal.close()


def test_letting_go_of_a_server_that_is_gone_is_quiet(url: str) -> None:
    journal = begun(url)
    ask(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    journal.close()


def test_a_server_that_is_gone_when_a_good_run_ends_is_told_with_what_is_true(
    url: str, postgres: str, tmp_path: Path
) -> None:
    world = world_of(0)
    stream = {"stream": "scores", "procedure": "lead", "key": "lead_id"}
    config = {"api_key": KEY, "api_url": "http://chakra.test", "streams": [stream], "journal": url}
    lines = [schema("scores", ["lead_id", "score"]), record("scores", lead_id="L-1", score=7)]
    lines.append(state({"at": 1}))
    args = ["--config", written(tmp_path, "config.json", config), "--input"]
    args.append(written(tmp_path, "in", "\n".join(map(json.dumps, lines))))
    end_run = Journal.end_run
    name = sa.make_url(url).database

    def at_the_end(
        journal: Journal,
        receipt: Mapping[str, object],
        code: int,
        now_ms: int,
        course: Course | None = None,
    ) -> None:
        with psycopg.connect(postgres, autocommit=True) as server:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
            server.execute(f"{ended}'{name}'")
        end_run(journal, receipt, code, now_ms, course)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "end_run", at_the_end)
        told = run_target(world, args)
    assert told.code == 10, told.stderr
    assert [json.loads(line) for line in told.stdout.splitlines()] == [{"at": 1}]
    assert "Its receipt could not be stored, all before it was" in told.stderr
    assert "Traceback" not in told.stderr
    assert '"created":1' in told.stderr
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    again = run_target(world, args)
    assert again.code == 0, again.stderr
    assert '"unchanged":1' in again.stderr
