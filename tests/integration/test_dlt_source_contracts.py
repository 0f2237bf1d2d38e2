"""An attribute that is new, or has another type than the warehouse, under each schema contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.support.dlt_runs import ask, pipeline, source

if TYPE_CHECKING:
    from pathlib import Path

    import dlt

BEFORE = "email,score\nz@x.example,1\n"
NEW_COLUMN = "email,score,city\na@x.example,1,Goa\nb@x.example,2,Pune\n"
NEW_TYPE = "email,score\na@x.example,very high\nb@x.example,7\n"
# The accounts have rows of any age.
SETTINGS = {"nested": "columns", "lookback_seconds": 10**10}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


@pytest.fixture
def target(tmp_path: Path) -> dlt.Pipeline:
    """A pipeline whose warehouse knows contacts with a score that is a whole number."""
    made = pipeline(tmp_path)
    load(made, tmp_path, BEFORE)
    return made


def load(target: dlt.Pipeline, folder: Path, contacts: str, contract: Any = None) -> None:
    path = folder / "contacts.csv"
    path.write_text(contacts)
    arguments = ["--rows", "0", "--load", str(path), "--procedure", "contact", "--key", "email"]
    with start_sandbox(arguments) as sandbox:
        target.run(source(sandbox, "process_contact", **SETTINGS), schema_contract=contract)


def held(target: dlt.Pipeline, *columns: str) -> dict[str, Any]:
    """What the two later contacts have in these columns, `_extra_data` as an object."""
    names = ", ".join(("data__email", *columns))
    rows = ask(target, f"select {names} from process_contact where data__email < 'z'")
    return {email[0]: [_read(value) for value in values] for email, *values in rows}


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def columns(target: dlt.Pipeline) -> set[str]:
    return set(target.default_schema.tables["process_contact"]["columns"])


def test_a_new_attribute_becomes_a_column(target: dlt.Pipeline, tmp_path: Path) -> None:
    load(target, tmp_path, NEW_COLUMN)
    assert held(target, "data__city", "_extra_data") == {"a": ["Goa", None], "b": ["Pune", None]}


def test_a_new_attribute_is_kept_where_new_columns_are_discarded(
    target: dlt.Pipeline, tmp_path: Path
) -> None:
    load(target, tmp_path, NEW_COLUMN, {"columns": "discard_value"})
    assert "data__city" not in columns(target)
    assert held(target, "data__score", "_extra_data") == {
        "a": [1, {"data": {"city": "Goa"}}],
        "b": [2, {"data": {"city": "Pune"}}],
    }


@pytest.mark.parametrize("contacts", [NEW_COLUMN, NEW_TYPE], ids=["column", "type"])
def test_a_frozen_table_stops_the_run_and_stays_as_it_was(
    target: dlt.Pipeline, tmp_path: Path, contacts: str
) -> None:
    before = target.state["sources"]
    with pytest.raises(Exception, match="frozen"):
        load(target, tmp_path, contacts, "freeze")
    assert held(target) == {}
    assert target.state["sources"] == before
    assert not target.has_pending_data


@pytest.mark.parametrize("contacts", [NEW_COLUMN, NEW_TYPE], ids=["column", "type"])
def test_rows_are_left_out_where_the_user_says_so(
    target: dlt.Pipeline, tmp_path: Path, contacts: str
) -> None:
    load(target, tmp_path, contacts, "discard_row")
    assert held(target) == {}


def test_another_type_gets_a_column_of_its_own_beside_the_old_one(
    target: dlt.Pipeline, tmp_path: Path
) -> None:
    for _ in range(2):
        load(target, tmp_path, NEW_TYPE)
        assert held(target, "data__score", "data__score__v_text", "_extra_data") == {
            "a": [None, "very high", None],
            "b": [7, None, None],
        }


def test_another_type_is_kept_where_it_is_discarded(target: dlt.Pipeline, tmp_path: Path) -> None:
    load(target, tmp_path, NEW_TYPE, {"data_type": "discard_value"})
    assert held(target, "data__score", "_extra_data") == {
        "a": [None, {"data": {"score": "very high"}}],
        "b": [7, None],
    }
    assert "data__score__v_text" not in columns(target)
