"""Users and collections of the configuration under a mask; what a mask can mean in an account."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from chakra_api.account.account import resolve_account
from chakra_api.errors import SettingsError
from chakra_api.wire.wire_json import decode
from tap_chakra.masking.rules import parse_mask
from tap_chakra.records.config_collections import collection_records
from tap_chakra.records.masks import Masks
from tap_chakra.records.stream_names import stream_names
from tap_chakra.records.users import user_records, users_schema

SALT = "sixteen letters, or more"
MAIL = "asha@example.com"
CONFIG: dict[str, Any] = {
    "procedures": [
        {
            "id": "p1",
            "shortId": "lead",
            "attributes": [
                {"id": "a1", "shortId": "score", "type": {"name": "integer"}},
                {"id": "a2", "shortId": "email", "type": {"name": "email"}},
            ],
        },
        {"id": "p2", "shortId": "open"},
    ],
    "userProfiles": [
        {"id": "1", "email": MAIL, "size": 5, "createdAt": 1_700_000_000_000},
        {"id": "2", "email": "x\0y", "extra": {"email": MAIL, "n": 1}, "note": "a\0"},
    ],
}
ACCOUNT = resolve_account(decode(json.dumps(CONFIG).encode()))  # type: ignore[arg-type]
NAMES = stream_names(ACCOUNT)
USER: dict[str, Any] = {
    "id": "u1",
    "username": MAIL,
    "firstName": "Asha",
    "data": {"email": MAIL, "level": 3},
    "dob": 915_148_800_000,
    "isActive": [MAIL],
    "primaryEmail": {"email": MAIL, "normalizedEmail": MAIL.upper()},
    "emails": [{"address": MAIL}],
    "team": "t1",
}


def masks(mask: dict[str, str], salt: str = SALT) -> Masks:
    return Masks(parse_mask({"mask": mask, "mask_salt": salt}, "X"), ACCOUNT, NAMES)


def hashed(text: str) -> str:
    return hmac.new(SALT.encode(), text.encode(), hashlib.sha256).hexdigest()


def user(mask: dict[str, str], v2: dict[str, Any] | None = None) -> dict[str, Any]:
    """The record of a user, which its schema fits."""
    found = masks(mask).users
    assert found is not None
    (record,) = user_records([USER], [v2] if v2 else [], mask=found)
    assert record.keys() == found.schema(users_schema())["properties"].keys()  # type: ignore[attr-defined]
    return record


@pytest.mark.parametrize("v2", [None, {"id": "u1", "primaryEmail": MAIL}])
def test_an_address_is_masked_wherever_a_user_shows_it(v2: dict[str, Any] | None) -> None:
    record = user({"users.email": "hash", "users.username": "hash", "users.isActive": "drop"}, v2)
    assert record["email"] == record["username"] == hashed(MAIL)
    assert "asha@" not in repr(record).lower()
    extra = json.loads(record["_extra_data"])
    assert extra.keys() == {"primaryEmail", "emails"}
    assert extra["emails"] == hashed('[{"address":"asha@example.com"}]')
    assert json.loads(record["data"]) == {"email": hashed(MAIL), "level": 3}


def test_other_columns_of_a_user() -> None:
    record = user({"users.dob": "hash", "users.firstName": "keep-first", "users.data": "hash"})
    assert record["dob"] == hashed("915148800000")
    assert record["firstName"] == "A***"
    assert record["data"] == hashed('{"email":"asha@example.com","level":3}')
    assert record["email"] == MAIL
    assert json.loads(record["_extra_data"])["primaryEmail"]["email"] == MAIL


def test_a_collection_of_the_configuration_is_masked() -> None:
    found = masks({"user_profiles.email": "hash", "*.size": "drop", "*.createdAt": "hash"})
    made = collection_records(ACCOUNT, NAMES.collections, None, found.listed)["user_profiles"]
    first, second = made.rows
    assert first["email"] == hashed(MAIL)
    assert first["createdAt"] == hashed("2023-11-14T22:13:20.000Z")
    assert "size" not in first
    assert made.schema["properties"].keys() == first.keys() == second.keys()  # type: ignore[attr-defined]
    assert made.schema["properties"]["createdAt"]["type"] == ["string", "null"]  # type: ignore[index]
    assert json.loads(str(second["extra"])) == {"email": hashed(MAIL), "n": 1}
    assert json.loads(str(second["_extra_data"])) == {"email": hashed("xy"), "note": "a\0"}
    assert ACCOUNT.collections["userProfiles"][0]["email"] == MAIL


def test_nothing_is_masked_without_rules() -> None:
    found = masks({"process_lead.email": "drop"})
    assert found.users is None
    assert found.listed("user_profiles") is None
    lead, unknown = ACCOUNT.procedures
    assert found.procedure(unknown) is unknown
    assert [each.short_id for each in found.procedure(lead).attributes] == ["score"]


def test_what_can_not_be_checked_is_said() -> None:
    (said,) = masks({"process_open.pin": "drop"}).warnings
    assert "process_open.pin" in said
    assert "process_open holds" in said
    assert masks({"*.email": "drop", "process_lead._extra_data.pin": "drop"}).warnings == []


def test_a_short_salt_is_said() -> None:
    (said,) = masks({"*.email": "hash"}, "pepper").warnings
    assert "16 characters" in said
    assert "pepper" not in said


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ({"process_lead.emails": "drop"}, "Did you mean 'email'?"),
        ({"process_lead.emails": "drop"}, "process_lead._extra_data.emails"),
        ({"proces_lead.email": "drop"}, "Did you mean 'process_lead'?"),
        ({"lead.email": "drop"}, "process_lead"),
        ({"users.id": "hash"}, "the id is the key"),
        ({"*.id": "drop"}, "data.id"),
        ({"process_lead.updatedAt": "hash"}, "the later one"),
        ({"process_lead._extra_data": "hash"}, "holds many values"),
        ({"process_lead.derivedData": "keep-first"}, "process_lead.derivedData.*"),
        ({"process_lead.score": "keep-first"}, "process_lead.data.score holds integer"),
        ({"process_lead.isDeleted": "keep-first"}, "holds flag"),
        ({"users.data": "keep-first"}, "holds JSON"),
        ({"users.dob": "keep-first"}, "holds integer"),
        ({"user_profiles.size": "keep-first"}, "holds other values"),
        ({"procedures.createdAt": "drop"}, "means no attribute"),
    ],
)
def test_what_means_nothing_is_refused(mask: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        masks(mask)
    assert said in str(caught.value)


@pytest.mark.parametrize("column", ["firstName", "timezone", "role"])
def test_a_text_is_masked_whatever_its_description_says(column: str) -> None:
    found = masks({f"users.{column}": "keep-first"})
    assert found.users is not None
    assert found.warnings == []


def test_a_pattern_passes_keys_by() -> None:
    record = user({"users.*": "drop"})
    assert record.keys() == {"id", "_extra_data"}
    assert masks({"process_lead.*": "hash"}).warnings == []
