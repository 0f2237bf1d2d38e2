"""Message templates: listed, created and changed, in Meta's own form (contract 4.27-4.29)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from chakra_sandbox import exact_json
from chakra_sandbox.messages import JSON_HEADERS, Rejection, ResponseOut, Row, ok
from chakra_sandbox.reads.answers import read_body
from chakra_sandbox.rows.access import check_writes
from chakra_sandbox.whatsapp.made_templates import WABA_ID, made_templates
from chakra_sandbox.whatsapp.meta_errors import MetaRejection, no_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.knobs import Knobs
    from chakra_sandbox.reads.answers import Call
    from chakra_sandbox.routes import Route

_VERSION = re.compile(r"v\d+\.\d+")
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")
_EDITABLE = ("APPROVED", "REJECTED", "PAUSED")
_THERE_ALREADY = 2388024
_STOPPED = {"PAUSED": 132015, "DISABLED": 132016}
_REVIEWED = {"pending": "PENDING", "approved": "APPROVED", "rejected": "REJECTED"}


class TemplateShelf:
    """The templates of the account."""

    def __init__(self) -> None:
        self._templates = made_templates()

    def answer(self, call: Call, route: Route) -> ResponseOut:
        """Answer 4.27 to 4.29.

        Raises:
            Rejection: 403, or a refusal of Meta's.
        """
        check_version(route.parameters["version"])
        if route.endpoint == "template_list":
            self._check_owner(route)
            return self._list(call)
        check_writes(call.token)
        if not call.sees_all:
            raise Rejection(403, "Your access role does not allow templates")
        body = read_body(call.request)
        if not isinstance(body, dict):
            raise MetaRejection(100, "The body is an object")
        if route.endpoint == "template_create":
            self._check_owner(route)
            return _answer(call.knobs, self._created(call, body))
        self._update(call, route.parameters["id"], body)
        return _answer(call.knobs, {"success": True})

    def find(self, name: str, language: str | None) -> Row:
        """The template that a message may use.

        Raises:
            MetaRejection: There is none in that language, or it is not approved, or paused.
        """
        named = [each for each in self._templates if each["name"] == name]
        found = [each for each in named if language in (None, each["language"])]
        usable = [each for each in found if each["status"] == "APPROVED"]
        if usable:
            return usable[0]
        for status, code in _STOPPED.items():
            if any(each["status"] == status for each in found):
                raise MetaRejection(code, f"template {name} is {status.lower()}")
        raise MetaRejection(132001, f"template name ({name}) does not exist in {language or 'en'}")

    def set_status(self, name: str, status: str) -> bool:
        """Have Meta decide on a template, in all its languages; whether there is one."""
        found = [each for each in self._templates if each["name"] == name]
        for each in found:
            each["status"] = status
        return bool(found)

    def told(self) -> Iterator[Row]:
        """Tell of the templates."""
        return iter(self._templates)

    def _check_owner(self, route: Route) -> None:
        if route.parameters["waba"] != WABA_ID:
            raise no_object(route.parameters["waba"])

    def _list(self, call: Call) -> ResponseOut:
        query, knobs = call.request.query, call.knobs
        asked = query.get("limit", "")
        size = min(int(asked) if asked.isdecimal() else 25, knobs.template_page_size)
        begin = _place(query.get("after", ""))
        shown = self._templates[begin : begin + size]
        end = begin + len(shown)
        paging: Row = {}
        if shown:
            paging["cursors"] = {"before": _cursor(begin), "after": _cursor(end)}
        if end < len(self._templates) and knobs.template_paging == "next_url":
            paging["next"] = f"https://graph.facebook.com/x?limit={size}&after={_cursor(end)}"
        return _answer(knobs, {"data": shown, "paging": paging})

    def _created(self, call: Call, body: Row) -> Row:
        _check(body)
        twin = (body["name"], body["language"])
        if any((each["name"], each["language"]) == twin for each in self._templates):
            raise MetaRejection(
                100,
                "Template name already exists",
                subcode=_THERE_ALREADY,
                for_user=f"There is already {body['language']} content for this template.",
            )
        made: Row = {
            "id": str(900_100_200_300 + len(self._templates)),
            "name": body["name"],
            "language": body["language"],
            "status": _REVIEWED[call.knobs.template_review],
            "category": body["category"],
            "parameter_format": "POSITIONAL",
            "components": body["components"],
        }
        self._templates.append(made)
        return {name: made[name] for name in ("id", "status", "category")}

    def _update(self, call: Call, template_id: str, body: Row) -> None:
        found = next((each for each in self._templates if each["id"] == template_id), None)
        if found is None:
            raise no_object(template_id)
        if found["status"] not in _EDITABLE:
            raise MetaRejection(
                100, "Message templates can only be edited when approved, rejected or paused"
            )
        changes: Row = {name: body[name] for name in ("components", "category") if name in body}
        if not changes:
            raise MetaRejection(100, "components is required")
        _check({**found, **changes})
        found |= {**changes, "status": _REVIEWED[call.knobs.template_review]}


def check_version(version: str) -> None:
    """Check a version of Meta's API.

    Raises:
        MetaRejection: It is none.
    """
    if _VERSION.fullmatch(version) is None:
        raise MetaRejection(2500, f"/{version}")


def _check(body: Row) -> None:
    if not isinstance(body.get("name"), str) or not _NAME.fullmatch(body["name"]):
        raise MetaRejection(100, "name holds lower-case letters, digits and underscores")
    if not isinstance(body.get("language"), str) or not _LANGUAGE.fullmatch(body["language"]):
        raise MetaRejection(100, "language is a code such as en or en_US")
    if body.get("category") not in _CATEGORIES:
        raise MetaRejection(100, f"category is one of {', '.join(_CATEGORIES)}")
    parts = body.get("components")
    texts = [p for p in parts if isinstance(p, dict)] if isinstance(parts, list) else []
    if not any(p.get("type") == "BODY" and p.get("text") for p in texts):
        raise MetaRejection(100, "components holds a BODY with a text")


def _answer(knobs: Knobs, body: Row) -> ResponseOut:
    if knobs.template_answers == "wrapped":
        return ok(body)
    return ResponseOut(200, exact_json.dumps(body), JSON_HEADERS)


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"at:{place}".encode()).decode()


def _place(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("at:"))
    except ValueError as error:
        raise MetaRejection(100, "after is no cursor") from error
