"""A BATCH file is whole or not there, and its owner's alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.errors import OutputFault, SettingsError
from chakra_api.exit_codes import ExitCode
from tap_chakra import whole_files
from tap_chakra.singer.batch_files import BatchOutput, FileNames, JsonLines
from tap_chakra.singer.batch_settings import batch_config_of
from tap_chakra.whole_files import write_whole

if TYPE_CHECKING:
    from pathlib import Path


def test_files_and_new_folders_are_their_owner_s_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_whole(tmp_path / "a" / "b" / "rows.json", b"{}\n")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {"a": 0o700, "b": 0o700, "rows.json": 0o600}


def test_links_are_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "rows.json").symlink_to(victim)
    write_whole(tmp_path / "rows.json", b"{}\n")
    assert (tmp_path / "rows.json").read_bytes() == b"{}\n"
    (tmp_path / ".more.json.part").symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "more.json", b"{}\n")
    assert victim.read_text() == "mine"


def output(root: Path) -> BatchOutput:
    batch = {"encoding": {"format": "jsonl"}, "storage": {"root": str(root)}}
    config = batch_config_of({"batch_config": batch})
    assert config is not None
    content = JsonLines()
    content.keep({"id": 1})
    return BatchOutput(config, FileNames("run"), {"lead": content})


@pytest.mark.parametrize("step", ["write", "fsync", "close"])
def test_a_disk_that_is_full_leaves_no_file_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    really = getattr(os, step)

    def full(file: int, *_: Any) -> None:
        if step == "close":
            really(file)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files.os, step, full)
    with pytest.raises(OutputFault, match=r"No space left on device\. Make room there") as caught:
        list(output(tmp_path / "root").written())
    assert caught.value.exit_code == ExitCode.STOPPED
    assert list((tmp_path / "root").iterdir()) == []


def test_a_folder_that_can_not_be_made_is_a_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"Not a directory|File exists") as caught:
        list(output(tmp_path / "file").written())
    assert "batch_config.storage.root" in str(caught.value)
