"""One table: ChakraHQ's attribute types → JSON Schema, Arrow type by name, coercion (contract 6).

Type names are compared without case, spaces, hyphens and underscores. A type that is not in the
table falls back to its datatype, and without one to JSON text: it is never refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import (
    Coercer,
    enum_of,
    list_of,
    to_boolean,
    to_date,
    to_datetime,
    to_integer,
    to_json,
    to_number,
    to_reference,
    to_string,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class AttributeType:
    """An attribute type: how its values are stored.

    Attributes:
        name: As the account spells it.
        json_schema: Nullable JSON Schema of a stored value.
        arrow_name: Name of the Arrow type; `list<…>` for lists.
        coerce: Makes a value of the wire fit, or says that it doesn't.
        wire: Types that a value has on the wire by the documents; others were loose.
        passes: The type whose values are stored just as they come; None if there is none.
    """

    name: str
    json_schema: Mapping[str, object]
    arrow_name: str
    coerce: Coercer
    wire: tuple[type, ...] = ()
    passes: type | None = None


def _nullable(kind: str, **more: object) -> dict[str, object]:
    return {"type": [kind, "null"], **more}


_Stored = tuple[dict[str, object], str, Coercer, tuple[type, ...], type | None]

_ANY = (dict, list, str, int, float, bool)
_TIME_FORM = _nullable("string", format="date-time")

_STRING: _Stored = (_nullable("string"), "string", to_string, (str,), str)
_INTEGER: _Stored = (_nullable("integer"), "int64", to_integer, (int,), None)
_NUMBER: _Stored = (_nullable("number"), "float64", to_number, (int, float), None)
_BOOLEAN: _Stored = (_nullable("boolean"), "bool", to_boolean, (bool,), bool)
_DATE: _Stored = (_nullable("string", format="date"), "date32", to_date, (int,), None)
_DATETIME: _Stored = (_TIME_FORM, "timestamp", to_datetime, (int, str), None)
_JSON: _Stored = (_nullable("string"), "string", to_json, _ANY, None)
_REFERENCE: _Stored = (_nullable("string"), "string", to_reference, (str,), str)


def _enum(stored: _Stored) -> _Stored:
    return stored[0], stored[1], enum_of(stored[2]), stored[3], stored[4]


def _list(stored: _Stored) -> _Stored:
    schema, arrow, coerce, _, passes = stored
    form = _nullable("array", items=schema)
    return form, f"list<{arrow}>", list_of(coerce, passes), (list,), None


_TEXTS = (
    "string text name email phone stringid textarea booleantext url html username otp monthofyear"
    " photo audio document status"
)
_OBJECTS = (
    "googleaddress json externalobject multiexternalobject customobject multicustomobject booking"
    " cart"
)
_BY_NAME: Final[dict[str, _Stored]] = {
    **dict.fromkeys(_TEXTS.split(), _STRING),
    **dict.fromkeys(("user", "process", "record", "task", "state"), _REFERENCE),
    **dict.fromkeys(("integer", "number", "integerid", "time"), _INTEGER),
    **dict.fromkeys(("float", "decimal"), _NUMBER),
    "boolean": _BOOLEAN,
    "date": _DATE,
    **dict.fromkeys(("datetime", "datetimeiso8601"), _DATETIME),
    "stringenum": _enum(_STRING),
    "integerenum": _enum(_INTEGER),
    "floatenum": _enum(_NUMBER),
    "multistringenum": _list(_enum(_STRING)),
    "multiintegerenum": _list(_enum(_INTEGER)),
    "multifloatenum": _list(_enum(_NUMBER)),
    **dict.fromkeys(("multistring", "multiphotos", "multidocuments"), _list(_STRING)),
    **dict.fromkeys(("taskcollection", "recordcollection", "processcollection"), _list(_REFERENCE)),
    "geolocation": _list(_NUMBER),
    **dict.fromkeys(_OBJECTS.split(), _JSON),
}

_BY_DATATYPE: Final[dict[str, _Stored]] = {
    "string": _STRING,
    "integer": _INTEGER,
    "float": _NUMBER,
    "boolean": _BOOLEAN,
    "json": _JSON,
}


def attribute_type(type_name: str | None, datatype: str | None = None) -> AttributeType:
    """How an attribute of that type is stored.

    Args:
        type_name: The attribute type's name (`stringEnum`); None if the config does not say.
        datatype: Its datatype (`string`, `integer`, `float`, `boolean`, `json`).
    """
    stored = _BY_NAME.get(_folded(type_name))
    if stored is None:
        stored = _BY_DATATYPE.get(_folded(datatype), _JSON)
    return AttributeType(type_name or datatype or "unknown", *stored)


def is_choice(type_name: str) -> bool:
    """Whether values of an attribute type are one or several of the attribute's options."""
    return _folded(type_name).endswith("enum")


def _folded(name: str | None) -> str:
    return "".join(c for c in (name or "").lower() if c.isalnum())
