"""The setting `whatsapp`: the account's way to WhatsApp, which tap and target name alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.message_templates import TemplateOwner
from chakra_api.errors import SettingsError
from chakra_api.setting_values import is_set, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

DEFAULT_API_VERSION: Final = "v19.0"
"""Meta's version that ChakraHQ's own documents name."""
NAMES: Final = ("plugin", "sender", "waba_id", "api_version")
"""What the setting may say; a command may take less."""
_WHERE: Final = {
    "plugin": "the id of ChakraHQ's WhatsApp plugin",
    "sender": "Meta's id of the phone number that messages are sent from",
    "waba_id": "Meta's id of the WhatsApp Business Account",
    "api_version": f"Meta's version, as {DEFAULT_API_VERSION}",
}


@dataclass(frozen=True, slots=True)
class WhatsAppAccount:
    """The account's way to WhatsApp; empty where it is not set.

    Attributes:
        plugin: Id of ChakraHQ's WhatsApp plugin.
        sender: Meta's id of the number that messages are sent from.
        waba_id: Meta's id of the WhatsApp Business Account, which owns the templates.
        api_version: Meta's version.
    """

    plugin: str = ""
    sender: str = ""
    waba_id: str = ""
    api_version: str = DEFAULT_API_VERSION

    def needed(self, name: str, what_for: str) -> str:
        """One of its values.

        Args:
            name: Its name.
            what_for: What needs it, for the message.

        Raises:
            SettingsError: It is not set.
        """
        found = str(getattr(self, name))
        if not found:
            raise SettingsError(
                f"The setting whatsapp does not name {name}, and {what_for} needs it",
                f'Set it: whatsapp: {{"{name}": …}} is {_WHERE[name]}',
            )
        return found

    def owner(self, what_for: str) -> TemplateOwner:
        """Whose the message templates are.

        Args:
            what_for: What needs to know it, for the message.

        Raises:
            SettingsError: It is not set.
        """
        return TemplateOwner(self.api_version, self.needed("waba_id", what_for))


def parse_whatsapp(config: Mapping[str, object], names: Collection[str] = NAMES) -> WhatsAppAccount:
    """Give the setting `whatsapp` its meaning; without a value where it is not set.

    Args:
        config: The settings by name.
        names: What it may say.

    Raises:
        SettingsError: It means nothing.
    """
    given = config.get("whatsapp")
    if not is_set(given):
        return WhatsAppAccount()
    said = _object(given)
    if said is None:
        raise SettingsError(
            f"The setting whatsapp is {shown(given)}", f"Write it as {_example(names)}"
        )
    if unknown := sorted(set(said).difference(names)):
        raise SettingsError(
            f"The setting whatsapp has no {', '.join(unknown)}",
            f"It takes {', '.join(names)}",
        )
    values = {name: _text(name, value) for name, value in said.items() if is_set(value)}
    return WhatsAppAccount(**values)


def _object(given: object) -> dict[str, object] | None:
    """The object that a value is, or spells: the environment hands it over as text."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return None
    return {str(name): value for name, value in given.items()} if isinstance(given, dict) else None


def _text(name: str, value: object) -> str:
    """An id as its user wrote it: as a text, or as a number of digits."""
    text = str(value).strip() if isinstance(value, (str, int)) else ""
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(" /?#\\")
    if isinstance(value, bool) or not text or not is_plain:
        raise SettingsError(f"In the setting whatsapp {name} is {shown(value)}", _next(name))
    return text


def _next(name: str) -> str:
    return f"It is {_WHERE[name]}"


def _example(names: Collection[str]) -> str:
    examples = {"plugin": "2f1e0d9c-…", "sender": "100200300400500", "waba_id": "200300400500600"}
    return json.dumps({name: examples[name] for name in names if name in examples})
