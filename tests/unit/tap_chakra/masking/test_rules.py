"""The setting `mask` means what is written, in every form in which it comes, or is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from chakra_api.redaction import Secret
from tap_chakra.masking.rules import Treatment, gravest, parse_mask
from tap_chakra.masking.stream_mask import StreamMask, stream_mask
from tap_chakra.masking.treatments import DROPPED, treat_of
from tests.support.json_values import values

MASK = {"*.email": "hash", "process_lead.data.phone": "drop", "users.name": "keep-first"}
NESTED = {
    "*": {"email": "hash"},
    "process_lead": {"data": {"phone": "drop"}},
    "users": {"name": "keep-first"},
}


@pytest.mark.parametrize("mask", [MASK, NESTED, json.dumps(MASK), json.dumps(NESTED)])
def test_a_mask_is_read_alike_however_it_is_nested_or_spelled(mask: object) -> None:
    """Meltano and TOML make objects of what stands between points; the environment holds texts."""
    rules = parse_mask({"mask": mask, "mask_salt": "s"}, "X").rules
    assert {(each.stream, each.group, each.name, each.treatment.value) for each in rules} == {
        ("*", "", "email", "hash"),
        ("process_lead", "data", "phone", "drop"),
        ("users", "", "name", "keep-first"),
    }


@pytest.mark.parametrize("mask", [None, "", {}, "{}"])
def test_nothing_is_masked_by_nothing(mask: object) -> None:
    assert parse_mask({"mask": mask}, "X").rules == ()


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ({"*.email": "Hash"}, "Did you mean 'hash'"),
        ({"*.email": "keep_first"}, "Did you mean 'keep-first'"),
        ({"*.email": True}, "true, which is no treatment"),
        ({"*.email": None}, "The treatments are hash, drop, keep-first"),
        ({"email": "drop"}, "does not name a stream"),
        ({"*.": "drop"}, "does not name a stream"),
        ({".email": "drop"}, "does not name a stream"),
        (["*.email"], "not an object"),
        ("*.email", "not an object"),
        (7, "not an object"),
        ({"*.email": "hash"}, "X_MASK_SALT"),
    ],
)
def test_what_means_nothing_is_refused(mask: object, said: str) -> None:
    with pytest.raises(SettingsError, match="mask") as caught:
        parse_mask({"mask": mask}, "X")
    assert said in str(caught.value)


def test_the_treatment_that_shows_least_counts() -> None:
    assert gravest([Treatment.KEEP_FIRST, Treatment.HASH]) is Treatment.HASH
    assert gravest([Treatment.HASH, Treatment.DROP]) is Treatment.DROP
    assert gravest([]) is None


def mask_of(mask: dict[str, str]) -> StreamMask:
    found = stream_mask(parse_mask({"mask": mask, "mask_salt": "s"}, "X"), "process_lead")
    assert found is not None
    return found


def test_names_are_matched_exactly_and_letters_count() -> None:
    mask = mask_of({"process_*.email": "hash", "*.data.phone*": "drop", "users.x": "drop"})
    assert mask.attribute("data", "email") is Treatment.HASH
    assert mask.column("email") is Treatment.HASH
    assert mask.attribute("data", "Email") is None
    assert mask.attribute("data", "phone_2") is Treatment.DROP
    assert mask.attribute("derivedData", "phone_2") is None
    assert mask.column("phone_2") is None
    assert mask.attribute("data", "x") is None
    assert mask_of({"*.*": "drop"}).column("id", ("id",)) is None
    assert stream_mask(parse_mask({"mask": {"users.x": "drop"}}, "X"), "process_lead") is None


def test_a_mask_of_extra_data_is_for_what_has_no_column() -> None:
    mask = mask_of({"*._extra_data.pin": "drop"})
    assert mask.attribute("data", "pin") is None
    known: dict[str, Any] = {"pin": None}
    assert mask.object({"pin": 1, "a": {"pin": 2}}, "data", known) == {"pin": 1, "a": {}}
    assert mask.object({"pin": 1, "a": [{"pin": 2}, 3]}, "data") == {"a": [{}, 3]}


@given(values)
def test_a_mask_that_was_sent_to_another_process_is_the_same(value: Any) -> None:
    mask = mask_of(MASK | {"process_lead.x": "hash"})
    other = StreamMask.of(mask.spelled())
    assert "s" not in repr(mask.spelled()).split("salt")[1:]
    assert other.nested(value) == mask.nested(value)


@given(st.text(), st.text(min_size=1))
def test_a_text_is_hashed_as_it_is(salt: str, text: str) -> None:
    salt, bare = salt or "salt", text.replace("\0", "")
    expected = hmac.new(salt.encode(), bare.encode(), hashlib.sha256).hexdigest()
    assert treat_of(Treatment.HASH, Secret(salt))(bare or None) == (expected if bare else None)


@given(values)
def test_other_values_are_hashed_as_json(value: Any) -> None:
    treated = treat_of(Treatment.HASH, Secret("salt"))(value)
    if value is None or value == "":
        assert treated == value
    elif not isinstance(value, str) and not has_floats(value):
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert treated == hmac.new(b"salt", text.encode(), hashlib.sha256).hexdigest()
    else:
        assert isinstance(treated, str)
        assert len(treated) == 64


def has_floats(value: Any) -> bool:
    """Whether there is a number whose exponent Python writes in another way."""
    if isinstance(value, (list, dict)):
        return any(map(has_floats, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


@pytest.mark.parametrize(
    ("value", "left"),
    [
        *((None, None), ("", ""), ("A", "A***"), ("Asha", "A***"), ("李", "李***")),
        *(({"a": 1}, "***"), ([1], "***"), (7, "***"), (True, "***")),
    ],
)
def test_the_first_character_of_a_text_is_kept(value: object, left: object) -> None:
    assert treat_of(Treatment.KEEP_FIRST, None)(value) == left


def test_dropping_leaves_nothing() -> None:
    assert treat_of(Treatment.DROP, None)("x") is DROPPED
    assert repr(DROPPED) == "DROPPED"


def test_a_salt_is_not_printed() -> None:
    setting = parse_mask({"mask": MASK, "mask_salt": "do not show"}, "X")
    assert "do not show" not in f"{setting!r} {setting} {setting.salt}"
    with pytest.raises(TypeError):
        pickle.dumps(setting.salt)
    with pytest.raises(SettingsError) as caught:
        parse_mask({"mask": MASK, "mask_salt": ["do not show"]}, "X")
    assert "do not show" not in str(caught.value)
