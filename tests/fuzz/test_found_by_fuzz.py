"""What fuzzing found, each as the shortest input that shows it."""

from __future__ import annotations

import gzip
import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.errors import SettingsError
from chakra_api.exit_codes import ExitCode
from tap_chakra.run.bookmark import from_state
from tests.fuzz.endings import TARGET_CODES, ends_in_order
from tests.support.in_process import KEY, Told, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = {"type": "SCHEMA", "stream": "s", "schema": {"properties": {"lead_id": {}, "score": {}}}}
ROW = {"type": "RECORD", "stream": "s", "record": {"lead_id": "L-000001", "score": 1}}
JSONL = {"format": "jsonl", "compression": "gzip"}
LINES: dict[str, Any] = {
    "a message without a type": {"type": "", "": ""},
    "a message of an unknown type": {"type": "SCHEMAS", "stream": "s"},
    "a schema that is none": {**SCHEMA, "schema": {"properties": {"lead_id": None}}},
    "a row of a stream without a name": {**ROW, "stream": ["s"]},
    "a file of a stream without a name": {"type": "BATCH", "stream": {}, "manifest": []},
    "a file of a stream that nobody announced": {"type": "BATCH", "stream": "t", "manifest": []},
    "a file without an encoding": {"type": "BATCH", "stream": "s", "manifest": []},
    "a file of an unknown encoding": {
        "type": "BATCH", "stream": "s", "encoding": {"format": "xml"}, "manifest": ["file:///x"]
    },
    "files that are no list": {"type": "BATCH", "stream": "s", "encoding": JSONL, "manifest": 5},
    "a file that is not there": {
        "type": "BATCH", "stream": "s", "encoding": JSONL, "manifest": ["file:///nowhere/x.gz"]
    },
}  # fmt: skip


def run(folder: Path, *lines: object) -> Told:
    config = {
        "api_key": KEY,
        "api_url": "http://chakra.test",
        "streams": [{"stream": "s", "procedure": "lead"}],
        "journal": f"sqlite:///{folder}/journal.db",
        "batch_root": str(folder),
    }
    args = ["--config", written(folder, "config.json", config)]
    text = "\n".join(map(json.dumps, lines))
    told = run_target(world_of(3), [*args, "--input", written(folder, "in", text)])
    ends_in_order(told, TARGET_CODES)
    return told


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_line_that_lacks_something_is_named(tmp_path: Path, line: object) -> None:
    told = run(tmp_path, SCHEMA, ROW, line)
    assert told.code == ExitCode.SETTINGS, told.stderr
    assert "ine 3" in told.stderr


@pytest.mark.parametrize("bookmarks", ["x", 5, [1], True])
def test_a_state_of_another_tap_s_own_shape_is_passed_on(tmp_path: Path, bookmarks: object) -> None:
    state = {"bookmarks": bookmarks}
    told = run(tmp_path, SCHEMA, ROW, {"type": "STATE", "value": state})
    assert told.code == 0, told.stderr
    assert json.loads(told.stdout.splitlines()[-1]) == state


@pytest.mark.parametrize("content", [b"[1]\n", b"{\n", b"5\n"])
def test_a_file_that_holds_no_rows_is_named(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, "rows.jsonl.gz", gzip.compress(content))
    batch = {"type": "BATCH", "stream": "s", "encoding": JSONL, "manifest": [f"file://{path}"]}
    told = run(tmp_path, SCHEMA, batch)
    assert told.code == ExitCode.SETTINGS, told.stderr
    assert "line 2" in told.stderr


def test_a_replication_key_that_is_no_name_is_foreign() -> None:
    with pytest.raises(SettingsError, match="never wrote"):
        from_state("process_lead", {"replication_key": ["updatedAt"]})


DAMAGE = {
    "a version that none ever had": "UPDATE version SET number = -1",
    "an open batch all of whose rows have ended": "UPDATE batches SET state = 'submitted'",
    "a batch of another size": "UPDATE batches SET state = 'lost', outcomes = NULL, size = 9",
    "a state that is none": "UPDATE batches SET state = 'lost', outcomes = '[[0, \"eaten\"]]'",
    "values that are none": "UPDATE confirmed SET fields = 'x'",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_journal_that_can_not_be_is_named(tmp_path: Path, damage: str) -> None:
    assert run(tmp_path, SCHEMA, ROW).code == 0
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute(damage)
    connection.close()
    told = run(tmp_path, SCHEMA, ROW)
    assert told.code == ExitCode.JOURNAL, told.stderr


def test_a_journal_whose_tables_are_no_text_is_named(tmp_path: Path) -> None:
    """SQLite quotes a table's definition in its message, which Python can't read then."""
    assert run(tmp_path, SCHEMA, ROW).code == 0
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE runs", b"CREATE\x80TABLE runs"))
    told = run(tmp_path, SCHEMA, ROW)
    assert told.code == ExitCode.JOURNAL, told.stderr
