"""The endpoints of WhatsApp's message templates: Meta's own answers (contract 4.27 to 4.29)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from chakra_api.endpoints.answers import id_of, row_of
from chakra_api.endpoints.open_answers import open_meta
from chakra_api.endpoints.paths import part
from chakra_api.endpoints.template_pages import PAGE, read_templates, template_page
from chakra_api.wire.transport import Request
from chakra_api.wire.wire_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.endpoints.answers import Row
    from chakra_api.endpoints.calls import Calls
    from chakra_api.endpoints.template_pages import TemplatePage

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
        found = read_templates(lambda cursor: self._page(owner, cursor))
        templates, unsure = tuple(map(template_of, found.rows)), found.unsure
        ids = [each.template_id for each in templates if each.template_id is not None]
        if len(set(ids)) < len(ids):
            unsure = (*unsure, "different templates have the same id")
        return TemplateList(templates, unsure)

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

    def _page(self, owner: TemplateOwner, cursor: str) -> TemplatePage:
        """The page behind a cursor; the first one if that is empty."""
        after = f"&after={quote(cursor, safe='')}" if cursor else ""
        request = Request("GET", f"{owner.path}?limit={PAGE}{after}", repeatable=True, many=True)
        return template_page(self._calls.call(request, "the message templates", open_meta))


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


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
