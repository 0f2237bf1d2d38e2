"""Makes a value fit its type where nothing is lost by it (contract 6, rules for values).

A coercer takes a value of the wire and returns the one to store: None where it is unset, the
value itself where it fits, another spelling of the same value (`"105"` → 105), or `MISFIT`.
It never raises and never rounds.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeAlias

import msgspec

from chakra_api.values import exact_json
from chakra_api.values.spelled import mark_nul, spelled_number, spelling_of, stripped, without_nul

Coercer: TypeAlias = Callable[[object], object]


class Misfit:
    """The type of `MISFIT`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISFIT"


MISFIT: Final = Misfit()
"""What a coercer returns for a value that does not fit: it belongs to `_extra_data`."""

INT64: Final = 2**63
EXACT_FLOATS: Final = 2.0**53
"""From here on a double does not hold every whole number."""
_INTEGER = re.compile(r"[+-]?\d{1,400}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LIST: Final = msgspec.json.Decoder(list[Any], float_hook=spelled_number)
_NUL_IN_JSON: Final = "\\u0000"
_BOOLEANS: Final[dict[object, bool]] = {"true": True, "false": False}


def to_string(value: object) -> object:
    """Text, without U+0000; a number becomes its digits as they came."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, str):
        return without_nul(value)
    if isinstance(value, bool):
        return MISFIT
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return spelling_of(value) if value.is_finite() else MISFIT
    return spelling_of(value) if isinstance(value, float) and math.isfinite(value) else MISFIT


def to_integer(value: object) -> object:
    """A whole number of 64 bits; `"105"` and 5.0 become one."""
    if type(value) is int:
        return value if -INT64 <= value < INT64 else MISFIT
    if value is None or value == "":
        return None
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return to_integer(int(value))
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_FLOATS:
        return int(value)
    return MISFIT


def to_number(value: object) -> object:
    """A number; text that spells one becomes it. What a float would round does not fit."""
    if type(value) is float:
        return value if math.isfinite(value) else MISFIT
    if value is None or value == "":
        return None
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else MISFIT
    if isinstance(value, int) and not isinstance(value, bool):
        is_small = -EXACT_FLOATS < value < EXACT_FLOATS
        return float(value) if is_small else _exact_float(str(value))
    if isinstance(value, str):
        text = value.strip()
        return _exact_float(text) if _NUMBER.fullmatch(text) else MISFIT
    return MISFIT


def _exact_float(text: str) -> object:
    """The double whose shortest spelling is the number of a text; a misfit if there is none."""
    number = exact_json.number_of(text)
    return number if isinstance(number, float) else MISFIT


def to_boolean(value: object) -> object:
    """True or false; so spelled, too."""
    if type(value) is bool:
        return value
    if value is None or value == "":
        return None
    return _BOOLEANS.get(value.strip().lower(), MISFIT) if isinstance(value, str) else MISFIT


def to_json(value: object) -> object:
    """Any value, as JSON text: a text becomes a quoted one, and U+0000 goes."""
    if value is None:
        return None
    text = json_text(value)
    return json_text(stripped(value)) if _NUL_IN_JSON in text else text


def json_text(value: object, *, plain: bool = False) -> str:
    """Any value of the wire as JSON text.

    Args:
        value: The value.
        plain: Whether equal numbers are spelled alike, however they came.
    """
    try:
        return exact_json.dumps(value, sort_keys=True, plain=plain).decode()
    except TypeError:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def to_reference(value: object) -> object:
    """An id; of an embedded object its `id`, which loses nothing only if that is all it holds."""
    if isinstance(value, dict) and set(value) == {"id"}:
        return to_string(value["id"])
    return to_string(value)


ENUM_FIELDS: Final = ("value", "shortId", "id", "key")


def enum_of(inner: Coercer) -> Coercer:
    """A choice: the scalar itself, or the first of value, shortId, id, key of an object.

    An object that holds more than that and its label is a misfit: its scalar would lose the rest.
    """

    def coerce(value: object) -> object:
        if not isinstance(value, dict):
            return inner(value)
        name = next((field for field in ENUM_FIELDS if value.get(field) is not None), None)
        if name is None or set(value) - {name, "label"}:
            return MISFIT
        return inner(value[name])

    return coerce


def list_of(inner: Coercer, passes: type | None = None) -> Coercer:
    """An array; JSON text of one, and a lone scalar, become it. One misfit makes all of it one.

    Args:
        inner: Makes an item fit.
        passes: The type whose items are stored just as they come; None if there is none.
    """

    def coerce(value: object) -> object:
        if type(value) is list and {passes}.issuperset(map(type, value)):
            return value
        if value is None or value == "":
            return None
        items = _items(value)
        if items is None:
            return MISFIT
        coerced = list(map(inner, items))
        return MISFIT if MISFIT in coerced else coerced

    return coerce


def _items(value: object) -> list[object] | None:
    if isinstance(value, list):
        return value
    if isinstance(value, str) and value[:1] == "[":
        try:
            parsed = _LIST.decode(value)
        except (msgspec.MsgspecError, RecursionError):
            return None
        marked = mark_nul(parsed)
        return marked if isinstance(marked, list) else None
    return None if isinstance(value, dict) else [value]
