"""A later version goes on with the folders of dlt pipelines that an older one left, both ways."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import dlt_loads
from tests.support.dlt_runs import ask, loaded, pipeline, source
from tests.support.target_process import living, operate
from tests.upgrades.kept import DATA, SqliteJournal
from tests.upgrades.pipelines import DEATHS, NAME, WHOLE, folder_of, plan, tables, unpack
from tests.upgrades.played import facts_of, items, put_back, standing
from tests.upgrades.states import COUNT, NEW, account

if TYPE_CHECKING:
    from pathlib import Path

    import dlt

SOURCES = sorted(path.parent.name for path in DATA.glob("*/source"))
DESTINATIONS = sorted(path.parent.name for path in DATA.glob("*/destination"))
CHANGED = 20
"""Rows of the later day that were changed since the bookmark less the look-back."""
NO_MORE_THAN_A_CUT = 850
"""Rows that are left of a scan that was cut behind 500, and those at its edges."""


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


def opened(tmp_path: Path, version: str, which: str) -> dlt.Pipeline:
    unpack(folder_of(version, "source") / f"{which}.tar.gz", tmp_path)
    return pipeline(tmp_path, name=NAME)


def state_of(target: dlt.Pipeline) -> dict[str, Any]:
    state = target.state["sources"]["chakra"]["resources"]["process_lead"]
    copied: dict[str, Any] = json.loads(json.dumps(state))
    return copied


def held(target: dlt.Pipeline) -> list[int]:
    found = ask(target, "select cast(data->>'ref' as bigint) from process_lead")
    return sorted(ref for (ref,) in found)


def quiet(text: str) -> bool:
    return not any(word in text.lower() for word in ("destination changed", "traceback"))


@pytest.mark.parametrize("version", SOURCES)
def test_a_source_goes_on_from_its_bookmark(
    tmp_path: Path, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    target = opened(tmp_path, version, "complete")
    before = state_of(target)
    assert held(target) == list(range(COUNT))
    with account(tmp_path, _ms(before["replication_key_value"]), procedure="lead") as sandbox:
        target.run(source(sandbox, **WHOLE))
    assert loaded(target) == {"process_lead": CHANGED + NEW}
    assert held(target) == list(range(COUNT + NEW))
    assert state_of(target).keys() == before.keys() | {"account"}
    assert state_of(target)["last_complete_scan"]["rows"] == COUNT + NEW
    assert quiet(caplog.text)


@pytest.mark.parametrize("version", SOURCES)
def test_a_source_goes_on_with_a_scan_that_was_cut(tmp_path: Path, version: str) -> None:
    target = opened(tmp_path, version, "cut")
    assert "scan" in state_of(target)
    half = held(target)
    assert 0 < len(half) < COUNT
    with account(tmp_path, procedure="lead") as sandbox:
        target.run(source(sandbox, **WHOLE))
    assert COUNT - len(half) <= loaded(target)["process_lead"] < NO_MORE_THAN_A_CUT
    assert held(target) == list(range(COUNT))
    assert "scan" not in state_of(target)


@pytest.mark.parametrize("version", SOURCES)
def test_a_package_of_a_source_that_is_pending_is_loaded_once(tmp_path: Path, version: str) -> None:
    target = opened(tmp_path, version, "pending")
    assert target.has_pending_data
    with account(tmp_path, procedure="lead") as sandbox:
        target.run(source(sandbox, **WHOLE))
        assert held(target) == list(range(COUNT))
        assert not target.has_pending_data
        # The package's own bookmark counts: nothing of it is read again.
        target.run(source(sandbox, **WHOLE))
    assert held(target) == list(range(COUNT))
    assert loaded(target) == {"process_lead": 0}


def _ms(instant: str) -> int:
    from datetime import datetime  # noqa: PLC0415 - only here

    return int(datetime.fromisoformat(instant.replace("Z", "+00:00")).timestamp() * 1000)


@pytest.mark.parametrize("which", DEATHS)
@pytest.mark.parametrize("version", DESTINATIONS)
def test_a_load_goes_on_and_each_row_is_written_once(
    tmp_path: Path, version: str, which: str
) -> None:
    kept = folder_of(version, "destination") / which
    unpack(kept / "pipeline.tar.gz", tmp_path)
    journal = SqliteJournal(tmp_path / ".target-chakra")
    with standing(facts_of(kept)) as (sandbox, ids):
        put_back(journal, kept, ids, 60.0)
        if DEATHS[which]:
            pending = dlt_loads.load(tmp_path, plan(sandbox))
            assert (pending.code, pending.error, pending.pending) == (0, "", False), pending.output
            assert quiet(pending.output)
            if which == "completing":
                assert items(sandbox) == 0
        number = 2 if DEATHS[which] else 1
        for table in tables(number):
            check(living(sandbox), table, _names(sandbox))
        sandbox.forget_requests()
        again = dlt_loads.load(tmp_path, plan(sandbox, 3))
        assert (again.code, again.error, again.pending) == (0, "", False), again.output
        assert again.outcomes == {"created": 12, "updated": 12}
        assert items(sandbox) == 24
        for table in tables(3):
            check(living(sandbox), table, _names(sandbox))
        listed = operate(tmp_path, {"journal": journal.url}, "runs", "--json").stdout
    loads = Counter(json.loads(line)["load"] for line in listed.splitlines())
    assert len(loads) == (3 if DEATHS[which] else 2)
    # No file is left to write where the load was about to be completed, and so no run: what the
    # journal holds of it goes when its retention is over.
    files, notes = (3, 4) if which == "completing" else (0, 0)
    with journal.open() as look:
        assert look("SELECT count(*) FROM arrivals") == [(files,)]
        assert look("SELECT count(*) FROM twins") == [(notes,)]


def _names(sandbox: Any) -> Counter[tuple[Any, Any]]:
    rows = [row.data for row in sandbox.oracle() if row.died_ms is None]
    return Counter((data.get("name"), data.get("score")) for data in rows)


def check(
    alive: dict[str, dict[str, Any]], table: dlt_loads.Table, names: Counter[tuple[Any, Any]]
) -> None:
    """Check that all rows of a table were written, each once."""
    for row in table.rows:
        if "lead_id" in row:
            assert alive[row["lead_id"]]["data"]["score"] == row["score"], row
        else:
            assert names[row["name"], row["score"]] == 1, row
