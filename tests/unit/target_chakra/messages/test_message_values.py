"""What a row may say in a message."""

from __future__ import annotations

import pytest

from chakra_api.values.writing import Unfit
from target_chakra.call_settings.brakes import Brakes
from target_chakra.messages.message_values import (
    write_code,
    write_degrees,
    write_message,
    write_parameter,
    write_plain_text,
    write_public_url,
)

Row = dict[str, object]


@pytest.mark.parametrize(
    ("value", "text"), [("Mira", "Mira"), (7, "7"), (7.0, "7"), (" a    b ", " a    b ")]
)
def test_a_parameter_is_a_text_on_one_line(value: object, text: str) -> None:
    assert write_parameter(value) == text


@pytest.mark.parametrize("value", ["a\nb", "a\tb", "a\r", "a     b", "  ", True, {"a": 1}, ["a"]])
def test_what_whatsapp_refuses_in_a_parameter_is_refused_here(value: object) -> None:
    assert isinstance(write_parameter(value), Unfit)


@pytest.mark.parametrize("value", ["https://x.example/a.png", " http://x.example/a?b=c "])
def test_a_public_address(value: str) -> None:
    assert write_public_url(value) == value.strip()


@pytest.mark.parametrize(
    "value", ["x.png", "ftp://x/y", "file:///etc/passwd", "https://", "https://a b", "http://[", 7]
)
def test_what_is_no_public_address(value: object) -> None:
    assert isinstance(write_public_url(value), Unfit)


def test_a_plain_text_has_an_end() -> None:
    assert write_plain_text("x" * 4096) == "x" * 4096
    assert isinstance(write_plain_text("x" * 4097), Unfit)
    assert isinstance(write_plain_text("\n "), Unfit)


TEXT: Row = {"to": "+91 98765 43210", "type": "text", "text": {"body": "Hi"}}


@pytest.mark.parametrize("value", [TEXT, '{"to":"+91 98765 43210","text":{"body":"Hi"}}'])
def test_a_whole_message_gets_what_it_leaves_out(value: object) -> None:
    assert write_message(value) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "919876543210",
        "type": "text",
        "text": {"body": "Hi"},
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"to": None}, "'to' that is missing"),
        ({"to": "0987654321"}, "begins with 0"),
        ({"messaging_product": "sms"}, "messaging_product"),
        ({"recipient_type": "group"}, "recipient_type"),
        ({"type": "image"}, "'type'"),
        ({"text": "Hi"}, "'type'"),
        ({"type": 7}, "'type'"),
    ],
)
def test_what_is_no_message(change: Row, said: str) -> None:
    found = write_message({**TEXT, **change})
    assert isinstance(found, Unfit)
    assert said in found.reason
    assert "98765" not in found.reason
    assert isinstance(write_message("Hi"), Unfit)
    assert isinstance(write_message([TEXT]), Unfit)


def test_patterns_allow_numbers() -> None:
    some = Brakes(allowed=("9199*", "1555010001?"))
    numbers = ["919912345678", "15550100017", "155501000170", "919812345678", "99199"]
    assert [each for each in numbers if some.allows(each)] == numbers[:2]
    assert all(Brakes().allows(each) for each in numbers)
    assert not any(Brakes(allowed=()).allows(each) for each in numbers)


@pytest.mark.parametrize(("value", "text"), [("A1b2", "A1b2"), (123456, "123456"), (" 1 ", "1")])
def test_a_code(value: object, text: str) -> None:
    assert write_code(value) == text


@pytest.mark.parametrize("value", ["", "a b", "x" * 16, "1-2", True, ["1"], "١٢"])
def test_what_is_no_code(value: object) -> None:
    assert isinstance(write_code(value), Unfit)


@pytest.mark.parametrize(
    ("value", "text"), [(18.52, "18.52"), ("-90", "-90"), (" 1e-7 ", "0.0000001"), (0, "0")]
)
def test_degrees_are_plain_numbers(value: object, text: str) -> None:
    assert write_degrees(90)(value) == text


@pytest.mark.parametrize("value", [90.01, "-91", "north", True, float("nan"), [1], ""])
def test_what_are_no_degrees(value: object) -> None:
    assert isinstance(write_degrees(90)(value), Unfit)
