"""The dlt source hands rows over to a second process: the same values, and never a row less."""

from __future__ import annotations

import os
import signal
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from chakra_sandbox.launch import Sandbox, start_sandbox
from tap_chakra.second import python_process
from tap_chakra.tables.table_process_client import PURPOSE
from tests.support.dlt_runs import ask, pipeline, source, warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = 3000


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    """An account that nobody changes."""
    with start_sandbox(["--rows", str(ROWS)]) as running:
        yield running


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but the test's own, no telemetry; two cores, whatever the machine has."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setattr("tap_chakra.dlt_source.shared_source.has_second_core", lambda: True)


def children() -> list[int]:
    """The second processes of this one."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            command = (place / "cmdline").read_bytes()
        except OSError:  # ended meanwhile
            continue
        if parent == os.getpid() and PURPOSE.module.encode() in command:
            found.append(int(place.name))
    return found


def watching(look: Callable[[], None]) -> Callable[[Any], Any]:
    """A step of a resource that looks at something for each table, and lets it pass."""

    def step(table: Any) -> Any:
        look()
        return table

    return step


def held(target: Any) -> list[tuple[Any, ...]]:
    return ask(target, "select * from process_lead order by id")


def lost_by_no_one(target: Any, sandbox: Sandbox) -> None:
    alive = sorted(row.id for row in sandbox.oracle("lead") if row.died_ms is None)
    assert [row[0] for row in ask(target, "select id from process_lead order by id")] == alive


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"nested": "columns"},
        {"nested": "json", "naive_timezone": "Europe/Berlin"},
        {"mask": {"*.email": "hash", "*.name": "drop"}, "mask_salt": "s" * 32},
    ],
    ids=["structs", "columns", "json", "masked"],
)
def test_the_tables_are_those_that_one_process_makes(
    tmp_path: Path,
    account: Sandbox,
    settings: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    said, tables = [], []
    for second in (0, 1):
        target = pipeline(tmp_path / str(second), name=f"by_{second}")
        made = source(account, second_process_from=second, **settings)
        seen: list[int] = []
        made.process_lead.add_map(watching(lambda seen=seen: seen.append(len(children()))))
        caplog.clear()
        target.run(made)
        assert set(seen) == {second}
        said.append([each for each in caplog.messages if "_extra_data" in each])
        tables.append(held(target))
        lost_by_no_one(target, account)
    assert tables[0] == tables[1]
    assert said[0] == said[1] != []
    assert children() == []


def test_a_second_process_that_dies_fails_the_run_and_the_next_one_loses_nothing(
    tmp_path: Path, account: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_chakra.dlt_source.table_run.TABLE_BYTES", 500_000)
    target = pipeline(tmp_path)
    for after in (0, 1, 3):
        made, tables = source(account, second_process_from=1), count()

        def kill(tables: Iterator[int] = tables, after: int = after) -> None:
            if next(tables) == after:
                for pid in children():
                    os.kill(pid, signal.SIGKILL)

        made.process_lead.add_map(watching(kill))
        with pytest.raises(PipelineStepFailed, match=r"makes the tables, was ended: killed"):
            target.run(made)
        assert not target.has_pending_data
        with duckdb.connect(warehouse(tmp_path)) as opened:
            loaded = "select * from information_schema.tables where table_name = 'process_lead'"
            assert opened.execute(loaded).fetchall() == []
    target.run(source(account, second_process_from=1))
    lost_by_no_one(target, account)


def test_where_none_can_be_started_this_process_goes_on(
    tmp_path: Path,
    account: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(python_process, "command_of", lambda *_: ["/no/such/python"])
    target = pipeline(tmp_path)
    target.run(source(account, second_process_from=1))
    lost_by_no_one(target, account)
    (said,) = [each for each in caplog.messages if "second process" in each]
    assert said == (
        "No second process could be started (No such file or directory): this one goes on alone"
    )


def test_a_run_that_is_given_up_leaves_no_process(tmp_path: Path, account: Sandbox) -> None:
    target = pipeline(tmp_path)
    made = source(account, second_process_from=1).add_limit(1)
    target.extract(made)
    assert children() == []
