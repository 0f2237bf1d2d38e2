"""The endpoints that send WhatsApp messages and upload their media (contract 4.23 to 4.26).

A message can't be taken back, and nothing tells afterwards whether it was sent: none is repeated,
and where an answer is lost, the error says that it may have been sent. No error names its
recipient.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.answers import id_of, row_of
from chakra_api.endpoints.open_answers import open_meta
from chakra_api.endpoints.paths import part, plugin_path
from chakra_api.errors import Unreadable
from chakra_api.wire.multipart import Form
from chakra_api.wire.transport import Request
from chakra_api.wire.wire_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_api.endpoints.answers import Row
    from chakra_api.endpoints.calls import Calls
    from chakra_api.wire.envelope import Envelope
    from chakra_api.wire.multipart import Upload

MAY_HAVE_BEEN_SENT: Final = (
    "It may have been sent: look at the chat in ChakraHQ before sending it again"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the map, that a template's header shows.

    Attributes:
        latitude: Degrees, as text.
        longitude: Degrees, as text.
        name: What is there.
        address: Where that is.
    """

    latitude: str
    longitude: str
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class TemplateMessage:
    """A message by a template, whoever it goes to (contract 4.23, 4.24).

    Attributes:
        phone_number_id: Meta's id of the number that it is sent from.
        template: Name of the template.
        body: Parameters of its text, by name: `1` for `{{1}}`.
        header: Those of its header.
        buttons: Those of its buttons.
        language: Of the template; None for the one that ChakraHQ takes.
        image_url: Public address of the header's picture.
        video_url: The same of a video.
        document_url: The same of a document.
        filename: What the document is called.
        place: What the header shows on a map.
        otp_code: The code of a template of the category AUTHENTICATION.
    """

    phone_number_id: str
    template: str
    body: Mapping[str, str] = field(default_factory=dict)
    header: Mapping[str, str] = field(default_factory=dict)
    buttons: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    image_url: str | None = None
    video_url: str | None = None
    document_url: str | None = None
    filename: str | None = None
    place: Place | None = None
    otp_code: str | None = None

    def row(self) -> Row:
        """The body of the request; what is not set is not sent."""
        made: Row = {
            "whatsappPhoneNumberId": self.phone_number_id,
            "templateName": self.template,
            "mapping": _mapping(self.body),
            "headerMapping": _mapping(self.header),
            "buttonMapping": _mapping(self.buttons),
            "language": self.language,
            "imageUrl": self.image_url,
            "videoUrl": self.video_url,
            "documentUrl": self.document_url,
            "filename": self.filename,
            "otpCode": self.otp_code,
        }
        if self.place is not None:
            made |= {
                "locationLatitude": self.place.latitude,
                "locationLongitude": self.place.longitude,
                "locationName": self.place.name,
                "locationAddress": self.place.address,
            }
        return {name: value for name, value in made.items() if value}


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose messages pass through to Meta (contract 4.26).

    Attributes:
        plugin: Id of ChakraHQ's WhatsApp plugin.
        api_version: Meta's version, `v19.0`.
        phone_number_id: Meta's id of the number that they are sent from.
    """

    plugin: str
    api_version: str
    phone_number_id: str


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that was taken.

    Attributes:
        message_id: ChakraHQ's id; None if the answer holds none.
        whatsapp_id: Meta's id; None if the answer holds none.
        text: As it reads; empty if the answer does not say.
        row: The answer as it came; empty if it is.
    """

    message_id: str | None
    whatsapp_id: str | None
    text: str
    row: Row


@dataclass(frozen=True, slots=True)
class PublicMedia:
    """A file that anybody can read who knows its address.

    Attributes:
        url: The address.
        row: The answer as it came.
    """

    url: str
    row: Row


class WhatsApp:
    """Sends messages, and uploads their media.

    Args:
        calls: Sends.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def send_for_process(
        self,
        plugin: str,
        process: tuple[str, str],
        message: TemplateMessage,
        leaving: Callable[[], None] | None = None,
    ) -> SentMessage:
        """Send a template message to the contact of a process (contract 4.23).

        Args:
            plugin: Id of ChakraHQ's WhatsApp plugin.
            process: The procedure's shortId, and the process's id or primary key.
            message: The message.
            leaving: Called when its turn has come; what it raises keeps it from leaving.

        Raises:
            AnswerLost: It may have been sent.
            RefusedByMeta: WhatsApp refuses it; it was not sent.
            ChakraError: It was not sent.
        """
        procedure, name = process
        path = f"{plugin_path(plugin)}/process/{part(procedure)}/{part(name)}"
        path = f"{path}/send-template-message"
        what = f"a template message for a process of '{procedure}'"
        return self._sent(Request("POST", path, encode(message.row()), leaving=leaving), what)

    def send_to_number(
        self,
        plugin: str,
        number: str,
        message: TemplateMessage,
        leaving: Callable[[], None] | None = None,
    ) -> SentMessage:
        """Send a template message to a phone number (contract 4.24); else as for a process.

        Args:
            plugin: Id of ChakraHQ's WhatsApp plugin.
            number: Country code and number: digits alone, without a plus.
            message: The message.
            leaving: As `send_for_process` takes it.
        """
        path = f"{plugin_path(plugin)}/phoneNumber/{part(number)}/send-template-message"
        what = "a template message to a phone number"
        return self._sent(Request("POST", path, encode(message.row()), leaving=leaving), what)

    def send(
        self, sender: Sender, message: Row, leaving: Callable[[], None] | None = None
    ) -> SentMessage:
        """Pass a message through to Meta (contract 4.26); else as `send_for_process`.

        Args:
            sender: Whose it is.
            message: As Meta's Cloud API takes it.
            leaving: As `send_for_process` takes it.
        """
        path = (
            f"{plugin_path(sender.plugin)}/api/{part(sender.api_version)}"
            f"/{part(sender.phone_number_id)}/messages"
        )
        return self._sent(Request("POST", path, encode(message), leaving=leaving), "a message")

    def upload_media(self, plugin: str, upload: Upload) -> PublicMedia:
        """Upload a file for messages to show (contract 4.25): anybody with its address reads it.

        Repeated where an answer is lost: what the lost one left is a file whose address nobody
        knows, and a message can't be sent without an address.

        Args:
            plugin: Id of ChakraHQ's WhatsApp plugin.
            upload: The file.
        """
        form = Form("file", upload, {"filename": upload.name}, self._calls.boundary())
        path = f"{plugin_path(plugin)}/upload-public-media"
        request = Request("POST", path, repeatable=True, form=form)
        what = "the upload of public media"
        row = row_of(self._calls.call(request, what, open_meta).data)
        url = row.get("publicMediaUrl")
        if not isinstance(url, str) or not url:
            raise Unreadable(f"The answer to {what} holds no address", "Tell ChakraHQ")
        return PublicMedia(url, row)

    def _sent(self, request: Request, what: str) -> SentMessage:
        envelope = self._calls.call_once_for_all(request, what, MAY_HAVE_BEEN_SENT, open_meta)
        return sent_message(envelope)


def sent_message(envelope: Envelope) -> SentMessage:
    """The message in the answer to its sending, in either form (contract 4.23, 4.26)."""
    row = row_of(envelope.data)
    text = row.get("text")
    return SentMessage(
        message_id=id_of(row),
        whatsapp_id=id_of(row, "whatsappMessageId") or id_of(row, "externalId") or _of_meta(row),
        text=text if isinstance(text, str) else "",
        row=row,
    )


def _of_meta(row: Row) -> str | None:
    """The id in Meta's own answer: `{"messages": [{"id": "wamid.…"}]}`."""
    messages = row.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    return id_of(first) if isinstance(first, dict) else None


def _mapping(parameters: Mapping[str, str]) -> list[Row]:
    return [
        {"schemaPropertyName": name, "schemaPropertyValue": value}
        for name, value in parameters.items()
    ]
