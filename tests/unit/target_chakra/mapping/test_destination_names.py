"""What the name of a destination says."""

from __future__ import annotations

import pytest

from target_chakra.mapping.destination_names import (
    attribute_of,
    bare_name,
    created_attribute_of,
    destination_of,
    is_for_creates,
)


@pytest.mark.parametrize(
    ("destination", "attribute", "created"),
    [
        ("data.city", "city", None),
        ("data.data.city", "data.city", None),
        ("record.phone", None, "phone"),
        ("state", None, None),
        ("data", None, None),
        ("database.city", None, None),
        ("isDeleted", None, None),
    ],
)
def test_a_destination_is_an_attribute_or_of_a_create_or_a_root_field(
    destination: str, attribute: str | None, created: str | None
) -> None:
    assert attribute_of(destination) == attribute
    assert created_attribute_of(destination) == created
    assert is_for_creates(destination) == (created is not None)
    assert bare_name(destination) == (destination if attribute is None else attribute)


@pytest.mark.parametrize("short_id", ["city", "data.city", "", "record.phone"])
def test_an_attribute_is_found_again_in_its_destination(short_id: str) -> None:
    assert attribute_of(destination_of(short_id)) == short_id
