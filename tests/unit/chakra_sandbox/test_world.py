"""Roles, shapes of answers, churn, the oracle and the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chakra_sandbox.rows.people import USERS
from chakra_sandbox.writes.changes import Mutation

Make = Callable[..., Any]
PROCESS = "/v1/ext/procedure/lead/process"
CONFIG = "/v1/ext/config"


@pytest.mark.parametrize(
    ("key", "method", "path", "status"),
    [
        ("wrong", "GET", CONFIG, 401),
        ("", "GET", CONFIG, 401),
        ("wrong", "GET", "/v1/health", 200),
        ("sandbox-forbidden-key", "GET", CONFIG, 403),
        ("sandbox-readonly-key", "GET", CONFIG, 200),
        ("sandbox-readonly-key", "POST", f"{PROCESS}/list", 200),
        ("sandbox-readonly-key", "POST", PROCESS, 403),
        ("sandbox-lead-only-key", "POST", f"{PROCESS}/list", 200),
        ("sandbox-lead-only-key", "POST", "/v1/ext/procedure/order/process/list", 403),
    ],
)
def test_keys_have_their_rights(
    make_caller: Make, key: str, method: str, path: str, status: int
) -> None:
    caller = make_caller()
    caller.key = key
    assert caller(method, path, {})[0] == status


def test_a_user_role_sees_and_changes_only_what_is_assigned(make_caller: Make) -> None:
    caller = make_caller()
    everything = caller.list(limit=100)
    mine = [row["id"] for row in everything if row["assignedTo"] == USERS[0].id]
    other = next(row for row in everything if row["assignedTo"] != USERS[0].id)
    caller.key = "sandbox-user-key"
    assert 0 < len(mine) < len(everything)
    assert [row["id"] for row in caller.list(limit=100)][: len(mine)] == mine
    assert caller("GET", f"{PROCESS}/{other['id']}")[0] == 404
    assert caller("PUT", f"{PROCESS}/{other['id']}", {"data": {}})[0] == 404
    caller.key = "sandbox-admin-key"
    caller.world.change_knobs({"default_role": "USER"})
    assert [row["id"] for row in caller.list(limit=100)][: len(mine)] == mine


def test_paths_without_ext_answer_only_on_request(make_caller: Make) -> None:
    assert make_caller()("GET", "/v1/config")[0] == 404
    assert make_caller(ext_paths="both")("GET", "/v1/config")[0] == 200


def test_limits_of_a_list(make_caller: Make) -> None:
    caller = make_caller()
    listed = f"{PROCESS}/list"
    assert len(caller("POST", listed, {})[1]["_data"]) == 10
    assert len(caller("POST", listed, {"limit": 500})[1]["_data"]) == 100
    assert caller("POST", listed, {"limit": "5"})[0] == 400
    assert caller("POST", listed, {"skip": -1})[0] == 400
    caller.world.change_knobs({"over_limit": "error", "max_skip": 5})
    assert caller("POST", listed, {"limit": 101})[0] == 400
    assert caller("POST", listed, {"skip": 6})[0] == 400


@pytest.mark.parametrize(
    ("knob", "first", "last", "beyond"),
    [
        ("exact", True, False, False),
        ("absent", None, None, None),
        ("always_true_until_empty", True, True, False),
        ("false_positive", True, True, False),
    ],
)
def test_has_more(
    make_caller: Make, knob: str, first: object, last: object, beyond: object
) -> None:
    caller = make_caller(20, has_more=knob)
    seen = [
        caller("POST", f"{PROCESS}/list", {"skip": skip, "limit": 10})[1]["_meta"].get("hasMore")
        for skip in (0, 10, 20)
    ]
    assert seen == [first, last, beyond]


def test_shapes_of_a_process(make_caller: Make) -> None:
    plain = make_caller().list({"lead_id": "L-000004"})[0]
    shown = make_caller(
        timestamp_format="iso",
        assigned_to_read="username",
        state_read="object",
        unset_attributes="null",
        derived_data="absent",
        record_read="object",
    ).list({"lead_id": "L-000004"})[0]
    assert shown["createdAt"].endswith("Z")
    assert shown["assignedTo"] in {user.username for user in USERS}
    assert shown["state"]["shortId"] == plain["state"]
    assert set(plain["data"]) < set(shown["data"])
    assert "derivedData" not in shown
    assert shown["record"]["id"] == plain["record"]


@pytest.mark.parametrize(
    ("knob", "value", "field", "expected"),
    [
        ("timestamp_format", "ms_string", "createdAt", str),
        ("state_read", "id", "state", str),
        ("updated_at", "zero", "updatedAt", int),
        ("updated_at", "null", "updatedAt", type(None)),
        ("derived_data", "null", "derivedData", type(None)),
    ],
)
def test_single_fields(
    make_caller: Make, knob: str, value: str, field: str, expected: type
) -> None:
    plain, shown = make_caller().list(limit=1)[0], make_caller(**{knob: value}).list(limit=1)[0]
    assert type(shown[field]) is expected
    assert shown[field] != plain[field]
    assert shown["id"] == plain["id"]


def test_data_may_be_keyed_by_attribute_id(make_caller: Make) -> None:
    caller = make_caller(data_keys="id")
    config = caller("GET", CONFIG)[1]["_data"]
    ids = {a["id"]: a["shortId"] for a in config["attributes"]}
    assert "lead_id" in {ids.get(key) for key in caller.list(limit=1)[0]["data"]}


def test_users_in_two_versions_in_pages_and_alone(make_caller: Make) -> None:
    caller = make_caller(users_page_size=5)
    first = caller("GET", "/v1/ext/users")[1]
    assert (len(first["_data"]), first["_meta"]["hasMore"]) == (5, True)
    assert len(caller("GET", "/v1/ext/users?skip=10&limit=5")[1]["_data"]) == len(USERS) - 10
    caller.world.change_knobs({"users_page_size": None, "users_include_deleted": False})
    assert len(caller("GET", "/v2/ext/users")[1]["_data"]) == len(USERS) - 1
    one = first["_data"][0]
    old, new = (caller("GET", f"/v{v}/ext/user/{one['id']}")[1]["_data"] for v in (1, 2))
    assert isinstance(old["createdAt"], int)
    assert new["createdAt"].endswith("+05:30")
    assert new["reportees"] == []
    assert caller("GET", "/v1/ext/user/nobody")[0] == 404


def test_errors_may_be_objects(make_caller: Make) -> None:
    caller = make_caller(error_shape="objects")
    assert caller("GET", "/v1/ext/nothing")[1]["_errors"] == [
        {"code": 404, "message": "No such path"}
    ]


@pytest.mark.parametrize("order", ["created_asc", "random_stable"])
def test_churn_writes_on_every_list_request_and_repeats_with_its_seed(
    make_caller: Make, order: str
) -> None:
    def run() -> list[bytes]:
        caller = make_caller(churn=2, list_order=order)
        for _ in range(10):
            caller.now_ms += 1
            caller.list(limit=5)
        return list(caller.world.oracle("lead"))

    lines = [json.loads(line) for line in run()]
    assert [json.loads(line) for line in run()] == lines
    assert len(lines) == 320
    assert sum(line["died_ms"] is not None for line in lines) == 20
    assert sum(len(line["changes"]) for line in lines) == 20


def test_churn_may_do_one_kind_only_and_never_empties_a_procedure(make_caller: Make) -> None:
    caller = make_caller(3, churn=5, churn_kinds=["delete"])
    for _ in range(3):
        caller.list()
    assert caller.world.row_counts()["lead"] == 1


def test_churn_may_hit_what_was_just_served(make_caller: Make) -> None:
    caller = make_caller(churn=1, churn_hits="served")
    served: set[str] = set()
    for skip in range(0, 250, 50):
        served |= {row["id"] for row in caller.list(limit=10, skip=skip)}
    lines = [json.loads(line) for line in caller.world.oracle("lead")]
    hit = {line["id"] for line in lines if line["died_ms"] is not None or line["changes"]}
    assert len(hit) > 5
    assert hit <= served
    assert len(lines) == 305


def test_churn_may_hit_nothing_where_nothing_was_served(make_caller: Make) -> None:
    caller = make_caller(churn=1, churn_hits="served")
    assert caller.list(skip=1000) == []
    lines = [json.loads(line) for line in caller.world.oracle("lead")]
    assert [line["id"] for line in lines if line["died_ms"] or line["changes"]] == []


def test_churn_may_follow_a_share_of_the_requests(make_caller: Make) -> None:
    caller = make_caller(churn=1, churn_kinds=["delete"], churn_rate=0.5)
    for _ in range(100):
        caller.list(limit=1)
    assert 230 < caller.world.row_counts()["lead"] < 270


def test_rows_that_are_skipped_cost_their_time(make_caller: Make) -> None:
    def cpu_us(**page: object) -> float:
        answer = make_caller(skip_us=2).raw("POST", f"{PROCESS}/list", {"limit": 5, **page})
        cost: float = answer.cpu_us
        return cost

    assert cpu_us(skip=0) == 0
    assert cpu_us(skip=120) == 240
    assert cpu_us(skip=1_000_000) == 600, "there are no more than 300"
    assert make_caller(skip_us=0).raw("POST", f"{PROCESS}/list", {"skip": 50}).cpu_us == 0


def test_a_mutation_changes_as_many_as_asked_and_repeats(make_caller: Make) -> None:
    mutation = Mutation(insert=3, update=50, delete=4)
    first = make_caller().world.mutate("lead", mutation, seed=1)
    assert [len(set(ids)) for ids in first.values()] == [3, 50, 4]
    assert make_caller().world.mutate("lead", mutation, seed=1)["updated"] == first["updated"]


@pytest.mark.parametrize("procedure", ["lead", "ticket", "order"])
def test_equal_mutations_make_rows_of_new_ids(make_caller: Make, procedure: str) -> None:
    world = make_caller().world
    mutation = Mutation(insert=3, update=1, delete=1)
    made = [world.mutate(procedure, mutation, seed=1)["inserted"] for _ in range(3)]
    assert len({row_id for ids in made for row_id in ids}) == 9
    ids = [json.loads(line)["id"] for line in world.oracle(procedure)]
    assert len(set(ids)) == len(ids)


def test_the_log_holds_what_came(make_caller: Make) -> None:
    caller = make_caller(faults=[{"kind": "500", "at": [2]}])
    caller.list({"city": "goa"})
    caller("GET", CONFIG)
    first, second = [json.loads(line) for line in caller.world.log.lines()]
    assert first["body"]["where"] == {"city": "goa"}
    assert (first["status"], first["fault"]) == (200, None)
    assert (second["status"], second["fault"], second["path"]) == (500, "500", CONFIG)
