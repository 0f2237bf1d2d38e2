"""Reads the rows of a file that dlt wrote: values of JSON, as a Singer tap would send them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from dlt.common.json import PUA_START, PUA_START_UTF8_MAGIC, custom_pua_remove
from dlt.common.storages import FileStorage

from chakra_api.errors import SettingsError
from chakra_api.values import exact_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DECIMAL: Final = chr(PUA_START)
"""What dlt puts before the text of a decimal; other types have the characters behind it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is wanted.

    Attributes:
        name: What to call it: values of one column that differ in type dlt spreads over several.
        marked: Whether its values may carry dlt's mark of their type.
        is_time: Whether the table says that it holds times.
        may_be_naive: Whether times of it that named no zone are UTC by dlt's doing alone.
    """

    name: str
    marked: bool = True
    is_time: bool = False
    may_be_naive: bool = False


def rows_of(path: str, columns: Mapping[str, Column]) -> Iterator[dict[str, object]]:
    """The rows of a typed-jsonl file, in order.

    Args:
        path: The file.
        columns: The columns that are wanted, by their name in the file.

    Raises:
        SettingsError: The file can't be read.
    """
    names = {name: column.name for name, column in columns.items()}
    marked = tuple({column.name for column in columns.values() if column.marked})
    try:
        with FileStorage.open_zipsafe_ro(path, "rb") as lines:
            for line in lines:
                value: Any = exact_json.loads(line)
                rows = value if isinstance(value, list) else [value]
                typed = marked if PUA_START_UTF8_MAGIC in line else ()
                for row in rows:
                    kept = {names[name]: value for name, value in row.items() if name in names}
                    for name in typed:
                        if name in kept:
                            kept[name] = _plain(kept[name])
                    yield kept
    except (OSError, EOFError, ValueError) as error:
        raise SettingsError(
            f"The file '{path}' of the load package can't be read: {error}",
            "Drop the package with dlt pipeline <name> abort-packages, and run it again",
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
