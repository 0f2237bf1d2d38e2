"""The mapping of a stream whose rows each pass a message through to WhatsApp (contract 4.26)."""

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
from target_chakra.mapping_options import refuse_unknown, text_option

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN: Final = ("campaign", "phone", "text", "message", "sender")
_KEYS: Final = frozenset({"stream", "kind", "once_by", *_OWN}) | BRAKES


@dataclass(frozen=True, slots=True)
class FreeMessageMapping(OnceMapping):
    """What of a row becomes a message in Meta's own form.

    Attributes:
        campaign: Its user's name for these messages: a value of `once_by` counts within it.
        message: The column of the whole message, as Meta takes it; empty where it is a plain text.
        phone: The column of the number that a plain text goes to; empty for a whole message.
        text: The column of that text; empty for a whole message.
        sender: Meta's id of the number that it is sent from; empty for that of the settings.
        brakes: What holds it back.
    """

    campaign: str
    message: str = ""
    phone: str = ""
    text: str = ""
    sender: str = ""
    brakes: Brakes = field(default_factory=Brakes)

    @property
    def kind(self) -> CallKind:
        """A message in Meta's own form."""
        return CallKind.MESSAGE

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        return frozenset({self.once_by, self.message, self.phone, self.text} - {""})


def parse_free_message(given: Mapping[str, object], where: str) -> FreeMessageMapping:
    """Give a mapping of kind `whatsapp_message` its meaning.

    Raises:
        SettingsError: It means nothing.
    """
    refuse_unknown(given, _KEYS, where)
    columns = {name: text_option(given, name) or "" for name in ("message", "phone", "text")}
    named = [name for name, column in columns.items() if column]
    if named not in (["message"], ["phone", "text"]):
        raise SettingsError(
            f"In {where} {' and '.join(named) or 'no column'} of the message is named",
            "Name either message (a column of Meta's JSON), or phone and text",
        )
    return FreeMessageMapping(
        once_by=once_by_option(given, where),
        campaign=required_option(
            given,
            "campaign",
            where,
            "Give these messages a name of your own, which stays: a value of once_by counts within"
            " it, whatever the stream is called",
        ),
        sender=text_option(given, "sender") or "",
        brakes=parse_brakes(given, where),
        **columns,
    )
