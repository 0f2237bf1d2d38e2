"""`audit`: proves that tables of a warehouse and ChakraHQ agree, or says where they do not."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from chakra_api.clock import SystemClock
from chakra_api.errors import SettingsError
from chakra_api.exit_codes import gravest
from chakra_api.nearest import did_you_mean
from chakra_api.wire.wire_json import encode
from chakra_plugin.results_file import Holds, ResultColumn, ResultsFile
from chakra_plugin.stopping import stoppable
from chakra_plugin.telling import tell_json
from chakra_plugin.warehouses.source import open_warehouse
from chakra_plugin.warehouses.wanted import Table, Wanted
from tap_chakra.audit.audit import Audit, whole
from tap_chakra.audit.held_table import held_table
from tap_chakra.audit.summary import day_of
from tap_chakra.cli.audit_page import report_json, tell_report
from tap_chakra.run.source import Source
from tap_chakra.singer.tap import TapChakra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_sdk.plugin_base import _ConfigInput

    from chakra_api.account.account import Procedure
    from chakra_plugin.warehouses.result import Warehouse
    from tap_chakra.audit.held_table import HeldTable
    from tap_chakra.audit.summary import Report
    from tap_chakra.audit.verdicts import RowVerdict

LOG = logging.getLogger("tap-chakra")
_PREFIX: Final = "process_"
_RESULTS: Final = (
    ResultColumn("procedure"),
    ResultColumn("id"),
    ResultColumn("verdict"),
    ResultColumn("created_day"),
    ResultColumn("updated_at_in_chakra", Holds.TIME),
    ResultColumn("updated_at_in_table", Holds.TIME),
    ResultColumn("columns", Holds.TEXTS),
    ResultColumn("note"),
)


@click.command()
@click.option(
    "--warehouse",
    required=True,
    metavar="URL",
    help="duckdb:///FILE, a URL of SQLAlchemy (postgresql+psycopg://…), or a folder of parquet"
    " files.",
)
@click.option(
    "--table",
    "tables",
    multiple=True,
    required=True,
    metavar="STREAM=TABLE",
    help="A stream, or the shortId of its procedure, and the table that holds it. Repeatable.",
)
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="COLUMN",
    help="A column that is not to be compared. Repeatable.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a row for each process that does not agree: .parquet, .csv or .jsonl.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per table.")
@click.pass_obj
def audit(  # noqa: PLR0913 - one argument for each option, as click wants them
    config: _ConfigInput,
    warehouse: str,
    tables: tuple[str, ...],
    ignored: tuple[str, ...],
    results: Path | None,
    *,
    as_json: bool,
) -> int:
    """Compare tables of a warehouse with ChakraHQ, row by row, and say where they differ.

    Reads all of the procedure and all of the table, and changes neither. Ends with 0 only where
    both hold the same processes with the same values, except what changed while it ran.

    \b
    Examples:
      tap-chakra --config config.json audit --warehouse duckdb:///warehouse.duckdb \\
        --table process_lead=raw.process_lead
      tap-chakra --config config.json audit --warehouse postgresql+psycopg://me@host/dwh \\
        --table process_lead=raw.process_lead --table process_ticket=raw.process_ticket \\
        --results differences.parquet

    \b
    Exit codes: 0 they agree, 11 they differ, 6 the scan was not complete, 3 settings,
    4 no access, 5 ChakraHQ unreachable, 9 stopped.
    """  # noqa: D301 - click's mark for text that stays as it is
    clock = SystemClock()
    source = Source(whole(TapChakra.configured(config, setup_mapper=False).source.settings), clock)
    wanted = [_parted(each) for each in tables]
    with (
        stoppable(LOG),
        contextlib.closing(source),
        contextlib.closing(open_warehouse(warehouse)) as held,
        _results(results) as takes,
    ):
        audits = [
            (Audit(source, _procedure(source, name), clock, ignored), table)
            for name, table in wanted
        ]
        reports = [_report(one, held, table, takes, as_json=as_json) for one, table in audits]
    return gravest(report.exit_code for report in reports)


def _parted(given: str) -> tuple[str, Table]:
    """The stream and the table that an option names."""
    stream, equals, table = given.partition("=")
    if not (stream.strip() and equals and table.strip()):
        raise SettingsError(
            f"--table {given!r} names no stream and table",
            "Write it as process_lead=raw.process_lead",
        )
    return stream.strip(), Table.named(table)


def _procedure(source: Source, name: str) -> Procedure:
    """The procedure of a stream, named by either.

    Raises:
        SettingsError: There is none.
    """
    streams = {source.streams[each.short_id]: each for each in source.procedures}
    found = streams.get(name)
    if found is None:
        found = next((each for each in source.procedures if each.short_id == name), None)
    if found is None:
        raise SettingsError(
            f"'{name}' is no stream of processes",
            f"{did_you_mean(name, streams)}There are: {', '.join(streams)}",
        )
    return found


def _report(
    one: Audit,
    held: Warehouse,
    table: Table,
    takes: Callable[[str, RowVerdict], None],
    *,
    as_json: bool,
) -> Report:
    report = one.run(lambda: _opened(held, table), takes)
    if as_json:
        tell_json(encode(report_json(report)).decode())
    else:
        tell_report(report)
    return report


def _opened(held: Warehouse, table: Table) -> HeldTable:
    result = held.read(Wanted(table))
    types = {each.name: each.type for each in result.columns}
    return held_table(str(table), types, result.batches())


@contextlib.contextmanager
def _results(path: Path | None) -> Iterator[Callable[[str, RowVerdict], None]]:
    if path is None:
        yield lambda _procedure, _found: None
        return
    with ResultsFile(path, _RESULTS) as file:
        yield lambda procedure, found: file.add(_result(procedure, found))


def _result(procedure: str, found: RowVerdict) -> dict[str, object]:
    return {
        "procedure": procedure,
        "id": found.id,
        "verdict": found.verdict.value,
        "created_day": day_of(found.created),
        "updated_at_in_chakra": found.updated_here,
        "updated_at_in_table": found.updated_there,
        "columns": found.columns,
        "note": found.note or None,
    }
