"""What becomes of values that are written: types, nulls, unknown attributes (Q27, Q28)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from chakra_sandbox import exact_json
from chakra_sandbox.messages import Rejection, Row
from chakra_sandbox.rows.model import IN_MILLISECONDS
from chakra_sandbox.rows.moments import SECOND_MS, parse_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_sandbox.knobs import Knobs
    from chakra_sandbox.rows.model import Attribute, Model

_INTEGERS = frozenset({"integer", "number", "integerId", "integerEnum", "date", "time", "datetime"})
_FLOATS = frozenset({"float", "decimal", "floatEnum"})
_LISTS = frozenset(
    {"multiStringEnum", "multiIntegerEnum", "multiFloatEnum", "multiString", "multiPhotos",
     "multiDocuments", "multiExternalObject", "multiCustomObject", "geolocation",
     "process collection", "task collection", "record collection"}
)  # fmt: skip
_OPEN = frozenset(
    {"json", "externalObject", "customObject", "googleAddress", "booking", "cart", "monthOfYear"}
)
_NUMBERS = (int, float, Decimal)
_SCALARS = (str, *_NUMBERS)
_TRUTHS: Mapping[str, bool] = {"true": True, "false": False}


def clean_data(model: Model, knobs: Knobs, data: object) -> Row:
    """Return `data` as it is to be stored; null stands for an attribute to clear.

    Raises:
        Rejection: 400, naming the attribute.
    """
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Rejection(400, "data is an object of attributes")
    by_id: dict[str, str] = {attribute.id: attribute.short_id for attribute in model.attributes}
    made: Row = {}
    for sent, value in data.items():
        key = by_id.get(str(sent), str(sent))
        if value is None and knobs.null_write == "error":
            raise Rejection(400, f"{key} must not be null")
        if value is None and knobs.null_write == "ignored":
            continue
        if _keeps(model, knobs, key):
            made[key] = _clean(model.attribute(key), knobs, key, value)
    return made


def _keeps(model: Model, knobs: Knobs, key: str) -> bool:
    if any(derived.short_id == key for derived in model.derived):
        raise Rejection(400, f"{key} is derived and cannot be written")
    if model.attribute(key) is not None or knobs.unknown_attribute == "stored":
        return True
    if knobs.unknown_attribute == "error":
        raise Rejection(400, f"{model.short_id} has no attribute {key}")
    return False


def _clean(attribute: Attribute | None, knobs: Knobs, key: str, value: object) -> object:
    value = normalised(value, knobs)
    if value is None or attribute is None or knobs.type_check == "none":
        return value
    fits, coerced = _fit(attribute.type_name, value)
    if not fits or (knobs.type_check == "strict" and coerced is not value):
        raise Rejection(400, f"{key} is {attribute.type_name}, which {value!r} is not")
    return in_milliseconds(coerced, knobs) if attribute.type_name in IN_MILLISECONDS else coerced


def in_milliseconds(value: object, knobs: Knobs) -> object:
    """Return an instant as it is stored, of one in the unit that the account speaks."""
    if isinstance(value, int) and not isinstance(value, bool) and knobs.timestamp_format == "s":
        return value * SECOND_MS
    return value


def normalised(value: object, knobs: Knobs) -> object:
    """Return a value as the account keeps it (knob `normalise`); only strings change."""
    if not isinstance(value, str):
        return value
    changes: Mapping[str, Callable[[str], str]] = {
        "trim": str.strip,
        "lower": str.lower,
        "drop_plus": lambda text: text.removeprefix("+"),
    }
    for name in knobs.normalise:
        value = changes[name](value)
    return value


def _fit(type_name: str, value: object) -> tuple[bool, object]:
    """Return whether a value fits a type, and it in that type."""
    if type_name in _INTEGERS or type_name in _FLOATS:
        return _fit_number(value, whole=type_name in _INTEGERS)
    if type_name == "boolean":
        truth = _TRUTHS.get(value.lower()) if isinstance(value, str) else value
        return isinstance(truth, bool), truth
    if type_name in _LISTS:
        return isinstance(value, list), value
    if type_name == "datetimeISO8601":
        return isinstance(value, str) and (not value or parse_iso(value) is not None), value
    return type_name in _OPEN or isinstance(value, _SCALARS), _text(type_name, value)


def _text(type_name: str, value: object) -> object:
    is_number = isinstance(value, _NUMBERS) and not isinstance(value, bool)
    return str(value) if is_number and type_name not in _OPEN else value


def _fit_number(value: object, *, whole: bool) -> tuple[bool, object]:
    if isinstance(value, bool):
        return False, value
    if isinstance(value, str):
        try:
            value = _exact(value)
        except ArithmeticError:
            return False, value
    if isinstance(value, float | Decimal) and whole:
        is_whole = value == value // 1
        return is_whole, _exact(str(int(value))) if is_whole else value
    return isinstance(value, _NUMBERS), value


def _exact(text: str) -> object:
    """The number that a text spells: an integer or a float where one holds it, else its digits.

    Raises:
        ArithmeticError: It spells none.
    """
    digits = Decimal(text)
    if not digits.is_finite():
        raise ArithmeticError(text)
    return exact_json.loads(str(digits).encode())
