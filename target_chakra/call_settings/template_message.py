"""The mapping of a stream whose rows each send a WhatsApp message by a template (4.23, 4.24)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import shown
from target_chakra.call_settings.brakes import BRAKES, Brakes, parse_brakes
from target_chakra.call_settings.call_mapping import (
    CallKind,
    OnceMapping,
    once_by_option,
    required_option,
)
from target_chakra.call_settings.recipient import RECIPIENT, Recipient, parse_recipient
from target_chakra.mapping_options import refuse_unknown, text_option

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN: Final = ("template", "language", "sender", "parameters", "header", "buttons", "media")
_KEYS: Final = frozenset({"stream", "kind", "once_by", *_OWN}) | RECIPIENT | BRAKES
MEDIA: Final = ("image", "video", "document")
"""What a header may show."""
_MEDIA_KEYS: Final = frozenset({*MEDIA, "filename"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value of a message comes from.

    Attributes:
        column: The column; empty for a constant.
        constant: What all messages say there; empty for a column.
    """

    column: str = ""
    constant: str = ""


@dataclass(frozen=True, slots=True)
class TemplateMessageMapping(OnceMapping):
    """What of a row becomes a message by a template.

    Attributes:
        recipient: Who it goes to.
        template: Name of the template.
        language: Of the template; empty where it has but one.
        sender: Meta's id of the number that it is sent from; empty for that of the settings.
        parameters: Parameter of its text → where its value comes from.
        header: The same of its header.
        buttons: The same of its buttons.
        media: `image`, `video` or `document`, and `filename` → where its public address, and the
            name, comes from.
        brakes: What holds it back.
    """

    recipient: Recipient
    template: str
    language: str = ""
    sender: str = ""
    parameters: Mapping[str, Source] = field(default_factory=dict)
    header: Mapping[str, Source] = field(default_factory=dict)
    buttons: Mapping[str, Source] = field(default_factory=dict)
    media: Mapping[str, Source] = field(default_factory=dict)
    brakes: Brakes = field(default_factory=Brakes)

    @property
    def kind(self) -> CallKind:
        """A message by a template."""
        return CallKind.TEMPLATE_MESSAGE

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        groups = (self.parameters, self.header, self.buttons, self.media)
        named = {source.column for group in groups for source in group.values()}
        return frozenset({self.once_by, self.recipient.column, *named} - {""})


def parse_template_message(given: Mapping[str, object], where: str) -> TemplateMessageMapping:
    """Give a mapping of kind `whatsapp_template_message` its meaning.

    Raises:
        SettingsError: It means nothing.
    """
    refuse_unknown(given, _KEYS, where)
    recipient, brakes = parse_recipient(given, where), parse_brakes(given, where)
    if brakes.allowed is not None and not recipient.is_number:
        raise SettingsError(
            f"In {where} allowed_numbers means nothing beside process: ChakraHQ finds the number"
            " of a process, and does not show it",
            "Name the column of the number as phone, or take allowed_numbers away",
        )
    return TemplateMessageMapping(
        once_by=once_by_option(given, where),
        recipient=recipient,
        template=required_option(given, "template", where, "Name the template as WhatsApp does"),
        language=text_option(given, "language") or "",
        sender=text_option(given, "sender") or "",
        parameters=_sources(given, "parameters", where),
        header=_sources(given, "header", where),
        buttons=_sources(given, "buttons", where),
        media=_media(given, where),
        brakes=brakes,
    )


def _media(given: Mapping[str, object], where: str) -> Mapping[str, Source]:
    found = _sources(given, "media", where)
    refuse_unknown(found, _MEDIA_KEYS, f"media of {where}")
    named = [each for each in MEDIA if each in found]
    if len(named) > 1 or (found and not named):
        raise SettingsError(
            f"In {where} media names {' and '.join(named) or 'no file'}",
            f"A header shows one of: {', '.join(MEDIA)}",
        )
    if "filename" in found and named != ["document"]:
        raise SettingsError(
            f"In {where} media names a filename for an {named[0]}", "Only a document has one"
        )
    return found


def _sources(given: Mapping[str, object], name: str, where: str) -> Mapping[str, Source]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SettingsError(
            f"In {where} {name} is {shown(value)}",
            'Write it as {"1": "first_name", "2": {"value": "Pune"}}: a column, or a constant',
        )
    return {str(each): _source(source, name, where) for each, source in value.items()}


def _source(value: object, name: str, where: str) -> Source:
    if isinstance(value, str) and value:
        return Source(column=value)
    if isinstance(value, dict) and set(value) == {"value"}:
        constant = value["value"]
        text = str(constant) if isinstance(constant, (str, int)) else ""
        if text.strip() and not isinstance(constant, bool):
            return Source(constant=text)
    raise SettingsError(
        f"In {where} {name} holds {shown(value)}",
        'Name a column, or write {"value": "…"} for what all messages say there',
    )
