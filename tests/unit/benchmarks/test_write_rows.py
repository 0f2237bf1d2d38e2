"""How the benchmark judges what became of rows: by the sandbox's own."""

from __future__ import annotations

from typing import Any

from benchmarks.by_hand.write_rows import Judged, judged, keyed, keyless, with_bad, with_later
from chakra_sandbox.launch import OracleRow


def process(number: int, died_ms: int | None = None, **data: Any) -> OracleRow:
    return OracleRow(str(number), 1, died_ms, 1, (), {"data": data})


ROWS = [{"key": "a", "score": 1}, {"key": "b", "score": 2}, {"key": "a", "score": 3}]


def test_rows_are_right_that_are_there_once_as_they_came_last() -> None:
    there = [process(1, key="a", score=3, city="pune"), process(2, key="b", score=2)]
    assert judged(there, ROWS, "key") == Judged(right=2)


def test_a_row_that_is_gone_or_was_never_there_is_missing() -> None:
    assert judged([process(1, 5, key="a", score=3)], ROWS, "key") == Judged(missing=2)


def test_each_process_of_a_row_beyond_one_counts() -> None:
    there = [process(n, key="a", score=3) for n in range(3)]
    assert judged(there, ROWS, "key") == Judged(twice=2, missing=1)


def test_a_value_that_is_not_the_last_one_is_older() -> None:
    there = [process(1, key="a", score=1), process(2, key="b", score=2)]
    assert judged(there, ROWS, "key") == Judged(right=1, older=1)


def test_one_row_in_a_hundred_is_bad_half_of_them_by_type() -> None:
    rows, bad = with_bad(1000)
    assert len(bad) == 10
    assert sum(row["score"] == "many" for row in rows) == 5


def test_later_rows_come_after_the_row_that_they_replace_and_differ() -> None:
    rows = with_later(400)
    keys = [row["lead_id"] for row in rows]
    again = {key for key in keys if keys.count(key) > 1}
    assert len(again) == 30
    assert {row["lead_id"]: row for row in rows} != {row["lead_id"]: row for row in keyed(400)}


def test_rows_without_a_key_are_told_apart_by_their_remarks() -> None:
    rows = keyless(100)
    assert len({row["remarks"] for row in rows}) == 100
    assert not any("lead_id" in row for row in rows)
