"""Encodes and decodes JSON of the wire: fast, and patient with what only JavaScript writes."""

from __future__ import annotations

import json

import orjson

from chakra_api.values import exact_json


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
    of its name: one odd value must not cost the whole page. A number that a double would round is
    a `Decimal`; integers are of any size.

    Raises:
        ValueError: It is no JSON.
    """
    if exact_json.is_plain(body):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    try:
        text = body.decode()
        value = json.loads(
            text,
            parse_int=exact_json.integer_of,
            parse_float=exact_json.number_of,
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
