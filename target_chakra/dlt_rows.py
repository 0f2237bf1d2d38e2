"""Reads the rows of a file that dlt wrote: values of JSON, as a Singer tap would send them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import orjson
from dlt.common.json import PUA_START, PUA_START_UTF8_MAGIC, custom_pua_remove
from dlt.common.storages import FileStorage

from chakra_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DECIMAL: Final = chr(PUA_START)
"""What dlt puts before the text of a decimal; other types have the characters behind it."""


def rows_of(path: str, columns: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """The rows of a typed-jsonl file, in order.

    Args:
        path: The file.
        columns: The columns that are wanted, and what to call each: values of one column that
            differ in type dlt spreads over several.

    Raises:
        SettingsError: The file can't be read.
    """
    try:
        with FileStorage.open_zipsafe_ro(path, "rb") as lines:
            for line in lines:
                held = orjson.loads(line)
                rows = held if isinstance(held, list) else [held]
                typed = PUA_START_UTF8_MAGIC in line
                for row in rows:
                    kept = {columns[n]: v for n, v in row.items() if n in columns}
                    yield {name: _plain(value) for name, value in kept.items()} if typed else kept
    except (OSError, EOFError, ValueError) as error:
        raise SettingsError(
            f"The file '{path}' of the load package can't be read: {error}",
            "Drop the package with dlt pipeline <name> drop-pending-packages, and run it again",
        ) from None


def _plain(value: object) -> object:
    """A value without dlt's mark of its type: a time, a date, bytes stay the text they are."""
    if isinstance(value, str):
        text: str = custom_pua_remove(value)
        return _number(text) if text is not value and value[0] == _DECIMAL else text
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _number(text: str) -> object:
    """A whole decimal is a whole number; another stays text, which is not rounded."""
    number = Decimal(text)
    return int(number) if number.is_finite() and number == number.to_integral_value() else text
