"""Files that list things a line each: what is read of them, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import SettingsError
from tap_chakra.listed_files import ListedFile, said_lines

if TYPE_CHECKING:
    from pathlib import Path

FILE = ListedFile("names_file", "names", "A name a line", most_bytes=4, instead="Name fewer")


def test_lines_that_say_nothing_are_counted_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "names").write_bytes(b"a\n\nb")
    assert list(said_lines(FILE.lines(str(tmp_path / "names")))) == [(1, "a"), (3, "b")]


def test_a_file_at_the_limit_is_read_and_a_larger_one_refused(tmp_path: Path) -> None:
    (tmp_path / "names").write_bytes(b"abcd")
    assert FILE.lines(str(tmp_path / "names")) == ["abcd"]
    # A character that the limit cuts in two makes the file no less a text.
    (tmp_path / "larger").write_text("abcd\u00e4", encoding="utf-8")
    with pytest.raises(SettingsError, match="larger than 0 MB"):
        FILE.lines(str(tmp_path / "larger"))


@pytest.mark.parametrize("path", [7, "a\0b", None])
def test_what_is_no_path_is_told_with_its_setting(path: object) -> None:
    with pytest.raises(SettingsError, match="The setting names_file is"):
        FILE.lines(path)


def test_what_is_no_text_or_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\xff\xfe")
    for name, why in (("odd", "is no text in UTF-8"), ("none", "can't be read"), ("", "read")):
        with pytest.raises(SettingsError, match=why):
            FILE.lines(str(tmp_path / name))
