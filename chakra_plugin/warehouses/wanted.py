"""What to read of a warehouse: a table or a query, and from which value of a column on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.errors import SettingsError

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal

Mark: TypeAlias = "int | Decimal | date | datetime"
"""A value that rows are read from on: a number, a date or a time."""

_PART: Final = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')
_PARTS: Final = re.compile(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*")


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view.

    Attributes:
        parts: Its name with what it lies in, outermost first: `("raw", "process_lead")`.
    """

    parts: tuple[str, ...]

    @classmethod
    def named(cls, text: str) -> Table:
        """The table that a text names.

        Args:
            text: `table`, `schema.table` or `database.schema.table`; a part that holds a dot
                stands in double quotes.

        Raises:
            SettingsError: It is no such name.
        """
        text = text.strip()
        if not _PARTS.fullmatch(text):
            raise SettingsError(
                f"The table '{text:.80}' is no name of one",
                "Write it as table or schema.table; a part that holds a dot in double quotes",
            )
        found = _PART.finditer(text)
        return cls(tuple((each[1] or each[2]).replace('""', '"') for each in found))

    @property
    def name(self) -> str:
        """Its own name, without what it lies in."""
        return self.parts[-1]

    def __str__(self) -> str:
        return ".".join(self.parts)

    def quoted(self) -> str:
        """As standard SQL names it."""
        return ".".join(quoted(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT.

    Attributes:
        text: Its SQL, without the semicolon at its end.
    """

    text: str

    @classmethod
    def written(cls, text: str) -> Query:
        """The query that a text holds.

        Raises:
            SettingsError: It holds none.
        """
        bare = text.strip()
        while bare.endswith(";"):
            bare = bare[:-1].rstrip()
        if not bare:
            raise SettingsError("The SQL is empty", "Write a SELECT")
        return cls(bare)

    @classmethod
    def in_file(cls, path: str) -> Query:
        """The query that a file holds.

        Raises:
            SettingsError: It can't be read, or holds none.
        """
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise SettingsError(
                f"The SQL file '{path}' can't be read: {error.strerror}", "Check the path"
            ) from None
        except ValueError:
            raise SettingsError(
                f"The SQL file '{path}' is not UTF-8 text", "Save it as UTF-8"
            ) from None
        return cls.written(text)


@dataclass(frozen=True, slots=True)
class Since:
    """Only rows whose column is not below a value, or holds nothing.

    Attributes:
        column: The column.
        least: The value; None for all rows.
    """

    column: str
    least: Mark | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read.

    Attributes:
        rows: The table or query; None for all that the source holds, where it is files.
        since: From which value on; None for all.
    """

    rows: Table | Query | None
    since: Since | None = None


def quoted(name: str) -> str:
    """A name as standard SQL quotes it."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
