"""The dbt package says of each layout what the account holds."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import duckdb
import pytest
import yaml

from tests.dbt.conftest import ROOT, WAYS, Warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

ATTRIBUTES = ("data__lead_id", "data__city")


def _instant(ms: int) -> datetime:
    """An instant as a warehouse has it: in UTC, without a zone."""
    return datetime.fromtimestamp(ms / 1000, timezone.utc).replace(tzinfo=None)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


@pytest.mark.parametrize("way", WAYS)
def test_the_models_say_of_each_layout_what_the_account_holds(
    way: str, warehouses: dict[str, Warehouse], account: Sandbox
) -> None:
    warehouse = warehouses[way]
    said = warehouse.dbt("build")
    assert "ERROR=0" in said
    living = [row.row for row in account.oracle("lead") if row.died_ms is None]
    assert len(living) == 280
    users = {user["id"]: user for user in account.get_json("/v1/ext/users")["_data"]}

    leads = warehouse.ask(
        "select id, status, state, assigned_to, assigned_to_username, assigned_to_name, created_at,"
        f" {', '.join(ATTRIBUTES)} from models.stg_chakra__leads order by id"
    )
    expected = [
        (
            row["id"],
            row["status"],
            row["state"],
            row["assignedTo"],
            users[row["assignedTo"]]["username"] if row["assignedTo"] else None,
            users[row["assignedTo"]]["displayName"] if row["assignedTo"] else None,
            _instant(row["createdAt"]),
            *(row["data"].get(name.removeprefix("data__")) for name in ATTRIBUTES),
        )
        for row in sorted(living, key=lambda row: row["id"])
    ]
    assert leads == expected

    months = Counter((f"{_instant(row['createdAt']):%Y-%m}", row["state"]) for row in living)
    funnel = warehouse.ask("select created_month, state, leads from models.chakra_funnel")
    assert {(f"{month:%Y-%m}", state): count for month, state, count in funnel} == months

    owners = warehouse.ask(
        "select owner_id, leads, completed_leads, conversion from models.chakra_owners"
    )
    owned = Counter(row["assignedTo"] or "" for row in living)
    done = Counter(row["assignedTo"] or "" for row in living if row["status"] == "COMPLETED")
    assert {owner: (leads, completed) for owner, leads, completed, _ in owners} == {
        owner: (count, done[owner]) for owner, count in owned.items()
    }
    for owner, _, _, conversion in owners:
        assert conversion == pytest.approx(done[owner] / owned[owner])


def test_a_lead_that_is_there_twice_fails_the_package(
    warehouses: dict[str, Warehouse], tmp_path: Path
) -> None:
    warehouse = Warehouse(tmp_path)
    shutil.copy(warehouses["dlt"].path, warehouse.path)
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("create table twice as from chakra.process_lead limit 1")
        connection.execute("insert into chakra.process_lead from twice")
    with pytest.raises(AssertionError, match="unique_stg_chakra__leads_id"):
        warehouse.dbt("build")


def test_the_dashboard_that_the_package_names_reads_its_models() -> None:
    text = (ROOT / "dbt" / "models" / "marts" / "marts.yml").read_text()
    (exposure,) = yaml.safe_load(text)["exposures"]
    models = {path.stem for path in (ROOT / "dbt" / "models").rglob("*.sql")}
    for each in exposure["depends_on"]:
        assert each.removeprefix("ref('").removesuffix("')") in models
