"""A file that a user hands over is read, or refused in one line that names it."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import SettingsError
from chakra_plugin import json_files
from chakra_plugin.json_files import json_file

if TYPE_CHECKING:
    from pathlib import Path

OBJECT = '{"a": "\u00e9"}'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_means_nothing(tmp_path: Path, encoding: str) -> None:
    (path := tmp_path / "a.json").write_text(OBJECT, encoding=encoding)
    assert json_file(str(path), "state") == {"a": "\u00e9"}


WRONG = [
    (b"", "is empty", "Leave --state out"),
    (b" \r\n", "is empty", "Leave --state out"),
    (b"\xef\xbb\xbf", "is empty", "Leave --state out"),
    (OBJECT.encode("utf-16"), "is UTF-16 text", "Save it as UTF-8"),
    (b"\xff{}", "is not UTF-8 text", "Save it as UTF-8"),
    (b'{"a": 1,\n}', "is not JSON: line 1", "Correct it"),
    (b'{"a": NaN}', "is not JSON: line 1", "Correct it"),
    (b"[]", "holds no JSON object", "Check that it is the right file"),
]


@pytest.mark.parametrize(("content", "cause", "step"), WRONG)
def test_what_is_no_object_is_refused(
    tmp_path: Path, content: bytes, cause: str, step: str
) -> None:
    (path := tmp_path / "a.json").write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        json_file(str(path), "state")
    assert refused.value.cause.startswith(f"The state file '{path}' {cause}")
    assert refused.value.next_step.startswith(step)


def test_what_can_not_be_read_is_named(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "Is a directory"), (tmp_path / "no", "No such file")):
        with pytest.raises(SettingsError, match=why) as refused:
            json_file(str(path), "settings")
        assert str(path) in refused.value.cause


@pytest.mark.parametrize(
    "path",
    [
        '{"api_key": "ck_live_1"}',
        ' {"api_key": "ck_live_1"',
        "api_key: x\nsalt: ck_live_1",
        "TAP_CHAKRA_API_KEY=ck_live_1",
        "ck_live_51H8s9aBcD7xYz",
    ],
)
def test_settings_in_place_of_their_file_are_not_repeated(path: str) -> None:
    with pytest.raises(SettingsError) as caught:
        json_file(path, "settings")
    assert "ck_live" not in str(caught.value)
    assert caught.value.next_step


def test_env_in_small_letters_is_told_how_to_be_written() -> None:
    with pytest.raises(SettingsError, match="ENV in capitals"):
        json_file("env", "settings")


def test_a_pipe_is_read_once_somebody_writes_to_it_and_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(path := tmp_path / "pipe")
    later = threading.Timer(0.1, path.write_text, [OBJECT])
    later.start()
    assert json_file(str(path), "settings") == {"a": "\u00e9"}
    later.join()
    monkeypatch.setattr(json_files, "WRITER_SECONDS", 0.05)
    with pytest.raises(SettingsError, match="it is a pipe that nobody writes to"):
        json_file(str(path), "settings")


def test_a_file_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_files, "MOST_BYTES", 1 << 20)
    with pytest.raises(SettingsError, match="it has more than 1 MB"):
        json_file("/dev/zero", "settings")
