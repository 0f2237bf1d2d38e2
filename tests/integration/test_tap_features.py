"""What singer-sdk promises of a tap, and what a user does with one."""

from __future__ import annotations

import gzip
import json
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.strict_singer import messages_of, rows_of
from tests.support.tap_process import COMMAND, catalog_of, run

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox


def test_version_says_the_version(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--version"], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert f"tap-chakra v{version('chakra-connectors')}" in done.stdout


def test_about_documents_each_setting() -> None:
    done = subprocess.run(
        [*COMMAND, "--about", "--format=json"], capture_output=True, text=True, check=True
    )
    settings = json.loads(done.stdout)["settings"]["properties"]
    assert all(schema.get("description") for schema in settings.values())


def test_the_check_asks_every_procedure_and_says_all_that_is_wrong(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    sandbox.forget_requests()
    output = run(tmp_path, config, "--test")
    assert output.code == 0, output.stderr
    assert len(sandbox.requests()) == 6
    assert "ok: configuration (3 procedures)" in output.stderr
    for name in ("lead", "ticket", "order"):
        assert f"ok: processes of '{name}'" in output.stderr
    assert "likely no key of role type User" in output.stderr
    broken = {"kind": "500", "probability": 1.0, "match": "procedure/order"}
    sandbox.knobs(faults=[broken])
    partly = run(tmp_path, config | {"api_key": "sandbox-lead-only-key"}, "--test")
    assert partly.code == ExitCode.NO_ACCESS
    assert "ok: processes of 'lead'" in partly.stderr
    assert "failed: processes of 'ticket': ChakraHQ answered" in partly.stderr
    assert "failed: processes of 'order': ChakraHQ answered" in partly.stderr
    assert "500" in partly.stderr


def test_the_check_says_what_a_user_key_may_miss(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    output = run(tmp_path, config | {"api_key": "sandbox-user-key"}, "--test")
    assert output.code == 0, output.stderr
    alive = [row for row in sandbox.oracle("lead") if row.died_ms is None]
    (mine,) = re.findall(r"'lead' ([\d,]+) rows are seen", output.stderr)
    (missing,) = re.findall(r"about ([\d,]+) are missing", output.stderr)[:1]
    ours = Counter(row.row["assignedTo"] for row in alive)
    user = next(u for u in sandbox.get_json("/v1/ext/users")["_data"] if u["username"] == "asha.k")
    assert int(mine.replace(",", "")) == ours[user["id"]]
    assert abs(int(missing.replace(",", "")) / (len(alive) - ours[user["id"]]) - 1) < 0.5
    assert "assigned to 'asha.k'" in output.stderr


def test_the_check_gives_up_within_five_seconds(tmp_path: Path, config: dict[str, Any]) -> None:
    """A server that takes connections and says nothing; what else keeps silent is bounded alike."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        silent = config | {"api_url": f"http://127.0.0.1:{mute.getsockname()[1]}"}
        began = time.monotonic()
        output = run(tmp_path, silent, "--test")
    assert output.code == ExitCode.UNREACHABLE
    assert "gave no answer within 3 s" in output.stderr
    assert time.monotonic() - began < 10, "three seconds, and the start of the command"


def test_environment_variables_are_settings(tmp_path: Path, config: dict[str, Any]) -> None:
    done = subprocess.run(
        [*COMMAND, "--config", "ENV", "--test"],
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin",
            "TAP_CHAKRA_API_KEY": config["api_key"],
            "TAP_CHAKRA_API_URL": config["api_url"],
            "TAP_CHAKRA_PROCEDURES": '["ticket"]',
        },
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "processes of 'ticket'" in done.stderr


def test_only_selected_properties_are_emitted(tmp_path: Path, config: dict[str, Any]) -> None:
    catalog = catalog_of(tmp_path, config, "process_lead")
    lead = next(s for s in catalog["streams"] if s["tap_stream_id"] == "process_lead")
    for entry in lead["metadata"]:
        if entry["breadcrumb"] in (["properties", "derivedData"], ["properties", "team"]):
            entry["metadata"]["selected"] = False
    output = run(tmp_path, config, catalog=catalog)
    assert output.code == 0, output.stderr
    assert not any(
        {"derivedData", "team"} & record.keys() for record in output.records["process_lead"]
    )


def test_stream_maps_and_flattening_work(tmp_path: Path, config: dict[str, Any]) -> None:
    catalog = catalog_of(tmp_path, config, "process_lead")
    more = {
        "flattening_enabled": True,
        "flattening_max_depth": 1,
        "stream_maps": {"process_lead": {"loud": "state.upper() if state else None"}},
    }
    output = run(tmp_path, config | more, catalog=catalog)
    assert output.code == 0, output.stderr
    record = output.records["process_lead"][0]
    assert "data__lead_id" in record
    assert isinstance(record["_extra_data"], (str, type(None)))
    assert record["loud"] == record["state"].upper()


def test_batch_files_hold_every_row(tmp_path: Path, config: dict[str, Any]) -> None:
    batch = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}"},
    }
    catalog = catalog_of(tmp_path, config, "process_lead", method="FULL_TABLE")
    output = run(tmp_path, config | {"batch_config": batch}, catalog=catalog)
    assert output.code == 0, output.stderr
    files = [f for line in output.of_type("BATCH", "process_lead") for f in line["manifest"]]
    assert all(gzip.decompress(Path(f.removeprefix("file://")).read_bytes()) for f in files)
    rows = [row for line in output.of_type("BATCH", "process_lead") for row in rows_of(line)]
    assert len({row["id"] for row in rows}) == len(rows) == 1500
    assert not output.of_type("ACTIVATE_VERSION", "process_lead")
    assert output.states[-1]["bookmarks"]["process_lead"]["last_complete_scan"]["rows"] == 1500


def test_parquet_files_are_typed_from_the_account(tmp_path: Path, config: dict[str, Any]) -> None:
    batch = {
        "encoding": {"format": "parquet", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}"},
        "batch_size": 400,
    }
    catalog = catalog_of(tmp_path, config, "process_lead")
    lead = next(s for s in catalog["streams"] if s["tap_stream_id"] == "process_lead")
    for entry in lead["metadata"]:
        if entry["breadcrumb"] == ["properties", "team"]:
            entry["metadata"]["selected"] = False
    output = run(tmp_path, config | {"batch_config": batch}, catalog=catalog)
    assert output.code == 0, output.stderr
    files = [f for line in output.of_type("BATCH", "process_lead") for f in line["manifest"]]
    tables = [pq.read_table(name.removeprefix("file://")) for name in files]
    assert len(tables) > 1
    assert all(table.num_rows >= 400 for table in tables[:-1])  # whole answers: how many varies
    assert len({str(table.schema) for table in tables}) == 1
    assert "team" not in tables[0].column_names
    assert tables[0].schema.field("createdAt").type == pa.timestamp("us", tz="UTC")
    plain = run(tmp_path, config, catalog=catalog)
    wanted = {record["id"]: record for record in plain.records["process_lead"]}
    rows = [row for table in tables for row in table.to_pylist()]
    assert {row["id"] for row in rows} == wanted.keys()
    assert len(rows) == len(wanted) == 1500
    for row in rows:
        record = wanted[row["id"]]
        for name in ("lead_id", "score", "budget", "tags"):
            assert row["data"][name] == record["data"].get(name), name
        assert row["_extra_data"] == record["_extra_data"]


def test_a_format_of_batches_that_nobody_knows_is_refused(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    batch = {"encoding": {"format": "csv"}, "storage": {"root": f"file://{tmp_path}"}}
    output = run(tmp_path, config | {"batch_config": batch})
    assert output.code == ExitCode.SETTINGS, output.stderr
    assert "Traceback" not in output.stderr


def test_the_key_appears_in_no_output(tmp_path: Path, sandbox: Sandbox) -> None:
    config = {"api_key": sandbox.api_key, "api_url": sandbox.url}
    good = run(tmp_path, config)
    sandbox.knobs(faults=[{"kind": "garbage", "every_nth": 3}])
    bad = run(tmp_path, config)
    sandbox.knobs(faults=[{"kind": "500", "probability": 1.0, "match": "list"}])
    failed = run(tmp_path, config | {"request_timeout": 1, "procedures": ["lead"]})
    assert failed.code == ExitCode.UNREACHABLE
    for output in (good, bad, failed):
        assert sandbox.api_key not in json.dumps(output.lines) + output.stderr


def test_a_loader_that_ends_first_is_named(tmp_path: Path, config: dict[str, Any]) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    with subprocess.Popen(
        [*COMMAND, "--config", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as tap:
        assert tap.stdout is not None
        assert tap.stderr is not None
        tap.stdout.readline()
        tap.stdout.close()
        stderr = tap.stderr.read().decode()
    assert tap.returncode == ExitCode.STOPPED, stderr
    assert "the loader ended before the tap" in stderr
    assert "Traceback" not in stderr


def test_help_has_examples_and_exit_codes() -> None:
    done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True)
    assert "--discover > catalog.json" in done.stdout
    assert "6 a scan was not complete" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_in_order(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any], number: signal.Signals
) -> None:
    sandbox.knobs(latency_ms=30)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config | {"concurrency": 1}))
    printed = tmp_path / "out.jsonl"
    with (
        printed.open("wb") as out,
        subprocess.Popen(
            [*COMMAND, "--config", str(path)], stdout=out, stderr=subprocess.PIPE, text=True
        ) as tap,
    ):
        while '"RECORD","stream":"process_lead"' not in printed.read_text() and tap.poll() is None:
            time.sleep(0.02)
        tap.send_signal(number)
        _, stderr = tap.communicate(timeout=30)
    assert tap.returncode == ExitCode.STOPPED, stderr
    assert "Traceback" not in stderr
    lines = messages_of(printed.read_text(), ended=False)
    states = [line["value"] for line in lines if line["type"] == "STATE"]
    assert all("replication_key_value" not in json.dumps(state) for state in states)
