"""Tasks, users and health over the wire: what arrives, and what happens once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.errors import (
    AnswerLost,
    BadRequest,
    NoAccess,
    NotFound,
    ServerFault,
    WrongKey,
)
from chakra_api.wire.retry import RetryPolicy
from tests.support.client_of import client_of

if TYPE_CHECKING:
    from chakra_api.endpoints.client import ChakraClient
    from chakra_sandbox.launch import Sandbox

LOST = ["reset_after", "truncate", "garbage", "502_after"]
TASK: dict[str, object] = {
    "data": {"call_disposition": "NO_ANSWER", "remarks": "try on Monday"},
    "status": "COMPLETED",
    "assignedTo": "asha.k",
}


@pytest.mark.parametrize("by", ["id", "key"])
@pytest.mark.parametrize("answered", ["process", "id_only", "empty"])
def test_a_task_is_made_on_the_process_that_an_id_or_a_key_names(
    server: Sandbox, client: ChakraClient, by: str, answered: str
) -> None:
    server.knobs(write_response=answered)
    lead: dict[str, Any] = dict(client.list_processes("lead", None, limit=1).rows[0])
    name = str(lead["id"] if by == "id" else lead["data"]["lead_id"])
    before = len(server.arrived("tasks"))
    task = client.create_task("lead", name, "lead_follow_up", TASK)
    [made] = server.arrived("tasks")[before:]
    assert (made["process"], made["data"], made["status"]) == (
        *(lead["id"], TASK["data"]),
        "COMPLETED",
    )
    asha = next(user for user in client.users().rows if user["username"] == "asha.k")
    assert made["assignedTo"] == asha["id"]
    assert task.task_id == (None if answered == "empty" else made["id"])
    assert (task.row.get("status") == "COMPLETED") is (answered == "process")


def test_what_can_not_be_a_task_is_refused(server: Sandbox, client: ChakraClient) -> None:
    before = len(server.arrived("tasks"))
    with pytest.raises(NotFound, match="No process"):
        client.create_task("lead", "nobody", "lead_follow_up", TASK)
    with pytest.raises(NotFound, match="has no task"):
        client.create_task("lead", "L-000001", "other", TASK)
    with pytest.raises(BadRequest, match="status"):
        client.create_task("lead", "L-000001", "lead_follow_up", {"status": "DONE"})
    with pytest.raises(BadRequest, match="no user"):
        client.create_task("lead", "L-000001", "lead_follow_up", {"assignedTo": "nobody"})
    server.knobs(unknown_attribute="error")
    with pytest.raises(BadRequest, match="no attribute"):
        client.create_task("lead", "L-000001", "lead_follow_up", {"data": {"other": 1}})
    with pytest.raises(NoAccess):
        client_of(server, key="sandbox-readonly-key").create_task(
            "lead", "L-000001", "lead_follow_up", TASK
        )
    assert len(server.arrived("tasks")) == before


@pytest.mark.parametrize("kind", LOST)
def test_a_task_whose_answer_is_lost_is_made_once(
    server: Sandbox, client: ChakraClient, kind: str
) -> None:
    before = len(server.arrived("tasks"))
    server.knobs(faults=[{"kind": kind, "every_nth": 1}])
    with pytest.raises(AnswerLost, match="look at the process's tasks"):
        client.create_task("lead", "L-000001", "lead_follow_up", TASK)
    assert len(server.arrived("tasks")) == before + 1
    assert len(server.requests()) == 1


def test_the_names_of_a_user_are_changed_and_read_back(
    server: Sandbox, client: ChakraClient
) -> None:
    user = client.users().rows[1]
    made = client.update_user(str(user["id"]), {"firstName": "Ivó", "middleName": "M", "bio": "x"})
    assert (made["firstName"], made["lastName"], made["bio"]) == ("Ivó", user["lastName"], "")
    for version in (1, 2):
        read = client.user(str(user["id"]), version=version)
        listed = {each["id"]: each for each in client.users(version=version).rows}
        assert read["firstName"] == listed[user["id"]]["firstName"] == "Ivó"
        assert read["middleName"] == "M"
        assert read["updatedAt"] != user["updatedAt"]
    server.knobs(user_names="first_last")
    assert client.update_user(str(user["id"]), {"middleName": "N"})["middleName"] == "M"
    server.knobs(unknown_user_field="error")
    with pytest.raises(BadRequest, match="middleName"):
        client.update_user(str(user["id"]), {"middleName": "N"})


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_another_method_for_users_is_reported_and_never_tried(
    server: Sandbox, client: ChakraClient, method: str
) -> None:
    """Q6: GET with a body is never sent."""
    server.knobs(update_user_method=method)
    user_id = str(client.users().rows[0]["id"])
    server.forget_requests()
    with pytest.raises(BadRequest, match="405") as caught:
        client.update_user(user_id, {"firstName": "X"})
    assert "another method" in caught.value.next_step or "a method" in caught.value.next_step
    assert [each["method"] for each in server.requests()] == ["PUT"]
    assert client.user(user_id)["firstName"] != "X"


@pytest.mark.parametrize("kind", LOST)
def test_an_update_of_a_user_is_sent_once(server: Sandbox, client: ChakraClient, kind: str) -> None:
    user_id = str(client.users().rows[2]["id"])
    server.forget_requests()
    server.knobs(faults=[{"kind": kind, "every_nth": 1}])
    with pytest.raises(AnswerLost):
        client.update_user(user_id, {"firstName": kind})
    assert len(server.requests()) == 1
    server.knobs(faults=[])
    assert client.user(user_id)["firstName"] == kind


def test_roles_hold_for_users(server: Sandbox, client: ChakraClient) -> None:
    first, second = (str(user["id"]) for user in client.users().rows[:2])
    with pytest.raises(NoAccess):
        client_of(server, key="sandbox-readonly-key").update_user(first, {"firstName": "X"})
    user = client_of(server, key="sandbox-user-key")
    with pytest.raises(NoAccess):
        user.update_user(second, {"firstName": "X"})
    assert user.update_user(first, {"firstName": "Asha"})["firstName"] == "Asha"
    with pytest.raises(NotFound):
        client.update_user("00000000-0000-4000-8000-000000000000", {"firstName": "X"})


def test_health_is_told_and_a_sick_server_is_no_healthy_one(
    server: Sandbox, client: ChakraClient
) -> None:
    assert client.health() == {"status": "ok"}
    assert client_of(server, key="wrong").health() == {"status": "ok"}
    server.knobs(health_checks_key=True)
    assert client.health() == {"status": "ok"}
    with pytest.raises(WrongKey):
        client_of(server, key="wrong").health()
    server.knobs(faults=[{"kind": "500", "at": [1]}])
    assert client.health() == {"status": "ok"}
    server.knobs(faults=[{"kind": "500", "every_nth": 1}])
    with pytest.raises(ServerFault):
        client_of(server, RetryPolicy(base=0.01, max_attempts=2)).health()
