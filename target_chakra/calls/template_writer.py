"""Creates and changes WhatsApp's message templates (contract 4.27 to 4.29)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.message_templates import MessageTemplate
from chakra_api.values.writing import Unfit
from target_chakra.calls.thing_writer import Sight
from target_chakra.mapping.call_mapper import SEPARATOR, ContentPart
from target_chakra.mapping.routes import Route
from target_chakra.messages.template_contents import (
    CATEGORY,
    COMPONENTS,
    is_listed,
    write_category,
    write_components,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.endpoints.client import ChakraClient
    from chakra_api.endpoints.message_templates import TemplateList, TemplateOwner
    from target_chakra.call_settings.call_mapping import CallKind
    from target_chakra.call_settings.template import TemplateMapping
    from target_chakra.changes import Change, Fields

_CATEGORY_MAY_CHANGE: Final = ("REJECTED", "PAUSED")
"""Statuses of templates whose category may be changed."""
_NAME: Final = re.compile(r"[a-z0-9_]{1,512}", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(_[A-Za-z]{2,4})?", re.ASCII)


def written_scope(mapping: TemplateMapping, owner: TemplateOwner) -> str:
    """Within which the name of a template counts: Meta's account."""
    return f"{mapping.kind.value} {owner.waba_id}"


def written_parts(mapping: TemplateMapping) -> tuple[ContentPart, ...]:
    """What columns go to which part of a template."""
    parts = [(mapping.components, Route(COMPONENTS, write_components, bare_name=COMPONENTS))]
    if mapping.category:
        parts.append((mapping.category, Route(CATEGORY, write_category, bare_name=CATEGORY)))
    return tuple(ContentPart(column, route) for column, route in parts)


class TemplateWriter:
    """Looks at message templates, and creates or changes them.

    They are listed once a run; after a write whose answer does not tell, once more.

    Args:
        mapping: What its user wants.
        owner: Whose they are.
        listed: All templates, as the run found them.
        client: Talks to the account.
    """

    def __init__(
        self,
        mapping: TemplateMapping,
        owner: TemplateOwner,
        listed: TemplateList,
        client: ChakraClient,
    ) -> None:
        self._mapping = mapping
        self._owner = owner
        self._client = client
        self._unsure = listed.unsure
        self._known = _by_name(listed)
        self._left_open: set[str] = set()

    @property
    def kind(self) -> CallKind:
        """A message template."""
        return self._mapping.kind

    def find(self, change: Change) -> str | Unfit:
        """Name and language of the template, or why there can be no such one."""
        named = str(change.key.value) if change.key else ""
        name, _, language = named.partition(SEPARATOR)
        if not _NAME.fullmatch(name):
            return Unfit("names no template: a name holds small letters, digits and underscores")
        if not _LANGUAGE.fullmatch(language):
            return Unfit("names no language: write en or pt_BR")
        return named

    def look(self, thing: str, change: Change) -> Sight:
        """A template as it was listed, beside what is wanted of it."""
        if thing in self._left_open:
            listed = self._client.templates.list_all(self._owner)
            found = _by_name(listed).get(thing)
            if found is not None:
                self._known[thing] = found
        wants, found = change.fields, self._known.get(thing)
        if found is None:
            return Sight("", {}, wants, self._why_not_created(wants))
        holds: dict[str, object] = {
            CATEGORY: found.category.upper(),
            COMPONENTS: [dict(each) for each in found.components],
        }
        if COMPONENTS in wants and is_listed(wants[COMPONENTS], holds[COMPONENTS]):
            holds[COMPONENTS] = wants[COMPONENTS]
        if CATEGORY in wants and found.status.upper() not in _CATEGORY_MAY_CHANGE:
            holds[CATEGORY] = wants[CATEGORY]  # Meta lets nobody change it, and may have done so
        is_nameless = found.template_id is None and holds != {**holds, **wants}
        problem = "WhatsApp lists it without an id, by which it could be changed"
        return Sight(found.template_id or "", holds, wants, problem if is_nameless else "")

    def _why_not_created(self, wants: Fields) -> str:
        if self._unsure:
            return (
                "It is not among the templates that could be listed, and there may be more:"
                f" {'; '.join(self._unsure)}"
            )
        missing = [name for name in (CATEGORY, COMPONENTS) if name not in wants]
        return f"There is no such template, and a new one takes {missing[0]}" if missing else ""

    def write(self, thing: str, sight: Sight, leaving: Callable[[], None]) -> Fields | None:
        """Create a template, or change what differs of it; None where Meta does not say."""
        self._left_open.add(thing)
        name, _, language = thing.partition(SEPARATOR)
        if sight.thing_id:
            unlike = {n: value for n, value in sight.wants.items() if value != sight.holds.get(n)}
            version = self._owner.api_version
            if not self._client.templates.update(version, sight.thing_id, unlike, leaving):
                return None
            template_id = sight.thing_id
        else:
            body = {"name": name, "language": language, **sight.wants}
            template_id = (
                self._client.templates.create(self._owner, body, leaving).template_id or ""
            )
            if not template_id:
                return None
        whole = {**sight.holds, **sight.wants}
        self._known[thing] = _template(thing, template_id, whole)
        self._left_open.discard(thing)
        return sight.wants


def _by_name(listed: TemplateList) -> dict[str, MessageTemplate]:
    found: dict[str, MessageTemplate] = {}
    for each in listed.templates:
        found.setdefault(f"{each.name}{SEPARATOR}{each.language}", each)
    return found


def _template(thing: str, template_id: str, holds: Fields) -> MessageTemplate:
    """A template that was just written: Meta looks at it anew."""
    name, _, language = thing.partition(SEPARATOR)
    parts = holds.get(COMPONENTS)
    return MessageTemplate(
        template_id,
        name,
        language,
        "PENDING",
        str(holds.get(CATEGORY, "")),
        tuple(parts) if isinstance(parts, list) else (),
        {},
    )
