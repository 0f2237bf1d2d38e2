"""The settings that name processes: a file's lines, what is refused, and each id once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from tap_chakra.process_ids import parse_process_ids, read_lines

if TYPE_CHECKING:
    from pathlib import Path

IDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
PAIRS = st.lists(st.tuples(st.sampled_from(["lead", "ticket"]), IDS))


def test_without_the_settings_all_are_read() -> None:
    assert parse_process_ids({}, ()) is None
    assert parse_process_ids({"process_ids": "", "only_ids": " "}, ()) is None


def test_an_empty_object_names_none() -> None:
    assert parse_process_ids({"process_ids": {}}, ()) == {}


def test_file_and_setting_add_up_each_id_once(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text(
        '\ufeffA1\r\n\n  a2 \nticket\tT\n{"procedure":"lead","id":"a3"}\n'
    )
    config = {"process_ids": {"lead": ["a1", "a0"]}, "only_ids": str(tmp_path / "ids")}
    with pytest.raises(SettingsError, match="does not say of which procedure"):
        parse_process_ids(config, ())
    with pytest.raises(SettingsError, match="leaves 'ticket' out"):
        parse_process_ids(config, ("lead",))
    (tmp_path / "ids").write_text('\ufeffA1\r\n\n  a2 \n{"id":"a3"}\nlead\ta2')
    assert parse_process_ids(config, ("lead",)) == {"lead": ("a1", "a0", "a2", "a3")}


@given(PAIRS)
def test_lines_in_either_form_name_what_they_were_made_of(pairs: list[tuple[str, str]]) -> None:
    tabs = [f"{procedure}\t{each}" for procedure, each in pairs]
    objects = [json.dumps({"procedure": procedure, "id": each}) for procedure, each in pairs]
    assert list(read_lines(tabs, "f", "")) == pairs
    assert list(read_lines(objects, "f", "")) == pairs


@given(st.lists(IDS.filter(lambda each: not each.startswith("{"))))
def test_ids_alone_are_of_the_one_procedure(ids: list[str]) -> None:
    assert list(read_lines(ids, "f", "lead")) == [("lead", each) for each in ids]


@pytest.mark.parametrize(
    "line",
    ["two words", "lead\t", "\tx", '{"id": 7}', '{"procedure": 1, "id": "x"}', "{", "a\x00b"],
)
def test_a_line_that_names_no_process_is_refused(line: str) -> None:
    with pytest.raises(SettingsError, match="Line 2 of the file of ids 'f'"):
        list(read_lines(["lead\tx", line], "f", ""))


@pytest.mark.parametrize(
    "ids", [["x"], "lead", {"lead": "x"}, {"lead": [""]}, {"lead": [7]}, {"lead": ["a b"]}]
)
def test_a_setting_that_names_no_process_is_refused(ids: object) -> None:
    with pytest.raises(SettingsError, match="process_ids"):
        parse_process_ids({"process_ids": ids}, ())


def test_a_file_that_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\xff\xfe\x00")
    for path in (str(tmp_path / "none"), str(tmp_path), str(tmp_path / "odd"), "a\0b", 7):
        with pytest.raises(SettingsError):
            parse_process_ids({"only_ids": path}, ("lead",))
