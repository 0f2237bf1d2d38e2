"""Journals that are broken, of another version or of something else are named."""

from __future__ import annotations

import json
import sqlite3
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.endings import STEPS, TARGET_CODES, ends_in_order
from tests.fuzz.inputs import BYTES, SCALARS, damaged
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.in_process import Told

JOURNAL_ERROR = 10
SCHEMA = {"type": "SCHEMA", "stream": "s", "schema": {"properties": {"lead_id": {}, "score": {}}}}
ROWS = [{"type": "RECORD", "stream": "s", "record": {"lead_id": f"L-{n:06d}", "score": n}}
        for n in range(1, 10)]  # fmt: skip
CELLS = [("runs", "receipt"), ("batches", "actions"), ("batches", "outcomes"),
         ("confirmed", "fields"), ("confirmed", "learned"), ("batches", "kind")]  # fmt: skip
TABLES = ("runs", "batches", "confirmed", "owned", "unknowns", "rejects", "findings", "twins")
of_one_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def run(folder: Path, *command: str) -> Told:
    config = {
        "api_key": KEY,
        "api_url": "http://chakra.test",
        "streams": [{"stream": "s", "procedure": "lead"}],
        "journal": f"sqlite:///{folder}/journal.db",
        "lost_answer_horizon": 5,
        "job_timeout": 20,
    }
    args = ["--config", written(folder, "config.json", config)]
    lines = written(folder, "in", "\n".join(map(json.dumps, [SCHEMA, *ROWS])))
    return run_target(world_of(9), [*args, *(command or ("--input", lines))])


@cache
def _right() -> bytes:
    """A journal of a run that ended well, in one file."""
    from pathlib import Path  # noqa: PLC0415
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    with TemporaryDirectory() as name:
        assert run(Path(name)).code == 0
        with sqlite3.connect(f"{name}/journal.db") as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
        return (Path(name) / "journal.db").read_bytes()


def put(folder: Path, content: bytes) -> None:
    for leftover in folder.glob("journal.db*"):
        leftover.unlink()
    (folder / "journal.db").write_bytes(content)


@pytest.mark.parametrize("content", [b"no database at all\n" * 50, b"\x00" * 5_000, b"SQLite"])
def test_a_file_that_is_no_journal_is_named_and_left(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, content)
    told = run(tmp_path)
    assert told.code == JOURNAL_ERROR, told.stderr
    ends_in_order(told, TARGET_CODES)
    assert (tmp_path / "journal.db").read_bytes() == content


@of_one_file
@given(st.data())
def test_a_damaged_journal_is_used_or_named(tmp_path: Path, data: st.DataObject) -> None:
    STEPS["journals"] += 1
    put(tmp_path, data.draw(st.one_of(BYTES, damaged(_right()))))
    ends_in_order(run(tmp_path), TARGET_CODES)


@of_one_file
@given(st.sampled_from(CELLS), st.data(), st.sampled_from(["runs", "rejects", "unknown"]))
def test_a_journal_whose_cells_are_damaged_is_used_or_named(
    tmp_path: Path, cell: tuple[str, str], data: st.DataObject, command: str
) -> None:
    """SQLite keeps no checksums: it does not notice."""
    STEPS["journals"] += 1
    put(tmp_path, _right())
    table, column = cell
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        (kept, *_) = connection.execute(f"SELECT {column} FROM {table}").fetchone()
        right = kept.encode() if isinstance(kept, str) else kept or b"{}"
        wrong = data.draw(st.one_of(BYTES, damaged(right)))
        connection.execute(f"UPDATE {table} SET {column} = ?", [wrong])
        # Open again, so that a run takes them on.
        kept = "outcomes" if column == "outcomes" or data.draw(st.booleans()) else "NULL"
        connection.execute(f"UPDATE batches SET state = 'submitted', outcomes = {kept}")
    connection.close()
    ends_in_order(run(tmp_path), TARGET_CODES)
    ends_in_order(run(tmp_path, command), TARGET_CODES)


@of_one_file
@given(st.sampled_from([*TABLES, "version"]))
def test_a_journal_without_a_table_is_named_if_it_is_missed(tmp_path: Path, table: str) -> None:
    STEPS["journals"] += 1
    put(tmp_path, _right())
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute(f"DROP TABLE {table}")
    connection.close()
    told = run(tmp_path)
    assert told.code in {0, JOURNAL_ERROR}, told.stderr
    ends_in_order(told, TARGET_CODES)


@of_one_file
@given(SCALARS)
def test_a_journal_of_another_version_is_named(tmp_path: Path, number: object) -> None:
    STEPS["journals"] += 1
    put(tmp_path, _right())
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("DROP TABLE version")
        connection.execute("CREATE TABLE version (number)")
        kept = str(number) if isinstance(number, int) and abs(number) >= 2**63 else number
        connection.execute("INSERT INTO version VALUES (?)", [kept])
    connection.close()
    ends_in_order(run(tmp_path), TARGET_CODES)
