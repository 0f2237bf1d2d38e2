"""The judge of the tap's kills finds what it is there to find: histories that break a promise."""

from __future__ import annotations

from typing import Any

import pytest

from chakra_sandbox.launch import OracleRow
from tests.campaigns.kills.tap_oracle import STREAM, Judge, Run

BEGAN, ENDED = 10_000, 20_000
ISO = "1970-01-01T00:00:{:06.3f}Z"


def oracle(number: int, *, changes: tuple[int, ...] = (), died: int | None = None) -> OracleRow:
    return OracleRow(f"row {number}", number, died, 0, changes, {})


ROWS = [oracle(1), oracle(2, changes=(9_000,)), oracle(3, died=15_000), oracle(4)]
"""Row 2 changed before the scan began; row 3 died while it ran."""


def at(instant: int) -> str:
    return ISO.format(instant / 1000)


def record(number: int, updated: int, version: int | None = None) -> dict[str, Any]:
    line: dict[str, Any] = {"type": "RECORD", "stream": STREAM}
    line["record"] = {"id": f"row {number}", "updatedAt": at(updated)}
    return line if version is None else {**line, "version": version}


def state(**stream: Any) -> dict[str, Any]:
    return {"type": "STATE", "value": {"bookmarks": {STREAM: stream}}}


def bookmark(instant: int) -> dict[str, Any]:
    return state(replication_key_value=at(instant))


def paused(*done: list[int | None], walked: tuple[Any, ...] = ()) -> dict[str, Any]:
    scan = {"began": at(BEGAN), "versioned": False, "done": done, "walked": walked}
    return state(scan=scan)


def activate(version: int) -> dict[str, Any]:
    return {"type": "ACTIVATE_VERSION", "stream": STREAM, "version": version}


EVERYTHING = [record(1, 1), record(2, 9_000), record(4, 4)]
VERSIONED = [record(number, 9_000, BEGAN) for number in (1, 2, 4)]
RIGHT = {
    "a whole run": [*EVERYTHING, bookmark(BEGAN)],
    "a full table": [*VERSIONED, activate(BEGAN)],
    "a range": [record(1, 1), record(2, 9_500), paused([None, 3, 2])],
}
BROKEN = {
    "a row is missing": ([*EVERYTHING[1:], bookmark(BEGAN)], "lost"),
    "a row is as it was before it changed": (
        [record(1, 1), record(2, 2), record(4, 4), bookmark(BEGAN)],
        "lost",
    ),
    "the bookmark comes first": ([bookmark(BEGAN), *EVERYTHING], "lost"),
    "a range comes before its rows": ([record(1, 1), paused([None, 3, 2])], "lost"),
    "a walked range, too": ([record(1, 1), paused(walked=([None, 3, 2, "", 1],))], "lost"),
    "a row came twice": ([*EVERYTHING, record(4, 4), bookmark(BEGAN)], "doubled"),
    "deletes are spoken of too early": ([*VERSIONED[:2], activate(BEGAN), VERSIONED[2]], "lost"),
    "rows of another version count": ([*VERSIONED, activate(BEGAN + 1)], "lost"),
    "a row of the version comes later": (
        [*VERSIONED, activate(BEGAN), record(3, 3, BEGAN)],
        "wrong",
    ),
}


@pytest.mark.parametrize("lines", RIGHT.values(), ids=RIGHT)
def test_a_history_that_keeps_the_promises_passes(lines: list[dict[str, Any]]) -> None:
    assert Judge(ROWS, threads=1).faults([Run(lines, ENDED)]) == []


@pytest.mark.parametrize(("lines", "kind"), BROKEN.values(), ids=BROKEN)
def test_a_history_that_breaks_one_is_found(lines: list[dict[str, Any]], kind: str) -> None:
    assert kind in {fault.kind for fault in Judge(ROWS, threads=1).faults([Run(lines, ENDED)])}


def test_what_an_earlier_run_printed_counts() -> None:
    first = Run([record(1, 1), record(2, 9_000)], ENDED)
    second = Run([record(4, 4), bookmark(BEGAN)], ENDED)
    assert Judge(ROWS, threads=1).faults([first, second]) == []


def test_finished_work_that_is_read_again_is_found() -> None:
    rows = [oracle(number) for number in range(201)]
    lines = [record(number, number) for number in range(201)]
    went_on = paused()["value"]
    runs = [Run(lines, ENDED), Run(lines, ENDED, went_on)]
    assert [fault.kind for fault in Judge(rows, threads=2).faults(runs)] == ["wrong"]
    assert Judge(rows, threads=3).faults(runs) == []
    assert Judge(rows, threads=1).faults([runs[0], Run(lines, ENDED)]) == []


def test_an_instant_that_the_server_can_not_cut_is_one_piece_of_work() -> None:
    rows = [oracle(number) for number in range(201)]
    lines = [record(number, number) for number in range(201)]
    runs = [Run(lines, ENDED), Run(lines, ENDED, paused()["value"])]
    widest = max(row.born_ms for row in rows) + 1
    assert Judge(rows, threads=1, finest_ms=widest).faults(runs) == []
    assert [f.kind for f in Judge(rows[:150], threads=1).faults(runs)].count("wrong") == 1
