"""Encodes and decodes JSON of the wire: fast, and patient with what only JavaScript writes."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from chakra_api.values import exact_json
from chakra_api.values.spelled import mark_nul, spelled_number, spells_nul

_DECODER: Final = msgspec.json.Decoder(Any, float_hook=spelled_number)


def encode(value: object) -> bytes:
    """The JSON of a value, numbers to the last digit."""
    try:
        return exact_json.dumps(value)
    except TypeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        return text.encode(errors="replace")


def decode(body: bytes) -> object:
    """The value in a body of JSON.

    Half an emoji (a text that was cut in the middle of one) becomes U+FFFD, and NaN the text
    of its name: one odd value must not cost the whole page. Integers are of any size, other numbers
    keep their spelling, and a text with U+0000 is told from others: see `values/spelled.py`.

    Raises:
        ValueError: It is no JSON.
    """
    value = _decoded(body)
    return mark_nul(value) if spells_nul(body) else value


def _decoded(body: bytes) -> object:
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass  # read it with patience
    try:
        text = body.decode()
        value = json.loads(
            text,
            parse_int=exact_json.integer_of,
            parse_float=spelled_number,
            parse_constant=str,
        )
        return _whole(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _whole(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return value
