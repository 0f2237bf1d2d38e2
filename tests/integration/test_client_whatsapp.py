"""WhatsApp over the wire: what arrives, what is refused, and that nothing is ever sent twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.endpoints.message_templates import TemplateOwner
from chakra_api.endpoints.whatsapp import Place, Sender, TemplateMessage
from chakra_api.errors import (
    AnswerLost,
    BadRequest,
    NoAccess,
    NotFound,
    RefusedByMeta,
    ReportedErrors,
)
from chakra_api.wire.multipart import Upload
from chakra_sandbox.whatsapp.made_templates import PHONE_NUMBER_ID, PLUGIN_ID, WABA_ID
from tests.support.client_of import client_of

if TYPE_CHECKING:
    from chakra_api.endpoints.client import ChakraClient
    from chakra_sandbox.launch import Sandbox

NUMBER = "15550100017"
OWNER = TemplateOwner("v19.0", WABA_ID)
THROUGH = Sender(PLUGIN_ID, "v19.0", PHONE_NUMBER_ID)
LOST = ["reset_after", "truncate", "garbage", "502_after"]


def message(template: str = "visit_reminder", *body: str, **more: Any) -> TemplateMessage:
    named = {str(at): value for at, value in enumerate(body, 1)}
    return TemplateMessage(PHONE_NUMBER_ID, template, named, **more)


def text(to: str = NUMBER, said: str = "Hello") -> dict[str, object]:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": said}}


def test_a_message_to_a_number_reads_as_its_template_and_parameters(
    server: Sandbox, client: ChakraClient
) -> None:
    before = len(server.arrived())
    sent = client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, message("visit_reminder", "Mira"))
    arrived = server.arrived()[before:]
    assert [(each["to"], each["text"], each["way"]) for each in arrived] == [
        (NUMBER, "Hi Mira", "number")
    ]
    assert (sent.message_id, sent.whatsapp_id) == (arrived[0]["id"], arrived[0]["whatsapp_id"])
    assert sent.text == "Hi Mira"


@pytest.mark.parametrize("by", ["id", "key"])
def test_a_message_for_a_process_goes_to_its_phone_number(
    server: Sandbox, client: ChakraClient, by: str
) -> None:
    lead: dict[str, Any] = dict(client.list_processes("lead", None, limit=1).rows[0])
    name = lead["id"] if by == "id" else lead["data"]["lead_id"]
    client.whatsapp.send_for_process(PLUGIN_ID, ("lead", name), message("visit_reminder", by))
    last = server.arrived()[-1]
    assert last["to"] == re.sub(r"\D", "", lead["data"]["phone_number"])
    assert (last["process"], last["procedure"], last["text"]) == (lead["id"], "lead", f"Hi {by}")


def test_everything_that_a_template_can_hold_arrives(server: Sandbox, client: ChakraClient) -> None:
    send = client.whatsapp.send_to_number
    send(PLUGIN_ID, NUMBER, message("visit_details", "Mira", "Goa", header={"1": "Monday"}))
    assert (
        server.arrived()[-1]["text"] == "Hi Mira, we see you at Goa. Reply if that does not suit."
    )
    url = "https://acme.example.com/front.png"
    with_picture = message("brochure", "Ivo", image_url=url, buttons={"1": "42"}, language="en")
    send(PLUGIN_ID, NUMBER, with_picture)
    assert server.arrived()[-1]["body"]["imageUrl"] == url
    send(PLUGIN_ID, NUMBER, message("login_code", otp_code="123456"))
    assert server.arrived()[-1]["text"] == "123456 is your code."
    send(PLUGIN_ID, NUMBER, message("visit_reminder", "मीरा", language="hi"))
    assert server.arrived()[-1]["text"] == "नमस्ते मीरा"
    send(PLUGIN_ID, NUMBER, message("welcome", place=Place("18.5", "73.8", "Acme", "Pune")))
    body = server.arrived()[-1]["body"]
    assert (body["locationLatitude"], body["locationName"]) == ("18.5", "Acme")
    assert "mapping" not in body


@pytest.mark.parametrize("answered", ["chakra", "meta"])
def test_a_message_passes_through_to_meta(
    server: Sandbox, client: ChakraClient, answered: str
) -> None:
    server.knobs(through_answer=answered)
    sent = client.whatsapp.send(THROUGH, text())
    last = server.arrived()[-1]
    assert (last["way"], last["to"], last["text"]) == ("pass_through", NUMBER, "Hello")
    assert sent.whatsapp_id == last["whatsapp_id"]
    by_template = {
        **text(),
        "type": "template",
        "template": {
            "name": "visit_reminder",
            "language": {"code": "en"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": "Asha"}]}],
        },
    }
    client.whatsapp.send(THROUGH, by_template)
    assert server.arrived()[-1]["text"] == "Hi Asha"


def test_a_message_that_is_answered_without_an_id_was_sent(
    server: Sandbox, client: ChakraClient
) -> None:
    server.knobs(message_answer="empty")
    before = len(server.arrived())
    sent = client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, message("welcome"))
    assert (sent.message_id, sent.whatsapp_id, sent.text) == (None, None, "")
    assert client.whatsapp.send(THROUGH, text()).whatsapp_id is None
    assert len(server.arrived()) == before + 2


@pytest.mark.parametrize(
    "wrong",
    [
        (("no_such",), 132001, "does not exist"),
        (("spring_offer", "x"), 132001, "does not exist"),
        (("loud_offer", "x"), 132001, "does not exist"),
        (("old_offer", "x"), 132015, "paused"),
        (("visit_reminder",), 132000, r"\(0\) does not match the expected number of params \(1\)"),
        (("visit_reminder", "a", "b"), 132000, r"\(2\)"),
        (("visit_reminder", " "), 131008, "missing text"),
        (("visit_reminder", "a\nb"), 132018, "new-line"),
        (("visit_reminder", "x" * 1100), 132005, "1024"),
        (("visit_details", "a", "b"), 132000, "header"),
        (("brochure", "a"), 132012, "IMAGE"),
    ],
)
@pytest.mark.parametrize("form", ["meta", "envelope"])
def test_what_meta_refuses_is_refused_with_its_code_and_nothing_is_sent(
    server: Sandbox, client: ChakraClient, wrong: tuple[tuple[str, ...], int, str], form: str
) -> None:
    template, code, said = wrong
    server.knobs(message_errors=form)
    before = len(server.arrived())
    kind = RefusedByMeta if form == "meta" else (BadRequest, NotFound)
    with pytest.raises(kind, match=said) as caught:
        client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, message(*template))
    assert f"{code}" in str(caught.value)
    if isinstance(caught.value, RefusedByMeta):
        assert caught.value.error.code == code
    assert len(server.arrived()) == before
    assert len(server.requests()) == 1


@pytest.mark.parametrize(("status", "code"), [("PAUSED", 132015), ("DISABLED", 132016)])
def test_a_template_that_meta_stops_is_refused_until_it_lets_it_go(
    server: Sandbox, client: ChakraClient, status: str, code: int
) -> None:
    server.review("welcome", status)
    with pytest.raises(RefusedByMeta) as caught:
        client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, message("welcome"))
    assert caught.value.error.code == code
    server.review("welcome", "APPROVED")
    assert client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, message("welcome")).message_id


@pytest.mark.parametrize("number", ["+15550100017", "0155501000", "12", "1" * 16, "1555 0100"])
def test_a_number_of_the_wrong_form_is_refused_and_not_repeated_in_the_error(
    client: ChakraClient, number: str
) -> None:
    with pytest.raises(RefusedByMeta) as caught:
        client.whatsapp.send_to_number(PLUGIN_ID, number, message("welcome"))
    assert caught.value.error.code == 131009
    assert number not in str(caught.value)


def test_other_refusals_say_whose_they_are(client: ChakraClient) -> None:
    with pytest.raises(NotFound, match="No plugin"):
        client.whatsapp.send_to_number("other", NUMBER, message("welcome"))
    with pytest.raises(RefusedByMeta, match="does not exist") as caught:
        client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, TemplateMessage("99", "welcome"))
    assert (caught.value.error.code, caught.value.error.subcode) == (100, 33)
    with pytest.raises(NotFound, match="No process"):
        client.whatsapp.send_for_process(PLUGIN_ID, ("lead", "nobody"), message("welcome"))
    with pytest.raises(RefusedByMeta, match="2500"):
        client.whatsapp.send(Sender(PLUGIN_ID, "latest", PHONE_NUMBER_ID), text())
    without_phone = str(client.list_processes("ticket", None, limit=1).rows[0]["id"])
    with pytest.raises(BadRequest, match="no phone number"):
        client.whatsapp.send_for_process(PLUGIN_ID, ("ticket", without_phone), message("welcome"))


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("way", ["process", "number", "pass_through"])
def test_a_message_whose_answer_is_lost_is_sent_once_and_said_to_be_perhaps(
    server: Sandbox, client: ChakraClient, kind: str, way: str
) -> None:
    before = len(server.arrived())
    server.knobs(faults=[{"kind": kind, "every_nth": 1, "match": "messages?$"}])
    with pytest.raises(AnswerLost, match="It may have been sent"):
        send(client, way)
    assert len(server.arrived()) == before + 1
    assert len([each for each in server.requests() if each["method"] == "POST"]) == 1


@pytest.mark.parametrize("way", ["process", "number", "pass_through"])
def test_a_message_that_was_turned_away_is_sent_again_once(
    server: Sandbox, client: ChakraClient, way: str
) -> None:
    """429: nothing was done."""
    before = len(server.arrived())
    server.knobs(rate_limit_rps=20, rate_limit_burst=1)
    for _ in range(4):
        send(client, way)
    assert len(server.arrived()) == before + 4


def test_errors_in_a_good_answer_mean_that_it_was_not_sent(
    server: Sandbox, client: ChakraClient
) -> None:
    before = len(server.arrived())
    server.knobs(faults=[{"kind": "errors_in_200", "every_nth": 1}])
    with pytest.raises(ReportedErrors):
        send(client, "number")
    assert len(server.arrived()) == before
    assert len(server.requests()) == 1


def send(client: ChakraClient, way: str) -> None:
    if way == "process":
        client.whatsapp.send_for_process(PLUGIN_ID, ("lead", "L-000001"), message("welcome"))
    elif way == "number":
        client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, message("welcome"))
    else:
        client.whatsapp.send(THROUGH, text())


def test_a_message_leaves_only_if_it_may_when_its_turn_has_come(
    server: Sandbox, client: ChakraClient
) -> None:
    def no() -> None:
        raise InterruptedError("quiet hours")

    before = len(server.arrived())
    with pytest.raises(InterruptedError):
        client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, message("welcome"), no)
    assert len(server.arrived()) == before
    assert server.requests() == []


def test_roles_hold_for_messages_and_templates(server: Sandbox) -> None:
    reader, user = (client_of(server, key=f"sandbox-{who}-key") for who in ("readonly", "user"))
    before = len(server.arrived())
    for way in ("process", "number", "pass_through"):
        with pytest.raises(NoAccess):
            send(reader, way)
    for way in ("number", "pass_through"):
        with pytest.raises(NoAccess):
            send(user, way)
    with pytest.raises(NoAccess):
        user.templates.create(OWNER, {"name": "x"})
    with pytest.raises(NoAccess):
        client_of(server, key="sandbox-forbidden-key").templates.list_all(OWNER)
    with pytest.raises(NoAccess):
        client_of(server, key="sandbox-lead-only-key").whatsapp.send_for_process(
            PLUGIN_ID, ("ticket", "1"), message("welcome")
        )
    assert len(server.arrived()) == before
    own = str(user.list_processes("lead", None, limit=1).rows[0]["id"])
    user.whatsapp.send_for_process(PLUGIN_ID, ("lead", own), message("welcome"))
    assert len(server.arrived()) == before + 1


@pytest.mark.parametrize("answers", ["meta", "wrapped"])
@pytest.mark.parametrize("paging", ["next_url", "cursors"])
@pytest.mark.parametrize("size", [1, 2, 3, 9, 100])
def test_all_templates_are_listed_however_they_are_paged(
    server: Sandbox, client: ChakraClient, answers: str, paging: str, size: int
) -> None:
    server.knobs(template_answers=answers, template_paging=paging, template_page_size=size)
    listed = client.templates.list_all(OWNER)
    assert [each.row for each in listed.templates] == server.arrived("templates")
    assert listed.unsure == ()
    first = listed.templates[0]
    assert (first.name, first.language, first.status) == ("visit_reminder", "en", "APPROVED")
    assert [part["type"] for part in first.components] == ["BODY"]


@pytest.mark.parametrize("answers", ["meta", "wrapped"])
def test_a_template_is_created_reviewed_used_and_changed(
    server: Sandbox, client: ChakraClient, answers: str
) -> None:
    server.knobs(template_answers=answers)
    name = f"new_{answers}"
    body: dict[str, Any] = {
        "name": name,
        "language": "en_US",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Dear {{1}}"}],
    }
    made = client.templates.create(OWNER, body)
    assert (made.name, made.status, made.category) == (name, "PENDING", "UTILITY")
    with pytest.raises(RefusedByMeta) as caught:
        client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, message(name, "Mira"))
    assert caught.value.error.code == 132001
    server.review(name, "APPROVED")
    client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, message(name, "Mira"))
    assert server.arrived()[-1]["text"] == "Dear Mira"
    with pytest.raises(RefusedByMeta, match="already") as caught:
        client.templates.create(OWNER, body)
    assert caught.value.error.subcode == 2388024
    server.knobs(template_review="approved")
    changed = {"components": [{"type": "BODY", "text": "Good day {{1}}"}]}
    assert client.templates.update("v19.0", str(made.template_id), changed) is True
    client.whatsapp.send_to_number(PLUGIN_ID, NUMBER, message(name, "Ivo"))
    assert server.arrived()[-1]["text"] == "Good day Ivo"


@pytest.mark.parametrize("kind", LOST)
def test_a_template_whose_answer_is_lost_is_not_made_twice(
    server: Sandbox, client: ChakraClient, kind: str
) -> None:
    server.knobs(faults=[{"kind": kind, "every_nth": 1, "match": "POST"}])
    body = {
        "name": f"lost_{kind}",
        "language": "en",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hi"}],
    }
    with pytest.raises(AnswerLost, match="list the templates"):
        client.templates.create(OWNER, body)
    assert len([each for each in server.requests() if each["method"] == "POST"]) == 1
    named = [each.name for each in client.templates.list_all(OWNER).templates]
    assert named.count(f"lost_{kind}") == 1


def test_media_are_uploaded_and_can_be_read_by_anybody_who_has_the_address(
    server: Sandbox, client: ChakraClient
) -> None:
    body = bytes(range(256)) * 3 + b"\r\n--chakra\r\n"
    media = client.whatsapp.upload_media(
        PLUGIN_ID, Upload.of_bytes('fr"ont.png', "image/png", body)
    )
    [held] = [each for each in server.arrived("media") if each["url"] == media.url]
    assert (held["bytes"], held["content_type"]) == (len(body), "image/png")


@pytest.mark.parametrize("kind", LOST)
def test_an_upload_of_media_is_repeated_until_its_address_is_known(
    server: Sandbox, client: ChakraClient, kind: str
) -> None:
    server.knobs(faults=[{"kind": kind, "at": [1]}])
    media = client.whatsapp.upload_media(PLUGIN_ID, Upload.of_bytes("a.png", "image/png", b"png"))
    assert media.url in {each["url"] for each in server.arrived("media")}
