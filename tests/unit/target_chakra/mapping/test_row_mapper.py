"""Mapping: what the tap emits is what the target accepts, and what does not fit says where."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chakra_api.account.account import Attribute, Procedure, State
from chakra_api.account.people import Directory
from chakra_api.errors import SettingsError
from chakra_api.values.attribute_types import attribute_type
from chakra_api.values.choices import Option
from chakra_api.values.writing import OnlyHeld
from target_chakra.books.rejects_file import reject_line
from target_chakra.changes import Change, Key, Mode, Reject
from target_chakra.mapping.destinations import Destinations, ValueRules
from target_chakra.mapping.row_mapper import RowMapper
from target_chakra.stream_mapping import StreamMapping

if TYPE_CHECKING:
    from collections.abc import Collection

Row = dict[str, object]
CITY = (Option("pune", "Pune"), Option("goa", "Goa"))
PROCEDURE = Procedure(
    "lead",
    "p1",
    "Lead",
    (
        Attribute("lead_id", "a1", "Lead id", attribute_type("integerId")),
        Attribute("city", "a2", "City", attribute_type("stringEnum"), CITY),
        Attribute("leadScore", "a3", "Score", attribute_type("integer")),
        Attribute("note", "a4", "Note", attribute_type("string")),
        Attribute("met_at", "a5", "Met", attribute_type("dateTime")),
        Attribute("tags", "a6", "Tags", attribute_type("multiStringEnum"), CITY),
    ),
    derived_attributes=(Attribute("rank", "d1", "Rank", attribute_type("integer")),),
    states=(State("NEW", "s1", "New"), State("WON", "s2", "Won")),
    primary_key="lead_id",
)
PEOPLE = Directory.from_users(
    [
        {"id": "u1", "username": "asha.k", "primaryEmail": "asha@x.in", "firstName": "Asha"},
        {"id": "u2", "username": "ravi.1", "displayName": "Ravi"},
        {"id": "u3", "username": "ravi.2", "displayName": "Ravi"},
    ]
)
DESTINATIONS = Destinations(PROCEDURE, PEOPLE, ValueRules())
BY_ID = StreamMapping("*")
BY_KEY = StreamMapping("*", key_column="lead_id")
CLEARS = StreamMapping("*", clears=True)


def mapped(
    row: Row, mapping: StreamMapping = BY_ID, columns: Collection[str] | None = None
) -> Change | Reject:
    names = list(row) if columns is None else columns
    return RowMapper("leads", mapping, DESTINATIONS, names)(1, 2, row)


def change_of(row: Row, mapping: StreamMapping = BY_ID) -> Change:
    found = mapped(row, mapping)
    assert isinstance(found, Change), found
    return found


def reject_of(row: Row, mapping: StreamMapping = BY_ID) -> Reject:
    found = mapped(row, mapping)
    assert isinstance(found, Reject), found
    return found


# By name


IN_SNAKE_CASE: Row = {
    "id": "1",
    "assigned_to": "u1",
    "assigned_to_username": "asha.k",
    "created_at": "2026-01-01T00:00:00Z",
    "state_name": "New",
    "next_action_at": None,
    "is_deleted": False,
    "_extra_data": None,
}


def test_what_the_tap_emits_in_snake_case_is_what_the_target_accepts() -> None:
    flat = IN_SNAKE_CASE | {"data__lead_score": 5, "data__city": "pune", "derived_data__rank": 1}
    nested = IN_SNAKE_CASE | {
        "data": {"lead_score": 5, "city": "pune"},
        "derived_data": {"rank": 1},
    }
    found = [change_of(row).fields for row in (flat, nested)]
    assert found[0] == found[1]
    assert (
        found[0]
        == change_of(
            {
                "id": "1",
                "assignedTo": "u1",
                "isDeleted": False,
                "data": {"leadScore": 5, "city": "pune"},
            }
        ).fields
    )
    assert change_of(flat | {"is_deleted": True}) != change_of(flat)


def test_a_name_in_snake_case_that_two_attributes_have_is_nobodys() -> None:
    twice = replace(
        PROCEDURE,
        attributes=(
            *PROCEDURE.attributes,
            Attribute("LeadScore", "a7", "Score", attribute_type("integer")),
            Attribute("created_at", "a8", "Made", attribute_type("string")),
            Attribute("is_deleted", "a9", "Gone", attribute_type("string")),
        ),
    )
    columns = ("id", "lead_score", "created_at", "is_deleted")
    mapper = RowMapper("leads", BY_ID, Destinations(twice, PEOPLE, ValueRules()), columns)
    assert isinstance(mapper(1, 2, {"id": "1", "lead_score": 5}), Reject)
    row: Row = {"id": "1", "created_at": "long ago", "is_deleted": "no"}
    found = mapper(1, 2, row)
    assert isinstance(found, Change)
    assert found.fields == {"data.created_at": "long ago", "data.is_deleted": "no"}


@pytest.mark.parametrize(
    "row",
    [
        {"id": "x1", "data": {"city": "pune", "leadScore": 5}},
        {"id": "x1", "data": '{"city": "pune", "leadScore": 5}'},
        {"id": "x1", "data__city": "pune", "data__leadScore": 5},
        {"id": "x1", "data__city": "pune", "data__leadscore": 5},
        {"id": "x1", "DATA__CITY".lower(): "pune", "LEADSCORE": "5"},
        {"id": "x1", "CITY": "pune", "leadscore": 5.0},
    ],
    ids=["nested", "JSON text", "flattened", "folded", "upper case", "by bare name"],
)
def test_attributes_are_found_by_name_in_every_form(row: Row) -> None:
    change = change_of(row)
    assert change.key == Key("lead", "id", "x1")
    assert change.fields == {"data.city": "pune", "data.leadScore": 5}


def test_columns_that_the_tap_and_the_loaders_add_are_left_out() -> None:
    added: Row = {
        "team": "t", "procedure": "p", "createdBy": "u1", "belongsTo": "b", "entity": "e",
        "record": "r", "createdAt": "x", "updatedAt": "x", "completedAt": "x", "stateId": "s1",
        "stateName": "New", "assignedToUsername": "asha.k", "createdByUsername": "asha.k",
        "derivedData": {"rank": 1}, "derivedData__rank": 1, "_extra_data": '{"odd": 1}',
        "_sdc_batched_at": "x", "_sdc_deleted_at": None, "_dlt_load_id": "1", "isDeleted": False,
    }  # fmt: skip
    for row in (added, {name.lower(): value for name, value in added.items()}):
        assert change_of({"id": "x1", "data": {}, **row}).fields == {}


@pytest.mark.parametrize("named", ["u1", "asha.k", "asha@x.in", "ASHA@X.IN", "Asha"])
def test_an_assignee_goes_by_id_username_email_or_name_and_is_sent_as_a_username(
    named: str,
) -> None:
    assert change_of({"id": "x1", "assignedTo": named}).fields == {"assignedTo": "asha.k"}


@pytest.mark.parametrize("named", ["NEW", "New", "s1", "new"])
def test_a_state_goes_by_short_id_name_or_id(named: str) -> None:
    assert change_of({"id": "x1", "state": named}).fields == {"state": "NEW"}


@pytest.mark.parametrize(
    "time", ["2026-01-01T00:00:00.000Z", "2026-01-01T05:30:00+05:30", 1_767_225_600_000]
)
def test_times_go_as_milliseconds(time: object) -> None:
    row: Row = {"id": "x1", "met_at": time, "nextActionAt": time}
    assert change_of(row).fields == dict.fromkeys(
        ("data.met_at", "nextActionAt"), 1_767_225_600_000
    )


# By the user's fields


def test_explicit_fields_go_where_the_user_says_and_no_other_column_counts() -> None:
    fields = {"score": "data.leadScore", "owner": "assignedTo", "tel": "record.phone"}
    mapping = StreamMapping("*", key_column="id", fields=fields)
    row: Row = {"id": "x1", "score": "7", "owner": "u1", "tel": "5", "city": "nowhere", "note": 1}
    assert change_of(row, mapping).fields == {
        "data.leadScore": 7,
        "assignedTo": "asha.k",
        "record.phone": "5",
    }


def test_a_bare_attribute_is_a_destination_too() -> None:
    mapping = StreamMapping("*", key_column="id", fields={"score": "leadScore"})
    assert change_of({"id": "x1", "score": 7}, mapping).fields == {"data.leadScore": 7}


# Keys


@pytest.mark.parametrize(
    ("mapping", "row", "key"),
    [
        (BY_ID, {"id": "x1", "lead_id": 7}, ("id", "x1")),
        (BY_ID, {"lead_id": 7}, ("lead_id", 7)),
        (BY_ID, {"data__lead_id": "7"}, ("lead_id", 7)),
        (BY_ID, {"data": {"lead_id": 7.0}}, ("lead_id", 7)),
        (BY_KEY, {"id": "x1", "lead_id": 7}, ("lead_id", 7)),
        (StreamMapping("*", key_column="crm"), {"crm": 7}, ("lead_id", 7)),
        (StreamMapping("*", key_column="crm", key_attribute="id"), {"crm": "x1"}, ("id", "x1")),
        (StreamMapping("*", key_column="c", key_attribute="note"), {"c": "n"}, ("note", "n")),
        (StreamMapping("*", key_column="c", fields={"c": "data.note"}), {"c": "n"}, ("note", "n")),
        (StreamMapping("*", key_column="c", fields={"c": "id"}), {"c": "x1"}, ("id", "x1")),
        (StreamMapping("*", mode=Mode.INSERT), {"lead_id": 7}, ("lead_id", 7)),
    ],
)
def test_a_row_is_named_by_the_users_key_else_its_id_else_the_primary_key(
    mapping: StreamMapping, row: Row, key: tuple[str, object]
) -> None:
    found = change_of(row, mapping).key
    assert found is not None
    assert (found.attribute, found.value) == key


def test_an_insert_without_a_key_has_none() -> None:
    assert change_of({"note": "a"}, StreamMapping("*", mode=Mode.INSERT)).key is None


@pytest.mark.parametrize("missing", [{}, {"lead_id": None}, {"lead_id": ""}], ids=str)
def test_a_row_without_its_key_is_a_reject(missing: Row) -> None:
    found = mapped({**missing, "note": "a"}, BY_KEY, ("lead_id", "note"))
    assert isinstance(found, Reject)
    assert "lead_id" in found.reason


# Nulls


def test_nulls_are_skipped_unless_the_user_clears() -> None:
    row: Row = {"id": "x1", "data": {"city": None}, "note": None, "leadScore": ""}
    assert change_of(row).fields == {}
    assert change_of(row, CLEARS).fields == dict.fromkeys(
        ("data.city", "data.note", "data.leadScore")
    )


def test_an_attribute_named_in_extra_data_is_never_cleared() -> None:
    extra = json.dumps({"data": {"leadScore": "odd"}, "nextActionAt": "soon"})
    row: Row = {
        "id": "x1",
        "data": {"leadScore": None, "note": None},
        "nextActionAt": None,
        "_extra_data": extra,
    }
    assert change_of(row, CLEARS).fields == {"data.note": None}
    by_id = {**row, "_extra_data": extra.replace("leadScore", "a3")}
    assert change_of(by_id, CLEARS).fields == {"data.note": None}


# Deletes


@pytest.mark.parametrize(
    ("mark", "deletes"),
    [(True, True), (1, True), (1.0, True), ("true", True), ("1", True), ("T", True), (" y", True),
     ("Yes", True), ("on", True), (None, False), (False, False), (0, False), (0.0, False),
     ("", False), (" ", False), ("false", False), ("0", False), ("F", False), ("N", False),
     ("no", False), ("OFF ", False)],
    ids=repr,
)  # fmt: skip
def test_a_mark_deletes_where_the_user_says_and_in_is_deleted(
    *, mark: object, deletes: bool
) -> None:
    gone = StreamMapping("*", delete_when="gone")
    assert change_of({"id": "x1", "gone": mark}, gone).deletes is deletes
    assert change_of({"id": "x1", "isDeleted": mark}).deletes is deletes
    mapped_to = StreamMapping("*", key_column="id", fields={"dead": "isDeleted"})
    assert change_of({"id": "x1", "dead": mark}, mapped_to).deletes is deletes


@pytest.mark.parametrize(
    "word", ["null", "None", "0.0", "2026-01-01", "gone", 2, -1, 0.5], ids=repr
)
def test_a_word_that_nobody_knows_never_deletes_and_never_writes(word: object) -> None:
    gone = StreamMapping("*", delete_when="gone")
    for row, mapping in (
        ({"id": "x1", "gone": word, "note": "a"}, gone),
        ({"id": "x1", "isDeleted": word, "note": "a"}, BY_ID),
        ({"lead_id": 7, "gone": word}, replace(gone, mode=Mode.MIRROR)),
    ):
        reason = reject_of(row, mapping).reason
        assert repr(word) in reason
        assert "neither true nor false" in reason


@pytest.mark.parametrize("column", ["deleted_at", "deletedAt", "removedOn", "timestamp", "ts"])
@pytest.mark.parametrize("time", ["2026-01-01", "2026-01-01 09:15:00.123456+00", 1_767_225_600_000])
def test_any_time_deletes_in_a_column_whose_name_is_a_times(column: str, time: object) -> None:
    mapping = StreamMapping("*", delete_when=column)
    assert change_of({"id": "x1", column: time}, mapping).deletes
    assert not change_of({"id": "x1", column: None}, mapping).deletes
    assert "neither a time" in reject_of({"id": "x1", column: "soon"}, mapping).reason


def test_any_time_deletes_in_a_column_that_is_declared_as_a_time() -> None:
    row: Row = {"id": "x1", "gone": "2026-01-01"}
    mapping = StreamMapping("*", delete_when="gone")
    found = RowMapper("leads", mapping, DESTINATIONS, list(row), ["gone"])(1, 1, row)
    assert isinstance(found, Change)
    assert found.deletes


MARKS = ["_sdc_deleted_at", "_sdc_lsn_deleted_at", "_dlt_deleted", "_SDC_DELETED_AT"]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(
    "value", ["2026-01-01", 1_767_225_600_000, True, "t", "whatever"], ids=repr
)
def test_a_loaders_mark_without_delete_when_is_a_reject_that_says_what_to_set(
    mark: str, value: object
) -> None:
    row: Row = {"id": "x1", mark: value, "note": "a"}
    assert f"delete_when: {mark}" in reject_of(row).next_step
    assert change_of(row, StreamMapping("*", mode=Mode.DELETE)).deletes


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("value", [None, "", False, 0, "f"], ids=repr)
def test_a_loaders_mark_that_is_not_set_changes_nothing(mark: str, value: object) -> None:
    assert change_of({"id": "x1", mark: value, "note": "a"}).fields == {"data.note": "a"}


def test_sdc_deleted_at_deletes_if_the_user_says_so() -> None:
    row: Row = {"id": "x1", "_sdc_deleted_at": "2026-01-01"}
    assert change_of(row, StreamMapping("*", delete_when="_sdc_deleted_at")).deletes


def test_a_mark_that_says_neither_is_a_reject_that_names_delete_when() -> None:
    reject = reject_of({"id": "x1", "gone": "perhaps"}, StreamMapping("*", delete_when="gone"))
    assert "deletes nothing" in reject.reason
    assert reject.next_step == ("Correct it in the source, or name another column as delete_when")


def test_mode_delete_deletes_every_row_even_one_with_bad_values() -> None:
    mode = StreamMapping("*", mode=Mode.DELETE)
    assert change_of({"id": "x1", "leadScore": "odd"}, mode).deletes


# What can't be written


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"leadScore": "many"}, ["leadScore", "'many'"]),
        ({"data": {"leadScore": 5.5}}, ["data.leadScore", "5.5"]),
        ({"data__city": "delhi"}, ["data__city", "'delhi'", "pune, goa"]),
        ({"city": 5}, ["city", "5"]),
        ({"tags": ["pune", "delhi"]}, ["tags", "'delhi'"]),
        ({"state": "LOST"}, ["state", "'LOST'", "NEW, WON"]),
        ({"status": "SHUT"}, ["status", "'SHUT'", "OPEN"]),
        ({"assignedTo": "nobody"}, ["assignedTo", "'nobody'"]),
        ({"assignedTo": "Ravi"}, ["assignedTo", "2 users"]),
        ({"nextActionAt": "soon"}, ["nextActionAt", "'soon'"]),
        ({"met_at": True}, ["met_at", "True"]),
        ({"data": [1]}, ["data", "not an object"]),
        ({"data": {"colour": "red"}}, ["colour", "no attribute"]),
        ({"data__colour": "red"}, ["colour", "no attribute"]),
        ({"colour": "red"}, ["colour", "no attribute"]),
    ],
    ids=str,
)
def test_a_value_that_can_not_be_written_is_a_reject_that_names_its_column(
    row: Row, said: list[str]
) -> None:
    found = mapped({"id": "x1", **row})
    reasons = [found.reason] if isinstance(found, Reject) else []
    fields = found.fields if isinstance(found, Change) else {}
    reasons += [each.reason for each in fields.values() if isinstance(each, OnlyHeld)]
    (reason,) = reasons
    assert all(part in reason for part in said), reason


def test_what_is_no_choice_any_more_may_only_be_held_and_a_new_row_can_not_hold_it() -> None:
    change = mapped({"id": "x1", "city": "delhi"})
    assert isinstance(change, Change)
    assert change.alone
    assert change.values == {"data.city": "delhi"}


def test_a_reject_names_all_that_is_wrong_with_the_row() -> None:
    reason = reject_of({"id": "x1", "leadScore": "many", "city": "delhi"}).reason
    assert "leadScore" in reason
    assert "city" in reason


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (StreamMapping("*", key_column="crm"), "crm"),
        (StreamMapping("*", delete_when="gone"), "gone"),
        (StreamMapping("*", fields={"crm": "data.note"}), "crm"),
        (StreamMapping("*", key_column="lead_id", fields={"note": "data.colour"}), "data.colour"),
        (StreamMapping("*", key_column="lead_id", fields={"note": "data.rank"}), "rank"),
        (StreamMapping("*", only_if_empty=frozenset({"data.colour"})), "data.colour"),
        (StreamMapping("*", key_column="note", key_attribute="colour"), "colour"),
        (StreamMapping("*", fields={"note": "data.note"}, mode=Mode.UPDATE), "names the process"),
    ],
    ids=str,
)
def test_a_mapping_that_names_what_does_not_exist_is_an_error_of_the_settings(
    mapping: StreamMapping, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        RowMapper("leads", mapping, DESTINATIONS, ("lead_id", "note"))


def test_integers_beyond_64_bits_are_never_rounded_on_the_way_back() -> None:
    open_data = Procedure("odd", "p", "Odd", (Attribute("j", "j", "J", attribute_type("json")),))
    destinations = Destinations(open_data, PEOPLE, ValueRules())
    found = RowMapper("odd", BY_ID, destinations, ("id", "j"))(1, 1, {"id": "x", "j": f"[{2**70}]"})
    assert isinstance(found, Change)
    assert found.fields == {"data.j": [2**70]}


def test_a_row_with_an_integer_beyond_64_bits_is_a_reject_that_can_be_written_down() -> None:
    line = reject_line(reject_of({"id": "x1", "leadScore": 2**70}))
    assert json.loads(line)["row"] == {"id": "x1", "leadScore": 2**70}
