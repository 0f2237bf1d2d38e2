"""Singer lines into the target: each is taken, rejected on record, or ends the run in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.endings import STEPS, TARGET_CODES, ends_in_order
from tests.fuzz.inputs import BYTES, JSON, SCALARS, TEXTS, changed, damaged, many
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCHEMA = {
    "type": "SCHEMA",
    "stream": "scores",
    "schema": {"properties": {"lead_id": {}, "score": {}, "name": {}}},
}
RECORD = {"type": "RECORD", "stream": "scores", "record": {"lead_id": "L-000001", "score": 1}}
STATE = {"type": "STATE", "value": {"bookmarks": {"scores": {"replication_key_value": 1}}}}
ACTIVATE = {"type": "ACTIVATE_VERSION", "stream": "scores", "version": 1}
BATCH = {
    "type": "BATCH",
    "stream": "scores",
    "encoding": {"format": "jsonl", "compression": "gzip"},
    "manifest": ["file:///nowhere/rows.jsonl.gz"],
}
KEYS = st.one_of(st.integers(1, 9).map(lambda n: f"L-{n:06d}"), st.text(max_size=4), SCALARS, JSON)
ROWS = st.builds(
    lambda key, score, more: {"lead_id": key, "score": score, **more},
    KEYS,
    JSON,
    st.dictionaries(st.one_of(st.just("name"), TEXTS), JSON, max_size=2),
)
TAKEN = st.one_of(
    ROWS.map(lambda row: {**RECORD, "record": row}),
    st.builds(lambda value: {"type": "STATE", "value": value}, JSON),
    st.just(SCHEMA),
    st.just(ACTIVATE),
)
"""What a run goes on behind."""
BROKEN = st.one_of(
    BYTES,
    *(changed(each).map(json.dumps).map(str.encode) for each in (SCHEMA, RECORD, STATE)),
    *(changed(each).map(json.dumps).map(str.encode) for each in (ACTIVATE, BATCH)),
    damaged(json.dumps(RECORD).encode()),
)
"""What may end it."""


def lines_of(messages: Iterable[Any], broken: Iterable[bytes] = ()) -> list[bytes]:
    """An input: the SCHEMA, these messages, and whatever else."""
    return [*(json.dumps(each).encode() for each in (SCHEMA, *messages)), *broken]


MODES = st.sampled_from(["upsert", "insert", "update", "mirror"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MODES, many(TAKEN, 40), st.lists(BROKEN, max_size=3))
def test_lines_are_taken_rejected_or_end_the_run(
    tmp_path: Path, mode: str, taken: list[Any], broken: list[bytes]
) -> None:
    STEPS["Singer lines"] += 1 + len(taken) + len(broken)
    streams = [{"stream": "scores", "procedure": "lead", "mode": mode}]
    config = {
        "api_key": KEY,
        "api_url": "http://chakra.test",
        "streams": streams,
        "journal": f"sqlite:///{tmp_path}/journal.db",
        "max_rejects": 20,
        "batch_size": 7,
        "lost_answer_horizon": 5,
        "job_timeout": 20,
    }
    args = ["--config", written(tmp_path, "config.json", config)]
    told = run_target(
        world_of(9),
        [*args, "--input", written(tmp_path, "in", b"\n".join(lines_of(taken, broken)))],
    )
    for leftover in tmp_path.glob("journal.db*"):
        leftover.unlink()
    ends_in_order(told, TARGET_CODES)
    receipts = [line for line in told.stderr.splitlines() if line.startswith('{"run"')]
    for receipt in map(json.loads, receipts):
        assert sum(receipt["outcomes"].values()) == receipt["rows_in"]
    if told.code == 0:
        assert receipts
