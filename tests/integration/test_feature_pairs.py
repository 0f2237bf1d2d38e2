"""The tap's features work in pairs, and all together, as the sandbox's own rows say."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.feature_pairs import (
    FEATURES,
    PAIRS,
    STREAM,
    WORKS,
    Account,
    Feature,
    check_around,
    check_rows,
    table,
    try_pair,
)
from tests.support.tap_process import catalog_of, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

CHECKS = (check_rows, check_around)
BY_NAME = {feature.name: feature for feature in FEATURES}


def fails(check: Callable[[], None]) -> bool:
    try:
        check()
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(
    "pair", PAIRS, ids=[f"{one.name} and {other.name}" for one, other in PAIRS]
)
def test_a_pair_of_features_works(tmp_path: Path, pair: tuple[Feature, Feature]) -> None:
    assert try_pair(tmp_path, *pair) == WORKS


def test_what_is_expected_of_a_pair_can_fail(tmp_path: Path) -> None:
    """A run without the features is not taken for one with them."""
    account = Account(tmp_path)
    plain = account.run([])
    check_rows(plain, account.rows(), [])
    for feature in FEATURES:
        if feature.name == "INCREMENTAL":  # what a plain run is
            continue
        checks = [partial(check, plain, account.rows(), [feature]) for check in CHECKS]
        assert any(map(fails, checks)), feature.name


def test_each_pair_has_its_place_in_the_table() -> None:
    verdicts = {frozenset({a.name, b.name}): f"{a.name}+{b.name}" for a, b in PAIRS}
    made = table(verdicts)
    assert all(made.count(verdict) == 1 for verdict in verdicts.values())
    assert made.count("one of the two") == 2


@pytest.mark.parametrize("kind", ["BATCH jsonl", "BATCH parquet"])
def test_all_features_work_together_as_a_command(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any], kind: str
) -> None:
    names = ("selection", "mask", "stream maps", "flattening", kind, "emit_scan_ids", "FULL_TABLE")
    features = [BY_NAME[name] for name in names]
    config |= {"procedures": ["lead"], "emit_scan_ids": True}
    selected = (STREAM, "users", "scanned_ids", "complete_scans")
    catalog = catalog_of(tmp_path, config, *selected, method="FULL_TABLE")
    lead = next(each for each in catalog["streams"] if each["tap_stream_id"] == STREAM)
    for entry in lead["metadata"]:
        path = tuple(entry["breadcrumb"][1::2])
        if path in BY_NAME["selection"].deselected:
            entry["metadata"]["selected"] = False
    for feature in features:
        config |= json.loads(json.dumps(feature.config))
    config["batch_config"]["storage"] = {"root": tmp_path.as_uri()}
    output = run(tmp_path, config, catalog=catalog)
    assert output.code == 0, output.stderr
    rows = {row.id: row.row for row in sandbox.oracle("lead")}
    check_rows(output, rows, features)
    check_around(output, rows, features)
