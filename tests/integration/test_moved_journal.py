"""A journal that knows of no call meets rows whose calls the help of another made.

The sandbox counts what arrived.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import sqlite3
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.integration.test_target_tasks import MAPPING as TASKS
from tests.integration.test_target_tasks import made_of
from tests.support.messages import BY_NUMBER, WHATSAPP, numbers_of, visits
from tests.support.target_process import Told, operate, record, schema, settings, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWS_OF_NONE = "knows of none"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "30"]) as server:
        yield server


@dataclass(frozen=True)
class Desk:
    """Sends the messages and the task of one test, and counts what arrived of them."""

    sandbox: Sandbox
    folder: Path
    first: int

    def sent(self, folder: Path | None = None, **more: Any) -> Told:
        config = settings(self.sandbox, whatsapp=WHATSAPP, streams=[BY_NUMBER], **more)
        return write(folder or self.folder, config, visits(range(self.first, self.first + 2)))

    def tasked(self, **more: Any) -> Told:
        row = record("visits", visit="v1", lead="L-000003", said=f"moved {self.first}:")
        rows = [schema("visits", ["visit", "lead", "said", "owner", "done"]), row]
        return write(self.folder, settings(self.sandbox, streams=[TASKS], **more), rows)

    def arrived(self) -> tuple[int, ...]:
        """How many messages came of each row, and how many of the task."""
        got = numbers_of(self.sandbox)
        messages = [got[f"155501{each:05}"] for each in range(self.first, self.first + 2)]
        return (*messages, len(made_of(self.sandbox, f"moved {self.first}:")))


FIRSTS = count(100, 10)


@pytest.fixture
def desk(running: Sandbox, tmp_path: Path) -> Iterator[Desk]:
    before = running.knobs()
    yield Desk(running, tmp_path, next(FIRSTS))
    running.knobs(**before)


def test_the_first_messages_of_a_journal_are_warned_of_once(desk: Desk, tmp_path: Path) -> None:
    first = desk.sent()
    assert (first.code, first.outcomes) == (0, {"created": 2}), first.stderr
    assert first.stderr.count(KNOWS_OF_NONE) == 1
    assert f"'{tmp_path}/.target-chakra/journal.db' knows of none" in first.stderr
    again = desk.sent()
    assert (again.code, again.outcomes) == (0, {"unchanged": 2}), again.stderr
    assert KNOWS_OF_NONE not in again.stderr
    # Of tasks it knows none, whatever it knows of messages.
    assert KNOWS_OF_NONE in desk.tasked().stderr


def test_from_another_working_folder_it_is_said_where_the_journal_is(
    desk: Desk, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    desk.sent(tmp_path / "one")
    elsewhere = desk.sent(tmp_path / "two")
    assert f"'{tmp_path}/two/.target-chakra/journal.db' knows of none" in elsewhere.stderr


def test_another_journal_sends_nothing_while_the_one_that_knows_is_there(
    desk: Desk, tmp_path: Path
) -> None:
    desk.sent()
    desk.tasked()
    other = f"sqlite:///{tmp_path}/other.db"
    for more in ({}, {"dry_run": True}, {"plan_path": str(tmp_path / "plan.jsonl")}):
        refused = desk.sent(journal=other, **more)
        assert refused.code == 3, refused.stderr
        assert "knows of 2: they would be made again" in refused.stderr
        assert "or set journal to sqlite:///" in refused.stderr
    assert desk.tasked(journal=other).code == 3
    assert desk.arrived() == (1, 1, 1)
    # The next step that is told: it knows of them.
    back = f"sqlite:///{tmp_path}/.target-chakra/journal.db"
    assert desk.sent(journal=back).outcomes == {"unchanged": 2}
    # And the other one: out of the way, they are sent again, as their user wants.
    (tmp_path / ".target-chakra").rename(tmp_path / "away")
    twice = desk.sent(journal=other)
    assert (twice.code, twice.outcomes) == (0, {"created": 2}), twice.stderr
    assert f"'{tmp_path}/other.db' knows of none" in twice.stderr
    assert desk.arrived() == (2, 2, 1)


def test_what_may_have_been_sent_counts_as_what_was(desk: Desk, tmp_path: Path) -> None:
    desk.sandbox.knobs(faults=[{"kind": "reset_after", "every_nth": 1, "match": "send-template"}])
    assert desk.sent().code == 8
    refused = desk.sent(journal=f"sqlite:///{tmp_path}/other.db")
    assert refused.code == 3, refused.stderr


def test_what_the_other_journal_knows_of_something_else_does_not_matter(
    desk: Desk, tmp_path: Path
) -> None:
    desk.tasked()
    told = desk.sent(journal=f"sqlite:///{tmp_path}/other.db")
    assert (told.code, told.outcomes) == (0, {"created": 2}), told.stderr


def test_a_journal_in_postgresql_is_refused_and_shows_no_password(
    desk: Desk, tmp_path: Path, postgres: str
) -> None:
    desk.sent()
    url = sa.make_url(postgres).set(password="s3cret").render_as_string(hide_password=False)  # noqa: S106 - to be looked for
    refused = desk.sent(journal=url)
    assert refused.code == 3, refused.stderr
    assert "knows of 2: they would be made again" in refused.stderr
    assert "s3cret" not in refused.stderr
    assert desk.arrived() == (1, 1, 0)
    (tmp_path / ".target-chakra").rename(tmp_path / "away")
    warned = desk.sent(journal=url)
    assert (warned.code, KNOWS_OF_NONE in warned.stderr) == (0, True), warned.stderr
    assert "s3cret" not in warned.stderr


def test_retry_is_refused_as_a_run_is(desk: Desk, tmp_path: Path) -> None:
    other = {"journal": f"sqlite:///{tmp_path}/other.db"}
    config = settings(desk.sandbox, whatsapp=WHATSAPP, streams=[BY_NUMBER], **other)
    assert write(tmp_path, config, visits([1], mobile="0172")).outcomes == {"rejected": 1}
    desk.sent()
    assert operate(tmp_path, config, "retry").code == 3


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_calls_that_are_copied_are_not_made_again(
    desk: Desk, tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    desk.sandbox.knobs(faults=[{"kind": "reset_after", "every_nth": 2, "match": "send-template"}])
    first = desk.sent(concurrency=1)
    assert first.outcomes == {"created": 1, "unknown": 1}, first.stderr
    desk.sandbox.knobs(faults=[])
    desk.tasked()
    url = f"sqlite:///{tmp_path}/other.db"
    if database == "postgresql":
        url = emptied(request.getfixturevalue("postgres"))
    new = settings(desk.sandbox, journal=url)
    refused = desk.sent(journal=url)
    assert refused.code == 3, refused.stderr
    file = f"{tmp_path}/.target-chakra/journal.db"
    step = f"target-chakra copy-calls '{file}'"
    assert step in refused.stderr

    for new_ones in (3, 0):
        copied = operate(tmp_path, new, *shlex.split(step)[1:])
        assert (copied.code, f"{new_ones} messages, tasks and" in copied.stderr) == (0, True), (
            copied
        )

    assert desk.tasked(journal=url).outcomes == {"unchanged": 1}
    again = desk.sent(journal=url)
    assert (again.code, again.outcomes) == (8, {"unchanged": 1, "unknown": 1}), again.stderr
    (line,) = map(json.loads, operate(tmp_path, new, "unknown", "--json").stdout.splitlines())
    word = operate(tmp_path, new, "unknown", "--now", "--as", "written", str(line["id"]))
    assert word.code == 0, word.stderr
    assert desk.sent(journal=url).outcomes == {"unchanged": 2}
    assert desk.arrived() == (1, 1, 1)
    # What is new is sent, and gets a number of its own.
    later = Desk(desk.sandbox, tmp_path, next(FIRSTS)).sent(journal=url)
    assert (later.code, later.outcomes) == (0, {"created": 2}), later.stderr


def emptied(postgres: str) -> str:
    """A database of its own on a server."""
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("CREATE DATABASE moved")
    return sa.make_url(postgres).set(database="moved").render_as_string(hide_password=False)


def test_what_can_not_be_copied_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.sent()
    file = tmp_path / ".target-chakra" / "journal.db"
    other = f"sqlite:///{tmp_path}/other.db"

    def copied(of: Path = file, **more: Any) -> Told:
        return operate(
            tmp_path, settings(desk.sandbox, journal=other, **more), "copy-calls", str(of)
        )

    assert "dry_run is set" in copied(dry_run=True).stderr
    assert "There is no journal at" in copied(tmp_path / "none.db").stderr
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE calls SET state = 'left' WHERE id = 1")
    engine.dispose()
    cut_off = copied()
    assert (cut_off.code, "Run the target once with that journal" in cut_off.stderr) == (10, True)
    # The next step that is told.
    assert write(tmp_path, settings(desk.sandbox, streams=[BY_NUMBER]), []).code == 0
    assert "2 messages, tasks and public files copied" in copied().stderr


@pytest.mark.parametrize("made", [False, True], ids=["empty", "of a version without calls"])
def test_a_journal_at_the_default_place_that_can_know_of_none_stops_nothing(
    desk: Desk, tmp_path: Path, *, made: bool
) -> None:
    place = tmp_path / ".target-chakra" / "journal.db"
    place.parent.mkdir(mode=0o700)
    place.touch(0o600)
    other = f"sqlite:///{tmp_path}/other.db"
    if made:
        assert desk.tasked().code == 0
        with contextlib.closing(sqlite3.connect(place)) as connection:
            connection.execute("drop table calls")
    told = desk.sent(journal=other)
    assert (told.code, told.outcomes) == (0, {"created": 2}), told.stderr
