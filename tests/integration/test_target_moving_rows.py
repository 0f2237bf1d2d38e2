"""Rows that move between streams of one procedure, and the mirrors among those."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.world import World
    from tests.support.in_process import Told

Row = dict[str, Any]


def rows(*names: str, score: int = 5) -> list[Row]:
    return [{"lead_id": name, "score": score} for name in names]


def names_of(given: list[Row]) -> list[str]:
    return sorted({name for row in given for name in row})


def of(stream: str, given: list[Row], version: int | None, *, activates: bool = True) -> list[Row]:
    """What a stream says in a run."""
    columns: Row = {name: {} for name in names_of(given)}
    lines: list[Row] = [{"type": "SCHEMA", "stream": stream, "schema": {"properties": columns}}]
    named = {} if version is None else {"version": version}
    lines += [{"type": "RECORD", "stream": stream, "record": row, **named} for row in given]
    if activates and version is not None:
        lines.append({"type": "ACTIVATE_VERSION", "stream": stream, "version": version})
    return lines


class Account:
    """A sandbox in this process, and a target with two streams to its leads."""

    def __init__(self, folder: Path, mapping: Row) -> None:
        self.world: World = world_of(0)
        self._folder = folder
        b = {"stream": "b", "procedure": "lead", "mode": "mirror", "key": "lead_id"}
        c = {**b, "stream": "c", "mode": "upsert"}
        a = {**b, "stream": "a", **mapping}
        self._config = {
            "api_key": KEY,
            "journal": f"sqlite:///{folder}/journal.db",
            "streams": [a, b, c],
            "max_deletes": 50,
            "max_rejects": 99,
        }

    def run(self, *parts: list[Row], words: tuple[str, ...] = (), ends: bool = True) -> Told:
        args = ["--config", written(self._folder, "config.json", self._config), *words]
        if not words:
            lines = [json.dumps(line) for part in parts for line in part]
            lines += [json.dumps({"type": "STATE", "value": {}})] if ends else ["{"]
            args += ["--input", written(self._folder, "rows.singer", "\n".join(lines) + "\n")]
        return run_target(self.world, args)

    def ask(self, statement: str) -> list[Any]:
        journal = self._folder / "journal.db"
        with closing(sqlite3.connect(journal)) as connection, connection:
            return connection.execute(statement).fetchall()

    def alive(self) -> dict[str, str]:
        """Ids by key."""
        store = self.world.account.shelves["lead"].store
        found = [store.row(slot) for slot in range(len(store)) if store.alive[slot]]
        return {row["data"]["lead_id"]: row["id"] for row in found}


def told(run: Told) -> Row:
    line = [x for x in run.stderr.splitlines() if x.startswith('{"run"')][-1]
    found: Row = json.loads(line)
    return found


@pytest.fixture
def account(tmp_path: Path, mapping: Row) -> Account:
    """The first day: `a` has x1, `b` has y1, y2 and y3."""
    made = Account(tmp_path, mapping)
    first = rows("x1") if mapping.get("key") != "id" else []
    assert made.run(of("a", first, 1), of("b", rows("y1", "y2", "y3"), 1)).code == 0
    return made


MODES = [{"mode": "mirror"}, {"mode": "upsert"}, {"mode": "update"}, {"mode": "insert"}]
NAMED_BY_ID = {"mode": "update", "key": "id"}


@pytest.mark.parametrize("mapping", MODES[:2], ids=lambda m: m["mode"])
@pytest.mark.parametrize("score", [6, 5], ids=["changed", "as it was"])
@pytest.mark.parametrize("first", ["a", "b"])
def test_a_row_that_moved_to_another_stream_is_present(
    account: Account, score: int, first: str
) -> None:
    """It was updated, deleted in the same run, and created again in the next one."""
    before = account.alive()["y1"]
    for version in (2, 3):
        moved = [of("a", rows("x1", "y1", score=score), version), of("b", rows("y3"), version)]
        run = account.run(*(moved if first == "a" else moved[::-1]))
        assert run.code == 0
        assert told(run)["mirror_deletes"]["deleted"] == (1 if version == 2 else 0)
        assert sorted(account.alive()) == ["x1", "y1", "y3"]
        assert account.alive()["y1"] == before


@pytest.mark.parametrize("mapping", MODES[:2], ids=lambda m: m["mode"])
def test_what_no_stream_brings_any_more_is_deleted_by_the_mirror_that_owns_it(
    account: Account,
) -> None:
    account.run(of("a", rows("x1", "y1", score=6), 2), of("b", rows("y3"), 2))
    run = account.run(of("a", rows("x1"), 3), of("b", rows("y3"), 3))
    assert told(run)["mirror_deletes"]["deleted"] == 1
    assert sorted(account.alive()) == ["x1", "y3"]
    again = account.run(of("a", rows("x1"), 4), of("b", rows("y3"), 4))
    assert sum(told(again)["mirror_deletes"].values()) == 0  # it is nobody's any more


@pytest.mark.parametrize("mapping", MODES, ids=lambda m: m["mode"])
@pytest.mark.parametrize("word", ["Y1", "y1 "])
def test_another_spelling_and_a_row_that_is_rejected_bring_it_too(
    account: Account, word: str
) -> None:
    bad = [{"lead_id": word, "score": "many"}]
    run = account.run(of("b", rows("y3"), 2), of("a", bad, None))
    assert told(run)["outcomes"]["rejected"] == 1
    assert "y1" in account.alive()
    assert "y2" not in account.alive()


@pytest.mark.parametrize("mapping", [NAMED_BY_ID])
@pytest.mark.parametrize("score", [7, 5, "many"])
def test_a_row_that_is_named_by_its_id_is_present(account: Account, score: object) -> None:
    """One that was rejected says so, too, and bars the rest: it may be of any key."""
    before = account.alive()
    run = account.run(of("b", rows("y3"), 2), of("a", [{"id": before["y1"], "score": score}], None))
    assert account.alive().get("y1") == before["y1"], run.stderr
    assert ("y2" in account.alive()) == (score == "many")


@pytest.mark.parametrize("mapping", [{"mode": "upsert"}])
@pytest.mark.parametrize("known", [True, False], ids=["process known", "not known"])
def test_a_row_that_another_stream_marks_as_deleted_is_nobodys_any_more(
    account: Account, *, known: bool
) -> None:
    """Others made one with its key, and the mirror deleted theirs."""
    if not known:
        account.ask("UPDATE owned SET process_id = NULL")
    account._config["streams"][0]["delete_when"] = "gone"  # type: ignore[index]  # noqa: SLF001
    gone = [{"lead_id": "y1", "gone": True}]
    run = account.run(of("a", gone, None), of("b", rows("y2", "y3"), 2))
    assert told(run)["outcomes"]["deleted"] == 1
    assert sum(told(run)["mirror_deletes"].values()) == 0
    assert sorted(account.alive()) == ["x1", "y2", "y3"]
    assert account.ask("SELECT key FROM owned ORDER BY key") == [("y2",), ("y3",)]


@pytest.mark.parametrize("mapping", MODES[:2], ids=lambda m: m["mode"])
def test_a_commit_knows_what_other_streams_brought(account: Account) -> None:
    moved = of("a", rows("x1", "y1"), None), of("b", rows("y3"), None)
    assert account.run(*moved).code == 0
    run = account.run(words=("mirror-commit", "--stream", "b"))
    assert run.code == 0
    assert sorted(account.alive()) == ["x1", "y1", "y3"]


@pytest.mark.parametrize("mapping", [{"mode": "upsert"}])
def test_a_source_that_resumes_behind_the_other_stream_brought_that_too(account: Account) -> None:
    """The run that brought y1 broke off before the mirror's first row came."""
    broken = account.run(of("a", rows("x1", "y1"), None), ends=False)
    assert broken.code == ExitCode.SETTINGS
    assert account.run(of("b", rows("y3"), 2)).code == 0
    assert sorted(account.alive()) == ["x1", "y1", "y3"]
    assert account.run(of("b", rows("y3"), 3)).code == 0
    assert sorted(account.alive()) == ["x1", "y3"]


@pytest.mark.parametrize("mapping", [{"mode": "upsert"}])
def test_a_row_that_is_unknown_at_the_end_bars_deletes_that_were_due_before(
    account: Account,
) -> None:
    """Its ACTIVATE_VERSION came before: a row of any stream may be of any process."""
    account._config["max_rejects"] = 0  # noqa: SLF001
    run = account.run(of("b", rows("y3"), 2), of("a", [{"lead_id": "x1", "score": "many"}], None))
    assert run.code == ExitCode.REJECTS
    assert "Nothing of 'b' is deleted: 1 row was rejected, and max_rejects allows 0" in run.stderr
    assert sorted(account.alive()) == ["x1", "y1", "y2", "y3"]


@pytest.mark.parametrize("mapping", [{"mode": "insert", "key": None}])
def test_a_rejected_row_of_a_stream_without_a_key_names_no_process(account: Account) -> None:
    run = account.run(of("b", rows("y3"), 2), of("a", [{"score": "many"}], None))
    assert told(run)["outcomes"]["rejected"] == 1
    assert told(run)["mirror_deletes"]["deleted"] == 2
