"""Of an answer whose rows are read in part, everything else is as of one that is read whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.endpoints.row_heads import open_heads
from chakra_api.errors import ChakraError
from chakra_api.wire.envelope import Envelope, open_envelope
from chakra_api.wire.transport import Response
from tests.support.json_values import values

HEAD = ("id", "createdAt", "updatedAt")
rows = st.dictionaries(st.sampled_from([*HEAD, "data", "status"]), values, max_size=5)
bodies = (
    st.fixed_dictionaries(
        {},
        optional={
            "_data": st.lists(rows, max_size=3) | values,
            "_meta": st.fixed_dictionaries({"hasMore": st.booleans() | values}) | values,
            "_errors": st.just([]) | st.none() | values,
            "message": values,
        },
    )
    | values
)


def opened(how: Any, response: Response) -> Envelope | str:
    try:
        envelope: Envelope = how(response, "it")
    except ChakraError as error:
        return f"{type(error).__name__}: {error}"
    return envelope


def answer(body: bytes, status: int = 200) -> Response:
    return Response(status, {"date": "Thu, 26 Nov 2026 10:00:00 GMT"}, body)


@given(bodies, st.sampled_from([200, 200, 200, 204, 400, 429, 500]))
def test_all_but_the_fields_passed_over_is_the_same(body: object, status: int) -> None:
    response = answer(json.dumps(body, ensure_ascii=False).encode(errors="replace"), status)
    whole, heads = opened(open_envelope, response), opened(open_heads, response)
    if isinstance(whole, str) or isinstance(heads, str):
        assert heads == whole
        return
    assert (heads.meta, heads.server_time, heads.body) == (
        whole.meta,
        whole.server_time,
        response.body,
    )
    assert isinstance(whole.data, list) == isinstance(heads.data, list)
    if isinstance(whole.data, list) and isinstance(heads.data, list):
        for row, head in zip(whole.data, heads.data, strict=True):
            assert head == row or head == {name: row[name] for name in HEAD if name in row}


def test_what_a_scan_does_not_decide_by_is_not_read() -> None:
    row = {"id": "a", "createdAt": 1, "updatedAt": None, "data": {"b": 1}, "status": "OPEN"}
    envelope = open_heads(answer(json.dumps({"_data": [row]}).encode()), "it")
    assert envelope.data == [{"id": "a", "createdAt": 1, "updatedAt": None}]


@pytest.mark.parametrize(
    "value", [b'"\\ud83d"', b"NaN", b"1e400", b"[" * 400 + b"]" * 400], ids=lambda value: value[:9]
)
def test_an_odd_value_in_a_field_that_is_passed_over_costs_nothing(value: bytes) -> None:
    response = answer(b'{"_data":[{"id":"a","data":' + value + b"}]}")
    (row,) = open_heads(response, "it").data  # type: ignore[misc]
    assert row["id"] == "a"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, {"a": 1}, [1]], ids=repr)
def test_what_no_scan_can_decide_by_is_read_as_in_a_whole_row(value: object) -> None:
    body = json.dumps({"_data": [{"id": value, "data": 1}]}).encode()
    assert open_heads(answer(body), "it") == open_envelope(answer(body), "it")


@pytest.mark.parametrize(
    "body", [b'{"_data":[{"id":"a","x":"\xff"}]}', b'{"_data":[{"id":"a"}', b""]
)
def test_a_damaged_answer_is_refused_as_ever(body: bytes) -> None:
    assert opened(open_heads, answer(body)) == opened(open_envelope, answer(body))
    assert isinstance(opened(open_heads, answer(body)), str)
