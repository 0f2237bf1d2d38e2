"""Columns are found by whatever a loader made of their names; what is not sure is said."""

from __future__ import annotations

import pyarrow as pa
import pytest

from chakra_api.errors import SettingsError
from tap_chakra.audit.matching import Place, match
from tap_chakra.audit.meanings import Meaning

TEXT = Meaning.TEXT


def found(ours: list[str], theirs: list[str] | pa.Schema, *ignored: str) -> dict[str, str]:
    """Ours → where it is, or in brackets why it is nowhere."""
    schema = theirs
    if isinstance(theirs, list):
        schema = pa.schema([pa.field(name, pa.string()) for name in ("id", *theirs)])
    matching = match(dict.fromkeys(("id", *ours), TEXT), schema, ignored)
    places = {pair.called: pair.place.said for pair in matching.pairs}
    return places | {name: f"({why})" for name, why in matching.left_out.items()}


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("createdAt", "createdAt"),
        ("createdAt", "createdat"),
        ("createdAt", "created_at"),
        ("createdAt", "CREATED_AT"),
        ("data__leadScore", "data__leadscore"),
        ("data__leadScore", "data__lead_score"),
        ("derivedData__leadScore", "derived_data__lead_score"),
        ("data__leadScore", "lead_score"),
        ("_extra_data", "_extra_data"),
    ],
)
def test_a_column_is_found_in_any_spelling(name: str, column: str) -> None:
    assert list(found([name], [column]).values()) == [column]


def test_an_attribute_is_a_member_of_a_column_that_holds_all() -> None:
    assert found(["data__leadScore"], ["data"]) == {"data.leadScore": "data.leadScore"}
    struct = pa.struct([pa.field("lead_score", pa.string())])
    schema = pa.schema([pa.field("id", pa.string()), pa.field("DATA", struct)])
    assert found(["data__leadScore", "data__city"], schema) == {
        "data.leadScore": "DATA.lead_score",
        "data.city": "(the table has no such column)",
    }


def test_two_columns_that_could_be_it_are_none() -> None:
    unsure = found(["data__aB"], ["data__a_b", "data__A_B"])
    assert unsure == {"data.aB": "(data__a_b, data__A_B may be it or another)"}


def test_one_column_is_never_two_of_ours() -> None:
    columns = found(["data__aB", "data__a_b"], ["data__a_b"])
    assert columns["data.a_b"] == "data__a_b"
    assert columns["data.aB"].startswith("(")
    names = found(["data__name", "derivedData__name"], ["name"])
    assert all(place.startswith("(") for place in names.values())


def test_an_attribute_is_not_taken_for_a_field_of_its_name() -> None:
    columns = found(["status", "data__status"], ["status"])
    assert columns == {"status": "status", "data.status": "(the table has no such column)"}


@pytest.mark.parametrize("ignored", ["data.city", "city", "data__city", "City"])
def test_what_is_not_wanted_is_left_out(ignored: str) -> None:
    columns = found(["data__city", "state"], ["data__city", "state"], ignored)
    assert columns == {"state": "state", "data.city": "(left out, as you asked)"}


def test_a_table_without_ids_is_refused() -> None:
    with pytest.raises(SettingsError, match="no column id"):
        match({"id": TEXT}, pa.schema([pa.field("data", pa.string())]))


def test_a_loaders_own_columns_are_told_apart() -> None:
    names = ("id", "_sdc_deleted_at", "_sdc_batched_at", "is_deleted", "_dlt_load_id", "mine")
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    matching = match({"id": TEXT}, schema)
    assert (matching.deleted_at, matching.is_deleted) == ("_sdc_deleted_at", "is_deleted")
    assert matching.stamps == ("_sdc_batched_at", "_dlt_load_id")
    assert matching.only_there == ("is_deleted", "mine")
    assert Place("a", "b").said == "a.b"


def test_members_of_json_have_the_names_that_the_table_was_loaded_with() -> None:
    ours = dict.fromkeys(("id", "data__leadScore", "derivedData__rankNow"), TEXT)
    theirs = pa.schema([pa.field(name, pa.string()) for name in ("id", "data", "derived_data")])
    matching = match(ours, theirs, spelling="snake_case")
    places = {pair.name: (pair.place.column, pair.place.member) for pair in matching.pairs}
    assert places == {
        "data__leadScore": ("data", "lead_score"),
        "derivedData__rankNow": ("derived_data", "rank_now"),
    }
