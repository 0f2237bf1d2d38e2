"""SQL that is one statement, and begins as a SELECT does: told before anything is run. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN: Final = re.compile(
    r"""
    (?P<nothing> \s+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<end> ; )
    | (?P<other>
        [eE]'(?:[^'\\]|\\.|'')*'
        | '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*`
        | \$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$
        | \w+ | .
      )
    """,
    re.VERBOSE | re.DOTALL,
)
"""Texts, quoted names, comments, words and signs; a semicolon within the first three ends none."""
_BEGINNINGS: Final = frozenset({"select", "with", "values", "table", "from"})


def one_statement(sql: str) -> str:
    """The one statement of a text, without a semicolon and comments after it.

    Raises:
        SettingsError: It holds none, or more than one.
    """
    end: int | None = None
    last = 0
    for token in _tokens(sql):
        if token["end"]:
            end = token.start() if last and end is None else end
            continue
        if end is not None:
            raise SettingsError(
                f"The SQL holds more than one statement: {_short(sql)}", "Write one SELECT"
            )
        last = token.end()
    if not last:
        raise SettingsError("The SQL is empty", "Write a SELECT")
    return sql[:last]


def refuse_other_than_select(sql: str) -> None:
    """Refuse a statement that begins with another word than a SELECT does.

    Raises:
        SettingsError: It does.
    """
    first = next((each[0] for each in _tokens(sql) if each[0] != "("), "")
    if first.lower() not in _BEGINNINGS:
        raise no_select(sql)


def no_select(sql: str) -> SettingsError:
    """What is a statement, but none that only reads."""
    return SettingsError(f"The SQL is no SELECT: {_short(sql)}", "Write one SELECT")


def _tokens(sql: str) -> Iterator[re.Match[str]]:
    return (each for each in _TOKEN.finditer(sql) if not each["nothing"])


def _short(sql: str) -> str:
    return f"{' '.join(sql.split()):.80}"
