"""The mapping of a stream whose rows each send a WhatsApp message by a template (4.23, 4.24)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from target_chakra.call_settings.brakes import BRAKES, Brakes, parse_brakes
from target_chakra.call_settings.call_mapping import (
    CallKind,
    OnceMapping,
    once_by_option,
    required_option,
)
from target_chakra.call_settings.file_options import FILES, FileOptions, parse_files
from target_chakra.call_settings.message_sources import (
    MEDIA,
    Source,
    parse_media,
    parse_place,
    parse_sources,
)
from target_chakra.call_settings.recipient import RECIPIENT, Recipient, parse_recipient
from target_chakra.mapping_options import refuse_unknown, text_option

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN: Final = (
    "template",
    "language",
    "sender",
    "parameters",
    "header",
    "buttons",
    "media",
    "place",
    "code",
)
_KEYS: Final = frozenset({"stream", "kind", "once_by", *_OWN}) | RECIPIENT | BRAKES | FILES


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
        media: `image`, `video` or `document`, and `filename` → where its public address or its
            file, and the name, comes from.
        files: What its user allows of the files.
        place: `latitude`, `longitude`, `name` and `address` of what its header shows on a map →
            where they come from.
        code: The column of the code that it brings; empty for none.
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
    files: FileOptions = field(default_factory=FileOptions)
    place: Mapping[str, Source] = field(default_factory=dict)
    code: str = ""
    brakes: Brakes = field(default_factory=Brakes)

    @property
    def kind(self) -> CallKind:
        """A message by a template."""
        return CallKind.TEMPLATE_MESSAGE

    @property
    def shows(self) -> str:
        """What its header shows; empty for nothing."""
        return next((each for each in MEDIA if each in self.media), "")

    @property
    def shows_file(self) -> bool:
        """Whether that is uploaded first."""
        return any(source.is_file for source in self.media.values())

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        groups = (self.parameters, self.header, self.buttons, self.media, self.place)
        named = {source.column for group in groups for source in group.values()}
        return frozenset({self.once_by, self.recipient.column, self.code, *named} - {""})


def parse_template_message(given: Mapping[str, object], where: str) -> TemplateMessageMapping:
    """Give a mapping of kind `whatsapp_template_message` its meaning.

    Raises:
        SettingsError: It means nothing.
    """
    refuse_unknown(given, _KEYS, where)
    recipient, brakes = parse_recipient(given, where), parse_brakes(given, where)
    media = parse_media(given, where)
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
        parameters=parse_sources(given, "parameters", where),
        header=parse_sources(given, "header", where),
        buttons=parse_sources(given, "buttons", where),
        media=media,
        files=_files(given, media, where),
        place=parse_place(given, where),
        code=text_option(given, "code") or "",
        brakes=brakes,
    )


def _files(given: Mapping[str, object], media: Mapping[str, Source], where: str) -> FileOptions:
    files = parse_files(given, where)
    named = any(source.is_file for source in media.values())
    if named and not files.root:
        raise SettingsError(
            f"In {where} media names a file, and root is missing",
            "Name the folder, or the URL, below which files may be made public",
        )
    idle = ", ".join(name for name in sorted(FILES) if given.get(name) is not None)
    if idle and not named:
        raise SettingsError(
            f"In {where} {idle} means nothing: media names no file",
            'Name one as {"image": {"file": "<column>"}}, or take it away',
        )
    return files
