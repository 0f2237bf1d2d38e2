"""Records are the same whether they go out a page at a time, one by one, or in files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.support.strict_singer import rows_of
from tests.support.tap_process import catalog_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STREAM = "process_lead"
ROWS = 500


@pytest.fixture(scope="module")
def account() -> Iterator[dict[str, Any]]:
    """Settings of a tap on an account of loose data, that nobody changes."""
    loose = ["--set", 'unset_attributes="null"', "--set", "timestamp_format=iso"]
    with start_sandbox(["--rows", str(ROWS), "--tickets", "0", "--orders", "0", *loose]) as sandbox:
        yield {"api_key": sandbox.api_key, "api_url": sandbox.url}


@pytest.fixture(scope="module")
def catalog(account: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    return catalog_of(tmp_path_factory.mktemp("catalog"), account, STREAM, method="FULL_TABLE")


def without(catalog: Any, *paths: tuple[str, ...]) -> Any:
    """The catalog with properties that are not selected."""
    changed = json.loads(json.dumps(catalog))
    lead = next(s for s in changed["streams"] if s["tap_stream_id"] == STREAM)
    crumbs = [[part for name in path for part in ("properties", name)] for path in paths]
    found = [entry for entry in lead["metadata"] if entry["breadcrumb"] in crumbs]
    assert len(found) == len(paths), "the catalog does not know all of these"
    for entry in found:
        entry["metadata"]["selected"] = False
    return changed


def records(folder: Path, config: dict[str, Any], catalog: Any) -> dict[str, Any]:
    output = run(folder, config, catalog=catalog)
    assert output.code == 0, output.stderr
    found = {record["id"]: record for record in output.records[STREAM]}
    assert len(found) == len(output.records[STREAM]) == ROWS
    return found


def by_name(catalog: Any, count: int) -> list[tuple[str, ...]]:
    """Some attributes and a column of the stream."""
    lead = next(s for s in catalog["streams"] if s["tap_stream_id"] == STREAM)
    names = sorted(lead["schema"]["properties"]["data"]["properties"])
    return [("data", name) for name in names[:: max(1, len(names) // count)]][:count]


def one_by_one(config: dict[str, Any]) -> dict[str, Any]:
    """Settings by which each record passes a map that changes nothing of what is compared."""
    return config | {"stream_maps": {STREAM: {"zz_nothing": "'x'"}}}


@pytest.mark.parametrize("selection", ["all", "some"])
def test_a_page_at_a_time_and_one_by_one_give_the_same_records(
    tmp_path: Path, account: dict[str, Any], catalog: Any, selection: str
) -> None:
    if selection == "some":
        catalog = without(catalog, ("team",), ("derivedData",), *by_name(catalog, 3))
    by_page = records(tmp_path, account, catalog)
    singly = records(tmp_path, one_by_one(account), catalog)
    assert {record.pop("zz_nothing") for record in singly.values()} == {"x"}
    assert by_page == singly
    if selection == "some":
        assert not any({"team", "derivedData"} & record.keys() for record in by_page.values())
        gone = {name for _, name in by_name(catalog, 3)}
        assert not any(gone & record["data"].keys() for record in by_page.values())


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_files_hold_the_same_records(
    tmp_path: Path, account: dict[str, Any], catalog: Any, kind: str
) -> None:
    catalog = without(catalog, ("team",), *by_name(catalog, 2))
    expected = records(tmp_path, account, catalog)
    batch = {
        "encoding": {"format": kind, "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}"},
        "batch_size": 150,
    }
    output = run(tmp_path, account | {"batch_config": batch}, catalog=catalog)
    assert output.code == 0, output.stderr
    batches = output.of_type("BATCH", STREAM)
    found = {row["id"]: row for batch in batches for row in rows_of(batch)}
    assert len(batches) > 2
    assert found.keys() == expected.keys()
    assert not output.of_type("ACTIVATE_VERSION", STREAM)
    for key, record in expected.items():
        if kind == "jsonl":
            assert found[key] == record
        else:  # what a record leaves out is null in a file, and dates are dates
            assert record.keys() <= found[key].keys()
            assert "team" not in found[key]
            assert set(record["data"]) <= set(found[key]["data"])
            assert not {name for _, name in by_name(catalog, 2)} & set(found[key]["data"])
            assert found[key]["data"]["lead_id"] == record["data"]["lead_id"]


def flat(record: dict[str, Any], depth: int = 1) -> dict[str, Any]:
    """A record as the SDK flattens it: objects to columns, what lies deeper to text."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict) and value and depth:
            inner = flat(value, depth - 1)
            found |= {f"{name}__{key}": each for key, each in inner.items()}
        else:
            found[name] = value
    return found


def test_flattened_records_hold_the_same_values(
    tmp_path: Path, account: dict[str, Any], catalog: Any
) -> None:
    by_page = records(tmp_path, account, catalog)
    flattened = records(
        tmp_path, account | {"flattening_enabled": True, "flattening_max_depth": 1}, catalog
    )
    assert flattened.keys() == by_page.keys()
    for key, record in flattened.items():
        expected = flat(by_page[key])
        scalars = {n: v for n, v in expected.items() if not isinstance(v, (dict, list))}
        assert {name: record.get(name) for name in scalars} == scalars
