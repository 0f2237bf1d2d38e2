"""A journal in PostgreSQL has a schema of its own, and tables of others are never touched.

Judged by the database itself, through its driver.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.history.reports import Reports
from target_chakra.journal.journal import Journal
from target_chakra.journal_tables.migrations import MIGRATIONS
from target_chakra.journal_tables.tables import metadata
from tests.support.old_journals import write_journal_of_020, write_journal_of_030

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = count(1)
OURS = set(metadata.tables)
KEPT = 'SELECT * FROM "public".{} ORDER BY 1'


@pytest.fixture
def url(postgres: str) -> str:
    """An empty database."""
    name = f"db{next(NUMBERS)}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
    return sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)


def ask(url: str, *statements: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        for statement in statements:
            made = connection.execute(statement)
        return made.fetchall() if made.description else []


def old(url: str, write: Callable[[sa.Connection], None]) -> None:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        write(connection)
    engine.dispose()


def tables(url: str, schema: str) -> set[str]:
    query = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'"
    return {name for (name,) in ask(url, query)}


def lines(url: str) -> object:
    reports = Reports(url)
    found = (reports.runs(), reports.rejects(closed=True), reports.unknowns(), reports.in_flight())
    reports.close()
    return found


def test_a_new_journal_has_a_schema_of_its_own(url: str) -> None:
    Journal(url).close()
    Journal(url).close()
    assert tables(url, "target_chakra") == OURS
    assert tables(url, "public") == set()


@pytest.mark.parametrize("write", [write_journal_of_020, write_journal_of_030])
def test_an_old_one_is_moved_and_means_the_same(
    url: str, write: Callable[[sa.Connection], None]
) -> None:
    old(url, write)
    ask(url, "CREATE TABLE customers (id INT)", "INSERT INTO customers VALUES (7)")
    before = lines(url)
    assert "version" in tables(url, "public"), "who looks moves nothing"
    with ThreadPoolExecutor(4) as crew:  # four runs that begin at a time
        for journal in crew.map(lambda _: Journal(url), range(4)):
            journal.close()
    assert tables(url, "public") == {"customers"}
    assert tables(url, "target_chakra") == OURS
    assert ask(url, "SELECT number FROM target_chakra.version") == [(len(MIGRATIONS),)]
    assert lines(url) == before
    journal = Journal(url)
    journal.hold()
    assert journal.begin_run("acme", "pid 2 on here", 1) == 2, "its numbers go on"
    journal.close()


@pytest.mark.parametrize(
    "theirs",
    [
        ("CREATE TABLE version (number INT, name TEXT)", "CREATE TABLE runs (id INT)"),
        ("CREATE TABLE version (number INT)", "CREATE TABLE runs (id INT, account TEXT)"),
    ],
    ids=["another version", "only the version alike"],
)
def test_tables_of_others_are_left_alone(url: str, theirs: tuple[str, ...]) -> None:
    ask(url, *theirs, "INSERT INTO version (number) VALUES (3)", "INSERT INTO runs (id) VALUES (8)")
    before = ask(url, KEPT.format("version")), ask(url, KEPT.format("runs"))
    Journal(url).close()
    assert lines(url) == ((), (), (), 0)
    assert (ask(url, KEPT.format("version")), ask(url, KEPT.format("runs"))) == before
    assert tables(url, "public") == {"version", "runs"}
    assert tables(url, "target_chakra") == OURS


def test_one_that_a_run_of_an_earlier_version_holds_is_not_moved(url: str) -> None:
    old(url, write_journal_of_030)
    number = int.from_bytes(hashlib.sha256(b"public").digest()[:8], "big", signed=True)
    with psycopg.connect(url) as running:
        running.execute(f"SELECT pg_advisory_lock({number})")
        with pytest.raises(JournalError, match="a run of an earlier version holds it"):
            Journal(url)
        assert "target_chakra" not in {
            name for (name,) in ask(url, "SELECT nspname FROM pg_namespace")
        }
        reports = Reports(url)
        assert [run.under_way for run in reports.runs()] == [True]
        reports.close()
    reports = Reports(url)
    assert [run.under_way for run in reports.runs()] == [False]
    reports.close()
    Journal(url).close()
    assert tables(url, "target_chakra") == OURS


def test_a_run_that_holds_it_is_under_way(url: str) -> None:
    journal = Journal(url)
    journal.hold()
    journal.begin_run("acme", "pid 2 on here", 1)
    reports = Reports(url)
    assert [run.under_way for run in reports.runs()] == [True]
    journal.close()
    assert [run.under_way for run in reports.runs()] == [False]
    reports.close()


def test_a_user_who_may_not_make_a_schema_is_told_what_to_run(url: str) -> None:
    role = f"limited{next(NUMBERS)}"
    ask(url, f"CREATE ROLE {role} LOGIN", f"GRANT ALL ON SCHEMA public TO {role}")
    limited = sa.make_url(url).set(username=role).render_as_string(hide_password=False)
    with pytest.raises(JournalError) as refused:
        Journal(limited)
    statement = f"CREATE SCHEMA target_chakra AUTHORIZATION {role}"
    assert statement in str(refused.value)
    ask(url, statement)
    Journal(limited).close()
    assert tables(url, "target_chakra") == OURS


def test_a_schema_that_the_url_or_the_role_names_is_respected(url: str) -> None:
    role = f"housed{next(NUMBERS)}"
    ask(url, f"CREATE ROLE {role} LOGIN", f"CREATE SCHEMA {role} AUTHORIZATION {role}")
    housed = sa.make_url(url).set(username=role)
    Journal(housed.render_as_string(hide_password=False)).close()
    assert tables(url, role) == OURS
    named = sa.make_url(url).update_query_dict({"options": "-csearch_path=public"})
    Journal(named.render_as_string(hide_password=False)).close()
    assert tables(url, "public") == OURS
    assert tables(url, "target_chakra") == set()


def test_a_schema_that_can_hold_no_journal_is_told_with_the_statement_that_mends_it(
    url: str,
) -> None:
    role, other = f"guest{next(NUMBERS)}", f"host{next(NUMBERS)}"
    ask(url, f"CREATE ROLE {role} LOGIN", f"CREATE ROLE {other} LOGIN")

    def named(schema: str) -> str:
        made = sa.make_url(url).set(username=role)
        made = made.update_query_dict({"options": f"-csearch_path={schema}"} if schema else {})
        return made.render_as_string(hide_password=False)

    def refused(schema: str) -> str:
        with pytest.raises(JournalError) as error:
            Journal(named(schema))
        return str(error.value)

    missing = refused("mine")
    assert "a schema that this database does not have (mine)" in missing
    statement = f"CREATE SCHEMA mine AUTHORIZATION {role}"
    assert missing.endswith(f": {statement}.")
    ask(url, statement)
    Journal(named("mine")).close()
    assert tables(url, "mine") == OURS
    ask(url, f'CREATE SCHEMA "Theirs" AUTHORIZATION {other}')
    # Of our own name, too, which is asked for without words in the URL.
    ask(url, f"CREATE SCHEMA target_chakra AUTHORIZATION {other}")
    for schema, quoted in (('"Theirs"', '"Theirs"'), ("", "target_chakra")):
        grant = f"GRANT USAGE, CREATE ON SCHEMA {quoted} TO {role}"
        told = refused(schema)
        assert f"may not keep a journal in the schema {quoted}, which is of {other}" in told
        assert told.endswith(f": {grant}.")
        ask(url, f"GRANT USAGE ON SCHEMA {quoted} TO {role}")
        assert refused(schema) == told
        ask(url, grant)
        Journal(named(schema)).close()
        assert tables(url, quoted.strip('"')) == OURS
        ask(url, f"REVOKE CREATE ON SCHEMA {quoted} FROM {role}")
        Journal(named(schema)).close()  # it stands there already
    ask(url, f"REVOKE ALL ON SCHEMA target_chakra FROM {role}")
    for schema, step in (("", r"denied .*GRANT USAGE"), ("nowhere", "CREATE SCHEMA")):
        with closing(Reports(named(schema))) as reports, pytest.raises(JournalError, match=step):
            reports.runs()


def test_a_journal_that_an_earlier_version_begins_anew_is_told_once_a_run(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    old(url, write_journal_of_030)
    Journal(url).close()
    ask(url, "CREATE TABLE version (number INT)")  # of somebody else
    Journal(url).close()
    assert not caplog.records
    ask(url, "DROP TABLE version")
    old(url, write_journal_of_030)
    Journal(url).close()
    (told,) = caplog.records
    assert told.levelname == "WARNING"
    assert "Another journal stands in the schema public" in told.message
    assert "Stop that runner" in told.message
    assert "version" in tables(url, "public")
