"""The mapping of a stream whose rows each say how a message template is to be (4.27, 4.29)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_chakra.call_settings.call_mapping import CallKind, CallMapping, required_option
from target_chakra.mapping_options import refuse_unknown, text_option

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS: Final = frozenset({"stream", "kind", "name", "language", "category", "components"})


@dataclass(frozen=True, slots=True)
class TemplateMapping(CallMapping):
    """What of a row becomes a message template.

    Attributes:
        name: The column of its name.
        language: The column of its language.
        components: The column of its header, text, footer and buttons, JSON as Meta takes it.
        category: The column of its category; empty where no template is created.
    """

    name: str
    language: str
    components: str
    category: str = ""

    @property
    def kind(self) -> CallKind:
        """A message template."""
        return CallKind.TEMPLATE

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        return frozenset({self.name, self.language, self.components, self.category} - {""})

    @property
    def named_by(self) -> Mapping[str, str]:
        """Its name and its language."""
        return {"name": self.name, "language": self.language}

    @property
    def naming_step(self) -> str:
        """What to do about a row that names no template."""
        return "A template is named by its name and its language, as visit_reminder and en"


def parse_template(given: Mapping[str, object], where: str) -> TemplateMapping:
    """Give a mapping of kind `whatsapp_template` its meaning.

    Raises:
        SettingsError: It means nothing.
    """
    refuse_unknown(given, _KEYS, where)
    return TemplateMapping(
        name=required_option(given, "name", where, "Name the column of the template's name"),
        language=required_option(
            given, "language", where, "Name the column of its language, as en or pt_BR"
        ),
        components=required_option(
            given, "components", where, "Name the column of its components, JSON as Meta takes it"
        ),
        category=text_option(given, "category") or "",
    )
