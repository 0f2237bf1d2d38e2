"""State says of which account it speaks: one of another account is refused, never followed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from chakra_api.exit_codes import ExitCode
from tests.support import dlt_runs
from tests.support import tap_process as tap
from tests.support.client_of import client_of

if TYPE_CHECKING:
    from pathlib import Path

    import dlt

    from chakra_sandbox.launch import Sandbox

LEADS, TICKETS = "process_lead", "process_ticket"
OTHER = "00000000-0000-4000-8000-00000000000b"


@pytest.fixture
def team(server: Sandbox) -> str:
    """The id of the account, as its configuration tells it."""
    client = client_of(server)
    config = client.config()
    client.close()
    told = config["team"]
    assert isinstance(told, dict)
    return str(told["id"])


@pytest.fixture
def config(server: Sandbox) -> dict[str, Any]:
    return {"api_key": server.api_key, "api_url": server.url}


def of(account: str | None, state: dict[str, Any], stream: str = LEADS) -> dict[str, Any]:
    """A state whose stream speaks of that account; of none, as states did before they told it."""
    copied: dict[str, Any] = json.loads(json.dumps(state))
    entry = copied["bookmarks"][stream]
    del entry["account"]
    if account is not None:
        entry["account"] = account
    return copied


def test_a_state_of_another_account_is_refused_before_anything_is_read(
    config: dict[str, Any], team: str, tmp_path: Path
) -> None:
    catalog = tap.catalog_of(tmp_path, config, LEADS, TICKETS)
    first = tap.run(tmp_path, config, catalog=catalog)
    assert first.code == 0, first.stderr
    state = first.states[-1]
    # From the first STATE on: the ranges of a killed scan would be left out of the other account.
    told = [entry for each in first.states for entry in each.get("bookmarks", {}).values() if entry]
    assert len(told) >= 2
    assert {entry["account"] for entry in told} == {team}
    for stream in LEADS, TICKETS:
        refused = tap.run(tmp_path, config, catalog=catalog, state=of(OTHER, state, stream))
        assert (refused.code, refused.lines) == (ExitCode.SETTINGS, [])
        assert f"The state of stream '{stream}' is of another account" in refused.stderr
        assert OTHER in refused.stderr
        assert team in refused.stderr
        assert "begin without that state" in refused.stderr


def test_a_state_that_names_no_account_is_followed_and_names_it_from_then_on(
    config: dict[str, Any], team: str, tmp_path: Path
) -> None:
    catalog = tap.catalog_of(tmp_path, config, LEADS)
    first = tap.run(tmp_path, config, catalog=catalog)
    again = tap.run(tmp_path, config, catalog=catalog, state=of(None, first.states[-1]))
    assert again.code == 0, again.stderr
    assert len(again.records[LEADS]) < len(first.records[LEADS])
    assert again.states[-1]["bookmarks"][LEADS]["account"] == team


def test_a_pipeline_of_dlt_refuses_it_and_loads_nothing(
    server: Sandbox, team: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    target = dlt_runs.pipeline(tmp_path)
    target.run(dlt_runs.source(server))
    assert held(target)["account"] == team
    with target.managed_state() as state:
        state["sources"]["chakra"]["resources"][LEADS]["account"] = OTHER
    with pytest.raises(PipelineStepFailed) as refused:
        target.run(dlt_runs.source(server, LEADS, TICKETS, on_stream_error="continue"))
    assert "is of another account" in str(refused.value)
    assert held(target)["account"] == OTHER
    elsewhere = dlt_runs.pipeline(tmp_path, name="of_its_own", dataset_name="of_its_own")
    elsewhere.run(dlt_runs.source(server))
    assert dlt_runs.loaded(elsewhere)[LEADS] > 0


def held(target: dlt.Pipeline) -> dict[str, Any]:
    """The state of leads, as the pipeline keeps it."""
    kept: dict[str, Any] = target.state["sources"]["chakra"]["resources"][LEADS]
    return kept
