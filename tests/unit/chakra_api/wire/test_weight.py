"""An answer with more values than there is room for is not parsed, whatever it weighs."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from chakra_api.errors import AnswerTooLarge, Boundless
from chakra_api.wire import weight
from chakra_api.wire.weight import (
    VALUE_BYTES,
    refuse_many_values,
    values_in,
    weight_of,
)

MANY = 15_010


@pytest.fixture(autouse=True)
def _fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight, "MOST_VALUES", 15_000)


@pytest.mark.parametrize("value", [b"{}", b"[]", b"1", b'""', b'{"a":1}', b"[[]]"])
@pytest.mark.parametrize("around", [b'{"_data":%s}', b'{"_data":[],"_errors":%s}', b"%s"])
def test_megabytes_of_values_are_refused(value: bytes, around: bytes) -> None:
    with pytest.raises(Boundless, match="more than 15,000, and was not read") as caught:
        refuse_many_values(around % (b"[" + b",".join([value] * MANY) + b"]"), None)
    assert "whether a proxy stands between" in caught.value.next_step


@pytest.mark.parametrize(
    "text", ["," * MANY, '",{[' * MANY, "\\" * MANY + "," * MANY, '\\",' * MANY, "é," * MANY]
)
def test_what_stands_in_a_text_is_no_value(text: str) -> None:
    body = json.dumps({"_data": [{"id": text, "createdAt": 1}]}, ensure_ascii=False).encode()
    refuse_many_values(body, None)
    assert values_in(body) == 4


def test_a_text_that_does_not_end_and_one_that_was_never_begun_are_counted_all_the_same() -> None:
    assert values_in(b'{"a":"' + b"," * 10) == 1
    assert values_in(b'[1,2]",') == 2
    assert values_in(b"") == 0


def test_a_reader_that_wants_less_is_told_what_it_would_weigh() -> None:
    body = b"[" + b",".join([b"[1,2]"] * 5_000) + b"]"
    refuse_many_values(body, 15_000 * VALUE_BYTES)
    with pytest.raises(AnswerTooLarge) as caught:
        refuse_many_values(body, 14_999 * VALUE_BYTES)
    assert caught.value.size == weight_of(body) == 15_000 * VALUE_BYTES


def test_usual_rows_weigh_their_bytes() -> None:
    row = {"id": "0d6c9a52-5f5e-4b9c-8a54-2f2b8d1e7c01", "team": "7b0e2c4d-91a3-4f57-8d2e",
           "status": "OPEN", "data": {"name": "Mira Rao, of Pune", "city": "pune"}}  # fmt: skip
    body = json.dumps({"_data": [row] * 100}).encode()
    assert weight_of(body) <= len(body) * 2


def test_to_count_needs_no_memory_to_speak_of() -> None:
    body = b"[" + b'"",' * (4 << 20) + b"0]"
    tracemalloc.start()
    try:
        assert values_in(body) == (4 << 20) + 1
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
