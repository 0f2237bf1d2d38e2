"""Answers in Meta's form: what was refused, what may have been sent, what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chakra_api.endpoints.open_answers import open_meta, open_or_empty, open_plain
from chakra_api.errors import (
    BadRequest,
    ChakraError,
    NotFound,
    RefusedByMeta,
    ReportedErrors,
    ServerFault,
    Throttled,
    Unavailable,
    Unreadable,
    WrongKey,
)
from chakra_api.redaction import ApiKey
from chakra_api.wire.transport import Response
from tests.support.transport import answer, data

if TYPE_CHECKING:
    from collections.abc import Mapping

MISSING = {
    "message": "(#132001) Template name does not exist in the translation",
    "type": "OAuthException",
    "code": 132001,
    "error_data": {"messaging_product": "whatsapp", "details": "template name (x) does not exist"},
    "error_user_msg": "Choose another.",
    "error_subcode": 7,
}


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422])
def test_metas_refusal_keeps_its_code_whatever_the_status(status: int) -> None:
    with pytest.raises(RefusedByMeta, match=r"132001.*does not exist.*Choose") as caught:
        open_meta(answer(status, {"error": MISSING}), "a message")
    error = caught.value.error
    assert (error.code, error.subcode, error.for_user) == (132001, 7, "Choose another.")
    assert error.details == "template name (x) does not exist"
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": 130429}, Throttled),
        (400, {"code": 80007, "message": "slow"}, Throttled),
        (429, {"code": 131056}, Throttled),
        (500, MISSING, ServerFault),
        (503, {"code": 2}, Unavailable),
        (408, MISSING, ServerFault),
        (400, {"message": "no code"}, BadRequest),
        (400, {"code": True}, BadRequest),
        (401, {"message": "x"}, WrongKey),
        (404, "text", NotFound),
        (400, {"code": 100, "message": 5, "error_data": []}, RefusedByMeta),
    ],
)
def test_what_is_no_refusal_is_what_its_status_says(
    status: int, error: object, kind: type[ChakraError]
) -> None:
    with pytest.raises(kind) as caught:
        open_meta(answer(status, {"error": error}), "a message")
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (answer(200, b"<html>"), Unreadable),
        (answer(200, b""), Unreadable),
        (answer(200, b"[]"), Unreadable),
        (answer(200, {}), Unreadable),
        (answer(200, {"_data": None, "_errors": ["no"]}), ReportedErrors),
        (answer(200, {"_errors": ["no"]}), ReportedErrors),
    ],
)
def test_what_is_no_answer_may_have_been_carried_out(
    response: Response, kind: type[ChakraError]
) -> None:
    with pytest.raises(kind):
        open_meta(response, "a message")


@pytest.mark.parametrize("body", [{"success": True}, {"data": [], "paging": {}}, {"id": "1"}])
def test_an_answer_is_the_same_with_and_without_an_envelope(body: Mapping[str, object]) -> None:
    bare = open_meta(answer(200, body), "x")
    wrapped = open_meta(data(body), "x")
    assert bare.data == wrapped.data == body
    assert bare.server_time == wrapped.server_time is not None


def test_the_key_is_masked_in_what_meta_says() -> None:
    key = ApiKey("sk-a-secret-key-of-ours")
    body = f'{{"error": {{"code": 1, "message": "no {key.reveal()}"}}}}'.encode()
    with pytest.raises(RefusedByMeta) as caught:
        open_meta(Response(400, {}, body, key.redact), "a message")
    assert key.reveal() not in str(caught.value)
    assert key.reveal() not in caught.value.error.message


def test_a_plain_answer_may_be_anything_good() -> None:
    assert open_plain(answer(200, b"OK"), "x").data == {}
    assert open_plain(answer(204, b""), "x").data == {}
    assert open_plain(data({"status": "ok"}), "x").data == {"status": "ok"}
    assert open_plain(answer(200, {"up": True}), "x").data == {"up": True}
    with pytest.raises(ServerFault):
        open_plain(answer(500, b"OK"), "x")


def test_a_write_may_be_answered_with_nothing() -> None:
    assert open_or_empty(answer(200, b" "), "x").data == {}
    with pytest.raises(Unreadable):
        open_or_empty(answer(201, b""), "x")
