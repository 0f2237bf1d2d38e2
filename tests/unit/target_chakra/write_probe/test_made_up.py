"""What a probe makes up fits each type of the documents, and is refused in words where it can't."""

from __future__ import annotations

import pytest

from chakra_api.account.account import Attribute, Procedure
from chakra_api.account.people import Directory
from chakra_api.errors import SettingsError
from chakra_api.values.attribute_types import BY_NAME, attribute_type
from chakra_api.values.choices import Option
from target_chakra.mapping.destinations import Destinations
from target_chakra.write_probe.made_up import NEXT_ACTION, MadeUp, made_up

NUMBER = 1_790_000_000_000_123
MADE = {
    "email": "Target-Chakra-Probe-1790000000000123@Example.invalid",
    "phone": "+999 000000123",
    "url": "https://example.invalid/Probe",
    "string": "  Probe  of target-chakra, ÄÖ  ",
    "textarea": "  Probe  of target-chakra, ÄÖ  ",
    "integer": 42,
    "number": 42,
    "float": 12.5,
    "decimal": 12.5,
    "boolean": True,
    "date": 981_158_400_000,
    "datetime": 981_173_106_789,
    "datetimeiso8601": "2001-02-03T04:05:06.789Z",
    "multistring": ["b", "a"],
    "geolocation": [12.5, 77.25],
    "monthofyear": 2,
}
"""What goes over the wire, by type, written down by hand."""
NOT_MADE = (
    *("photo", "audio", "document", "user", "process", "record", "task", "state", "status", "otp"),
    *("username", "multiphotos", "multidocuments", "json", "externalobject", "booking", "cart"),
    *("processcollection", "stringenum", "multistringenum"),
)


def attribute(
    name: str, kind: str, *, required: bool = False, options: tuple[str, ...] = ()
) -> Attribute:
    shown = tuple(Option(each, each) for each in options)
    return Attribute(name, name, name, attribute_type(kind), shown, required)


def made(*attributes: Attribute, key: str | None = "key") -> MadeUp:
    procedure = Procedure("p", "p", "P", attributes, primary_key=key)
    return made_up(Destinations(procedure, Directory.from_users([])), NUMBER)


KEY = attribute("key", "stringId")


@pytest.mark.parametrize(("kind", "value"), MADE.items(), ids=MADE.keys())
def test_a_value_of_each_type_is_made_up(kind: str, value: object) -> None:
    found = made(KEY, attribute("x", kind))
    assert found.samples == {"data.x": value}
    assert found.fields == {"data.key": f"Target-Chakra-Probe-{NUMBER}"}


@pytest.mark.parametrize("kind", NOT_MADE)
def test_what_can_t_be_made_up_is_left_out_or_refused_where_it_is_required(kind: str) -> None:
    assert made(KEY, attribute("x", kind)).samples == {}
    with pytest.raises(SettingsError, match=r"requires values that can't be made up: x"):
        made(KEY, attribute("x", kind, required=True))


def test_each_type_of_the_documents_is_one_of_both() -> None:
    known = {*MADE, *NOT_MADE}
    others = {kind for kind in BY_NAME if kind not in known}
    for kind in sorted(others):
        made(KEY, attribute("x", kind))  # it must not fail


def test_a_choice_is_one_of_its_options() -> None:
    found = made(
        KEY,
        attribute("city", "stringEnum", options=("pune", "goa"), required=True),
        attribute("tags", "multiStringEnum", options=("vip",)),
    )
    assert found.fields["data.city"] == "pune"
    assert found.samples == {"data.tags": ["vip"]}


def test_of_texts_that_may_hold_anything_one_is_filled() -> None:
    found = made(KEY, attribute("a", "string"), attribute("b", "text area"), attribute("c", "url"))
    assert list(found.samples) == ["data.a", "data.c"]
    assert found.changed == "data.a"
    assert found.change(3) == "probe3"


@pytest.mark.parametrize(
    ("kind", "mark"),
    [
        ("stringId", f"Target-Chakra-Probe-{NUMBER}"),
        ("integerId", NUMBER),
        ("phone", "+999 000000123"),
        ("email", f"Target-Chakra-Probe-{NUMBER}@Example.invalid"),
    ],
)
def test_the_primary_key_is_the_mark(kind: str, mark: object) -> None:
    assert made(attribute("key", kind)).mark == mark


@pytest.mark.parametrize("kind", ["user", "boolean", "decimal", "time", "photo", "stringEnum"])
def test_a_key_that_can_t_be_marked_is_refused(kind: str) -> None:
    with pytest.raises(SettingsError, match="of which none can be made up"):
        made(attribute("key", kind))


def test_without_a_key_a_text_is_marked_and_without_a_text_it_is_refused() -> None:
    found = made(attribute("who", "user"), attribute("note", "text area"), key=None)
    assert found.attribute == "note"
    assert found.changed == NEXT_ACTION
    assert found.change(1) == 978_307_201_000
    with pytest.raises(SettingsError, match="neither a primary key nor a text"):
        made(attribute("who", "user"), key=None)


def test_what_a_refusal_names_is_left_out() -> None:
    found = made(KEY, attribute("note", "string"), attribute("at", "date"))
    refusal = "note must be shorter"
    assert found.named_in(refusal) == ["data.note"]
    left = found.without(found.named_in(refusal))
    assert list(left.samples) == ["data.at"]
    assert left.changed == NEXT_ACTION
    assert found.named_in("a notebook is something else") == []
