"""What each key may do at the endpoints beside those of processes, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from chakra_sandbox.messages import RequestIn
from chakra_sandbox.routes import ENDPOINTS, find_route
from chakra_sandbox.rows.people import USERS
from chakra_sandbox.whatsapp.made_templates import PHONE_NUMBER_ID, PLUGIN_ID, WABA_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Make = Callable[..., Any]

KEYS: Final = (
    "sandbox-admin-key",
    "sandbox-readonly-key",
    "sandbox-forbidden-key",
    "wrong",
    "sandbox-user-key",
    "sandbox-lead-only-key",
)
ELSEWHERE: Final = frozenset(
    {
        *("list_processes", "fetch_process", "create", "update", "update_by_key"),
        *("delete", "delete_by_key", "bulk_create", "bulk_update", "fetch_job", "job_entries"),
        *("config", "file_photo", "file_media"),
    }
)
"""Endpoints of other tests: those of processes, and files that are fetched without a key."""
PLUGIN: Final = f"/v1/ext/plugin/whatsapp/{PLUGIN_ID}"
TEMPLATES: Final = f"/v1/ext/plugin/whatsapp/api/v19.0/{WABA_ID}/message_templates"
MESSAGE: Final = {"whatsappPhoneNumberId": PHONE_NUMBER_ID, "templateName": "welcome"}
THROUGH: Final = {"messaging_product": "whatsapp", "to": "15550100017", "text": {"body": "Hello"}}
TEMPLATE: Final = {
    "name": "new_one",
    "language": "en",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "Hi"}],
}
NEW_PHOTO: Final = "51c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e"
PHOTO_OF_NOBODY: Final = "61c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e"


@dataclass(frozen=True)
class Asked:
    """A request, and how it is answered.

    Attributes:
        call: Method and path; what stands in braces is of the account.
        body: JSON; a name of a field for a form with a file in it.
        statuses: Those of `KEYS`, in their order.
    """

    call: str
    body: object
    statuses: str


TABLE: Final = {
    #                                                      admin  read  none wrong user lead
    "health": Asked("GET /v1/health", None, "200 200 403 401 200 200"),
    "users": Asked("GET /v1/ext/users", None, "200 200 403 401 200 200"),
    "users, readable": Asked("GET /v2/ext/users", None, "200 200 403 401 200 200"),
    "another user": Asked("GET /v1/ext/user/{other}", None, "200 200 403 401 200 200"),
    "another user, readable": Asked("GET /v2/ext/user/{other}", None, "200 200 403 401 200 200"),
    "own name": Asked("PUT /v1/ext/user/{me}", {"firstName": "X"}, "200 403 403 401 200 200"),
    "another's name": Asked(
        "PUT /v1/ext/user/{other}", {"firstName": "X"}, "200 403 403 401 403 200"
    ),
    "a task of an own lead": Asked(
        "POST /v1/ext/p/lead/{own_lead}/task/lead_follow_up", {}, "200 403 403 401 200 200"
    ),
    "a task of another's lead": Asked(
        "POST /v1/ext/p/lead/{lead}/task/lead_follow_up", {}, "200 403 403 401 404 200"
    ),
    "a task of an own ticket": Asked(
        "POST /v1/ext/p/ticket/{own_ticket}/task/ticket_follow_up", {}, "200 403 403 401 200 403"
    ),
    "a photo of an own ticket": Asked(
        "GET /v1/ext/photo/{own_photo}", None, "200 200 403 401 200 404"
    ),
    "a photo of another's ticket": Asked(
        "GET /v1/ext/photo/{photo}", None, "200 200 403 401 404 404"
    ),
    "a photo of no process": Asked(
        f"GET /v1/ext/photo/{PHOTO_OF_NOBODY}", None, "200 200 403 401 200 200"
    ),
    "a new photo": Asked("POST /v1/ext/photo", "photo", "200 403 403 401 200 200"),
    "a new photo under an id": Asked(
        f"POST /v1/ext/photo/{NEW_PHOTO}", "photo", "200 403 403 401 200 200"
    ),
    "another file for an own photo": Asked(
        "POST /v1/ext/photo/{own_photo}", "photo", "200 403 403 401 200 403"
    ),
    "another file for another's photo": Asked(
        "POST /v1/ext/photo/{photo}", "photo", "200 403 403 401 403 403"
    ),
    "a message to the contact of an own lead": Asked(
        f"POST {PLUGIN}/process/lead/{{own_lead}}/send-template-message",
        MESSAGE,
        "200 403 403 401 200 200",
    ),
    "a message to another's contact": Asked(
        f"POST {PLUGIN}/process/lead/{{lead}}/send-template-message",
        MESSAGE,
        "200 403 403 401 404 200",
    ),
    "a message for a ticket, which has no phone": Asked(
        f"POST {PLUGIN}/process/ticket/{{own_ticket}}/send-template-message",
        MESSAGE,
        "400 403 403 401 400 403",
    ),
    "a message to a number": Asked(
        f"POST {PLUGIN}/phoneNumber/15550100017/send-template-message",
        MESSAGE,
        "200 403 403 401 403 200",
    ),
    "public media": Asked(f"POST {PLUGIN}/upload-public-media", "file", "200 403 403 401 200 200"),
    "a message in Meta's form": Asked(
        f"POST {PLUGIN}/api/v19.0/{PHONE_NUMBER_ID}/messages", THROUGH, "200 403 403 401 403 200"
    ),
    "templates": Asked(f"GET {TEMPLATES}", None, "200 200 403 401 200 200"),
    "a new template": Asked(f"POST {TEMPLATES}", TEMPLATE, "200 403 403 401 403 200"),
    "another text of a template": Asked(
        "POST /v1/ext/plugin/whatsapp/api/v19.0/900100200303",
        {"components": TEMPLATE["components"]},
        "200 403 403 401 403 200",
    ),
}


def test_every_endpoint_has_its_rights_told() -> None:
    asked = {find_route(*each.call.split()).endpoint for each in TABLE.values()}
    assert asked | ELSEWHERE == {name for name, _, _ in ENDPOINTS}
    assert not asked & ELSEWHERE


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", TABLE)
def test_a_key_may_do_what_its_role_says_and_nothing_comes_of_a_refusal(
    make_caller: Make, name: str, key: str
) -> None:
    caller = make_caller(leads=60, health_checks_key=True)
    assert send(caller, f"POST /v1/ext/photo/{PHOTO_OF_NOBODY}", "photo") == 200
    asked = TABLE[name]
    method, path = asked.call.format_map(things_of(caller)).split(maxsplit=1)
    before = held(caller)
    caller.key = key
    status = send(caller, f"{method} {path}", asked.body)
    caller.key = KEYS[0]
    assert status == int(asked.statuses.split()[KEYS.index(key)])
    assert (held(caller) != before) == (status == 200 and method != "GET")


def things_of(caller: Any) -> Mapping[str, str]:
    """What of the account the table names: the user's own, and another's."""
    me = USERS[0].id
    found = {"me": me, "other": USERS[1].id}
    for procedure in ("lead", "ticket"):
        body = {"limit": 100}
        rows = caller("POST", f"/v1/ext/procedure/{procedure}/process/list", body)[1]["_data"]
        for row in rows:
            whose = "own_" if row["assignedTo"] == me else ""
            found.setdefault(f"{whose}{procedure}", row["id"])
            if "front_photo" in row["data"]:
                found.setdefault(f"{whose}photo", row["data"]["front_photo"])
    return found


def held(caller: Any) -> str:
    """All that could come of such a request."""
    arrived = {kind: list(rows) for kind, rows in caller.world.arrived().items()}
    return json.dumps([arrived, caller("GET", "/v1/ext/users")[1]["_data"]])


def send(caller: Any, call: str, body: object) -> int:
    """Send a request with JSON, or with a form that has a file; the status of the answer."""
    method, path = call.split()
    headers = {"authorization": f"Bearer {caller.key}", "host": "127.0.0.1:8765"}
    content = b"" if body is None else json.dumps(body).encode()
    if isinstance(body, str):
        headers["content-type"] = "multipart/form-data; boundary=b"
        part = f'Content-Disposition: form-data; name="{body}"; filename="a.png"'
        content = f"--b\r\n{part}\r\nContent-Type: image/png\r\n\r\npng\r\n--b--\r\n".encode()
    request = RequestIn(method, path, {}, headers, content)
    status: int = caller.world.receive(request, caller.now_ms).response.status
    return status
