"""The endpoints of WhatsApp's message templates: Meta's own answers (contract 4.27 to 4.29)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, urlsplit

from chakra_api.endpoints.answers import id_of, row_of, rows_of
from chakra_api.endpoints.open_answers import open_meta
from chakra_api.endpoints.paths import part
from chakra_api.wire.transport import Request
from chakra_api.wire.wire_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from chakra_api.endpoints.answers import Row
    from chakra_api.endpoints.calls import Calls

MOST_PAGES: Final = 500
"""Pages of templates at the most: an account may have 6,000 templates."""
PAGE: Final = 100
"""Templates that are asked for at a time."""
_LOOK_FOR: Final = "It may have been carried out: list the templates before sending it again"


@dataclass(frozen=True, slots=True)
class TemplateOwner:
    """Whose templates they are.

    Attributes:
        api_version: Meta's version, `v19.0`.
        waba_id: Meta's id of the WhatsApp Business Account.
    """

    api_version: str
    waba_id: str

    @property
    def path(self) -> str:
        """The path of the templates."""
        version, waba = part(self.api_version), part(self.waba_id)
        return f"/v1/ext/plugin/whatsapp/api/{version}/{waba}/message_templates"


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A template in one language.

    Attributes:
        template_id: Meta's id; None if it has none.
        name: Its name, which it shares with those of other languages.
        language: Its language: `en`, `pt_BR`.
        status: APPROVED, PENDING, REJECTED, PAUSED, DISABLED or what else Meta says.
        category: UTILITY, MARKETING, AUTHENTICATION.
        components: Its header, text, footer and buttons, as they came.
        row: The template as it came.
    """

    template_id: str | None
    name: str
    language: str
    status: str
    category: str
    components: tuple[Row, ...]
    row: Row


@dataclass(frozen=True, slots=True)
class TemplateList:
    """All templates that could be had.

    Attributes:
        templates: As they came, each once.
        unsure: Why there may be more; empty if nothing is in doubt.
    """

    templates: tuple[MessageTemplate, ...]
    unsure: tuple[str, ...] = ()


class MessageTemplates:
    """Lists, creates and updates message templates.

    Args:
        calls: Sends.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def list_all(self, owner: TemplateOwner) -> TemplateList:
        """All templates, in pages of Meta's (contract 4.28).

        The address of a next page is Meta's own, and never asked: its cursor goes to ChakraHQ.

        Args:
            owner: Whose they are.
        """
        found: dict[tuple[str, str, str], MessageTemplate] = {}
        nameless: list[MessageTemplate] = []
        after, seen = "", set[str]()
        for _ in range(MOST_PAGES):
            rows, following = self._page(owner, after)
            for template in map(template_of, rows):
                if template.template_id is None:
                    nameless.append(template)
                else:
                    named = (template.template_id, template.name, template.language)
                    found.setdefault(named, template)
            if not following or following in seen:
                begins_again = ("the list begins again",) if following else ()
                return _listed(found.values(), nameless, begins_again)
            seen.add(following)
            after = following
        return _listed(found.values(), nameless, ("the list has no end",))

    def create(
        self, owner: TemplateOwner, body: Row, leaving: Callable[[], None] | None = None
    ) -> MessageTemplate:
        """Create a template (contract 4.27). Not repeated: list them.

        Args:
            owner: Whose it is to be.
            body: As Meta takes it: name, language, category, components.
            leaving: Called when its turn has come; what it raises keeps it from leaving.

        Raises:
            AnswerLost: It may be there.
            RefusedByMeta: WhatsApp refuses it, for example one that is there.
        """
        request = Request("POST", owner.path, encode(body), leaving=leaving)
        what = "a new message template"
        envelope = self._calls.call_once_for_all(request, what, _LOOK_FOR, open_meta)
        return template_of({**body, **row_of(envelope.data)})

    def update(
        self,
        api_version: str,
        template_id: str,
        body: Row,
        leaving: Callable[[], None] | None = None,
    ) -> bool:
        """Change a template (contract 4.29). Not repeated: Meta counts the changes of a day.

        Args:
            api_version: Meta's version, `v19.0`.
            template_id: Meta's id of the template.
            body: As Meta takes it: `components`, and `category`.
            leaving: As `create` takes it.

        Returns:
            Whether Meta says that it was done.

        Raises:
            AnswerLost: It may have been done.
            RefusedByMeta: WhatsApp refuses it.
        """
        path = f"/v1/ext/plugin/whatsapp/api/{part(api_version)}/{part(template_id)}"
        request = Request("POST", path, encode(body), leaving=leaving)
        what = "a change of a message template"
        envelope = self._calls.call_once_for_all(request, what, _LOOK_FOR, open_meta)
        return row_of(envelope.data).get("success") is True

    def _page(self, owner: TemplateOwner, after: str) -> tuple[list[Row], str]:
        """One page, and the cursor of the next one; empty if it is the last."""
        cursor = f"&after={quote(after, safe='')}" if after else ""
        request = Request("GET", f"{owner.path}?limit={PAGE}{cursor}", repeatable=True, many=True)
        envelope = self._calls.call(request, "the message templates", open_meta)
        return _rows_and_next(envelope.data)


def _listed(
    found: Collection[MessageTemplate], nameless: Iterable[MessageTemplate], unsure: tuple[str, ...]
) -> TemplateList:
    """The templates, and what is in doubt of them."""
    if len({each.template_id for each in found}) < len(found):
        unsure = (*unsure, "different templates have the same id")
    return TemplateList((*found, *nameless), unsure)


def template_of(row: Row) -> MessageTemplate:
    """A template as Meta lists it."""
    parts = row.get("components")
    return MessageTemplate(
        template_id=id_of(row),
        name=_text(row, "name"),
        language=_text(row, "language"),
        status=_text(row, "status"),
        category=_text(row, "category"),
        components=tuple(each for each in parts if isinstance(each, dict))
        if isinstance(parts, list)
        else (),
        row=row,
    )


def _rows_and_next(data: object) -> tuple[list[Row], str]:
    if isinstance(data, list):  # in ChakraHQ's envelope, without Meta's
        return rows_of(data), ""
    body = row_of(data)
    rows = rows_of(body.get("data"))
    paging = row_of(body.get("paging"))
    cursor = row_of(paging.get("cursors")).get("after")
    following = paging.get("next")
    has_next = isinstance(following, str) and following != ""
    if not has_next and len(rows) < PAGE:
        return rows, ""
    if isinstance(cursor, str) and cursor:
        return rows, cursor
    return rows, _cursor_in(str(following)) if has_next else ""


def _cursor_in(url: str) -> str:
    """The cursor in the address of a next page; empty if there is none."""
    try:
        return parse_qs(urlsplit(url).query).get("after", [""])[0]
    except ValueError:
        return ""


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
