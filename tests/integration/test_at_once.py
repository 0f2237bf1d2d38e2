"""Several at once: targets on one journal, on one procedure, and a tap while a target writes.

Two journals on one procedure are a documented limit: neither run knows what the other holds. What
holds all the same is that nothing of what only one of them names is disturbed, that each row of
both has one outcome, and, where ChakraHQ keeps keys unique, that no key is there twice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chakra_api.exit_codes import ExitCode
from tests.support import tap_process as tap
from tests.support import target_process as target

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

COLUMNS = target.schema("scores", ["lead_id", "score"])
BOTH = [f"L-{number:06d}" for number in range(1, 31)] + [f"BOTH-{number}" for number in range(10)]
"""Keys that both name: of processes that exist, and of new ones."""


def config_of(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    streams = [{"stream": "scores", "procedure": "lead"}]
    return target.settings(sandbox, streams=streams, batch_size=7, concurrency=2, **more)


def lines_of(rows: dict[str, int]) -> list[dict[str, Any]]:
    records = [target.record("scores", lead_id=key, score=score) for key, score in rows.items()]
    return [COLUMNS, *records, target.state({"rows": len(rows)})]


def at_once(
    sandbox: Sandbox, folders: Iterable[Path], inputs: Iterable[list[dict[str, Any]]], **more: Any
) -> list[target.Told]:
    """Run targets side by side, each in its folder on its rows."""
    config = config_of(sandbox, **more)
    for folder in (folders := list(folders)):
        folder.mkdir(exist_ok=True)
    started = [target.start(folder, config) for folder in folders]
    told = []
    for running, lines in zip(started, inputs, strict=True):
        if running.stdin is None:
            raise RuntimeError("no input")
        running.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
        running.stdin.flush()
    for running in started:
        stdout, stderr = running.communicate(timeout=100)
        told.append(target.told(running.returncode, stdout, stderr))
    return told


def test_of_two_targets_on_one_journal_one_writes_and_the_other_names_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(job_duration_ms=200)
    rows = dict.fromkeys(BOTH, 1)
    told = at_once(sandbox, [tmp_path, tmp_path], [lines_of(rows), lines_of(rows)])
    refused, done = sorted(told, key=lambda each: each.code == 0)
    assert (done.code, done.states) == (0, [{"rows": len(rows)}])
    if refused.code != 0:  # else the first had ended when the second began
        assert refused.code == ExitCode.JOURNAL
        assert "held by another run" in refused.stderr
        assert refused.states == []
    found = target.living(sandbox)
    assert all(found[key]["data"]["score"] == 1 for key in rows)


def test_two_journals_on_one_procedure_do_not_disturb_what_only_one_names(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(job_duration_ms=100, latency_ms=10)
    inputs = [{f"{name}-{n}": n for n in range(40)} for name in ("ONE", "TWO")]
    folders = [tmp_path / "one", tmp_path / "two"]
    told = at_once(sandbox, folders, map(lines_of, inputs))
    assert [(each.code, each.outcomes) for each in told] == [(0, {"created": 40})] * 2
    found = target.living(sandbox)
    for rows in inputs:
        assert {key: found[key]["data"]["score"] for key in rows} == rows


def test_two_journals_on_the_same_processes_leave_each_once_with_a_value_of_one_of_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(job_duration_ms=100, latency_ms=10)
    inputs = [lines_of({key: score + n for n, key in enumerate(BOTH)}) for score in (1000, 2000)]
    told = at_once(sandbox, [tmp_path / "one", tmp_path / "two"], inputs, max_rejects=99)
    for each in told:
        assert each.code in {ExitCode.DONE, ExitCode.UNKNOWN}, each.stderr
        assert sum(each.receipt["outcomes"].values()) == each.receipt["rows_in"] == len(BOTH)
        assert (each.code == 0) == (each.receipt["unknown"] == 0)
    found = target.living(sandbox)  # which finds no key twice
    for n, key in enumerate(BOTH):
        assert found[key]["data"]["score"] in {1000 + n, 2000 + n}


def test_a_tap_is_complete_while_a_target_writes_and_the_next_run_brings_the_rest(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    reads = {"api_key": sandbox.api_key, "api_url": sandbox.url, "lookback_seconds": 0}
    catalog = tap.catalog_of(tmp_path, reads, "process_lead")
    before = {row.id for row in sandbox.oracle() if row.died_ms is None}
    sandbox.knobs(job_duration_ms=100, latency_ms=10)
    (writes := tmp_path / "target").mkdir()
    with target.start(writes, config_of(sandbox)) as writing:
        if writing.stdin is None:
            raise RuntimeError("no input")
        rows = {key: n for n, key in enumerate([*BOTH, *(f"NEW-{n}" for n in range(60))])}
        writing.stdin.write("".join(json.dumps(line) + "\n" for line in lines_of(rows)))
        writing.stdin.flush()
        first = tap.run(tmp_path, reads, catalog=catalog)
        stdout, stderr = writing.communicate(timeout=100)
        assert target.told(writing.returncode, stdout, stderr).code == 0, stderr
    assert first.code == 0, first.stderr
    ids = first.ids("process_lead")
    assert len(ids) == len(set(ids))
    assert before <= set(ids)
    second = tap.run(tmp_path, reads, catalog=catalog, state=first.states[-1])
    assert second.code == 0, second.stderr
    latest = {r["id"]: r for run in (first, second) for r in run.records["process_lead"]}
    for row in sandbox.oracle():
        assert latest[row.id]["data"].get("score") == _as_number(row.data.get("score"))


def _as_number(value: object) -> object:
    """As the tap types it: what is no number is null there, and kept elsewhere."""
    try:
        return None if value is None else int(str(value))
    except ValueError:
        return None
