"""Ids of photos, and what an attribute that holds them may look like."""

from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.photos.photo_attribute import PhotoAttribute

TEXT = st.text(max_size=50)
IDS = st.lists(st.uuids().map(str), max_size=4)
OF_PHOTOS = uuid.UUID("5d0c4a55-6a3a-4f4e-9a57-0f6d3c1b7e21")


@given(TEXT.filter(str.isascii), TEXT, TEXT)
def test_an_id_is_the_uuid_of_process_attribute_and_content(
    attribute: str, process: str, sha256: str
) -> None:
    """And stays it: an id that changed would have all photos uploaded anew."""
    made = PhotoAttribute(attribute, holds_several=False).photo_id(process, sha256)
    assert made == str(uuid.uuid5(OF_PHOTOS, f"{process}/{attribute}/{sha256}"))


@given(ids=IDS, holds_several=st.booleans())
def test_ids_are_read_in_every_form_that_the_documents_leave_open(
    ids: list[str], *, holds_several: bool
) -> None:
    attribute = PhotoAttribute("photos", holds_several=holds_several)
    for held in (ids, json.dumps(ids), ",".join(ids), ", ".join(ids)):
        assert attribute.ids(held) == tuple(ids)


@pytest.mark.parametrize("held", [None, "", [], {}, {"id": "a"}, [None], [{}], True])
def test_what_holds_no_id_holds_none(held: object) -> None:
    assert PhotoAttribute("photo", holds_several=False).ids(held) == ()
