"""Encodes and decodes JSON of the wire: fast, and patient with what only JavaScript writes."""

from __future__ import annotations

import json

import orjson


def encode(value: object) -> bytes:
    """The JSON of a value; of integers beyond 64 bits, too."""
    try:
        return orjson.dumps(value)
    except TypeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        return text.encode(errors="replace")


def decode(body: bytes) -> object:
    """The value in a body of JSON.

    Half an emoji (a text that was cut in the middle of one) becomes U+FFFD, and NaN the text
    of its name: one odd value must not cost the whole page.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        value: object = json.loads(body.decode(), parse_constant=str)
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
