"""What JSON means, whoever wrote it: as text, or as the lists and objects of a table. Pure."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from chakra_api.values import exact_json


def json_print(value: object) -> int:
    """A number that equals where JSON means the same: keys in any order, 1.0 as 1.

    An object's member that holds nothing is as none: a table's structs hold every member.

    Args:
        value: A text of JSON, or what a table's lists, objects and scalars became in Python.

    Raises:
        ValueError: A text that is no JSON.
    """
    return hash(repr(_plain(json_value(value))))


def json_value(value: object) -> object:
    """The value of a text of JSON; any other value as it is.

    Raises:
        ValueError: A text that is no JSON.
    """
    return exact_json.loads(value.encode()) if isinstance(value, str) else value


def _plain(value: object) -> object:
    if isinstance(value, dict):
        members = ((str(name), _plain(each)) for name, each in value.items() if each is not None)
        return sorted(members)
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def _number(value: float | Decimal) -> object:
    return int(value) if value == value // 1 else float(value)
