"""The judges of the tap's campaign condemn what they are there to condemn, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.campaigns.simulated.tap import Line, TapHistory
from tests.campaigns.simulated.tap_judges import verdict
from tests.support.simulated import KEY

ROWS = {"a": 1_000, "b": 2_000}
LATER = {"a": 1_000, "b": 9_000}
"""Row b changed after the scan began."""


def at(instant: int) -> str:
    return f"1970-01-01T00:00:{instant / 1000:06.3f}Z"


def record(row: str, updated: int, *, run: int = 1, version: int | None = None) -> Line:
    return Line(run, "RECORD", {"id": row, "updatedAt": at(updated)}, version)


def state(living: dict[str, int], *, run: int = 1, **entry: Any) -> Line:
    return Line(run, "STATE", {"bookmarks": {"process_lead": entry}}, living=living)


def bookmark(instant: int, living: dict[str, int] | None = None) -> Line:
    return state(living or ROWS, replication_key_value=at(instant))


BOTH = [record("a", 1_000), record("b", 2_000)]
RIGHT = TapHistory([*BOTH, bookmark(5_000)], [0], ROWS)
GOOD = {
    "a whole run": RIGHT,
    "a row that changed behind a scan comes with the next run": TapHistory(
        [*BOTH, bookmark(5_000, LATER), record("b", 9_000, run=2), bookmark(9_500, LATER)],
        [None, 0],
        LATER,
    ),
    "a paused scan says nothing": TapHistory(
        [BOTH[0], state(ROWS, scan={}), BOTH[1], bookmark(5_000)], [0], ROWS
    ),
    "a version that is whole": TapHistory(
        [
            *(replace(line, version=5) for line in BOTH),
            Line(1, "ACTIVATE_VERSION", 5, living=ROWS),
            state(ROWS, last_complete_scan={"began": at(5_000)}),
        ],
        [0],
        ROWS,
    ),
}
BAD = {
    "nothing_is_lost": replace(RIGHT, living={**ROWS, "c": 1}),
    "nothing_is_emitted_twice": replace(RIGHT, lines=[*BOTH, *RIGHT.lines]),
    "no_state_is_ahead": replace(RIGHT, lines=[BOTH[0], bookmark(5_000), BOTH[1]]),
    "versions_are_whole": replace(
        RIGHT, lines=[*BOTH, Line(1, "ACTIVATE_VERSION", 5, living=ROWS), bookmark(5_000)]
    ),
    "exits_are_documented": replace(RIGHT, codes=[1, 0]),
    "no_secret_is_told": replace(RIGHT, output=[f"Bearer {KEY}"]),
}


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD)
def test_a_history_that_keeps_the_promises_passes(history: TapHistory) -> None:
    assert verdict(history) == []


@pytest.mark.parametrize(("judge", "history"), BAD.items(), ids=BAD)
def test_a_history_that_breaks_one_is_condemned(judge: str, history: TapHistory) -> None:
    assert judge in {said.partition(":")[0] for said in verdict(history)}


def test_a_row_that_changed_before_the_bookmark_and_came_as_it_was_is_lost() -> None:
    stale = replace(RIGHT, lines=[record("a", 1_000), record("b", 1_500), bookmark(5_000)])
    assert any("b was emitted as it was before" in said for said in verdict(stale))


def test_a_run_that_did_not_end_well_is_not_taken_for_one_that_did() -> None:
    assert any("the last run ended" in said for said in verdict(replace(RIGHT, codes=[5])))
