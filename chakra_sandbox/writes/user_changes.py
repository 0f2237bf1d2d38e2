"""What was changed of users (contract 4.16, Q6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox.messages import Rejection, ResponseOut, Row, ok
from chakra_sandbox.reads.answers import read_body
from chakra_sandbox.rows.access import check_writes
from chakra_sandbox.rows.people import BY_ID, single_user_json

if TYPE_CHECKING:
    from chakra_sandbox.reads.answers import Call
    from chakra_sandbox.rows.people import UserEdits

NAMES = ("firstName", "lastName", "middleName", "displayName")
_FIRST_LAST = NAMES[:2]


def update_user(call: Call, user_id: str, edits: UserEdits) -> ResponseOut:
    """Answer 4.16: change the names of a user.

    Raises:
        Rejection: 400, 403, 404, or 405 for another method than the account's (Q6).
    """
    wanted = call.knobs.update_user_method
    if call.request.method != wanted:
        raise Rejection(405, f"{call.request.method} is not allowed here")
    check_writes(call.token)
    if not call.sees_all and user_id != call.token.user_id:
        raise Rejection(403, "Your access role does not allow other users")
    if user_id not in BY_ID or BY_ID[user_id].is_deleted:
        raise Rejection(404, f"No user {user_id}")
    edits.edit(user_id, _taken(call), call.now_ms)
    return ok(edits.shown(single_user_json(BY_ID[user_id], 1), 1))


def _taken(call: Call) -> Row:
    body = read_body(call.request)
    if not isinstance(body, dict):
        raise Rejection(400, "The body is an object of names")
    taken = NAMES if call.knobs.user_names == "all" else _FIRST_LAST
    others = sorted(set(body) - set(taken))
    if others and call.knobs.unknown_user_field == "error":
        raise Rejection(400, f"{others[0]} of a user can't be changed")
    names = {name: value for name, value in body.items() if name in taken}
    if not all(isinstance(value, str) for value in names.values()):
        raise Rejection(400, "A name is a text")
    return names
