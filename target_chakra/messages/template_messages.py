"""Sends messages by a template, one for each row (contract 4.23, 4.24): each at most once.

A message can't be taken back, and no list shows it: what left and was not answered is unknown.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.whatsapp import Place, TemplateMessage
from chakra_api.errors import NotFound, RefusedByMeta
from chakra_api.values.writing import Unfit
from target_chakra.messages.media_files import MediaFiles
from target_chakra.messages.message_values import (
    CODE,
    PHONE,
    PROCESS,
    TEXT,
    code_part,
    phone_part,
    process_part,
    source_part,
    write_degrees,
    write_parameter,
    write_public_url,
)
from target_chakra.messages.meta_codes import next_step_of, no_plugin
from target_chakra.messages.template_choice import chosen_template
from target_chakra.messages.template_text import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chakra_api.endpoints.whatsapp import SentMessage
    from chakra_api.values.writing import Writer
    from target_chakra.call_settings.brakes import Brakes
    from target_chakra.call_settings.call_mapping import CallKind
    from target_chakra.call_settings.template_message import TemplateMessageMapping
    from target_chakra.changes import Fields
    from target_chakra.lookups.open_account import OpenAccount
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


_PLACE: Final[Mapping[str, Writer]] = {
    "latitude": write_degrees(90),
    "longitude": write_degrees(180),
}
"""What writes the values of a place that are no texts."""


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
        is_text = source.is_file or name == "filename"
        yield source_part(source, name, write_parameter if is_text else write_public_url, where)
    for name, source in mapping.place.items():
        yield source_part(source, f"place.{name}", _PLACE.get(name, write_parameter), where)
    if mapping.code:
        yield code_part(mapping.code)


class TemplateMessageMaker:
    """Sends the messages of one stream.

    Args:
        mapping: What its user wants.
        account: The account that sends them.
        where: The mapping, for messages.

    Raises:
        SettingsError: The template is not there, not approved, or needs other values than the
            mapping gives; or the settings do not name the way.
    """

    def __init__(self, mapping: TemplateMessageMapping, account: OpenAccount, where: str) -> None:
        self._mapping = mapping
        templates = account.message_templates(where)
        self._plugin = account.whatsapp.needed("plugin", where)
        self._sender = mapping.sender or account.whatsapp.needed("sender", where)
        self._template = chosen_template(templates, mapping, where)
        self._text = text_of(self._template)
        self._client = account.client
        self._media = MediaFiles(mapping, account, where) if mapping.shows_file else None

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
        if TEXT not in fields:
            return ""
        text = self._filled(fields)
        if isinstance(text, Unfit):
            return text.reason
        what = "or its file was changed" if self._media else "was changed"
        return (
            ""
            if fields[TEXT] == text
            else (
                f"Since the plan was made the template '{self._template.name}' {what}: the message"
                " would read otherwise"
            )
        )

    def shown(self, fields: Fields) -> Fields | Unfit:
        """The content, and the text as it will read."""
        text = self._filled(fields)
        return text if isinstance(text, Unfit) else {**fields, TEXT: text}

    def _filled(self, fields: Fields) -> str | Unfit:
        given = {name: str(value) for name, value in fields.items()}
        if self._media is not None:
            file = self._media.read(given[self._mapping.shows])
            if isinstance(file, Unfit):
                return file
            given[self._mapping.shows] = (
                f"{file.place}, {file.size:,} bytes, SHA-256 {file.sha256}, public from then on"
            )
        return self._text.filled(given)

    def make(self, fields: Fields, leaving: Callable[[], None]) -> str:
        """Send a message; its id. What it shows is uploaded before."""
        given = {name: str(value) for name, value in fields.items()}
        if self._media is not None:
            shows = self._mapping.shows
            given[shows], name = self._media.address(given[shows])
            if shows == "document":
                given.setdefault("filename", name)
        message = self._message(given)
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
            place=Place(**group("place")) if self._mapping.place else None,
            otp_code=fields.get(CODE),
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


def sent_id(sent: SentMessage) -> str:
    """What a message that was sent is known by; empty if the answer holds nothing."""
    return sent.message_id or sent.whatsapp_id or ""
