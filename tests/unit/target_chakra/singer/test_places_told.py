"""What a user is told of places: which journal, which file, and what to do about it."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.errors import JournalError
from target_chakra.journal.journal import Journal
from tests.support.in_process import KEY, Told, run_target, world_of, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_chakra.journal.records import Entry

LINES: list[dict[str, Any]] = [
    {"type": "SCHEMA", "stream": "s", "schema": {"properties": {"lead_id": {}}}},
    {"type": "RECORD", "stream": "s", "record": {"lead_id": "L-1"}},
]


def target(folder: Path, *lines: dict[str, Any], **settings: object) -> Told:
    """A run of the target with a journal beside its input."""
    config = {
        "api_key": KEY,
        "api_url": "http://chakra.test",
        "streams": [{"stream": "s", "procedure": "lead"}],
        "journal": f"sqlite:///{folder}/j.db",
        **settings,
    }
    text = "".join(f"{json.dumps(each)}\n" for each in lines or LINES)
    args = ["--config", written(folder, "config.json", config)]
    return run_target(world_of(3), [*args, "--input", written(folder, "rows.jsonl", text)])


def is_a_link(path: Path) -> None:
    other = path.with_name("other.db")
    other.write_bytes(b"x" * 5000)
    path.symlink_to(other)


def is_ours(path: Path) -> None:
    path.write_bytes(b"x" * 5000)
    path.chmod(0o600)


def is_plain(path: Path) -> None:
    path.write_bytes(b"x" * 5000)
    path.chmod(0o644)


@pytest.mark.parametrize("made", [is_a_link, is_ours, is_plain])
def test_a_journal_that_is_no_database_is_named(
    made: Callable[[Path], None], tmp_path: Path
) -> None:
    made(tmp_path / "j.db")
    told = target(tmp_path)
    assert told.code == 10
    assert f"{tmp_path}/" in told.stderr
    assert "***" not in told.stderr
    assert "Set journal to a file of its own" in told.stderr


def test_how_to_write_a_journal_is_said_in_full(tmp_path: Path) -> None:
    told = target(tmp_path, journal="sqlite://")
    assert told.code == 3
    assert "Write it as sqlite:///path/journal.db" in told.stderr


def test_a_password_that_is_a_name_too_masks_no_other_word(tmp_path: Path) -> None:
    told = target(tmp_path, journal="postgresql://postgres:postgres@127.0.0.1:1/app")
    assert told.code == 10
    assert "postgresql://postgres:***@127.0.0.1:1/app'" in told.stderr.replace("+psycopg", "")


@pytest.mark.parametrize(
    "option", ["connect_timeout=abc", "sslmode=odd", "keepalives=abc", "channel_binding=odd"]
)
def test_an_option_of_a_journal_that_means_nothing_is_one_of_the_setting(
    option: str, tmp_path: Path
) -> None:
    told = target(tmp_path, journal=f"postgresql://127.0.0.1:1/app?{option}")
    assert told.code == 3
    assert "The setting journal does not fit" in told.stderr
    assert option.partition("=")[2] in told.stderr


def test_what_a_full_disk_did_not_take_is_not_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_journal: Journal, entry: Entry) -> None:
        if entry.rejects:
            raise JournalError("The journal failed: disk is full", "Make room")

    bad = [
        {"type": "RECORD", "stream": "s", "record": {"lead_id": f"R{n}", "score": "bad"}}
        for n in range(5)
    ]
    schema = {"properties": {"lead_id": {}, "score": {}}}
    monkeypatch.setattr(Journal, "record", full)
    lines = [{**LINES[0], "schema": schema}, *bad, {"type": "STATE", "value": {"n": 1}}]
    told = target(tmp_path, *lines, max_rejects=99)
    assert told.code == 10
    assert not told.stdout
    outcomes = json.loads(told.stderr.splitlines()[-1])["outcomes"]
    assert {name: count for name, count in outcomes.items() if count} == {"not sent": 5}
    assert "rejected most often" not in told.stderr.lower()


def is_missing(_path: Path) -> None:
    """Nothing is made."""


def is_cut_off(path: Path) -> None:
    path.write_bytes(gzip.compress(b'{"lead_id": "L-1"}\n' * 500)[:-12])


def is_no_row(path: Path) -> None:
    path.write_bytes(gzip.compress(b"[1]\n"))


@pytest.mark.parametrize("made", [is_missing, os.mkdir, is_cut_off, is_no_row])
@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_file_of_a_batch_that_cant_be_read_is_named(
    made: Callable[[Path], None], form: str, tmp_path: Path
) -> None:
    path = tmp_path / "part\x1b1.gz"
    made(path)
    batch = {
        "type": "BATCH",
        "stream": "s",
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "manifest": [form.format(path)],
    }
    told = target(tmp_path, LINES[0], batch, batch_root=str(tmp_path))
    assert told.code == 3
    named = form.format(path).replace("\x1b", "\\x1b")
    assert f"The file '{named}' of the BATCH in line 2" in told.stderr


def test_what_lies_at_the_place_of_rejects_is_told_as_what_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rejects")
    told = target(tmp_path, rejects_path=str(tmp_path / "rejects"))
    assert told.code == 3
    assert "is no regular file" in told.stderr
    assert "Set rejects_path to a file of its own" in told.stderr
    assert "chmod" not in told.stderr


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / ".target-chakra").symlink_to(tmp_path / "gone")
    told = target(tmp_path, journal=f"sqlite:///{tmp_path}/.target-chakra/journal.db")
    assert told.code == 10
    assert f"'{tmp_path}/.target-chakra' is a link to what is not there" in told.stderr
