"""Answers of the endpoints that read processes and users (contract 4.2, 4.3, 4.12-4.15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from chakra_sandbox import exact_json
from chakra_sandbox.messages import Rejection, RequestIn, ResponseOut, Row, ok
from chakra_sandbox.reads.present import Presenter
from chakra_sandbox.reads.query import Dialect, Query, compile_where
from chakra_sandbox.reads.selection import Page, View, select
from chakra_sandbox.rows.people import BY_ID, BY_USERNAME, USERS, single_user_json, user_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_sandbox.knobs import Knobs
    from chakra_sandbox.reads.lagging import Lag
    from chakra_sandbox.rows.access import Token
    from chakra_sandbox.rows.account import Shelf
    from chakra_sandbox.rows.people import UserEdits

USER_IDS: Mapping[str, str] = {name: user.id for name, user in BY_USERNAME.items()}
USERNAMES: Mapping[str, str] = {user.id: user.username for user in USERS}

_MOST = 100
_DEFAULT_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way through the rules.

    Attributes:
        request: As it arrived.
        token: Whose it is.
        knobs: As they are now.
        now_ms: The server's time.
        number: It is the n-th request, from 1.
    """

    request: RequestIn
    token: Token
    knobs: Knobs
    now_ms: int
    number: int

    @property
    def sees_all(self) -> bool:
        """Whether its role sees processes that are not assigned to its user."""
        return self.token.role != "USER"


def read_body(request: RequestIn) -> object:
    """Parse a request's JSON.

    Raises:
        Rejection: 400.
    """
    try:
        return exact_json.loads(request.body)
    except ValueError as error:
        raise Rejection(400, "The body is not JSON") from error


def presenter(shelf: Shelf, knobs: Knobs) -> Presenter:
    """Return what shows a shelf's rows."""
    return Presenter(shelf.model, knobs, USERNAMES)


def may_see(call: Call, row: Row) -> bool:
    """Say whether the caller's role sees a row."""
    return call.sees_all or row["assignedTo"] == call.token.user_id


def list_processes(call: Call, shelf: Shelf, view: View) -> tuple[ResponseOut, list[int]]:
    """Answer 4.3: one atomic look at the rows.

    Returns:
        The answer, and the slots of its rows.
    """
    body = read_body(call.request) if call.request.body else {}
    if not isinstance(body, dict):
        raise Rejection(400, "The body is an object with where, skip and limit")
    page = _page(call, body)
    query = compile_where(body.get("where"), Dialect(shelf.model, call.knobs, USER_IDS))
    selected = select(view, _visible(call, query), page)
    show = presenter(shelf, call.knobs).shower()
    rows = b",".join(map(show, map(view.cell, selected.slots)))
    meta = orjson.dumps(_list_meta(call.knobs, page, len(selected.slots), more=selected.more))
    body = b'{"_data":[' + rows + b'],"_meta":' + meta + b',"_errors":[]}'
    return ResponseOut(200, body, cpu_us=selected.skipped * call.knobs.skip_us), selected.slots


def _visible(call: Call, query: Query) -> Query:
    return query if call.sees_all else query.also(lambda row: may_see(call, row))


def _page(call: Call, body: Mapping[str, object]) -> Page:
    knobs = call.knobs
    limit = _whole(body, "limit", _DEFAULT_LIMIT)
    skip = _whole(body, "skip", 0)
    if limit > _MOST and knobs.over_limit == "error":
        raise Rejection(400, f"limit is at most {_MOST}")
    if knobs.max_skip is not None and skip > knobs.max_skip:
        raise Rejection(400, f"skip is at most {knobs.max_skip}")
    return Page(knobs.list_order, skip, min(limit, _MOST), call.number)


def _whole(body: Mapping[str, object], name: str, default: int) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Rejection(400, f"{name} is a whole number that is not negative")
    return value


def _list_meta(knobs: Knobs, page: Page, count: int, *, more: bool) -> Row:
    full = count > 0 and count == page.limit
    styles: dict[str, Row] = {
        "exact": {"hasMore": more},
        "absent": {},
        "always_true_until_empty": {"hasMore": count > 0},
        "false_positive": {"hasMore": more or full},
    }
    return styles[knobs.has_more]


def fetch_process(call: Call, shelf: Shelf, process_id: str, lag: Lag) -> ResponseOut:
    """Answer 4.2. A softly deleted row is still found by its id, with `isDeleted` true (Q12)."""
    slot = shelf.store.slot_of_id(process_id)
    row = None if slot is None else shelf.store.row(slot)
    if slot is not None and call.knobs.fetch_lags:
        row = lag.row(slot)
    gone = row is not None and row["isDeleted"] and call.knobs.delete_mode == "hard"
    if row is None or gone or not may_see(call, row):
        raise Rejection(404, f"No process {process_id}")
    return ok(presenter(shelf, call.knobs).show(row))


def list_users(call: Call, version: int, edits: UserEdits) -> ResponseOut:
    """Answer 4.12 and 4.13 (Q23)."""
    everybody = USERS if call.knobs.users_listed == "all" else ()
    users = [u for u in everybody if call.knobs.users_include_deleted or not u.is_deleted]
    size = call.knobs.users_page_size
    if not size:
        return ok([edits.shown(user_json(user, version), version) for user in users])
    skip = _number(call.request.query.get("skip"), 0)
    shown = users[skip : skip + min(size, _number(call.request.query.get("limit"), size))]
    meta = {"hasMore": skip + len(shown) < len(users)}
    return ok([edits.shown(user_json(user, version), version) for user in shown], meta)


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdigit() else default


def fetch_user(user_id: str, version: int, edits: UserEdits) -> ResponseOut:
    """Answer 4.14 and 4.15."""
    if user_id not in BY_ID:
        raise Rejection(404, f"No user {user_id}")
    return ok(edits.shown(single_user_json(BY_ID[user_id], version), version))
