"""Values of Python as JSON has them: exact, and the same by whichever way they came.

Times are ISO 8601 (with an offset where they have a zone), decimals numbers to the last digit,
bytes base64; what JSON has no word for (intervals, UUIDs, addresses) is its text.
"""

from __future__ import annotations

import base64
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from chakra_api.values import exact_json

AS_THEY_ARE: Final = frozenset({str, int, float, bool, type(None)})
"""Types of what is JSON already."""


def plain(value: object) -> object:
    """A value of Python as JSON has it."""
    if type(value) in AS_THEY_ARE:
        return value
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    return _plain_scalar(value)


def _plain_scalar(value: object) -> object:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if _is_whole(value) else exact_json.number_of(str(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    return value if isinstance(value, (str, int, float)) else str(value)


def _is_whole(value: Decimal) -> bool:
    return value.is_finite() and value == value.to_integral_value()


def json_of(value: object) -> object:
    """What a column of type JSON holds; a text that is none stays a text."""
    if not isinstance(value, str):
        return plain(value)
    try:
        return exact_json.loads(value.encode())
    except ValueError:
        return value
