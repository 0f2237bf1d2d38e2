"""Tasks: made on a process, never listed (contract 3.3, 4.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox.messages import Rejection, ResponseOut, Row, ok
from chakra_sandbox.reads.answers import read_body
from chakra_sandbox.rows.model import TEAM_ID, uid
from chakra_sandbox.rows.procedures import TASK_TYPE, state_task_of, task_attributes
from chakra_sandbox.writes.writer import STATUSES, user_id_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.reads.answers import Call
    from chakra_sandbox.routes import Route
    from chakra_sandbox.rows.making import Draw
    from chakra_sandbox.rows.model import Model
    from chakra_sandbox.writes.writer import Writer

_NO_SUCH = 404


class TaskDesk:
    """Makes tasks, and keeps them.

    Args:
        draw: Where new ids come from.
    """

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._tasks: list[Row] = []

    def create(self, call: Call, writer: Writer, route: Route) -> ResponseOut:
        """Answer 4.11.

        Raises:
            Rejection: 400 or 404; no task was made.
        """
        body = read_body(call.request) if call.request.body else {}
        if not isinstance(body, dict):
            raise Rejection(400, "The body is an object with data, status and assignedTo")
        process_id = writer.named(route.parameters["process"])["id"]
        state_task = route.parameters["state_task"]
        model = writer.shelf.model
        if state_task not in (state_task_of(model), uid("stateTask", state_task_of(model))):
            raise Rejection(_NO_SUCH, f"{model.short_id} has no task {state_task}")
        task = self._task(call, body)
        task["data"] = _data(call, body.get("data"), model)
        task |= {"procedure": model.id, "process": process_id}
        task["stateTask"] = uid("stateTask", state_task_of(model))
        self._tasks.append({**task, "stateTaskShortId": state_task_of(model)})
        if call.knobs.write_response == "empty":
            return ok({})
        return ok({"id": task["id"]} if call.knobs.write_response == "id_only" else task)

    def told(self) -> Iterator[Row]:
        """Tell of the tasks that were made, in their order."""
        return iter(self._tasks)

    def _task(self, call: Call, body: Row) -> Row:
        status = body.get("status", "OPEN")
        if status not in STATUSES:
            raise Rejection(400, f"status is one of {', '.join(STATUSES)}")
        now = call.now_ms
        return {
            "id": self._draw.uuid(),
            "title": "Follow up",
            "description": "",
            "order": 0,
            "status": status,
            "team": TEAM_ID,
            "taskType": uid("taskType", TASK_TYPE),
            "createdBy": call.token.user_id,
            "assignedTo": user_id_of(body.get("assignedTo"), call.knobs),
            "belongsTo": None,
            "startsAt": 0,
            "endsAt": 0,
            "dueBy": 0,
            "startedAt": 0,
            "completedAt": now if status == "COMPLETED" else 0,
            "cancelledAt": now if status == "CANCELLED" else 0,
            "createdAt": now,
            "updatedAt": now,
            "isDeleted": False,
        }


def _data(call: Call, data: object, model: Model) -> Row:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Rejection(400, "data is an object of attributes")
    unknown = sorted(set(data) - {each.short_id for each in task_attributes(model)})
    if unknown and call.knobs.unknown_attribute == "error":
        raise Rejection(400, f"no attribute {unknown[0]}")
    dropped = unknown if call.knobs.unknown_attribute == "dropped" else ()
    return {name: value for name, value in data.items() if name not in dropped}
