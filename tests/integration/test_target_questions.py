"""Both answers of each open question that touches writing: the same rows arrive, each once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.target_process import living, record, schema, settings, state, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SILENT = {"bulk_update_accepts": "flat", "flat_when_nested": "silent_success_no_change"}
LATE = {"entry_echo": "json_string", "entry_index": False, "entries_order": "shuffled"}
ANSWERS: dict[str, dict[str, Any]] = {
    "Q3 errors as objects": {"error_shape": "objects"},
    "Q5 times as ISO": {"timestamp_format": "iso"},
    "Q7 usernames read": {"assigned_to_read": "username"},
    "Q7 usernames only": {"assigned_to_write": "username_only"},
    "Q8 state as id": {"state_read": "id"},
    "Q8 state as object": {"state_read": "object"},
    "Q9 no status": {"job_get_has_status": False},
    "Q9 no counts first": {"job_empty_counts_first": True},
    "Q9 a gap in the counts": {"job_in_flight_gap": True},
    "Q9 never says that it ended": {"job_final_status": "stuck"},
    "Q12 deleted rows listed": {"delete_mode": "soft_listed"},
    "Q15 hasMore absent": {"has_more": "absent"},
    "Q17 empty answers": {"write_response": "empty", "bulk_create": "404"},
    "Q20 key at the top": {"bulk_create_pk_from": "top_only"},
    "Q20 key in data": {"bulk_create_pk_from": "data_only"},
    "Q20 wrapped body": {"bulk_create_body": "object"},
    "Q20 no bulk create": {"bulk_create": "404"},
    "Q21 small batches": {"max_batch": 8},
    "Q21 small batches, 400": {"max_batch": 8, "over_batch": "400"},
    "Q21 small bodies": {"max_body_bytes": 1500},
    "Q22 flat": {"bulk_update_accepts": "flat"},
    "Q22 flat, nested silent": SILENT,
    "Q22 both": {"bulk_update_accepts": "both"},
    "Q26 no echo": {"entry_echo": "none"},
    "Q26 echo as text, shuffled": LATE,
    "Q27 null is an error": {"null_write": "error"},
    "Q27 unset as defaults": {"unset_attributes": "empty_defaults"},
    "Q28 strict types": {"type_check": "strict"},
    "Q31 job visible late": {"job_visible_after_ms": 1500},
    "Q32 lists lag": {"index_lag_ms": 700},
    "Q36 data by id": {"data_keys": "id"},
    "look-ups ignored": {"array_filter": "ignored"},
    "look-ups cut short": {"array_filter": "cut_short"},
    "look-ups find nothing": {"array_filter": "find_nothing"},
    "id filter ignored": {"id_filter": "ignored"},
    "no updatedAt": {"updated_at": "absent"},
    "keys may repeat": {"duplicate_pk": "duplicate"},
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "200"]) as running:
        yield running


@pytest.fixture
def answering(shared: Sandbox, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    before = shared.knobs()
    shared.knobs(job_duration_ms=60, **request.param)
    yield shared
    shared.knobs(**{name: before[name] for name in ("job_duration_ms", *request.param)})


@pytest.mark.parametrize("answering", ANSWERS.values(), ids=ANSWERS.keys(), indirect=True)
def test_the_same_rows_arrive_whatever_the_answer(
    answering: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id.replace(" ", "-")
    old = sorted(key for key in living(answering) if key.startswith("L-"))[:24]
    new = [f"{name}-{number}" for number in range(24)]
    value = abs(hash(name)) % 10**6
    lines = [schema("scores", ["lead_id", "score", "city", "state", "assignedTo"])]
    user = answering.get_json("/v1/ext/users")["_data"][0]["username"]
    lines += [
        record("scores", lead_id=key, score=value + n, city="goa", state="LOST", assignedTo=user)
        for n, key in enumerate([*old, *new])
    ]
    config = settings(answering, streams=[{"stream": "scores", "procedure": "lead"}], batch_size=20)
    told = write(tmp_path, config, [*lines, state({"at": 1})])
    assert told.code == 0, told.stderr
    assert told.states == [{"at": 1}]
    assert told.outcomes == {"created": 24, "updated": 24}
    found = living(answering)
    for n, key in enumerate([*old, *new]):
        row = found[key]
        assert (row["data"]["score"], row["data"]["city"], row["state"]) == (
            value + n,
            "goa",
            "LOST",
        ), json.dumps(row)
    again = write(tmp_path, config, [*lines, state({"at": 1})])
    assert again.outcomes == {"unchanged": 48}
