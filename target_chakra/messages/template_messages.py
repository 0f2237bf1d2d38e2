"""Sends messages by a template, one for each row (contract 4.23, 4.24): each at most once.

A message can't be taken back, and no list shows it: what left and was not answered is unknown.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chakra_api.endpoints.whatsapp import TemplateMessage
from chakra_api.errors import NoAccess, NotFound, RefusedByMeta
from target_chakra.messages.message_values import (
    PHONE,
    PROCESS,
    TEXT,
    phone_part,
    process_part,
    source_part,
    write_parameter,
    write_public_url,
)
from target_chakra.messages.meta_codes import next_step_of
from target_chakra.messages.template_choice import chosen_template
from target_chakra.messages.template_text import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chakra_api.endpoints.client import ChakraClient
    from chakra_api.endpoints.message_templates import TemplateList
    from chakra_api.endpoints.whatsapp import SentMessage
    from chakra_api.whatsapp_account import WhatsAppAccount
    from target_chakra.call_settings.brakes import Brakes
    from target_chakra.call_settings.call_mapping import CallKind
    from target_chakra.call_settings.template_message import TemplateMessageMapping
    from target_chakra.changes import Fields
    from target_chakra.mapping.call_mapper import ContentPart


def template_scope(mapping: TemplateMessageMapping) -> str:
    """Within which a value of `once_by` is sent for once: the messages of one template."""
    return f"{mapping.kind.value} {mapping.template}"


def template_parts(mapping: TemplateMessageMapping, where: str) -> tuple[ContentPart, ...]:
    """The parts of a message's content.

    Args:
        mapping: What its user wants.
        where: The mapping, for messages.

    Raises:
        SettingsError: A constant can't be sent.
    """
    recipient = mapping.recipient
    named = phone_part if recipient.is_number else process_part
    return (named(recipient.column), *_value_parts(mapping, where))


def _value_parts(mapping: TemplateMessageMapping, where: str) -> Iterator[ContentPart]:
    groups = {
        "parameters": mapping.parameters,
        "header": mapping.header,
        "buttons": mapping.buttons,
    }
    for group, sources in groups.items():
        for name, source in sources.items():
            yield source_part(source, f"{group}.{name}", write_parameter, where)
    for name, source in mapping.media.items():
        write = write_parameter if name == "filename" else write_public_url
        yield source_part(source, name, write, where)


class TemplateMessageMaker:
    """Sends the messages of one stream.

    Args:
        mapping: What its user wants.
        account: The account's way to WhatsApp.
        templates: All templates that there are.
        client: Talks to the account.
        where: The mapping, for messages.

    Raises:
        SettingsError: The template is not there, not approved, or needs other values than the
            mapping gives; or the settings do not name the way.
    """

    def __init__(
        self,
        mapping: TemplateMessageMapping,
        account: WhatsAppAccount,
        templates: TemplateList,
        client: ChakraClient,
        where: str,
    ) -> None:
        self._mapping = mapping
        self._plugin = account.needed("plugin", where)
        self._sender = mapping.sender or account.needed("sender", where)
        self._template = chosen_template(templates, mapping, where)
        self._text = text_of(self._template)
        self._client = client

    @property
    def kind(self) -> CallKind:
        """A message by a template."""
        return self._mapping.kind

    @property
    def most(self) -> int:
        """Messages that its user allows a run."""
        return self._mapping.brakes.most

    def refused(self, fields: Fields) -> str:
        """Why a message is not to be sent; empty if it is."""
        recipient = self._mapping.recipient
        if recipient.is_number:
            refused = not_allowed(self._mapping.brakes, fields, recipient.column)
            return refused or self._changed(fields)
        return self._changed(fields)

    def _changed(self, fields: Fields) -> str:
        """Of a message that a plan showed: whether it would read otherwise by now."""
        if TEXT not in fields or fields[TEXT] == self._filled(fields):
            return ""
        return (
            f"Since the plan was made the template '{self._template.name}' was changed: the"
            " message would read otherwise"
        )

    def shown(self, fields: Fields) -> Fields:
        """The content, and the text as it will read."""
        return {**fields, TEXT: self._filled(fields)}

    def _filled(self, fields: Fields) -> str:
        return self._text.filled({name: str(value) for name, value in fields.items()})

    def make(self, fields: Fields, leaving: Callable[[], None]) -> str:
        """Send a message; its id."""
        message = self._message({name: str(value) for name, value in fields.items()})
        with explained():
            return sent_id(self._send(fields, message, leaving))

    def _send(
        self, fields: Fields, message: TemplateMessage, leaving: Callable[[], None]
    ) -> SentMessage:
        whatsapp, recipient = self._client.whatsapp, self._mapping.recipient
        if recipient.is_number:
            try:
                return whatsapp.send_to_number(self._plugin, str(fields[PHONE]), message, leaving)
            except NotFound as error:
                raise no_plugin(error) from error
        process = (recipient.procedure, str(fields[PROCESS]))
        return whatsapp.send_for_process(self._plugin, process, message, leaving)

    def _message(self, fields: dict[str, str]) -> TemplateMessage:
        def group(name: str) -> dict[str, str]:
            start = f"{name}."
            return {
                each.removeprefix(start): value
                for each, value in fields.items()
                if each.startswith(start)
            }

        return TemplateMessage(
            phone_number_id=self._sender,
            template=self._template.name,
            language=self._template.language,
            body=group("parameters"),
            header=group("header"),
            buttons=group("buttons"),
            image_url=fields.get("image"),
            video_url=fields.get("video"),
            document_url=fields.get("document"),
            filename=fields.get("filename"),
        )


def not_allowed(brakes: Brakes, fields: Fields, column: str) -> str:
    """Why a message may not go to its number; empty if it may. No reason says the number.

    Args:
        brakes: What its user allows.
        fields: The content.
        column: Where the number comes from.
    """
    if brakes.allows(str(fields[PHONE])):
        return ""
    return f"{column} is a number that allowed_numbers does not allow"


@contextmanager
def explained() -> Iterator[None]:
    """What Meta refuses to all says what to do about it."""
    try:
        yield
    except RefusedByMeta as error:
        error.next_step = next_step_of(error.error) or error.next_step
        raise


def no_plugin(error: NotFound) -> NoAccess:
    """A 404 of a message that names no process: it is the plugin that is not there.

    So it is with all messages, not with this one alone.
    """
    step = "Check plugin of the setting whatsapp, and the role of the key"
    return NoAccess(error.cause, step, status=error.status)


def sent_id(sent: SentMessage) -> str:
    """What a message that was sent is known by; empty if the answer holds nothing."""
    return sent.message_id or sent.whatsapp_id or ""
