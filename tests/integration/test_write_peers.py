"""Each way to write that `make bench-target` compares writes what it is given, to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.by_hand.write_rows import KEY, UNWANTED, fill, judged, keyed, keyless, with_bad
from benchmarks.by_hand.write_ways import WAYS, Place, Run, Way
from chakra_sandbox.launch import Sandbox, start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = [way.name for way in WAYS]


@pytest.fixture
def empty() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "0", "--tickets", "0", "--orders", "0"]) as sandbox:
        yield sandbox


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_each_way_writes_rows_over_what_is_there(way: Way, empty: Sandbox, tmp_path: Path) -> None:
    rows = keyed(50)
    fill(empty, rows)
    ended = Run(way, Place(empty, tmp_path, rows, KEY)).end()
    assert ended.code == 0, ended.said
    assert judged(empty.oracle(), rows, KEY).right == 50


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_each_way_creates_rows_without_a_key(way: Way, empty: Sandbox, tmp_path: Path) -> None:
    rows = keyless(50)
    ended = Run(way, Place(empty, tmp_path, rows, None)).end()
    assert ended.code == 0, ended.said
    assert judged(empty.oracle(), rows, "remarks").right == 50


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_each_way_names_what_chakrahq_refuses(way: Way, empty: Sandbox, tmp_path: Path) -> None:
    rows, _ = with_bad(151)
    fill(empty, rows)
    empty.knobs(refused_texts=[UNWANTED])
    ended = Run(way, Place(empty, tmp_path, rows, KEY)).end()
    refused = {row[KEY] for row in rows if row["summary"] == UNWANTED}
    assert len(refused) == 1
    assert all(key in ended.said for key in refused), ended.said
    good = [row for row in rows if row["summary"] != UNWANTED and row["score"] != "many"]
    assert judged(empty.oracle(), good, KEY).right == len(good)
