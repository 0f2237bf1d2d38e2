"""Which endpoint a method and path mean (contract section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from chakra_sandbox.messages import Rejection

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROCESS = "/v1/ext/procedure/{procedure}/process"
_WHATSAPP = "/v1/ext/plugin/whatsapp"
_SEND = "send-template-message"
_JOB = "/v1/ext/background-job/{id}"
ENDPOINTS = (
    ("health", "GET", "/v1/health"),
    ("list_processes", "POST", f"{_PROCESS}/list"),
    ("bulk_create", "POST", f"{_PROCESS}/bulk-create"),
    ("create", "POST", _PROCESS),
    ("bulk_update", "PATCH", _PROCESS),
    ("fetch_process", "GET", f"{_PROCESS}/{{id}}"),
    ("update", "PUT", f"{_PROCESS}/{{id}}"),
    ("update_by_key", "PUT", f"{_PROCESS}/{{key}}/{{value}}"),
    ("delete", "DELETE", f"{_PROCESS}/{{id}}"),
    ("delete_by_key", "DELETE", f"{_PROCESS}/{{key}}/{{value}}"),
    ("fetch_job", "GET", _JOB),
    ("job_entries", "GET", f"{_JOB}/entries"),
    ("users_1", "GET", "/v1/ext/users"),
    ("users_2", "GET", "/v2/ext/users"),
    ("user_1", "GET", "/v1/ext/user/{id}"),
    ("user_2", "GET", "/v2/ext/user/{id}"),
    ("update_user", "PUT", "/v1/ext/user/{id}"),
    ("update_user", "PATCH", "/v1/ext/user/{id}"),
    ("config", "GET", "/v1/ext/config"),
    ("task_create", "POST", "/v1/ext/p/{procedure}/{process}/task/{state_task}"),
    ("photo_fetch", "GET", "/v1/ext/photo/{id}"),
    ("photo_upload", "POST", "/v1/ext/photo"),
    ("photo_upload_as", "POST", "/v1/ext/photo/{id}"),
    (
        "message_process",
        "POST",
        f"{_WHATSAPP}/{{plugin}}/process/{{procedure}}/{{process}}/{_SEND}",
    ),
    ("message_number", "POST", f"{_WHATSAPP}/{{plugin}}/phoneNumber/{{number}}/{_SEND}"),
    ("message_upload", "POST", f"{_WHATSAPP}/{{plugin}}/upload-public-media"),
    ("message_pass", "POST", f"{_WHATSAPP}/{{plugin}}/api/{{version}}/{{phone}}/messages"),
    ("template_create", "POST", f"{_WHATSAPP}/api/{{version}}/{{waba}}/message_templates"),
    ("template_list", "GET", f"{_WHATSAPP}/api/{{version}}/{{waba}}/message_templates"),
    ("template_update", "POST", f"{_WHATSAPP}/api/{{version}}/{{id}}"),
    ("file_photo", "GET", "/_files/photo/{id}"),
    ("file_media", "GET", "/_files/media/{id}"),
)
_TABLE = tuple((name, method, tuple(path.split("/")[1:])) for name, method, path in ENDPOINTS)


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint and the decoded parameters of its path."""

    endpoint: str
    parameters: Mapping[str, str]


def find_route(method: str, path: str, *, ext_optional: bool = False) -> Route:
    """Find the endpoint of a request.

    Args:
        method: In capitals.
        path: Percent-encoded, without the query.
        ext_optional: Paths without `/ext` mean the same (Q1).

    Raises:
        Rejection: 404 for no such path, 405 for another method of one that exists.
    """
    sent = tuple(path.rstrip("/").split("/")[1:])
    found = _match(method, sent)
    if found is None and ext_optional and sent[1:2] != ("ext",):
        found = _match(method, (*sent[:1], "ext", *sent[1:]))
    if found is not None:
        return found
    if any(_parameters(pattern, sent) is not None for _, _, pattern in _TABLE):
        raise Rejection(405, f"{method} is not allowed here")
    raise Rejection(404, "No such path")


def _match(method: str, sent: tuple[str, ...]) -> Route | None:
    for endpoint, wanted, pattern in _TABLE:
        if method == wanted:
            parameters = _parameters(pattern, sent)
            if parameters is not None:
                return Route(endpoint, parameters)
    return None


def _parameters(pattern: tuple[str, ...], sent: tuple[str, ...]) -> dict[str, str] | None:
    if len(pattern) != len(sent):
        return None
    parameters = {}
    for expected, segment in zip(pattern, sent, strict=True):
        if expected[0] == "{":
            parameters[expected[1:-1]] = unquote(segment)
        elif expected != segment:
            return None
    return parameters
