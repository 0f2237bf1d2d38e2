"""What a user is told of places: which journal, which file, and what to do about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.in_process import KEY, Told, run_target, world_of, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
