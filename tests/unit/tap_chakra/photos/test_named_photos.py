"""Which photos a row names, whatever stands in its attributes; and that a mask hides them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.account.account import Attribute, Procedure
from chakra_api.values.attribute_types import attribute_type
from tap_chakra.masking.masked_procedure import masked
from tap_chakra.masking.rules import parse_mask
from tap_chakra.masking.stream_mask import stream_mask
from tap_chakra.photos.named_photos import NamedPhoto, photo_attributes, photo_ids

SALT = "a salt of more than sixteen"
IDS = st.text("0123456789abcdef-", min_size=1, max_size=36)


def attribute(name: str, kind: str) -> Attribute:
    return Attribute(name, f"id of {name}", name, attribute_type(kind))


TICKET = Procedure(
    "ticket",
    "p1",
    "Tickets",
    attributes=(
        attribute("front", "photo"),
        attribute("more", "Multi_Photos"),
        attribute("file", "document"),
        attribute("name", "string"),
    ),
    derived_attributes=(attribute("cover", "PHOTO"),),
)


def under(**rules: str) -> Procedure:
    keys = {name.replace("__", "."): word for name, word in rules.items()}
    setting = parse_mask({"mask": keys, "mask_salt": SALT}, "TAP_CHAKRA")
    mask = stream_mask(setting, "process_ticket")
    assert mask is not None
    return masked(TICKET, mask)


@given(st.lists(IDS, max_size=5))
def test_an_array_its_text_and_a_list_behind_commas_name_the_same(ids: list[str]) -> None:
    once = list(dict.fromkeys(ids))
    assert list(photo_ids(ids)) == once
    assert list(photo_ids(json.dumps(ids))) == once
    assert list(photo_ids(" , ".join(ids))) == once


@pytest.mark.parametrize(
    "value", [None, "", [], "[]", {}, {"id": "x"}, [["x"]], [None], True, " , "]
)
def test_what_is_no_id_names_nothing(value: Any) -> None:
    assert list(photo_ids(value)) == []


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=9))
def test_no_value_breaks_it(value: Any) -> None:
    assert all(each == each.strip() and each for each in photo_ids(value))


def test_each_attribute_of_a_photo_type_names_photos() -> None:
    row = {
        "id": "t1",
        "data": {"front": "a", "more": ["b", "a", "b"], "file": "f", "name": "n"},
        "derivedData": {"cover": "c"},
    }
    assert list(photo_attributes(TICKET).named_by(row)) == [
        NamedPhoto("a", "ticket", "t1", "front"),
        NamedPhoto("b", "ticket", "t1", "more"),
        NamedPhoto("a", "ticket", "t1", "more"),
        NamedPhoto("c", "ticket", "t1", "cover"),
    ]


@pytest.mark.parametrize("row", [{}, {"id": 5}, {"id": "t"}, {"id": "t", "data": ["a"]}])
def test_a_row_without_data_names_none(row: dict[str, Any]) -> None:
    assert list(photo_attributes(TICKET).named_by(row)) == []


@pytest.mark.parametrize("treatment", ["drop", "hash", "keep-first"])
@pytest.mark.parametrize("key", ["process_ticket.front", "*.data.front", "*.fr*"])
def test_no_treatment_of_a_mask_lets_a_photo_be_fetched(key: str, treatment: str) -> None:
    paths = photo_attributes(under(**{key.replace(".", "__"): treatment})).paths
    assert paths == (("data", "more"), ("derivedData", "cover"))


def test_a_mask_of_all_data_hides_all_of_them() -> None:
    paths = photo_attributes(under(process_ticket__data="drop")).paths
    assert paths == (("derivedData", "cover"),)


def test_what_is_not_selected_names_none() -> None:
    paths = photo_attributes(TICKET, [("derivedData",), ("data", "front")]).paths
    assert paths == (("data", "more"),)
