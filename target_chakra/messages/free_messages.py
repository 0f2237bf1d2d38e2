"""Passes messages through to WhatsApp, one for each row (contract 4.26): each at most once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chakra_api.endpoints.whatsapp import Sender
from chakra_api.errors import NotFound
from target_chakra.mapping.call_mapper import named_part
from target_chakra.messages.message_values import (
    MESSAGE,
    PHONE,
    TEXT,
    phone_part,
    write_message,
    write_plain_text,
)
from target_chakra.messages.meta_codes import no_plugin
from target_chakra.messages.template_messages import explained, not_allowed, sent_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.endpoints.client import ChakraClient
    from chakra_api.whatsapp_account import WhatsAppAccount
    from target_chakra.call_settings.call_mapping import CallKind
    from target_chakra.call_settings.free_message import FreeMessageMapping
    from target_chakra.changes import Fields
    from target_chakra.mapping.call_mapper import ContentPart


def free_scope(mapping: FreeMessageMapping) -> str:
    """Within which a value of `once_by` is sent for once: the messages of one campaign."""
    return f"{mapping.kind.value} {mapping.campaign}"


def free_parts(mapping: FreeMessageMapping) -> tuple[ContentPart, ...]:
    """The parts of a message's content."""
    if mapping.message:
        whole = named_part(mapping.message, MESSAGE, write_message)
        return (whole._replace(is_private=True),)
    text = named_part(mapping.text, TEXT, write_plain_text)._replace(is_private=True)
    return (phone_part(mapping.phone), text)


class FreeMessageMaker:
    """Sends the messages of one stream.

    Args:
        mapping: What its user wants.
        account: The account's way to WhatsApp.
        client: Talks to the account.
        where: The mapping, for messages.

    Raises:
        SettingsError: The settings do not name the way.
    """

    def __init__(
        self,
        mapping: FreeMessageMapping,
        account: WhatsAppAccount,
        client: ChakraClient,
        where: str,
    ) -> None:
        self._mapping = mapping
        self._client = client
        self._sender = Sender(
            plugin=account.needed("plugin", where),
            api_version=account.api_version,
            phone_number_id=mapping.sender or account.needed("sender", where),
        )

    @property
    def kind(self) -> CallKind:
        """A message in Meta's own form."""
        return self._mapping.kind

    @property
    def most(self) -> int:
        """Messages that its user allows a run."""
        return self._mapping.brakes.most

    def refused(self, fields: Fields) -> str:
        """Why a message is not to be sent; empty if it is."""
        column = self._mapping.phone or f"'to' of {self._mapping.message}"
        return not_allowed(self._mapping.brakes, {PHONE: message_of(fields)["to"]}, column)

    def shown(self, fields: Fields) -> Fields:
        """As it is sent."""
        return fields

    def make(self, fields: Fields, leaving: Callable[[], None]) -> str:
        """Send a message; its id."""
        with explained():
            try:
                sent = self._client.whatsapp.send(self._sender, message_of(fields), leaving)
            except NotFound as error:
                raise no_plugin(error) from error
        return sent_id(sent)


def message_of(fields: Fields) -> dict[str, Any]:
    """The message as Meta takes it."""
    whole = fields.get(MESSAGE)
    if isinstance(whole, dict):
        return whole
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": fields[PHONE],
        "type": "text",
        "text": {"body": fields[TEXT]},
    }
