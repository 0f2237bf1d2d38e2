"""BATCH files: of all streams, as the settings say, and STATE never ahead of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import pytest

from chakra_api.exit_codes import ExitCode
from tests.integration.feature_pairs import FEATURES, STREAM, Account, records_of
from tests.support.tap_process import catalog_of, run
from tests.support.target_process import settings, write

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox

IDS = next(feature for feature in FEATURES if feature.name == "emit_scan_ids")
KINDS = {feature.name: feature for feature in FEATURES if feature.name.startswith("BATCH")}
GZIP = b"\x1f\x8b"
BEGINS = {
    ("jsonl", "gzip"): GZIP,
    ("jsonl", "none"): b'{"',
    ("jsonl", None): b'{"',
    ("parquet", "gzip"): b"PAR1",
    ("parquet", "none"): b"PAR1",
}


@pytest.mark.parametrize(("kind", "compression"), BEGINS)
def test_each_stream_heeds_format_and_compression(
    tmp_path: Path, kind: str, compression: str | None
) -> None:
    account = Account(tmp_path)
    encoding = {"format": kind} | ({"compression": compression} if compression else {})
    output = account.run([IDS], config={"batch_config": {"encoding": encoding}})
    assert output.code == 0, output.stderr
    messages = [each for each in output.lines if each["type"] == "BATCH"]
    streams = {each["stream"] for each in messages}
    assert streams == {STREAM, "users", "scanned_ids", "complete_scans"}
    assert not [each for each in output.lines if each["type"] == "RECORD"]
    for message in messages:
        assert message["encoding"].get("compression") == compression
        for url in message["manifest"]:
            path = Path(unquote(urlparse(url).path))
            assert path.read_bytes().startswith(BEGINS[kind, compression]), path
            assert path.suffix == {"jsonl": ".json", "parquet": ".parquet"}[kind] or (
                path.name.endswith(".json.gz") and compression == "gzip"
            )


def test_the_target_reads_what_the_tap_wrote_below_a_plain_path(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    root = tmp_path / "a folder with blänks"
    account = {"api_key": sandbox.api_key, "api_url": sandbox.url}
    batch = {"encoding": {"format": "jsonl"}, "storage": {"root": str(root)}, "batch_size": "400"}
    catalog = catalog_of(tmp_path, account, "process_lead")
    output = run(tmp_path, account | {"batch_config": batch}, catalog=catalog)
    assert output.code == 0, output.stderr
    assert "batch_config" not in output.stderr
    urls = [url for each in output.of_type("BATCH", "process_lead") for url in each["manifest"]]
    assert len(urls) > 1
    assert {Path(url.removeprefix("file://")) for url in urls} == {*root.iterdir()}
    mapping = {"stream": "process_lead", "procedure": "lead", "key": "id"}
    config = settings(sandbox, streams=[mapping], dry_run=True)
    told = write(tmp_path, config, output.lines)
    assert told.receipt["rows_in"] == 1500, told.stderr


def test_a_part_that_is_missing_is_told_before_any_request(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    sandbox.forget_requests()
    batch = {"encoding": {"format": "jsonl"}, "storage": {"foo": 1}}
    account = {"api_key": sandbox.api_key, "api_url": sandbox.url}
    output = run(tmp_path, account | {"batch_config": batch})
    assert output.code == ExitCode.SETTINGS
    (line,) = output.stderr.splitlines()
    assert "config.json' holds storage.foo, which means nothing" in line
    assert not sandbox.requests()


@pytest.mark.parametrize("answers", [4, 6, 8, 10])
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_failed_run_left_in_files_and_the_next_one_reads_is_everything(
    tmp_path: Path, kind: str, answers: int
) -> None:
    account = Account(tmp_path, rows=400)
    features: list[Any] = [KINDS[kind], IDS]
    first = account.run(features, answers=answers, config={"concurrency": 1})
    assert first.code != 0
    states = [each for each in first.states if "scan" in each["bookmarks"].get(STREAM, {})]
    kept = {row["id"] for row in records_of(first, STREAM)}
    assert kept or not states, "STATE speaks of rows that are in no file"
    second = account.run(features, first.states[-1])
    assert second.code == 0, second.stderr
    everyone = account.rows().keys()
    assert kept | {row["id"] for row in records_of(second, STREAM)} == everyone
    seen = [row["id"] for output in (first, second) for row in records_of(output, "scanned_ids")]
    assert {*seen} == everyone
    assert [row["rows"] for row in records_of(second, "complete_scans")] == [len(everyone)]
    assert not records_of(first, "complete_scans")
