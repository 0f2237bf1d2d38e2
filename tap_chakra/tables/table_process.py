"""The second process makes Arrow tables beside the process that reads.

What it is handed (`table_process_client.py`) are frames on standard input: what the rows of a
stream are typed from, rows as they came, and now and then that the rows so far are wanted as a
table. It answers with the table as an Arrow stream. Streams have numbers, so that many take turns.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
import pyarrow as pa

from tap_chakra.records.row_typer import COUNTED
from tap_chakra.second.beginning import Beginning
from tap_chakra.second.frames import (
    BEGIN,
    COUNTS,
    HEAD,
    ROWS,
    rows_in,
    serve,
    whole_rows,
)
from tap_chakra.tables.attribute_columns import Home, Slot, kind_of
from tap_chakra.tables.page_tables import PageTables
from tap_chakra.tables.table_builder import AttributeLayout, TableBuilder
from tap_chakra.whole_files import write_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.account.account import Account, Attribute, Procedure
    from chakra_api.account.people import Directory

TABLE: Final = b"T"
"""The kind of a frame that asks for a stream's table, or holds one."""


def spelled_layout(layout: AttributeLayout) -> list[Any] | None:
    """A layout as values of JSON; None where values go elsewhere than a column of their own type.

    Args:
        layout: Of the attributes of a procedure.
    """
    groups = (layout.data, layout.derived)
    if not all(map(_is_plain, (*layout.data, *layout.derived))):
        return None
    return [layout.nested, *([slot.homes[0].name for slot in slots] for slots in groups)]


def _is_plain(slot: Slot) -> bool:
    return [home.kind for home in slot.homes] == [kind_of(slot.attribute)]


def layout_of(spelled: Sequence[Any], procedure: Procedure) -> AttributeLayout:
    """The layout that `spelled_layout` has spelled.

    Args:
        spelled: The spelling.
        procedure: Whose attributes they are.
    """
    nested, data, derived = spelled
    return AttributeLayout(
        nested,
        _slots(procedure.attributes, data),
        _slots(procedure.derived_attributes, derived),
    )


def _slots(attributes: Sequence[Attribute], names: Sequence[str]) -> tuple[Slot, ...]:
    return tuple(
        Slot(each, (Home(name, kind_of(each)),))
        for each, name in zip(attributes, names, strict=True)
    )


class Work:
    """What this process does with frames.

    Args:
        answers: Where tables and counts go when they are asked for.
    """

    def __init__(self, answers: int) -> None:
        self._answer = partial(write_all, partial(os.write, answers))
        self._resolved: tuple[Account, Directory] | None = None
        self._builders: dict[int, TableBuilder] = {}
        self._tables: dict[int, PageTables] = {}

    def take(self, kind: bytes, body: bytes) -> None:
        """Do what a frame asks for."""
        if kind == BEGIN:
            self._begin(body)
        elif kind == ROWS:
            (number, size), positions, content = rows_in(body)
            self._tables[number].add_rows(whole_rows(content, positions), size)
        elif kind == TABLE:
            table = _streamed(self._tables[int(body)].taken())
            self._answer(HEAD.pack(TABLE, len(table)))
            self._answer(table)
        elif kind == COUNTS:
            said = {name: getattr(self._builders[int(body)], name) for name in COUNTED}
            self._answer(orjson.dumps(said) + b"\n")

    def _begin(self, body: bytes) -> None:
        head, _, rest = body.partition(b"\n")
        number, layout = orjson.loads(head)
        beginning = Beginning.decoded(rest)
        if self._resolved is None or beginning.config:
            self._resolved = beginning.resolved()
        procedure, directory, times = beginning.typing(self._resolved)
        builder = TableBuilder(procedure, directory, layout_of(layout, procedure), times)
        self._builders[number], self._tables[number] = builder, PageTables(builder)


def _streamed(table: pa.Table) -> pa.Buffer:
    """A table as a stream of Arrow's."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def main(answers: int) -> None:
    """Work until the input ends.

    Args:
        answers: The open file to answer on.
    """
    serve(answers, Work(answers).take)
