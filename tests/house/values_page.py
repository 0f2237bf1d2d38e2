"""Writes docs/values.md from the table of attribute types: `python -m tests.house.values_page`.

What stands beside an example is what the code makes of it, so the page can't say otherwise.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from chakra_api.values import exact_json
from chakra_api.values.attribute_types import BY_NAME, Family, attribute_type
from chakra_api.values.choices import Option
from chakra_api.values.coercion import MISFIT
from chakra_api.values.times import Times
from chakra_api.values.writers import takes, writer
from chakra_api.values.writing import Unfit
from chakra_api.values.zones import zone_of
from chakra_api.wire.wire_json import decode

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "values.md"
_TEAM = zone_of("Asia/Kolkata")
assert _TEAM is not None
TIMES: Final = Times(_TEAM, _TEAM)
CHOICES: Final = (Option("pune", "Pune City"), Option("goa", "Goa"))
NUMBERS: Final = (Option("1", "One"), Option("2", "Two"))


class Examples(NamedTuple):
    """Values of one family, each as JSON text.

    Attributes:
        wire: As ChakraHQ may hold them.
        source: As a source may bring them.
    """

    wire: tuple[str, ...]
    source: tuple[str, ...]


_TIMES_READ = ("1767604500123", "45792000000", '"1767604500123"', '"2026-01-05T09:15:00+05:30"')
_TIMES_WRITTEN = (
    '"2026-01-05T09:15:00.123456+00:00"',
    '"2026-01-05 09:15:00"',
    '"2026-01-05"',
    "45792000000",
    '"1st of May"',
)
EXAMPLES: Final[dict[str, Examples]] = {
    "text": Examples(
        ('"Pune"', "12345678901234567890123", "1.50", '"a\\u0000b"', "true"),
        ('" Pune "', "915550000051.0", "99999999999999999999", "NaN", "true", '{"a": 1}'),
    ),
    "reference": Examples(('"u1"', '{"id": "u1"}', '{"id": "u1", "x": 1}'), ('"u1"', "[1]")),
    "month": Examples(('"7"', "7"), ("7", '"7"', "true")),
    "integer": Examples(
        ("105", '"105"', "5.0", "9223372036854775807", "9223372036854775808", "5.5"),
        ("57", '"57.0"', '"-0042"', "5.5", "9223372036854775808", "9007199254740993.0", '"many"'),
    ),
    "number": Examples(
        ("2.5", '"2.5"', '"9007199254740993.0"', "12345678901234567.89", "1e400"),
        ("2.5", '" 2.50 "', "12345678901234567.89", "1e400", '"many"'),
    ),
    "boolean": Examples(
        ("true", '"TRUE"', "1", '"yes"'), ("true", "1", '" Yes "', '"f"', '"off"', '"maybe"', "2")
    ),
    "date": Examples(
        ("1767571200000", "1767551400000", "45792000000", '"2026-01-05"', "1767604500123"),
        (
            '"2026-01-05"',
            '"2026-01-05T00:00:00+05:30"',
            "45792000000",
            '"2026-01-05T09:15:00Z"',
            '"soon"',
        ),
    ),
    "datetime": Examples(
        (*_TIMES_READ, '"2026-01-05T09:15:00"', '"2026-01-05T09:15:00.1234Z"'), _TIMES_WRITTEN
    ),
    "ISO datetime": Examples((*_TIMES_READ, '"2026-01-05T09:15:00"'), _TIMES_WRITTEN),
    "JSON": Examples(
        ('{"b": [1], "a": null}', "18446744073709551616", '"text"'),
        ('{"a": 18446744073709551616}', '"{\\"a\\": 1}"', '"text"', "NaN"),
    ),
    "choice of text": Examples(
        ('"pune"', '{"value": "pune", "label": "Pune City"}', '{"value": "pune", "by": 1}'),
        ('"pune"', '" PUNE CITY "', '"Delhi"'),
    ),
    "choice of integer": Examples(("1", '"1"'), ("1", "1.0", '"one"', "3")),
    "choice of number": Examples(("1.0", '"1"'), ("1.0", '"one"', "3")),
    "list of choice of text": Examples(
        ('["pune"]', '"[\\"pune\\"]"', '"pune"'),
        ('["pune", "Goa"]', '"pune, Goa"', '"pune, Delhi"'),
    ),
    "list of choice of integer": Examples(("[1, 2]", "1"), ("[1]", '"1, two"', "[3]")),
    "list of choice of number": Examples(("[1.0]",), ("[1]", '"1, two"')),
    "list of text": Examples(('["a", "b"]', '"a"', "[true]"), ('["a"]', '"a, b"', "[true]")),
    "list of reference": Examples(('["p1"]',), ()),
    "list of number": Examples(("[18.5, 73]", '"[18.5, 73]"'), ("[18.5, 73]", '"here"')),
}
"""By the name of the family; the zone of the examples is India's."""

HEAD: Final = """# Values

What a value becomes on its way in and on its way out. This page is written by `python -m \
tests.house.values_page` from the table that the code itself uses, and a test holds it to it: \
what stands behind an arrow is what the code makes of the value before it. In the examples the \
team's zone, and that of times that name none, is `Asia/Kolkata`.

A value arrives as itself, or not at all. **Reading:** its column holds it exactly, or the column \
is null and `_extra_data` holds it as it came, digit by digit. **Writing:** ChakraHQ holds what \
the source meant, or the row is a reject and nothing of it is sent. The type decides, never the \
look of one value; what stands beside a value in its row, page or file changes nothing. It is the \
same for Singer records, BATCH files, dlt and every layout of tables, except for times that name \
no zone and are [written through dlt](#writing).
"""
READING_RULES: Final = """
- **Times** that are numbers are epoch milliseconds, however small. Only where the `createdAt` of \
the account's own rows proves that it counts seconds (all would lie before 1973) everything is in \
seconds, and the log says so.
- **Times that name no zone** are read in `naive_timezone`, by default the team's zone as the \
configuration gives it, else UTC; the log counts them, once per attribute.
- **Days** begin at midnight in UTC or in the team's zone; any other time is a misfit.
- **U+0000**, which PostgreSQL refuses: the column holds the text without it, `_extra_data` the \
exact one; counted.
- **A property that is not selected** comes out nowhere, not in `_extra_data` either.
"""
WRITING_RULES: Final = """
- **Nothing:** null, an empty text and a column that a row does not have are one thing. `nulls: \
skip` (the default) leaves the field alone, `nulls: clear` empties it. `blanks: keep`, for a \
stream or a field, stores empty texts.
- **Rounding** is asked for by field: `{to: data.score, round: true}` cuts off digits that a \
double can't hold, and of a date the time of day.
- **Times finer than a millisecond** are cut to milliseconds, which the log says once per column; \
they are compared after cutting, so that a rerun sends nothing.
- **Times that name no zone** are read in `naive_timezone`, by default the team's zone, else UTC. \
dlt makes them UTC before the destination sees them, unless their column has the hint \
`{"data_type": "timestamp", "timezone": False}`: [With dlt](dlt.md#write-back).
- **A choice** is found by its value, else by the one value or label that is the same without \
case and outer blanks. **A state** likewise by its shortId or name, **an assignee** by id, \
username, email or full name; who is deleted is not assigned, and who is not active only with \
`assign_inactive`. A choice, state or assignee that ChakraHQ no longer knows and still holds is \
unchanged.
- **A key** is a text or a whole number; `trim` and `case` of the mapping's `key` change \
the source's keys alone: what ChakraHQ holds must be spelled so already. Blanks alone, U+0000, a \
fraction and an object name no process. Where ChakraHQ stores keys in another spelling than they \
were sent in, that is learned, and the journal keeps it.
- **A mark of deletion** (`delete_when`, `isDeleted`) is true or false in the words of a boolean, \
or any time where the column's name or type says that it holds times. Any other word \
deletes nothing: its row is a reject. So is a row that carries a set `_sdc_deleted_at` or the \
like, while the mapping has no `delete_when`.
- **The phone number of a message** (not an attribute of a phone type, which is a text) is written \
as digits with its country code: blanks, dashes, points, brackets and strokes go, and a plus or \
`00` before them. One that begins with a single 0, holds `(0)` or a letter, or has fewer than 7 or \
more than 15 digits, is a reject.
- **Collections, bookings and carts** are only read.
- **Two columns** that go to one field are an error in the settings.
- **A reject** keeps the row as it came, so that `retry` sends what came.
"""


def page() -> str:
    """The page, as it should be."""
    families = {each.name: each for each in BY_NAME.values()}
    types = {name: [n for n, each in BY_NAME.items() if each.name == name] for name in families}
    parts = [HEAD, "\n## Reading\n"]
    parts.append("\n| attribute types | column | on the wire → in the column |\n|---|---|---|\n")
    for name, family in families.items():
        cells = [_read(types[name][0], wire) for wire in EXAMPLES[name].wire]
        parts.append(f"| {_joined(types[name])} | {_column(family)} | {'<br>'.join(cells)} |\n")
    parts += [READING_RULES, "\n## Writing\n"]
    parts.append("\n| attribute types | taken | in the source → on the wire |\n|---|---|---|\n")
    for name in families:
        cells = [_written(types[name][0], source) for source in EXAMPLES[name].source]
        taken = takes(attribute_type(types[name][0])) if cells else "only read"
        parts.append(f"| {_joined(types[name])} | {taken} | {'<br>'.join(cells)} |\n")
    parts.append(WRITING_RULES)
    return "".join(parts)


def _joined(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _column(family: Family) -> str:
    kind = family.json_schema["type"]
    shape = kind[0] if isinstance(kind, list) else kind
    form = family.json_schema.get("format")
    return f"{shape}{f' ({form})' if form else ''}; Arrow `{family.arrow_name}`"


def _read(name: str, wire: str) -> str:
    found = attribute_type(name).reader(TIMES)(decode(wire.encode()))
    became = "null, and `_extra_data`" if found is MISFIT else _code(exact_json.dumps(found))
    return f"{_code(wire)} → {became}"


def _written(name: str, source: str) -> str:
    kind = attribute_type(name)
    is_numeric = "integer" in kind.family.name or "number" in kind.family.name
    options = NUMBERS if is_numeric else CHOICES
    wire = writer(kind, options, TIMES)(exact_json.loads(source.encode(), constants=True))
    became = f"reject: {wire.reason}" if isinstance(wire, Unfit) else _code(exact_json.dumps(wire))
    return f"{_code(source)} → {became}"


def _code(text: str | bytes) -> str:
    shown = text.decode() if isinstance(text, bytes) else text
    return f"`{shown}`".replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
    print(json.dumps({"written": PAGE.name}))  # noqa: T201 - a command's answer
