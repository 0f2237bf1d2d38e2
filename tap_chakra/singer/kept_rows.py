"""How the rows of a procedure are kept for BATCH files where no stream map touches them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_chakra.lines.page_writer import encoded_records
from tap_chakra.records.row_parser import RowParser
from tap_chakra.singer.batch_files import JsonLines, ParquetRows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_api.account.account import Procedure
    from chakra_api.account.people import Directory
    from chakra_api.values.times import Times
    from tap_chakra.lines.record_names import RecordNames
    from tap_chakra.records.row_typer import Counts
    from tap_chakra.run.procedure_run import Delivery, ProcedureRun
    from tap_chakra.singer.batch_files import FileContent


@dataclass(frozen=True, slots=True)
class Typing:
    """What the rows of a stream are typed from.

    Attributes:
        procedure: Its attributes and states.
        directory: The users.
        times: What times mean in the account.
        deselected: Paths of properties that are left out.
    """

    procedure: Procedure
    directory: Directory
    times: Times
    deselected: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class KeptRows:
    """The rows of one run, on their way to files.

    Attributes:
        run: The run, opened.
        contents: What is kept for a file, by the name that goes out.
        counts: Of the values that were not as their type has them.
        keep: Keeps the rows of a delivery.
    """

    run: ProcedureRun
    contents: Mapping[str, FileContent]
    counts: Counts
    keep: Callable[[Delivery], None]


def kept_lines(run: ProcedureRun, name: str, typing: Typing, renames: RecordNames) -> KeptRows:
    """Rows that become JSON lines right out of the answers; their heads alone need be read."""
    parser = RowParser(typing.procedure, typing.directory, typing.times, typing.deselected)
    content = JsonLines()

    def keep(delivery: Delivery) -> None:
        content.keep_encoded(renames(encoded_records(parser, delivery.page, delivery.positions)))

    return KeptRows(run, {name: content}, parser.typer, keep)


def kept_columns(run: ProcedureRun, name: str, typing: Typing) -> KeptRows:
    """Rows that become a table column by column."""
    from tap_chakra.tables.table_builder import (  # noqa: PLC0415 - pyarrow is slow to import
        TableBuilder,
        plain_layout,
    )

    layout = plain_layout(typing.procedure, "structs")
    builder = TableBuilder(
        typing.procedure, typing.directory, layout, typing.times, typing.deselected
    )
    content = ParquetRows(builder, typing.deselected)
    return KeptRows(run, {name: content}, builder, lambda each: content.keep_rows(each.rows))
