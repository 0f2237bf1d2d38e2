"""What an account has beside processes, and counts: tasks, messages, templates, names, photos."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tests.campaigns.hostile.replies import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

PLUGIN: Final = "plugin-of-ours"
SENDER: Final = "100200300400500"
WABA: Final = "200300400500600"
VERSION: Final = "v19.0"
GREETING: Final = "visit_reminder"
_WHATSAPP: Final = "/v1/ext/plugin/whatsapp"
PLACES: Final = (
    ("task", "POST", r"/v1/ext/p/[^/]+/[^/]+/task/[^/]+"),
    ("user", "GET", r"/v1/ext/user/(?P<id>[^/]+)"),
    ("update user", "PUT", r"/v1/ext/user/(?P<id>[^/]+)"),
    ("photo", "GET", r"/v1/ext/photo/(?P<id>[^/]+)"),
    ("upload", "POST", r"/v1/ext/photo"),
    ("upload as", "POST", r"/v1/ext/photo/(?P<id>[^/]+)"),
    ("send for process", "POST", rf"{_WHATSAPP}/[^/]+/process/.+/send-template-message"),
    ("send to number", "POST", rf"{_WHATSAPP}/[^/]+/phoneNumber/.+/send-template-message"),
    ("media", "POST", rf"{_WHATSAPP}/[^/]+/upload-public-media"),
    ("send through", "POST", rf"{_WHATSAPP}/[^/]+/api/[^/]+/[^/]+/messages"),
    ("templates", "GET", rf"{_WHATSAPP}/api/[^/]+/[^/]+/message_templates"),
    ("create template", "POST", rf"{_WHATSAPP}/api/[^/]+/[^/]+/message_templates"),
    ("update template", "POST", rf"{_WHATSAPP}/api/[^/]+/(?P<id>\d+)"),
)
"""Name, method and path of each endpoint."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to one of these endpoints.

    Attributes:
        endpoint: Its name.
        named: What its path names; empty for nothing.
        body: As it came.
        is_done: Whether it is carried out; what is refused is not.
        query: Of its path, as it came.
    """

    endpoint: str
    named: str
    body: bytes
    is_done: bool
    query: str = ""


def place_of(method: str, path: str) -> tuple[str, str] | None:
    """The endpoint that a request is for, and what its path names."""
    for name, of, pattern in PLACES:
        found = re.fullmatch(pattern, path) if method == of else None
        if found is not None:
            return name, found.groupdict().get("id", "")
    return None


class Beside:
    """Answers honestly for these endpoints.

    Args:
        elsewhere: Scheme and host where photos lie that are not given as bytes.
        gives: How a photo is given: `bytes`, `json` (with an address) or `redirect`.

    Attributes:
        made: How often tasks and messages were made, by what tells them apart.
        templates: The message templates.
        repeated: Names of templates that were to be created while they were there.
        names: What was written to users, by id.
        uploads: How often files came, by endpoint.
        photos: What was uploaded under an id of the caller's, as it came: a form.
    """

    def __init__(self, elsewhere: str, gives: str) -> None:
        self._elsewhere = elsewhere
        self._gives = gives
        self.made: Counter[str] = Counter()
        self.templates = [_template(1, GREETING, "Hi {{1}}"), _template(2, "welcome", "Welcome.")]
        self.repeated: list[str] = []
        self.names: dict[str, dict[str, Any]] = {}
        self.uploads: Counter[str] = Counter()
        self.photos: dict[str, bytes] = {}

    def answer(self, asked: Asked) -> Reply:
        """The answer to a request, which is carried out where it is not refused."""
        if asked.endpoint.startswith("send"):
            return self._message(asked)
        if asked.endpoint.startswith("upload") or asked.endpoint == "media":
            return self._upload(asked)
        answers = {
            "task": self._task,
            "user": self._user,
            "update user": self._user,
            "photo": self._photo,
            "templates": self._listed,
            "create template": self._created,
            "update template": self._updated,
        }
        return answers[asked.endpoint](asked)

    def _task(self, asked: Asked) -> Reply:
        data = json.loads(asked.body).get("data", {})
        self.made[str(data.get("remarks"))] += asked.is_done
        return Reply.of({"id": f"task-{self.made.total()}", "data": data})

    def _message(self, asked: Asked) -> Reply:
        body = json.loads(asked.body)
        number = self.made.total()
        if asked.endpoint == "send through":
            self.made[str(body["text"]["body"])] += asked.is_done
            made = {"messaging_product": "whatsapp", "messages": [{"id": f"wamid.{number}"}]}
            return Reply.plain(made)
        values = [each["schemaPropertyValue"] for each in body["mapping"]]
        self.made[" ".join(values)] += asked.is_done
        row = {"id": f"message-{number}", "externalId": f"wamid.{number}", "text": "Hi"}
        return Reply.of(row)

    def _user(self, asked: Asked) -> Reply:
        names = self.names.setdefault(asked.named, {"firstName": "A", "lastName": "B"})
        if asked.endpoint == "update user" and asked.is_done:
            names |= json.loads(asked.body)
        return Reply.of({"id": asked.named, "isActive": True, **names})

    # Photos and media

    def _photo(self, asked: Asked) -> Reply:
        if not asked.named.startswith("ph-") and asked.named not in self.photos:
            return replace(Reply.of(None), status="404 None")
        place = f"{self._elsewhere}/files/{asked.named}"
        if self._gives == "redirect":
            return Reply(body=b"", status="302 Found", headers=[("Location", place)])
        if self._gives == "json":
            return Reply.of({"id": asked.named, "filename": "photo", "url": place})
        return file_of(asked.named)

    def _upload(self, asked: Asked) -> Reply:
        self.uploads[asked.endpoint] += asked.is_done
        if asked.endpoint == "media":
            return Reply.of({"publicMediaUrl": f"{self._elsewhere}/files/media"})
        if asked.named and asked.is_done:
            self.photos[asked.named] = asked.body
        return Reply.of({"id": asked.named or f"photo-{self.uploads.total()}", "filename": "a"})

    # Templates

    def _listed(self, asked: Asked) -> Reply:
        if "after=" in asked.query:
            return Reply.plain({"data": [], "paging": {}})
        return Reply.plain({"data": self.templates, "paging": {"cursors": {"after": "x"}}})

    def _created(self, asked: Asked) -> Reply:
        body = json.loads(asked.body)
        if any(each["name"] == body["name"] for each in self.templates):
            self.repeated.append(body["name"])
            error = {"code": 100, "message": "There is one of that name and language"}
            return replace(Reply.plain({"error": error}), status="400 Bad")
        made = {**body, "id": str(len(self.templates) + 1), "status": "PENDING"}
        if asked.is_done:
            self.templates = [*self.templates, made]
        return Reply.plain({name: made[name] for name in ("id", "status", "category")})

    def _updated(self, asked: Asked) -> Reply:
        body = json.loads(asked.body)
        if asked.is_done:
            self.templates = [
                {**each, **body} if each["id"] == asked.named else each for each in self.templates
            ]
        return Reply.plain({"success": True})


def file_of(photo_id: str) -> Reply:
    """The file of a photo, as bytes."""
    return Reply(body=content_of(photo_id), headers=[("Content-Type", "image/png")])


def content_of(photo_id: str) -> bytes:
    """What the file of a photo holds."""
    return f"picture of {photo_id} ".encode() * 50


def _template(number: int, name: str, text: str) -> Mapping[str, Any]:
    return {
        "id": str(number),
        "name": name,
        "language": "en",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": text}],
    }
