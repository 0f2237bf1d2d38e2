"""Cells of the matrix as rows of one run, and what became of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from chakra_sandbox.rows.model import uid
from tests.support.matrix_account import KEY, attribute_of, exactly, row_of
from tests.values.matrix_writing import (
    ABSENT,
    CLEAR,
    KEPT_BLANKS,
    KEYS,
    LEAVE,
    MARKS,
    NOTHING,
    ROOT,
    ROUNDED,
    WRITING,
    Reject,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.values.matrix_writing import Expected

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_PRIOR = {
    "integer": "7", "number": "7", "integerId": "7", "time": "7", "float": "7.75",
    "decimal": "7.75", "date": "864000000", "datetime": "864000001", "boolean": "null",
    "datetimeISO8601": '"1999-01-01T00:00:00Z"', "stringEnum": '"goa"', "integerEnum": "2",
    "floatEnum": "2.5", "multiStringEnum": '["goa"]', "multiIntegerEnum": "[2]",
    "multiFloatEnum": "[2.5]", "multiString": '["prior"]', "multiPhotos": '["prior"]',
    "multiDocuments": '["prior"]', "geolocation": "[7, 7]", "monthOfYear": "7",
    "json": '{"prior": 7}', "googleAddress": '{"prior": 7}', "externalObject": '{"prior": 7}',
    "customObject": '{"prior": 7}', "multiExternalObject": '[{"prior": 7}]',
    "multiCustomObject": '[{"prior": 7}]',
}  # fmt: skip
_ROOT_PRIOR = {
    "state": '"NEW"',
    "status": '"OPEN"',
    "assignedTo": f'"{uid("user", "noor.a")}"',
    "nextActionAt": "864000001",
}
WHOLE = frozenset(
    {"integer", "number", "integerId", "time", "date", "datetime", "integerEnum",
     "multiIntegerEnum", "nextActionAt"}
)  # fmt: skip
"""Types and fields whose numbers are integers on the wire, not floats that are whole."""


@dataclass(frozen=True)
class Cell:
    """One value of one row.

    Attributes:
        stream: Whose mapping says what holds for it.
        kind: Its attribute's type, or the name of a field of the process.
        column: Of the row; with the attribute's name unless the stream says otherwise.
        source: JSON text, or `absent`.
        expected: See `matrix_writing`.
        number: Of the row.
        key: Of the row, as JSON text; made of the number if empty.
        more: Further columns, JSON texts.
    """

    stream: str
    kind: str
    column: str
    source: str
    expected: Expected
    number: int
    key: str = ""
    more: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Its name in a report."""
        shown = self.source if len(self.source) < 60 else self.source[:60] + "…"
        return f"{self.number}-{self.stream}-{self.kind}-{shown}"

    @property
    def key_text(self) -> str:
        """What finds its process."""
        return f"W-{self.number}"

    @property
    def is_root(self) -> bool:
        """Whether it is a field of the process itself."""
        return self.stream in ("root", "root_clear")

    @property
    def prior(self) -> str:
        """What its process held before, as JSON."""
        if self.is_root:
            return _ROOT_PRIOR[self.kind]
        if self.kind == "boolean":
            return "true" if self.expected == "false" else "false"
        return _PRIOR.get(self.kind, '"prior"')

    def columns(self) -> dict[str, str]:
        """Its row, values as JSON texts."""
        key = self.key or json.dumps(self.key_text)
        row = {} if key == ABSENT else {KEY: key}
        return row | ({} if self.source == ABSENT else {self.column: self.source}) | self.more

    def existing(self) -> bytes:
        """Its process before the run."""
        if self.is_root:
            fields: dict[str, str] = {}
            root = {self.kind: self.prior}
        else:
            fields, root = {attribute_of(self.kind): self.prior}, {}
        return row_of(self.number, {KEY: json.dumps(self.key_text), **fields}, root)


def _tabled() -> Iterator[tuple[str, str, str, str, Expected]]:
    tables = {"plain": WRITING, "rounded": ROUNDED, "kept": KEPT_BLANKS, "kept_field": KEPT_BLANKS}
    for stream, table in tables.items():
        for kind, cells in table.items():
            yield from ((stream, kind, attribute_of(kind), *cell) for cell in cells)
    for kind, cells in ROOT.items():
        yield from (("root", kind, kind, *cell) for cell in cells)
    for source in NOTHING:
        for kind in WRITING:
            yield "plain", kind, attribute_of(kind), source, LEAVE
            yield "clear", kind, attribute_of(kind), source, CLEAR
        for kind in ("assignedTo", "nextActionAt"):
            yield "root_clear", kind, kind, source, CLEAR


CELLS = tuple(Cell(*each, number) for number, each in enumerate(_tabled(), 1))
"""What is written over processes that hold something else."""
KEY_CELLS = tuple(
    Cell(
        "key_" + "_".join(map(str, each.options)) + str(each.options.get("case", "")),
        "key",
        "unused",
        ABSENT,
        tuple(json.dumps(x) if isinstance(x, str) else x for x in each.held)
        if isinstance(each.held, tuple)
        else json.dumps(each.held)
        if isinstance(each.held, str)
        else each.held,
        number,
        each.source,
        {"a_string": f'"key cell {number}"'},
    )
    for number, each in enumerate(KEYS, 10_001)
)
"""What names a new process."""
MARK_CELLS = tuple(
    Cell(
        f"mark_{each.column}_{each.mapped}",
        "mark",
        each.column,
        each.source,
        each.outcome,
        number,
        "",
        {"a_string": '"written"'},
    )
    for number, each in enumerate(MARKS, 20_001)
)
"""What deletes a process, or does not."""


def streams() -> list[dict[str, Any]]:
    """The mappings of all streams."""
    base = {"procedure": "cell", "key": KEY}
    keys = {cell.stream: each.options for cell, each in zip(KEY_CELLS, KEYS, strict=True)}
    kept = {attribute_of(kind): kind for kind in KEPT_BLANKS}
    rounded = [attribute_of(kind) for kind in ROUNDED]
    return [
        {"stream": "plain", **base},
        {"stream": "root", **base},
        {"stream": "clear", **base, "nulls": "clear"},
        {"stream": "root_clear", **base, "nulls": "clear"},
        {"stream": "kept", **base, "blanks": "keep"},
        {
            "stream": "kept_field",
            **base,
            "fields": {name: {"to": f"data.{name}", "blanks": "keep"} for name in kept},
        },
        {
            "stream": "rounded",
            **base,
            "fields": {name: {"to": f"data.{name}", "round": True} for name in rounded},
        },
        *(
            {
                "stream": name,
                "procedure": "cell",
                "key": {"column": KEY, "attribute": KEY, **options},
            }
            for name, options in keys.items()
        ),
        *(
            {"stream": cell.stream, **base, "delete_when": cell.column}
            if cell.stream.endswith("True") and cell.column != "isDeleted"
            else {"stream": cell.stream, **base}
            for cell in {each.stream: each for each in MARK_CELLS}.values()
        ),
    ]


def columns_of(cells: Sequence[Cell], stream: str) -> list[str]:
    """The columns that a stream declares."""
    named = {
        name
        for cell in cells
        if cell.stream == stream
        for name in (KEY, cell.column, *cell.more)
        if name != "unused"
    }
    return sorted(named)


def same(kind: str, expected: str, held: Any) -> bool:
    """Whether ChakraHQ holds a value, to the digit."""
    if expected.startswith("INSTANT "):
        return isinstance(held, str) and _milliseconds(held) == int(
            expected.removeprefix("INSTANT ")
        )
    if expected.startswith("USER "):
        return bool(held == uid("user", expected.removeprefix("USER ")))
    return _alike(exactly(expected), held, whole=kind in WHOLE)


def _alike(one: Any, other: Any, *, whole: bool) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return one == other and (isinstance(other, int) or not whole)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            _alike(a, b, whole=whole) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            _alike(value, other[name], whole=whole) for name, value in one.items()
        )
    return type(one) is type(other) and bool(one == other)


def _milliseconds(text: str) -> int | None:
    """An ISO text's instant; one without an offset is none."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return None if moment.tzinfo is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def judged(cell: Cell, reason: str | None, held: Any) -> str:
    """What is wrong with what became of a cell; empty for nothing.

    Args:
        cell: The cell.
        reason: Of its reject, None if it is none.
        held: What its process holds now, `CLEAR` for nothing.
    """
    allowed = cell.expected if isinstance(cell.expected, tuple) else (cell.expected,)
    for each in allowed:
        if isinstance(each, Reject):
            fits = reason is not None and each.fragment in reason
            fits = fits and (cell.kind == "key" or cell.column.lower() in reason.lower())
        elif each == CLEAR:
            fits = reason is None and held in (CLEAR, None)
        else:
            fits = reason is None and same(cell.kind, cell.prior if each == LEAVE else each, held)
        if fits:
            return ""
    got = f"a reject: {reason}" if reason is not None else f"held: {held!r}"
    return f"{cell.kind} <- {cell.source} ({cell.stream}): expected {cell.expected}, got {got}"
