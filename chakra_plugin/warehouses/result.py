"""What a question to a warehouse gives: columns, and rows by Arrow batches or one by one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_plugin.warehouses.wanted import Wanted


class Kind(Enum):
    """What the values of a column are, as far as its source tells."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    DATE = "date"
    BYTES = "bytes"
    JSON = "JSON"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of what is read.

    Attributes:
        name: Its name.
        kind: What its values are. `TIME` is an instant, with or without a zone.
        type: Its type, as the source calls it.
    """

    name: str
    kind: Kind
    type: str

    @property
    def is_time(self) -> bool:
        """Whether it holds instants or days."""
        return self.kind in (Kind.TIME, Kind.DATE)


class Result(Protocol):
    """Rows on their way out of a warehouse; they can be taken once."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in order."""

    def batches(self) -> Iterator[Any]:
        """The rows as `pyarrow.RecordBatch`, some thousands of rows each.

        All have the columns by name and order. A database whose driver tells no types gives each
        batch those of its own values: a column that is null all through a batch is of type null.

        Raises:
            SettingsError: The source fails.
        """

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows by column name, values as JSON has them (`plain_values.py`), all digits kept.

        Raises:
            SettingsError: The source fails.
        """


class Warehouse(Protocol):
    """An open source."""

    @property
    def called(self) -> str:
        """How a message names it: without password."""

    @property
    def identity(self) -> str:
        """What it is called wherever it is opened from: a file by its whole path, no password."""

    def read(self, wanted: Wanted) -> Result:
        """Begin to read; the result before is let go.

        Raises:
            SettingsError: There is no such table or column, or the SQL fails.
        """

    def close(self) -> None:
        """Let go of it; what is being read is broken off."""
