"""`init` proposes a mapping that works, and names what needs a person's word."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.synced import Desk, desk_of, outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox
    from tests.support.in_process import Told

SQL = """
    SELECT 'L-' || range AS "Lead_ID", range AS data__score, 'n' || range AS "Name",
    'OPEN' AS status, NULL::varchar AS assigned_to, 1.5 AS nearly_nothing, 1 AS id,
    false AS is_deleted, now() AS _sdc_batched_at
    FROM range(20)
"""


@dataclass(frozen=True)
class Proposing:
    """A desk whose `init` asks a sandbox; what it proposes is tried on an account of its own."""

    desk: Desk
    sandbox: Sandbox

    def run(self, sql: str, *args: str) -> Told:
        """Type `init` for the leads."""
        words = ("init", "--procedure", "lead", "--source", "duckdb://", "--sql", sql)
        there = {"api_url": self.sandbox.url, "api_key": self.sandbox.api_key}
        return self.desk.run(*words, "--stream", "found", *args, **there)

    def well(self, sql: str) -> tuple[dict[str, Any], str]:
        """The mapping and what is said beside it."""
        told = self.run(sql)
        assert told.code == 0, told.stderr
        (mapping,) = json.loads(told.stdout)["streams"]
        return mapping, told.stderr


@pytest.fixture
def proposing(tmp_path: Path, shared_sandbox: Sandbox) -> Proposing:
    return Proposing(desk_of(tmp_path), shared_sandbox)


def test_columns_meet_attributes_by_name_and_the_mapping_works(
    proposing: Proposing, tmp_path: Path
) -> None:
    mapping, said = proposing.well(SQL)
    assert mapping == {
        "stream": "found",
        "procedure": "lead",
        "mode": "upsert",
        "key": "Lead_ID",
        "fields": {
            "Lead_ID": "data.lead_id",
            "data__score": "data.score",
            "Name": "data.name",
            "status": "status",
            "assigned_to": "assignedTo",
        },
    }
    assert (
        "Left out: nearly_nothing, _sdc_batched_at (no attribute is called so, or more than one)."
        in said
    )
    assert 'Left out: id. If it holds ChakraHQ\'s own ids, set "key": "id".' in said
    assert 'Left out: is_deleted. If it marks rows as deleted, set "delete_when"' in said
    assert "Attributes without a column: " in said
    path = tmp_path / "found.json"
    told = proposing.run(SQL, "--output", str(path))
    assert (told.code, told.stdout) == (0, "")
    desk = proposing.desk
    done = desk.run("--config", str(path), "sync", "--source", "duckdb://", "--sql", SQL,
                    "--stream", "found")  # fmt: skip
    assert outcomes(done) == {"created": 20}, done.stderr
    assert desk.by_key()["L-7"]["score"] == 7


def test_a_name_that_is_only_near_is_told(proposing: Proposing) -> None:
    mapping, said = proposing.well("SELECT 'L-1' AS leadid, 1 AS scores, 2 AS zzz")
    assert mapping["fields"] == {"leadid": "data.lead_id", "scores": "data.score"}
    assert "scores goes to data.score, whose name is the nearest: check that it is meant." in said
    assert "leadid goes to" not in said


def test_no_column_is_taken_for_a_state_that_is_not_called_so(proposing: Proposing) -> None:
    sql = "SELECT 'L-1' AS lead_id, 'Ulm' AS \"Stadt\", 'NEW' AS state"
    mapping, said = proposing.well(sql)
    assert mapping["fields"] == {"lead_id": "data.lead_id", "state": "state"}
    assert "Stadt goes to" not in proposing.well(sql.replace(", 'NEW' AS state", ""))[1]
    assert "Left out: Stadt" in said


def test_values_that_would_be_rejects_are_told_without_showing_them(proposing: Proposing) -> None:
    sql = (
        "SELECT CASE range WHEN 3 THEN NULL WHEN 4 THEN 'L-5' ELSE 'L-' || range END AS lead_id,"
        " CASE WHEN range < 4 THEN 'secret' || range ELSE '4' END AS score FROM range(9)"
    )
    _, said = proposing.well(sql)
    assert "score: 4 of 9 rows would be rejects, whose value is no integer; score takes" in said
    assert "lead_id: empty in 1 of 9 rows, which would be rejects." in said
    assert "lead_id: 1 of 9 rows have a key that came before" in said
    assert "secret" not in said


def test_without_the_primary_key_rows_are_inserted_and_it_is_told(proposing: Proposing) -> None:
    mapping, said = proposing.well("SELECT 1 AS score LIMIT 0")
    assert (mapping["mode"], "key" in mapping) == ("insert", False)
    assert "No column goes to the primary key of 'lead', lead_id" in said
    assert "The source has no rows" in said


def test_only_the_first_rows_are_looked_at(proposing: Proposing) -> None:
    sql = "SELECT 'L-' || range AS lead_id, range > 9990 AS score FROM range(10001)"
    _, said = proposing.well(sql)
    assert "score: 10,000 of the first 10,000 rows would be rejects" in said


def test_a_file_that_is_there_stays(proposing: Proposing, tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    path.write_text("mine")
    told = proposing.run(SQL, "--output", str(path))
    assert told.code == ExitCode.SETTINGS
    assert "--force" in told.stderr
    assert path.read_text() == "mine"
    assert proposing.run(SQL, "--output", str(path), "--force").code == 0
    assert json.loads(path.read_text())["streams"]


def test_a_procedure_that_is_not_there_is_told(proposing: Proposing) -> None:
    told = proposing.run(SQL, "--procedure", "laed")
    assert told.code == ExitCode.SETTINGS
    assert "Did you mean 'lead'?" in told.stderr
