"""STATE that is handed back to the tap: read, or named; a scan that goes on from it ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chakra_api.errors import SettingsError
from tap_chakra.run.bookmark import from_state, to_state
from tests.fuzz.endings import STEPS, TAP_CODES, ends_in_order, refuses_in_order
from tests.fuzz.inputs import BYTES, JSON, NUMBERS, changed, damaged
from tests.support.in_process import KEY, run_tap, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

BEGAN = "2026-09-21T13:46:40.000Z"
SCAN = {
    "began": BEGAN,
    "rows": 200,
    "lead": 0,
    "emits_since": None,
    "created_after": None,
    "versioned": False,
    "done": [[None, 1764547200123, 70], [1764633600456, 1764633700000, 100]],
    "walked": [[1764633700000, 1764633800000, 30, "0d6c9a52-0000-4000-a000-000000000000", 1]],
}
STREAM = {
    "replication_key": "updatedAt",
    "replication_key_value": "2026-09-20T00:00:00.000Z",
    "last_complete_scan": {
        "began": "2026-09-20T00:00:00.000Z",
        "rows": 300,
        "created_after": "2026-09-01T00:00:00.000Z",
        "start_date": "2026-08-01T00:00:00.000Z",
    },
    "last_narrow_scan": {
        "began": "2026-09-20T10:00:00.000Z",
        "created_before": "2026-09-10T00:00:00.000Z",
    },
    "scan": SCAN,
}
STATE = {"bookmarks": {"process_lead": STREAM}}
BOUND = st.one_of(st.none(), st.integers(1_758_000_000_000, 1_791_000_000_000), NUMBERS)
RANGE = st.tuples(BOUND, BOUND, st.integers(0, 300)).map(list)
WALKED = st.tuples(BOUND, BOUND, st.integers(0, 99), st.text(), st.sampled_from([1, -1])).map(list)
SCANS = st.builds(
    lambda done, walked: {**SCAN, "done": done, "walked": walked},
    st.lists(RANGE, max_size=4),
    st.lists(WALKED, max_size=2),
)


@given(st.one_of(changed(STREAM), st.dictionaries(st.sampled_from(sorted(STREAM)), JSON)))
def test_the_state_of_a_stream_is_read_or_named(state: Any) -> None:
    STEPS["state"] += 1
    if not isinstance(state, dict):
        return
    if not refuses_in_order(partial(from_state, "process_lead", state), SettingsError):
        kept = to_state(from_state("process_lead", state))
        assert to_state(from_state("process_lead", kept)) == kept


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        BYTES,
        damaged(b'{"bookmarks": {"process_lead": {}}}'),
        changed(STATE),
        SCANS.map(lambda scan: {"bookmarks": {"process_lead": {**STREAM, "scan": scan}}}),
    )
)
def test_a_run_from_a_strange_state_ends(tmp_path: Path, state: Any) -> None:
    STEPS["state"] += 1
    config = {"api_key": KEY, "api_url": "http://chakra.test", "procedures": ["lead"]}
    args = ["--config", written(tmp_path, "config.json", config)]
    told = run_tap(world_of(250), [*args, "--state", written(tmp_path, "state.json", state)])
    ends_in_order(told, TAP_CODES)
