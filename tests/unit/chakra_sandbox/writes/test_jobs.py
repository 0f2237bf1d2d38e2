"""Jobs really run later, each entry has its outcome, and every open question has its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
PROCESS = "/v1/ext/procedure/lead/process"


def score(key: str, value: int = 7) -> dict[str, object]:
    return {"lead_id": key, "update": {"data": {"score": value}}}


def entries(caller: Any, job_id: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = caller("GET", f"/v1/ext/background-job/{job_id}/entries")[1][
        "_data"
    ]
    return made


def test_entries_fall_due_one_after_the_other(make_caller: Make) -> None:
    caller = make_caller(job_duration_ms=400)
    job = caller.bulk([score(f"L-00000{n}", 777) for n in range(1, 5)])
    assert caller.counts(job) == {"NOT_STARTED": 4}
    caller.now_ms += 200
    assert caller.counts(job) == {"NOT_STARTED": 2, "SUCCESS": 2}
    assert len(caller.list({"score": 777})) == 2
    caller.now_ms += 200
    assert caller.counts(job) == {"SUCCESS": 4}
    assert {row["updatedAt"] for row in caller.list({"score": 777})} == {
        caller.now_ms - late for late in (300, 200, 100, 0)
    }


def test_each_entry_has_its_own_outcome(make_caller: Make) -> None:
    caller = make_caller()
    job = caller.bulk(
        [
            score("L-000001"),
            score("nobody"),
            {"update": {"data": {}}},
            {"lead_id": "L-000002", "update": {"state": "NOWHERE"}},
            {"lead_id": "L-000003", "update": {"isDeleted": True}},
            "text",
        ]
    )
    caller.now_ms += 500
    outcomes = [entry["completionStatus"] for entry in entries(caller, job)]
    assert outcomes == ["SUCCESS", "ERROR", "INVALID", "INVALID", "SUCCESS", "INVALID"]
    assert "nobody" in entries(caller, job)[1]["statusMessage"]
    assert caller.list({"lead_id": "L-000003"}) == []


def test_bulk_create_makes_rows_and_takes_the_key_from_where_it_is_told(make_caller: Make) -> None:
    items = [{"lead_id": "A", "data": {"lead_id": "B", "name": "x"}}]
    for source, expected in (("either", "A"), ("data_only", "B"), ("top_only", "A")):
        caller = make_caller(bulk_create_pk_from=source, job_duration_ms=0)
        assert caller("POST", f"{PROCESS}/bulk-create", items)[0] == 200
        found = caller.list({"lead_id": ["A", "B"]})
        assert [row["data"]["lead_id"] for row in found] == [expected]


def test_a_known_key_is_an_error_of_its_entry(make_caller: Make) -> None:
    caller = make_caller()
    items = [{"data": {"lead_id": key}} for key in ("N-1", "L-000001", "N-1")]
    job = caller("POST", f"{PROCESS}/bulk-create", items)[1]["_data"]["id"]
    caller.now_ms += 500
    assert caller.counts(job) == {"SUCCESS": 1, "ERROR": 2}


@pytest.mark.parametrize("items", [["L-000001", "nobody"], ["N-1", "N-1"]])
def test_an_atomic_job_does_all_or_nothing(make_caller: Make, items: list[str]) -> None:
    caller = make_caller(job_atomic=True)
    if items[0] == "N-1":
        body = [{"data": {"lead_id": key}} for key in items]
        job = caller("POST", f"{PROCESS}/bulk-create", body)[1]["_data"]["id"]
    else:
        job = caller.bulk([score(key, 777) for key in items])
    caller.now_ms += 500
    assert caller.counts(job) == {"ERROR": 2}
    assert caller.list({"score": 777}) == []
    assert caller.list({"lead_id": "N-1"}) == []


def test_an_atomic_job_without_failures_is_done(make_caller: Make) -> None:
    caller = make_caller(job_atomic=True)
    job = caller.bulk([score("L-000001", 777), score("L-000001", 778)])
    caller.now_ms += 500
    assert caller.counts(job) == {"SUCCESS": 2}
    assert len(caller.list({"score": 778})) == 1


def test_jobs_of_a_procedure_wait_for_each_other_or_run_together(make_caller: Make) -> None:
    for order, expected in (("fifo", {"NOT_STARTED": 1}), ("parallel", {"SUCCESS": 1})):
        caller = make_caller(job_order=order)
        caller.bulk([score("L-000001")])
        second = caller.bulk([score("L-000001")])
        caller.now_ms += 500
        assert caller.counts(second) == expected
        caller.now_ms += 500
        assert caller.counts(second) == {"SUCCESS": 1}


def test_only_so_many_jobs_run_at_once(make_caller: Make) -> None:
    caller = make_caller(job_order="parallel", max_running_jobs=2)
    jobs = [caller.bulk([score("L-000001")]) for _ in range(3)]
    caller.now_ms += 500
    assert [caller.counts(job) for job in jobs] == [{"SUCCESS": 1}] * 2 + [{"NOT_STARTED": 1}]


def test_what_a_job_shows_follows_the_knobs(make_caller: Make) -> None:
    caller = make_caller(job_empty_counts_first=True, job_final_status="stuck")
    job = caller.bulk([score("L-000001")])
    assert caller.counts(job) == {}
    assert caller.counts(job) == {"NOT_STARTED": 1}
    caller.world.change_knobs({"job_in_flight_gap": True})
    assert caller.counts(job) == {}
    caller.now_ms += 500
    shown = caller("GET", f"/v1/ext/background-job/{job}")[1]["_data"]
    assert (shown["completionStatus"], shown["completedAt"]) == ("IN_PROGRESS", 0)
    caller.world.change_knobs({"job_get_has_status": False})
    assert "completionStatus" not in caller("GET", f"/v1/ext/background-job/{job}")[1]["_data"]


def test_a_job_can_be_late_to_appear_and_be_forgotten(make_caller: Make) -> None:
    caller = make_caller(job_visible_after_ms=100, job_ttl_s=2)
    job = caller.bulk([score("L-000001")])
    path = f"/v1/ext/background-job/{job}"
    assert caller("GET", path)[0] == 404
    caller.now_ms += 500
    assert caller("GET", path)[0] == 200
    caller.now_ms += 2001
    assert caller("GET", path)[0] == 404


def test_entries_fail_at_the_rate_asked_for(make_caller: Make) -> None:
    caller = make_caller(entry_error_rate=0.5)
    job = caller.bulk([score(f"L-{n:06d}") for n in range(1, 201)])
    caller.now_ms += 500
    assert 60 < caller.counts(job)["ERROR"] < 140


@pytest.mark.parametrize("paging", ["next_path", "absolute_url", "page"])
def test_following_the_next_page_reads_every_entry(make_caller: Make, paging: str) -> None:
    caller = make_caller(entries_paging=paging, entries_page_size=4)
    job = caller.bulk([score(f"L-{n:06d}") for n in range(1, 11)])
    path, seen = f"/v1/ext/background-job/{job}/entries", []
    while path:
        answer = caller("GET", path.removeprefix("http://localhost"))[1]
        seen += [entry["index"] for entry in answer["_data"]]
        path = answer["_meta"].get("nextPage")
        assert answer["_meta"]["total"] == 10
    assert seen == list(range(10))


def test_entries_may_need_skip_and_limit_or_end_after_a_page(make_caller: Make) -> None:
    caller = make_caller(entries_paging="skip_limit", entries_page_size=4)
    job = caller.bulk([score(f"L-{n:06d}") for n in range(1, 11)])
    path = f"/v1/ext/background-job/{job}/entries"
    answer = caller("GET", f"{path}?skip=8&limit=4")[1]
    assert [entry["index"] for entry in answer["_data"]] == [8, 9]
    assert "nextPage" not in caller("GET", path)[1]["_meta"]
    caller.world.change_knobs({"entries_paging": "none"})
    assert len(caller("GET", f"{path}?skip=8")[1]["_data"]) == 4


def test_entries_have_other_names_echoes_and_orders(make_caller: Make) -> None:
    caller = make_caller(entry_names="other", entries_meta_names="other", entry_echo="json_string")
    job = caller.bulk([score("L-000001"), {"update": {}}])
    caller.now_ms += 500
    answer = caller("GET", f"/v1/ext/background-job/{job}/entries")[1]
    assert answer["_meta"] == {"totalCount": 2}
    assert json.loads(answer["_data"][0]["input"]) == score("L-000001")
    assert answer["_data"][0]["status"] == "SUCCESS"
    caller.world.change_knobs({"entries_order": "completion", "entry_index": False})
    assert [e["status"] for e in entries(caller, job)] == ["INVALID", "SUCCESS"]
    assert "order" not in entries(caller, job)[0]
    caller.world.change_knobs({"entry_echo": "none"})
    assert "input" not in entries(caller, job)[0]


@pytest.mark.parametrize(
    ("knobs", "status"),
    [
        ({"max_batch": 1}, 413),
        ({"max_batch": 1, "over_batch": "400"}, 400),
        ({"max_batch": 1, "over_batch": "truncate"}, 200),
        ({"max_body_bytes": 20}, 413),
        ({"bulk_create_body": "object"}, 400),
        ({"bulk_create": "404"}, 404),
    ],
)
def test_batches_that_are_not_taken(
    make_caller: Make, knobs: dict[str, object], status: int
) -> None:
    caller = make_caller(**knobs)
    items = [{"data": {"lead_id": f"N-{n}"}} for n in range(2)]
    answer = caller("POST", f"{PROCESS}/bulk-create", items)
    assert answer[0] == status
    caller.now_ms += 500
    assert len(caller.list({"lead_id": ["N-0", "N-1"]})) == (1 if status == 200 else 0)


def test_flat_items_are_refused_accepted_or_silently_dropped(make_caller: Make) -> None:
    flat = {"lead_id": "L-000001", "data": {"score": 777}}
    for knobs, outcome, changed in (
        ({}, "INVALID", 0),
        ({"flat_when_nested": "silent_success_no_change"}, "SUCCESS", 0),
        ({"bulk_update_accepts": "flat"}, "SUCCESS", 1),
        ({"bulk_update_accepts": "both"}, "SUCCESS", 1),
    ):
        caller = make_caller(**knobs)
        job = caller.bulk([flat])
        caller.now_ms += 500
        assert caller.counts(job) == {outcome: 1}
        assert len(caller.list({"score": 777})) == changed


def test_an_item_without_identifier_may_sink_the_request(make_caller: Make) -> None:
    caller = make_caller(no_identifier="400")
    assert caller("PATCH", PROCESS, {"processes": [{"update": {"data": {}}}]})[0] == 400


def test_id_may_take_a_key_and_a_missing_row_may_be_invalid(make_caller: Make) -> None:
    for accepts, outcome in ((True, "SUCCESS"), (False, "INVALID")):
        caller = make_caller(id_accepts_pk=accepts, bulk_missing="INVALID")
        job = caller.bulk([{"id": "L-000001", "update": {"data": {"score": 1}}}])
        caller.now_ms += 500
        assert caller.counts(job) == {outcome: 1}
