"""The file of a look: its owner's alone, and passed over with a word where it is no good."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_plugin.findings.finding import Finding, Severity
from chakra_plugin.findings.kept import VERSION, KeptLook, keep_look, kept_look

if TYPE_CHECKING:
    from pathlib import Path

LOOK = KeptLook(
    VERSION,
    "account 1",
    1_796_000_000_000,
    (
        Finding("users", "12 are listed", fact="listed"),
        Finding("x", "y", "z", "api_key", Severity.FAULT, "lead", "f", ExitCode.NO_ACCESS),
    ),
)


def test_what_is_kept_is_read_again_just_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "doctor.json"
    assert keep_look(path, LOOK) == ""
    assert kept_look(path, "account 1") == (LOOK, "")


def test_the_file_is_its_owners_alone_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "doctor.json"
    keep_look(path, LOOK)
    keep_look(path, LOOK)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["doctor.json"]


def test_where_no_look_is_kept_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert kept_look(tmp_path / "none.json", "account 1") == (None, "")


def test_a_look_at_another_account_is_not_compared_with(tmp_path: Path) -> None:
    keep_look(tmp_path / "d.json", LOOK)
    look, said = kept_look(tmp_path / "d.json", "account 2")
    assert look is None
    assert "another account" in said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": 1, "account": "account 1", "looked_at": "soon", "findings": []}',
        b'{"version": 1, "account": "account 1", "looked_at": 1, "findings": [{"topic": 3}]}',
        b'{"version": 99, "account": "account 1", "looked_at": 1, "findings": []}',
    ],
)
def test_a_damaged_file_is_passed_over_with_a_word(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "doctor.json"
    path.write_bytes(content)
    look, said = kept_look(path, "account 1")
    assert look is None
    assert str(path) in said
    assert "passed over" in said


def test_where_the_folder_can_not_be_made_that_is_a_word_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    said = keep_look(tmp_path / "file" / "doctor.json", LOOK)
    assert "could not be kept" in said
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_path_that_is_a_folder_is_a_word_both_ways(tmp_path: Path) -> None:
    (tmp_path / "doctor.json").mkdir()
    (tmp_path / "doctor.json" / "x").write_text("")
    assert "could not be kept" in keep_look(tmp_path / "doctor.json", LOOK)
    assert "can't be read" in kept_look(tmp_path / "doctor.json", "account 1")[1]
    assert [each.name for each in tmp_path.iterdir()] == ["doctor.json"]
