"""`sync`: a table or query of a warehouse goes to ChakraHQ without a tap between."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

import click

from chakra_api.errors import SettingsError
from chakra_api.setting_values import flag
from chakra_plugin.warehouses.source import open_warehouse
from target_chakra.cli.beginnings import begun_session, settings_of
from target_chakra.run.hooks import Hooks
from target_chakra.sync.asked import asked_for
from target_chakra.sync.table_sync import TableSync, carry_out, refuse_changes_of_a_mirror
from target_chakra.telling.watching import watch_of

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput

SOURCE_VARIABLE = "CHAKRA_SOURCE"
SOURCE = click.option(
    "--source",
    required=True,
    envvar=SOURCE_VARIABLE,
    metavar="URL|PATH",
    help="duckdb:///file, postgresql://... or another URL of SQLAlchemy, or the path of parquet or"
    f" CSV. Without it the variable {SOURCE_VARIABLE}, which hides a password.",
)
TABLE = click.option("--table", metavar="NAME", help="A table or view: name or schema.name.")
SQL = click.option("--sql", metavar="FILE|TEXT", help="A file that holds a SELECT, or a SELECT.")

STREAM = click.option(
    "--stream",
    metavar="NAME",
    help="Name in the setting streams. By default the table's or the SQL file's.",
)


@click.command()
@SOURCE
@TABLE
@SQL
@STREAM
@click.option(
    "--state",
    "column",
    metavar="COLUMN",
    help="Read only rows whose COLUMN is not below the highest value of the last sync that was"
    " settled.",
)
@click.pass_obj
def sync(  # noqa: PLR0913 - an option each
    config: _ConfigInput,
    source: str,
    *,
    table: str | None,
    sql: str | None,
    stream: str | None,
    column: str | None,
) -> int:
    """Write a table, a query or files to ChakraHQ.

    Rows are mapped by the setting streams, as those of a tap. In mode mirror a sync deletes what
    it wrote before and no longer finds, up to max_deletes.

    \b
    Examples:
      target-chakra --config config.json sync --source duckdb:///warehouse.duckdb --sql scores.sql
      target-chakra --config config.json sync --source postgresql://me@db/dw --table marts.scores
      target-chakra sync --source exports/leads.parquet --stream leads --state updated_at
    """  # noqa: D301 - click's mark for text that stays as it is
    with watch_of(config.config) as watch:
        settings = settings_of(config)
        asked = asked_for(source, table, sql, stream, column)
        _refuse_for_singer(config, asked.stream)
        refuse_changes_of_a_mirror(settings, asked)
        warehouse = open_warehouse(source)
        with begun_session(config, settings, watch, Hooks(emit=carry_out)) as session:
            return session.run(TableSync(session, warehouse, asked).take)


def _refuse_for_singer(config: _ConfigInput, stream: str) -> None:
    """What singer-sdk does to the rows of a tap, nobody does to those of a table.

    Raises:
        SettingsError: It is asked for.
    """
    given = config.config
    maps = given.get("stream_maps")
    names = [name for name in maps if fnmatch.fnmatchcase(stream, name)] if maps else []
    if names and not str(names[0]).startswith("__"):
        raise SettingsError(
            f"stream_maps is set for '{stream}', and sync knows none",
            "Say it in the SQL (--sql), or take it out of stream_maps",
        )
    if flag(given, "flattening_enabled"):
        raise SettingsError(
            "flattening_enabled is set, and sync does not flatten",
            "Name the parts as columns in the SQL (--sql), or take the setting away",
        )
