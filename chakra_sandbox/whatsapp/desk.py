"""Messages: checked, rendered and kept, by whichever way they came (contract 4.23-4.26)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chakra_sandbox import exact_json
from chakra_sandbox.messages import JSON_HEADERS, Rejection, ResponseOut, Row, ok
from chakra_sandbox.reads.answers import read_body
from chakra_sandbox.reads.forms import read_form
from chakra_sandbox.rows.access import check_writes
from chakra_sandbox.rows.model import TEAM_ID
from chakra_sandbox.whatsapp.given import given_by_chakra, given_by_meta
from chakra_sandbox.whatsapp.made_templates import PHONE_NUMBER_ID, PLUGIN_ID
from chakra_sandbox.whatsapp.meta_errors import MetaRejection, no_object
from chakra_sandbox.whatsapp.rendering import filled
from chakra_sandbox.whatsapp.templates import TemplateShelf, check_version
from chakra_sandbox.writes.file_store import FileStore, HeldFile, address_of, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.reads.answers import Call
    from chakra_sandbox.routes import Route
    from chakra_sandbox.rows.making import Draw
    from chakra_sandbox.writes.writer import Writer

_NUMBER = re.compile(r"[1-9]\d{6,14}")
_NO_DIGITS = re.compile(r"\D")
_MOST_TEXT = 4096


class WhatsAppDesk:
    """Sends messages: keeps them, and says how they read.

    Args:
        draw: Where new ids come from.
    """

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._sent: list[Row] = []
        self._media = FileStore()
        self.templates = TemplateShelf()

    def answer(self, call: Call, route: Route) -> ResponseOut:
        """Answer 4.24 to 4.29.

        Raises:
            Rejection: Meta's or ChakraHQ's; nothing was sent.
        """
        if route.endpoint.startswith("template_"):
            return self.templates.answer(call, route)
        check_writes(call.token)
        _check_plugin(route)
        if route.endpoint == "message_upload":
            return self._upload(call)
        if not call.sees_all:
            raise Rejection(403, "Your access role allows messages to your own processes alone")
        if route.endpoint == "message_pass":
            return self._pass(call, route)
        return self._send(call, {"to": route.parameters["number"], "way": "number"})

    def send_for_process(self, call: Call, writer: Writer, route: Route) -> ResponseOut:
        """Answer 4.23.

        Raises:
            Rejection: Meta's or ChakraHQ's; nothing was sent.
        """
        _check_plugin(route)
        process = writer.named(route.parameters["process"])
        model = writer.shelf.model
        phones = [a.short_id for a in model.attributes if a.type_name == "phone"]
        held = next((process["data"][name] for name in phones if process["data"].get(name)), None)
        if held is None:
            raise Rejection(400, "The process has no phone number")
        number = _NO_DIGITS.sub("", str(held))
        whose = {"process": process["id"], "procedure": model.short_id}
        return self._send(call, {"to": number, "way": "process", **whose})

    def serve(self, call: Call, media_id: str) -> ResponseOut:
        """Answer for the host that keeps public media."""
        return serve(call.request, self._media.find(media_id), call.now_ms, signed=False)

    def told(self) -> Iterator[Row]:
        """Tell of the messages that were sent, in their order."""
        return iter(self._sent)

    def media_told(self) -> Iterator[Row]:
        """Tell of the public media."""
        return (file.told() for file in self._media.all())

    def _send(self, call: Call, whose: Row) -> ResponseOut:
        """Send a template message in ChakraHQ's own form."""
        try:
            message = self._by_template(call, whose)
        except MetaRejection as rejection:
            if call.knobs.message_errors == "envelope":
                raise Rejection(rejection.status, rejection.message) from rejection
            raise
        if call.knobs.message_answer == "empty":
            return ok({})
        return ok(_shown(message, call.token.user_id))

    def _by_template(self, call: Call, whose: Row) -> Row:
        body = read_body(call.request)
        if not isinstance(body, dict):
            raise Rejection(400, "The body is an object")
        for name in ("whatsappPhoneNumberId", "templateName"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise Rejection(400, f"{name} is required")
        _check_phone_id(body["whatsappPhoneNumberId"])
        _check_number(whose["to"])
        template = self.templates.find(body["templateName"], body.get("language"))
        given = given_by_chakra(body, template)
        return self._keep(
            call, body, {**whose, **_named(template), "text": filled(template, given)}
        )

    def _pass(self, call: Call, route: Route) -> ResponseOut:
        """Send a message in Meta's form."""
        check_version(route.parameters["version"])
        _check_phone_id(route.parameters["phone"])
        body = read_body(call.request)
        if not isinstance(body, dict) or body.get("messaging_product") != "whatsapp":
            raise MetaRejection(100, "The parameter messaging_product is required.")
        number = re.sub(r"[ +()-]", "", str(body.get("to", "")))
        _check_number(number)
        message = self._keep(call, body, {"to": number, "way": "pass_through", **self._read(body)})
        if call.knobs.message_answer == "empty":
            return ok({})
        whatsapp_id = message["whatsapp_id"]
        if call.knobs.through_answer == "chakra":
            return ok({"whatsappMessageId": whatsapp_id})
        contact = {"input": str(body["to"]), "wa_id": number}
        made = {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": whatsapp_id}],
        }
        return ResponseOut(200, exact_json.dumps(made), JSON_HEADERS)

    def _read(self, body: Row) -> Row:
        """How a message of Meta's form reads."""
        kind = body.get("type", "text")
        part = body.get(kind)
        if not isinstance(part, dict):
            raise MetaRejection(100, f"The parameter {kind} is required.")
        if kind == "text":
            text = part.get("body")
            if not isinstance(text, str) or not text:
                raise MetaRejection(131008, "The parameter text['body'] is required.")
            if len(text) > _MOST_TEXT:
                raise MetaRejection(100, f"Param text['body'] must be at most {_MOST_TEXT} long.")
            return {"template": None, "language": None, "text": text}
        if kind != "template":
            return {"template": None, "language": None, "text": ""}
        language = part.get("language")
        code = language.get("code") if isinstance(language, dict) else None
        if not code:
            raise MetaRejection(131008, "The parameter template['language'] is required.")
        template = self.templates.find(str(part.get("name")), str(code))
        return {**_named(template), "text": filled(template, given_by_meta(part))}

    def _keep(self, call: Call, body: Row, message: Row) -> Row:
        made_id = self._draw.uuid()
        made = {
            "id": made_id,
            "whatsapp_id": f"wamid.{made_id}",
            "at_ms": call.now_ms,
            "user": call.token.user_id,
            "process": None,
            "procedure": None,
            **message,
            "body": body,
        }
        self._sent.append(made)
        return made

    def _upload(self, call: Call) -> ResponseOut:
        form = read_form(call.request)
        sent = form.file("file")
        media_id = self._draw.uuid()
        row: Row = {"filename": form.fields.get("filename") or sent.name}
        row["url"] = address_of(call.request, "media", media_id, None)
        self._media.put(HeldFile(media_id, row, sent.content_type, sent.body, call.now_ms))
        return ok({"publicMediaUrl": row["url"]})


def _check_plugin(route: Route) -> None:
    if route.parameters["plugin"] != PLUGIN_ID:
        raise Rejection(404, f"No plugin {route.parameters['plugin']}")


def _check_phone_id(phone_id: str) -> None:
    if phone_id != PHONE_NUMBER_ID:
        raise no_object(phone_id)


def _check_number(number: str) -> None:
    if _NUMBER.fullmatch(number) is None:
        raise MetaRejection(131009, "Param to is not a valid phone number")


def _named(template: Row) -> Row:
    return {
        "template": template["name"],
        "language": template["language"],
        "template_id": template["id"],
    }


def _shown(message: Row, user_id: str) -> Row:
    """A message as ChakraHQ answers it."""
    at_ms = message["at_ms"]
    return {
        "id": message["id"],
        "createdAt": at_ms,
        "updatedAt": at_ms,
        "externalId": message["whatsapp_id"],
        "provider": "whatsapp",
        "dataType": "template",
        "body": {"body": message["text"]},
        "text": message["text"],
        "attachments": None,
        "deliveryStatus": "SENT",
        "direction": "OUTBOUND",
        "timestamp": at_ms,
        "context": {
            "contactIdentifier": message["to"],
            "messageTemplateId": message["template_id"],
        },
        "adhocAgent": None,
        "source": {"sourceId": message["id"], "sourceType": "API"},
        "team": TEAM_ID,
        "chat": None,
        "plugin": PLUGIN_ID,
        "contact": None,
        "user": user_id,
        "procedure": message["procedure"],
        "process": message["process"],
        "campaign": None,
        "inReplyTo": None,
    }
