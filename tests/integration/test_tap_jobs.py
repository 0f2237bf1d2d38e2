"""Background jobs that the real target has sent, read by the real tap and the dlt source."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import start_sandbox
from tap_chakra.dlt_source import chakra_source
from tests.support import tap_process as tap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

JOBS, ENTRIES = "background_jobs", "background_job_entries"
NOBODY = "00000000-0000-4000-8000-00000000000a"
ROWS = 230


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "20"]) as server:
        yield server


@pytest.fixture(scope="module")
def sent(shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the target prints of its jobs: rows were written, and one was refused."""
    folder = tmp_path_factory.mktemp("target")
    shared_sandbox.knobs(refused_texts=["L-J7"])
    mapping = {"stream": "leads", "procedure": "lead", "key": "lead_id"}
    config = {
        "api_key": shared_sandbox.api_key,
        "api_url": shared_sandbox.url,
        "journal": f"sqlite:///{folder}/journal.db",
        "streams": [mapping],
        "max_rejects": 10,
        "batch_size": 200,
    }
    (folder / "config.json").write_text(json.dumps(config))
    schema = {"properties": {"lead_id": {"type": "string"}}}
    lines: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": "leads", "schema": schema, "key_properties": ["lead_id"]}
    ]
    lines += [
        {"type": "RECORD", "stream": "leads", "record": {"lead_id": f"L-J{n}-"}}
        for n in range(100, 100 + ROWS)
    ]
    lines.append({"type": "RECORD", "stream": "leads", "record": {"lead_id": "L-J7"}})
    target = [sys.executable, "-m", "target_chakra", "--config", str(folder / "config.json")]
    text = "\n".join(map(json.dumps, lines))
    subprocess.run(target, input=text, text=True, capture_output=True, check=True, timeout=120)
    printed = subprocess.run([*target, "jobs"], text=True, capture_output=True, check=True)
    shared_sandbox.knobs(refused_texts=[])
    (folder / "jobs.jsonl").write_text(printed.stdout)
    return folder / "jobs.jsonl"


def config_of(server: Sandbox, jobs: Path) -> dict[str, Any]:
    return {"api_key": server.api_key, "api_url": server.url, "background_jobs": str(jobs)}


def read(server: Sandbox, folder: Path, jobs: Path) -> tap.Output:
    config = config_of(server, jobs)
    return tap.run(folder, config, catalog=tap.catalog_of(folder, config, JOBS, ENTRIES))


def test_each_job_of_the_journal_is_a_row_with_its_counts(
    server: Sandbox, sent: Path, tmp_path: Path
) -> None:
    told = [json.loads(line) for line in sent.read_text().splitlines()]
    assert len(told) >= 2
    found = read(server, tmp_path, sent)
    assert found.code == 0, found.stderr
    rows = {row["id"]: row for row in found.records[JOBS]}
    assert list(rows) == [each["job"] for each in told]
    for each in told:
        row = rows[each["job"]]
        assert {name: row[name] for name in ("run", "procedure", "kind", "rows")} == {
            name: each[name] for name in ("run", "procedure", "kind", "rows")
        }
        assert row["sentAt"] == each["sent_at"]
        assert row["createdAt"].endswith("Z")
        assert row["reason"] is None
    counts = [json.loads(row["entryCounts"]) for row in rows.values()]
    assert sum(each.get("SUCCESS", 0) for each in counts) == ROWS
    assert not found.of_type("ACTIVATE_VERSION", JOBS)
    assert not found.of_type("ACTIVATE_VERSION", ENTRIES)


@pytest.mark.parametrize(
    "knobs",
    [
        {"entries_paging": "next_path"},
        {"entries_paging": "absolute_url"},
        {"entries_paging": "skip_limit"},
        {"entries_paging": "page"},
        {"entries_meta_names": "other"},
        {"entry_names": "other"},
        {"entries_order": "shuffled"},
        {"entry_echo": "none", "entry_index": False},
    ],
)
def test_each_entry_is_a_row_however_they_are_paged(
    server: Sandbox, sent: Path, tmp_path: Path, knobs: dict[str, Any]
) -> None:
    server.knobs(entries_page_size=50, **knobs)
    found = read(server, tmp_path, sent)
    assert found.code == 0, found.stderr
    total = sum(json.loads(line)["rows"] for line in sent.read_text().splitlines())
    rows = found.records[ENTRIES]
    assert len({row["id"] for row in rows}) == len(rows) == total
    written = [row["processId"] for row in rows if row["completionStatus"] == "SUCCESS"]
    held = {row.id for row in server.oracle()}
    assert len(set(written)) == len(written) == ROWS
    assert set(written) <= held
    refused = [row for row in rows if row["completionStatus"] != "SUCCESS"]
    assert refused
    assert all("L-J7" in row["statusMessage"] for row in refused)
    if "entry_echo" not in knobs:
        assert all("L-J7" in row["input"] for row in refused)


def test_entries_that_are_not_shown_are_a_doubt(
    server: Sandbox, sent: Path, tmp_path: Path
) -> None:
    server.knobs(entries_page_size=50, entries_paging="none")
    found = read(server, tmp_path, sent)
    assert found.code == ExitCode.INCOMPLETE
    assert "shows 50 of 200 entries" in found.stderr


def test_a_forgotten_job_is_a_row_with_a_reason(
    server: Sandbox, sent: Path, tmp_path: Path
) -> None:
    (tmp_path / "jobs").write_text(f"{NOBODY}\n{sent.read_text()}")
    server.knobs(job_ttl_s=0.05)
    time.sleep(0.1)
    found = read(server, tmp_path, tmp_path / "jobs")
    assert found.code == 0, found.stderr
    rows = found.records[JOBS]
    assert rows[0]["id"] == NOBODY
    assert all("does not know it" in row["reason"] for row in rows)
    assert rows[0]["run"] is None
    assert all(row["run"] is not None and row["procedure"] == "lead" for row in rows[1:])
    assert not found.records[ENTRIES]


@pytest.mark.parametrize("line", ["two words", '{"run": 1}', "{", '{"job": 7}'])
def test_a_line_that_names_no_job_is_refused(server: Sandbox, tmp_path: Path, line: str) -> None:
    (tmp_path / "jobs").write_text(f"{NOBODY}\n{line}\n")
    found = tap.run(tmp_path, config_of(server, tmp_path / "jobs"))
    assert (found.code, found.lines) == (ExitCode.SETTINGS, [])
    assert "Line 2 of the file of jobs" in found.stderr


def test_dlt_merges_them(server: Sandbox, sent: Path, tmp_path: Path) -> None:
    pipeline = dlt.pipeline(
        "of_jobs", pipelines_dir=str(tmp_path), destination="duckdb", dataset_name="crm"
    )
    first, *_ = lines = sent.read_text().splitlines()
    for some in (lines, [first]):
        (tmp_path / "jobs").write_text("\n".join(some))
        source = chakra_source(
            server.api_key, api_url=server.url, background_jobs=str(tmp_path / "jobs")
        )
        pipeline.run(source.with_resources(JOBS, ENTRIES)).raise_on_failed_jobs()
    with pipeline.sql_client() as client:
        rows = client.execute_sql(f"SELECT count(*) FROM {JOBS}")
    assert rows is not None
    assert rows[0][0] == len(lines)
