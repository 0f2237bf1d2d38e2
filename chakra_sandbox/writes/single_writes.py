"""The endpoints that write one process and answer at once (contract 4.4-4.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox.messages import Rejection, ResponseOut, Row, envelope, ok
from chakra_sandbox.reads.answers import Call, presenter, read_body

if TYPE_CHECKING:
    from chakra_sandbox.routes import Route
    from chakra_sandbox.writes.writer import Plan, Writer

_NO_ROW = 404


def write_one(call: Call, writer: Writer, route: Route) -> ResponseOut:
    """Answer create, update and delete, by id or by key.

    Raises:
        Rejection: 400, 404 or 409; nothing was changed.
    """
    try:
        plan = _plan(call, writer, route)
    except Rejection as rejection:
        if rejection.status != _NO_ROW or call.knobs.missing_row == "404":
            raise
        if call.knobs.missing_row == "200_empty":
            return ok(None)
        return ResponseOut(200, envelope(None, None, [rejection.message]))
    writer.carry_out(plan, call.now_ms)
    return _answer(call, writer, plan)


def _plan(call: Call, writer: Writer, route: Route) -> Plan:
    if route.endpoint == "create":
        return writer.plan_create(_object(call), call.now_ms)
    if "key" in route.parameters:
        slot = _by_key(writer, route)
    else:
        slot = writer.find(route.parameters["id"])
    if route.endpoint.startswith("delete"):
        return writer.plan_delete(slot, call.now_ms)
    return writer.plan_update(slot, _object(call), call.now_ms)


def _by_key(writer: Writer, route: Route) -> int:
    key, value = route.parameters["key"], route.parameters["value"]
    if key != writer.shelf.model.primary_key:
        raise Rejection(400, f"{key} is not the primary key of {writer.shelf.model.short_id}")
    if "/" in value and not writer.knobs.decode_slash_in_pk:
        raise Rejection(_NO_ROW, "No such path")
    return writer.find_by_key(value)


def _object(call: Call) -> Row:
    body = read_body(call.request)
    if not isinstance(body, dict):
        raise Rejection(400, "The body is an object")
    return body


def _answer(call: Call, writer: Writer, plan: Plan) -> ResponseOut:
    if call.knobs.write_response == "empty":
        return ok({})
    if call.knobs.write_response == "id_only":
        return ok({"id": plan.row["id"]})
    return ok(presenter(writer.shelf, call.knobs).show(plan.row))
