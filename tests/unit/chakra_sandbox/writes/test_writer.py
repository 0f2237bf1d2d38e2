"""Single writes, and the open questions about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chakra_sandbox.messages import RequestIn

Make = Callable[..., Any]
PROCESS = "/v1/ext/procedure/lead/process"
BY_KEY = f"{PROCESS}/lead_id"


def test_create_update_and_delete_show_in_lists_and_the_oracle(make_caller: Make) -> None:
    caller = make_caller()
    body = {"data": {"lead_id": "X", "score": "7"}, "assignedTo": "asha.k"}
    status, answer = caller("POST", PROCESS, body)
    row = answer["_data"]
    assert (status, row["data"], row["state"], row["status"]) == (
        200, {"lead_id": "X", "score": 7}, "NEW", "OPEN"
    )  # fmt: skip
    assert caller.list({"assignedTo": "asha.k", "lead_id": "X"})[0]["id"] == row["id"]
    caller.now_ms += 10
    answer = caller("PUT", f"{BY_KEY}/X", {"data": {"city": "goa"}, "status": "COMPLETED"})[1]
    assert answer["_data"]["data"] == {"lead_id": "X", "score": 7, "city": "goa"}
    assert (answer["_data"]["updatedAt"], answer["_data"]["completedAt"]) == (caller.now_ms,) * 2
    caller.now_ms += 10
    assert caller("DELETE", f"{PROCESS}/{row['id']}")[1]["_data"]["isDeleted"] is True
    assert caller.list({"lead_id": "X"}) == []
    assert caller("DELETE", f"{PROCESS}/{row['id']}")[0] == 404
    life = caller.leads.store.life(caller.leads.store.slot_of_id(row["id"]))
    assert life.born_ms + 20 == life.died_ms == caller.now_ms
    assert life.changes == (caller.now_ms - 10,)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", f"{BY_KEY}/nobody", {"data": {}}, 404),
        ("PUT", f"{PROCESS}/city/pune", {"data": {}}, 400),
        ("POST", PROCESS, [], 400),
        ("POST", PROCESS, {"data": []}, 400),
        ("POST", PROCESS, {"data": {"lead_id": "L-000001"}}, 409),
        ("POST", PROCESS, {"state": "NOWHERE"}, 400),
        ("POST", PROCESS, {"status": "DONE"}, 400),
        ("POST", PROCESS, {"assignedTo": "nobody"}, 400),
        ("POST", PROCESS, {"nextActionAt": "tomorrow"}, 400),
        ("POST", PROCESS, {"data": {"score": "many"}}, 400),
        ("POST", PROCESS, {"data": {"lead_priority": 1}}, 400),
        ("POST", "/v1/ext/procedure/nothing/process", {}, 404),
        ("PATCH", "/v1/ext/config", {}, 405),
        ("GET", "/v1/ext/nothing", None, 404),
    ],
)
def test_what_is_wrong_is_refused_and_changes_nothing(
    make_caller: Make, method: str, path: str, body: object, status: int
) -> None:
    caller = make_caller()
    before = caller.leads.store.version
    got, answer = caller(method, path, body)
    assert (got, answer["_data"], len(answer["_errors"])) == (status, None, 1)
    assert caller.leads.store.version == before


def test_a_known_key_is_refused_merged_or_repeated(make_caller: Make) -> None:
    for knob, status, rows in (("reject", 409, 1), ("merge", 200, 1), ("duplicate", 200, 2)):
        caller = make_caller(duplicate_pk=knob)
        assert caller("POST", PROCESS, {"data": {"lead_id": "L-000001"}})[0] == status
        assert len(caller.list({"lead_id": "L-000001"})) == rows


def test_a_lead_with_a_known_phone_number_is_merged(make_caller: Make) -> None:
    caller = make_caller(phone_merge=True)
    lead = caller.list(limit=1)[0]
    body = {"data": {"lead_id": "NEW", "phone_number": lead["data"]["phone_number"]}}
    assert caller("POST", PROCESS, body)[1]["_data"]["id"] == lead["id"]


@pytest.mark.parametrize(("knob", "status"), [("404", 404), ("200_with_errors", 200)])
def test_a_missing_row_answers_as_told(make_caller: Make, knob: str, status: int) -> None:
    caller = make_caller(missing_row=knob)
    got, answer = caller("DELETE", f"{BY_KEY}/nobody")
    assert (got, bool(answer["_errors"])) == (status, True)
    caller.world.change_knobs({"missing_row": "200_empty"})
    assert caller("DELETE", f"{BY_KEY}/nobody") == (
        200, {"_data": None, "_meta": {}, "_errors": []}
    )  # fmt: skip


def test_null_clears_is_ignored_or_refused(make_caller: Make) -> None:
    for knob, status, kept in (
        ("clears", 200, False),
        ("ignored", 200, True),
        ("error", 400, True),
    ):
        caller = make_caller(null_write=knob)
        assert caller("PUT", f"{BY_KEY}/L-000001", {"data": {"city": None}})[0] == status
        assert ("city" in caller.list({"lead_id": "L-000001"})[0]["data"]) is kept


def test_unknown_attributes_are_stored_dropped_or_refused(make_caller: Make) -> None:
    for knob, status, kept in (("stored", 200, 1), ("dropped", 200, 0), ("error", 400, 0)):
        caller = make_caller(unknown_attribute=knob)
        assert caller("POST", PROCESS, {"data": {"lead_id": "X", "odd": 1}})[0] == status
        assert sum("odd" in row["data"] for row in caller.list({"lead_id": "X"})) == kept


def test_values_are_coerced_checked_or_left(make_caller: Make) -> None:
    for knob, stored in (("coerce", 7), ("none", "7"), ("strict", None)):
        caller = make_caller(type_check=knob)
        caller("POST", PROCESS, {"data": {"lead_id": "X", "score": "7"}})
        found = caller.list({"lead_id": "X"})
        assert (found[0]["data"]["score"] if found else None) == stored


def test_strings_are_normalised(make_caller: Make) -> None:
    caller = make_caller(normalise=["trim", "lower", "drop_plus"])
    body = {"data": {"lead_id": "X", "email": " A@B.C ", "phone_number": "+49 1"}}
    data = caller("POST", PROCESS, body)[1]["_data"]["data"]
    assert (data["email"], data["phone_number"]) == ("a@b.c", "49 1")


def test_states_may_only_go_forward(make_caller: Make) -> None:
    caller = make_caller(state_graph="on", bad_state="ignored")
    for state, status in (("CONVERTED", 200), ("NEW", 400), ("NOWHERE", 200), ("LOST", 200)):
        caller("POST", PROCESS, {"data": {"lead_id": "X"}})
        assert caller("PUT", f"{BY_KEY}/X", {"state": state})[0] == status
    assert caller.list({"lead_id": "X"})[0]["state"] == "LOST"


def test_assignees_are_taken_in_the_forms_allowed(make_caller: Make) -> None:
    user_id = make_caller().list({"assignedTo": "ivo.lang"}, limit=1)[0]["assignedTo"]
    for knob, name, uuid in (
        ("either", 200, 200), ("username_only", 200, 400), ("id_only", 400, 200)
    ):  # fmt: skip
        caller = make_caller(assigned_to_write=knob)
        assert caller("PUT", f"{BY_KEY}/L-000001", {"assignedTo": "ivo.lang"})[0] == name
        assert caller("PUT", f"{BY_KEY}/L-000001", {"assignedTo": user_id})[0] == uuid


def test_a_next_action_may_have_to_be_a_number(make_caller: Make) -> None:
    for knob, status in (("both", 200), ("int_only", 400)):
        caller = make_caller(next_action_at_accepts=knob)
        body = {"nextActionAt": "1767312000000"}
        assert caller("PUT", f"{BY_KEY}/L-000001", body)[0] == status


def test_write_answers_may_hold_little(make_caller: Make) -> None:
    caller = make_caller(write_response="id_only")
    assert set(caller("POST", PROCESS, {"data": {"lead_id": "X"}})[1]["_data"]) == {"id"}
    caller.world.change_knobs({"write_response": "empty"})
    assert caller("POST", PROCESS, {"data": {"lead_id": "Y"}})[1]["_data"] == {}


def test_a_slash_in_a_key_needs_its_knob(make_caller: Make) -> None:
    for decodes, status in ((False, 404), (True, 200)):
        caller = make_caller(decode_slash_in_pk=decodes)
        caller("POST", PROCESS, {"data": {"lead_id": "a/b c"}})
        assert caller("PUT", f"{BY_KEY}/a%2Fb%20c", {"data": {}})[0] == status


def test_deleted_rows_are_hidden_listed_or_gone(make_caller: Make) -> None:
    for knob, listed, fetched in (
        ("soft_hidden", 0, 200), ("soft_listed", 1, 200), ("hard", 0, 404)
    ):  # fmt: skip
        caller = make_caller(delete_mode=knob)
        row = caller.list({"lead_id": "L-000001"})[0]
        caller("DELETE", f"{PROCESS}/{row['id']}")
        assert len(caller.list({"lead_id": "L-000001"})) == listed
        assert caller("GET", f"{PROCESS}/{row['id']}")[0] == fetched
        assert caller("POST", PROCESS, {"data": {"lead_id": "L-000001"}})[0] == 200


def test_lists_may_lag_behind_every_kind_of_write(make_caller: Make) -> None:
    caller = make_caller(index_lag_ms=100)
    caller("POST", PROCESS, {"data": {"lead_id": "X"}})
    caller("PUT", f"{BY_KEY}/L-000001", {"data": {"score": 777}})
    caller("DELETE", f"{BY_KEY}/L-000002")
    assert caller.list({"lead_id": "X"}) == []
    assert caller.list({"score": 777}) == []
    assert len(caller.list({"lead_id": "L-000002"})) == 1
    caller.now_ms += 100
    assert len(caller.list({"lead_id": "X"})) == 1
    assert len(caller.list({"score": 777})) == 1
    assert caller.list({"lead_id": "L-000002"}) == []


def test_lists_that_lag_may_show_nothing_of_what_is_written(make_caller: Make) -> None:
    caller = make_caller(index_lag_ms=100, index_lag_shows="nothing")
    found = {"lead_id": "L-000001"}
    caller("PUT", f"{BY_KEY}/L-000001", {"data": {"score": 777}})
    caller.now_ms += 99
    assert caller.list(found) == []
    caller.now_ms += 1
    assert [row["data"]["score"] for row in caller.list(found)] == [777]


@pytest.mark.parametrize("shows", ["before", "nothing"])
def test_a_fetch_by_id_may_lag_as_lists_do(make_caller: Make, shows: str) -> None:
    caller = make_caller(index_lag_ms=100, index_lag_shows=shows, fetch_lags=True)
    row = caller.list({"lead_id": "L-000001"})[0]
    one = f"{PROCESS}/{row['id']}"
    caller("PUT", f"{BY_KEY}/L-000001", {"data": {"score": 777}})
    status, answer = caller("GET", one)
    assert status == (200 if shows == "before" else 404)
    assert status == 404 or answer["_data"] == row
    caller.now_ms += 100
    assert caller("GET", one)[1]["_data"]["data"]["score"] == 777


def test_an_account_that_speaks_seconds_speaks_them_both_ways(make_caller: Make) -> None:
    caller = make_caller(timestamp_format="s")
    data = {"lead_id": "X", "birth_date": 45_792_000, "last_contacted": 1_714_557_600}
    row = caller("POST", PROCESS, {"data": data, "nextActionAt": 1_714_557_601})[1]["_data"]
    assert row["data"] == data
    assert (row["createdAt"], row["nextActionAt"]) == (caller.now_ms // 1000, 1_714_557_601)
    stored = caller.leads.store.row(caller.leads.store.slot_of_id(row["id"]))
    assert stored["data"]["birth_date"] == 45_792_000_000
    assert stored["nextActionAt"] == 1_714_557_601_000


@pytest.mark.parametrize("zone", ["+0530", "America/New_York", None])
def test_the_configuration_tells_the_teams_zone(make_caller: Make, zone: str | None) -> None:
    caller = make_caller(team_timezone=zone)
    assert caller("GET", "/v1/ext/config")[1]["_data"]["team"]["timezone"] == zone


def test_a_number_that_no_double_holds_is_stored_and_shown_with_every_digit(
    make_caller: Make,
) -> None:
    caller = make_caller(leads=5)
    sent = b'{"data":{"lead_id":"X","budget":12345678901234567.89,"summary":123456789012345678901}}'
    headers = {"authorization": f"Bearer {caller.key}"}
    request = RequestIn("POST", PROCESS, {}, headers, sent)
    answer = caller.world.receive(request, caller.now_ms).response
    assert b'"budget":12345678901234567.89' in answer.body
    assert b'"summary":"123456789012345678901"' in answer.body
    assert b'"budget":12345678901234567.89' in caller.raw("POST", f"{PROCESS}/list").body
