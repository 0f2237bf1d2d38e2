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
from typing import Final, TypeAlias

import orjson

from chakra_api.values import exact_json
from chakra_api.values.timestamps import USUAL_FROM, USUAL_UNTIL, iso_day, iso_ms, parse_timestamp

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
DAY_MS: Final = 86_400_000
_STORED: Final = len("2026-01-05T09:15:00.123Z")
_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ZONES: Final = frozenset("Z+-")
_SUB_MS = re.compile(r"[.,]\d{3}\d*[1-9]", re.ASCII)
_BOOLEANS: Final[dict[object, bool]] = {"true": True, "false": False}


def to_string(value: object) -> object:
    """Text; a number becomes its shortest spelling."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, bool):
        return MISFIT
    if isinstance(value, (int, Decimal)):
        return str(value)
    return repr(value) if isinstance(value, float) and math.isfinite(value) else MISFIT


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
    if isinstance(value, int) and not isinstance(value, bool):
        return _exact_float(str(value))
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


def to_datetime(value: object) -> object:
    """Epoch milliseconds, or ISO 8601, as `2026-01-05T09:15:00.123Z`; finer times do not fit."""
    if type(value) is int and USUAL_FROM <= value < USUAL_UNTIL:
        return iso_ms(value)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or _finer_than_ms(value):
        return MISFIT
    if value == 0:
        return iso_ms(0)
    instant = parse_timestamp(value)
    if instant is None:
        return MISFIT
    return value if _is_stored_form(value) else iso_ms(instant)


def _is_stored_form(value: object) -> bool:
    """Whether a time is spelled as `iso_ms` spells it."""
    if type(value) is not str or len(value) != _STORED:
        return False
    return value[10] == "T" and value[19] == "." and value[-1] == "Z"


def _finer_than_ms(value: object) -> bool:
    if isinstance(value, str):
        # A zone at the place where it stands behind three digits leaves no room for a fourth.
        if value[23:24] in _ZONES and value[19:20] == ".":
            return False
        return _SUB_MS.search(value) is not None
    return isinstance(value, float) and not value.is_integer()


def to_date(value: object) -> object:
    """Epoch milliseconds of a midnight (UTC), or an ISO date, as `2026-01-05`."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return MISFIT
    if isinstance(value, str) and _DATE.fullmatch(value):
        return value if parse_timestamp(value) is not None else MISFIT
    if value == 0:
        return "1970-01-01"
    instant = parse_timestamp(value)
    if instant is None or instant % DAY_MS:
        return MISFIT
    return iso_day(instant // DAY_MS)


def to_json(value: object) -> object:
    """Any value, as JSON text: a text becomes a quoted one."""
    return None if value is None else json_text(value)


def json_text(value: object) -> str:
    """Any value of the wire as JSON text."""
    try:
        return exact_json.dumps(value, sort_keys=True).decode()
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
            parsed = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
        return parsed if isinstance(parsed, list) else None
    return None if isinstance(value, dict) else [value]
