"""Makes a value of the wire of a value that a row carries: the way back of `coercion` (contract 6).

What the tap stores (an ISO date, JSON text) becomes again what ChakraHQ wrote (epoch
milliseconds, an object). Like a coercer, an encoder returns None where a value is unset and
`MISFIT` where it does not fit; it never raises and never rounds.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import orjson

from chakra_api.values.coercion import DAY_MS, MISFIT, json_text, to_string
from chakra_api.values.timestamps import parse_timestamp

if TYPE_CHECKING:
    from chakra_api.values.attribute_types import AttributeType
    from chakra_api.values.coercion import Coercer

_TIMES: Final = frozenset({"date", "datetime"})
_AS_CAME: Final = frozenset({"monthofyear"})
_NOT_WRITTEN: Final = frozenset(
    {"booking", "cart", "taskcollection", "recordcollection", "processcollection"}
)


def folded(type_name: str) -> str:
    """A type's name without case, spaces, hyphens and underscores."""
    return "".join(c for c in type_name.lower() if c.isalnum())


def is_writable(kind: AttributeType) -> bool:
    """Whether values of the type are ever written (contract 6)."""
    return folded(kind.name) not in _NOT_WRITTEN


def encoder(kind: AttributeType) -> Coercer:
    """The function that makes values of the wire for attributes of a type."""
    name = folded(kind.name)
    if name in _TIMES:
        return _milliseconds(kind.coerce, DAY_MS if name == "date" else 1)
    if name in _AS_CAME:
        return as_it_came
    if kind.coerce is to_string or dict not in kind.wire:
        return kind.coerce
    return to_wire_json


def comparer(kind: AttributeType) -> Coercer:
    """The function that makes values of the wire equal where ChakraHQ means the same by them."""
    return _json_or_none if dict in kind.wire else kind.coerce


FIRST: Final = 10**11
"""Milliseconds from 1973 on: a smaller number may count seconds."""
LAST: Final = 4 * 10**12


def _milliseconds(coerce: Coercer, whole: int) -> Coercer:
    """An encoder of times that `coerce` stores; each must be a multiple of `whole` milliseconds."""

    def encode(value: object) -> object:
        if type(value) is int and FIRST <= value <= LAST:
            return value if value % whole == 0 else MISFIT
        stored = coerce(value)
        if stored is None or stored is MISFIT:
            return stored
        instant = parse_timestamp(stored)
        # The epoch itself reads as unset, and yet it is a time.
        return 0 if instant is None else instant

    return encode


def as_it_came(value: object) -> object:
    """A number or a text, as it is: what ChakraHQ holds may be either."""
    return value if type(value) is int else to_string(value)


_LONG: Final = re.compile(r"\d{19}", re.ASCII)


def to_wire_json(value: object) -> object:
    """Any JSON; a text that holds JSON becomes what it holds, as the tap writes it."""
    if not isinstance(value, str):
        return value
    try:
        # orjson would round integers beyond 64 bits.
        held: object = json.loads(value) if _LONG.search(value) else orjson.loads(value)
    except ValueError:
        return value
    return held


def _json_or_none(value: object) -> object:
    return None if value is None else json_text(value)
