"""One table: ChakraHQ's attribute types → JSON Schema, Arrow type by name, coercion (contract 6).

Type names are compared without case, spaces, hyphens and underscores. A type that is not in the
table falls back to its datatype, and without one to JSON text: it is never refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import (
    Coercer,
    enum_of,
    list_of,
    to_boolean,
    to_integer,
    to_json,
    to_number,
    to_reference,
    to_string,
)
from chakra_api.values.spelled import SpelledDecimal, SpelledFloat
from chakra_api.values.time_reading import date_reader, time_reader
from chakra_api.values.times import UTC

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_api.values.times import Times


@dataclass(frozen=True, slots=True)
class Family:
    """What the types of one kind have in common.

    Attributes:
        name: What its values are called in messages, `integer`.
        json_schema: Nullable JSON Schema of a stored value.
        arrow_name: Name of the Arrow type; `list<…>` for lists.
        reads: Makes what reads its values in an account; see `AttributeType.reader`.
        wire: Types that a value has on the wire by the documents; others were loose.
        passes: The type whose values are stored just as they come; None if there is none.
        item: The family of its items, if its values are arrays.
        is_choice: Whether its values are options of the attribute.
    """

    name: str
    json_schema: Mapping[str, object]
    arrow_name: str
    reads: Callable[[Times], Coercer]
    wire: tuple[type, ...] = ()
    passes: type | None = None
    item: Family | None = None
    is_choice: bool = False


@dataclass(frozen=True, slots=True)
class AttributeType:
    """How values of a type are stored.

    Attributes:
        name: As the account spells it.
        family: What its values are.
    """

    name: str
    family: Family

    @property
    def json_schema(self) -> Mapping[str, object]:
        """Nullable JSON Schema of a stored value."""
        return self.family.json_schema

    @property
    def arrow_name(self) -> str:
        """Name of the Arrow type; `list<…>` for lists."""
        return self.family.arrow_name

    def reader(self, times: Times = UTC) -> Coercer:
        """What makes a value of the wire fit, or says that it doesn't.

        Args:
            times: What times mean in the account.
        """
        return self.family.reads(times)

    @property
    def wire(self) -> tuple[type, ...]:
        """Types that a value has on the wire by the documents; others were loose."""
        return self.family.wire

    @property
    def passes(self) -> type | None:
        """The type whose values are stored just as they come; None if there is none."""
        return self.family.passes


def _nullable(kind: str, **more: object) -> dict[str, object]:
    return {"type": [kind, "null"], **more}


def _always(coerce: Coercer) -> Callable[[Times], Coercer]:
    """Reads alike in every account."""
    return lambda _: coerce


_ANY = (dict, list, str, int, float, bool, SpelledFloat, SpelledDecimal)
_TIME_FORM = _nullable("string", format="date-time")

TEXT: Final = Family("text", _nullable("string"), "string", _always(to_string), (str,), str)
INTEGER: Final = Family("integer", _nullable("integer"), "int64", _always(to_integer), (int,))
_NUMBERS = (int, float, SpelledFloat)
NUMBER: Final = Family("number", _nullable("number"), "float64", _always(to_number), _NUMBERS)
BOOLEAN: Final = Family("boolean", _nullable("boolean"), "bool", _always(to_boolean), (bool,), bool)
DATE: Final = Family("date", _nullable("string", format="date"), "date32", date_reader, (int,))
TIME: Final = Family("datetime", _TIME_FORM, "timestamp", time_reader, (int, str))
ISO_TIME: Final = replace(TIME, name="ISO datetime")
JSON: Final = Family("JSON", _nullable("string"), "string", _always(to_json), _ANY)
REFERENCE: Final = replace(TEXT, name="reference", reads=_always(to_reference))
MONTH: Final = replace(TEXT, name="month")


def _enum(family: Family) -> Family:
    coerce = _always(enum_of(family.reads(UTC)))
    return replace(family, name=f"choice of {family.name}", reads=coerce, is_choice=True)


def _list(family: Family) -> Family:
    return Family(
        f"list of {family.name}",
        _nullable("array", items=family.json_schema),
        f"list<{family.arrow_name}>",
        _always(list_of(family.reads(UTC), family.passes)),
        (list,),
        item=family,
        is_choice=family.is_choice,
    )


_TEXTS = (
    "string text name email phone stringid textarea booleantext url html username otp"
    " photo audio document status"
)
_OBJECTS = (
    "googleaddress json externalobject multiexternalobject customobject multicustomobject booking"
    " cart"
)
BY_NAME: Final[dict[str, Family]] = {
    **dict.fromkeys(_TEXTS.split(), TEXT),
    **dict.fromkeys(("user", "process", "record", "task", "state"), REFERENCE),
    **dict.fromkeys(("integer", "number", "integerid", "time"), INTEGER),
    **dict.fromkeys(("float", "decimal"), NUMBER),
    "monthofyear": MONTH,
    "boolean": BOOLEAN,
    "date": DATE,
    "datetime": TIME,
    "datetimeiso8601": ISO_TIME,
    "stringenum": _enum(TEXT),
    "integerenum": _enum(INTEGER),
    "floatenum": _enum(NUMBER),
    "multistringenum": _list(_enum(TEXT)),
    "multiintegerenum": _list(_enum(INTEGER)),
    "multifloatenum": _list(_enum(NUMBER)),
    **dict.fromkeys(("multistring", "multiphotos", "multidocuments"), _list(TEXT)),
    **dict.fromkeys(("taskcollection", "recordcollection", "processcollection"), _list(REFERENCE)),
    "geolocation": _list(NUMBER),
    **dict.fromkeys(_OBJECTS.split(), JSON),
}
"""The family of each attribute type, by its folded name (contract 6)."""

_BY_DATATYPE: Final[dict[str, Family]] = {
    "string": TEXT,
    "integer": INTEGER,
    "float": NUMBER,
    "boolean": BOOLEAN,
    "json": JSON,
}


def attribute_type(type_name: str | None, datatype: str | None = None) -> AttributeType:
    """How an attribute of that type is stored.

    Args:
        type_name: The attribute type's name (`stringEnum`); None if the config does not say.
        datatype: Its datatype (`string`, `integer`, `float`, `boolean`, `json`).
    """
    stored = BY_NAME.get(folded(type_name))
    if stored is None:
        stored = _BY_DATATYPE.get(folded(datatype), JSON)
    return AttributeType(type_name or datatype or "unknown", stored)


def folded(name: str | None) -> str:
    """A type's name without case, spaces, hyphens and underscores."""
    return "".join(c for c in (name or "").lower() if c.isalnum())
