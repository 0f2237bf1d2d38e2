"""Every answer is taken apart once: good data, or the error that says what to do next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import (
    AnswerLost,
    BadRequest,
    ChakraError,
    Conflict,
    NoAccess,
    NotFound,
    Redirected,
    ReportedErrors,
    ServerFault,
    SettingsError,
    Throttled,
    TooLarge,
    Unavailable,
    Unreadable,
    WrongKey,
)
from chakra_api.redaction import ApiKey
from chakra_api.wire.envelope import open_envelope, open_rows, retry_after_of
from chakra_api.wire.transport import Response
from tests.support.echoes import FORMS, gives_away
from tests.support.transport import DATE, answer, data

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, WrongKey),
        (403, NoAccess),
        (404, NotFound),
        (409, Conflict),
        (413, TooLarge),
        (418, BadRequest),
        (422, BadRequest),
        (429, Throttled),
        (408, ServerFault),
        (425, ServerFault),
        (500, ServerFault),
        (502, ServerFault),
        (503, Unavailable),
        (302, Redirected),
        (102, Unreadable),
    ],
)
def test_each_status_is_sorted_by_what_to_do_next(status: int, kind: type[ChakraError]) -> None:
    with pytest.raises(ChakraError) as caught:
        open_envelope(answer(status, {"_errors": ["no"]}), "the thing")
    assert type(caught.value) is kind
    assert "the thing" in str(caught.value)


@pytest.mark.parametrize(
    ("errors", "shown"),
    [
        (["Invalid filter"], "Invalid filter"),
        ([{"message": "Invalid filter"}], "Invalid filter"),
        ([{"code": 7}], "7"),
        ([{"odd": 1}], '{"odd":1}'),
        ("Invalid filter", "Invalid filter"),
    ],
)
def test_errors_in_any_shape_are_shown(errors: object, shown: str) -> None:
    with pytest.raises(ReportedErrors) as caught:
        open_envelope(answer(200, {"_data": [], "_errors": errors}), "the thing")
    assert shown in caught.value.messages


@pytest.mark.parametrize(
    "body", [{"error": {"message": "broken"}}, {"error": "broken"}, {"message": "broken"}]
)
def test_errors_in_metas_style_are_shown(body: object) -> None:
    with pytest.raises(BadRequest, match="broken"):
        open_envelope(answer(400, body), "the thing")


@pytest.mark.parametrize(
    "body",
    [b"<html><title>Log in</title></html>", b"", b'{"_data": [', b"[1]", b'{"x": 1}', b"null"],
)
def test_what_is_not_chakrahqs_says_so_and_names_the_setting(body: bytes) -> None:
    with pytest.raises(Unreadable, match="api_url"):
        open_envelope(answer(200, body), "the thing")


def test_the_title_of_a_page_is_quoted() -> None:
    with pytest.raises(Unreadable, match="Log in"):
        open_envelope(answer(200, b"<html><title>Log in</title>"), "the thing")


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"_data": [{"email": "asha@example.com", "x', "breaks off after 43 bytes"),
        (b' [{"email": "asha@example.com"}', "breaks off after 31 bytes"),
        (b'[{"email": "asha@example.com"}]', "a JSON array"),
        (b'{"rows": [{"t": "<title>asha</title>"}], "total": 1}', "a JSON object with rows, total"),
        (b"{}", "a JSON object with nothing in it"),
    ],
)
def test_rows_are_not_quoted(body: bytes, said: str, status: int) -> None:
    with pytest.raises(ChakraError) as caught:
        open_envelope(answer(status, body), "the thing")
    assert "asha" not in str(caught.value)
    if status == 200:
        assert said in str(caught.value)


@given(st.binary(max_size=300), st.integers(100, 599))
def test_no_answer_whatever_is_anything_but_data_or_our_error(body: bytes, status: int) -> None:
    try:
        envelope = open_envelope(answer(status, body), "the thing")
    except ChakraError as error:
        assert error.cause  # noqa: PT017 - either end is right
    else:
        assert status // 100 == 2
        assert envelope is not None


def test_an_answer_that_may_have_been_applied_is_told_from_one_that_was_not() -> None:
    assert not issubclass(Throttled, AnswerLost)
    assert issubclass(ServerFault, AnswerLost)
    assert issubclass(Unreadable, AnswerLost)


def test_good_data_comes_with_meta_and_the_servers_time() -> None:
    envelope = open_envelope(data([1], hasMore=True), "the thing")
    assert (envelope.data, envelope.meta) == ([1], {"hasMore": True})
    assert envelope.server_time == 1_793_872_800_000


def test_a_key_that_comes_back_in_an_answer_is_not_quoted() -> None:
    key = ApiKey("sk-very/secret+key==")
    page = f"<title>{'x' * 190} Bearer {key.reveal()}</title>".encode()
    errors = orjson.dumps({"_data": [], "_errors": [f"bad header {key.reveal()}"]})
    for status, body in [(200, page), (502, page), (401, errors), (200, errors)]:
        response = Response(status, {"location": key.reveal()}, body, key.redact)
        with pytest.raises(ChakraError) as caught:
            open_envelope(response, "the thing")
        shown = f"{caught.value} {getattr(caught.value, 'messages', '')}"
        assert "sk-very" not in shown


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_the_key_is_masked_in_every_text_of_an_answer_but_in_rows(
    form: Callable[[str], str],
) -> None:
    key = ApiKey("sk-very/secret+key==")
    echo = form(key.reveal())
    entry = {"completionStatus": "ERROR", "statusMessage": f"no: {echo}", "n": 1, echo: [None]}
    body = orjson.dumps({"_data": [entry], "_meta": {"next": f"/v1?{echo}", "count": 3}})
    response = Response(200, {}, body, key.redact)
    opened = open_envelope(response, "the entries")
    assert not gives_away(json.dumps([opened.data, opened.meta]), key.reveal())
    assert not opened.body
    first = opened.data[0] if isinstance(opened.data, list) else {}
    assert (first["completionStatus"], first["n"], opened.meta["count"]) == ("ERROR", 1, 3)
    assert open_rows(response, "rows").data == [entry]


def test_a_redirect_does_not_quote_the_key() -> None:
    key = ApiKey("sk-very/secret+key==")
    response = Response(302, {"location": f"https://x/?k={key.reveal()}"}, b"", key.redact)
    with pytest.raises(SettingsError, match="api_url") as caught:
        open_envelope(response, "the thing")
    assert "sk-very" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'{"_data": ["cut \ud83d"]}', ["cut \ufffd"]),
        (rb'{"_data": [NaN, -Infinity]}', ["NaN", "-Infinity"]),
        (rb'{"_data": {"\udc00": 1}}', {"\ufffd": 1}),
    ],
)
def test_one_odd_value_does_not_cost_the_page(body: bytes, value: object) -> None:
    assert open_envelope(answer(200, body), "the thing").data == value


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Thu, 05 Nov 2026 10:00:30 GMT", 30.0),
        ("Thu, 05 Nov 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str, seconds: float | None) -> None:
    """A date is measured against the answer's own Date, not against our clock."""
    assert retry_after_of({"retry-after": header, "date": DATE}) == seconds
