"""`init`: a mapping to begin with, from the columns of a source and the account."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from chakra_api.clock import SystemClock
from chakra_api.connection import connect
from chakra_api.errors import SettingsError
from chakra_plugin.stopping import stoppable
from chakra_plugin.telling import tell, tell_json
from chakra_plugin.warehouses.source import open_warehouse
from chakra_plugin.warehouses.wanted import Wanted
from target_chakra.cli.beginnings import settings_of
from target_chakra.cli.sync import SOURCE, SQL, STREAM, TABLE
from target_chakra.lookups.open_account import OpenAccount
from target_chakra.sync.asked import asked_for
from target_chakra.sync.proposal import Proposal, Proposer

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput

    from target_chakra.settings import Settings
    from target_chakra.sync.asked import Asked

LOG = logging.getLogger("target-chakra")
MOST_ROWS: Final = 10_000
"""Rows of the source that are looked at."""


@click.command()
@click.option("--procedure", required=True, metavar="NAME", help="ShortId of the procedure.")
@SOURCE
@TABLE
@SQL
@STREAM
@click.option("--output", metavar="FILE", help="Write it there, not to standard output.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def init(  # noqa: PLR0913 - an option each
    config: _ConfigInput,
    procedure: str,
    source: str,
    *,
    table: str | None,
    sql: str | None,
    stream: str | None,
    output: str | None,
    force: bool,
) -> int:
    """Propose a mapping of a table, a query or files to a procedure.

    Columns meet attributes by name. What is left over, has only a similar name, or holds values
    that would be rejects, is reported on standard error; the first 10,000 rows are looked at.
    Nothing is written to ChakraHQ. The mapping is a settings file: give it as a second --config.

    \b
    Examples:
      target-chakra --config config.json init --procedure lead --source leads.csv
      target-chakra --config config.json init --procedure lead \\
          --source duckdb:///warehouse.duckdb --sql scores.sql --output scores.json
    """  # noqa: D301 - click's mark for text that stays as it is
    if output is not None and not force and Path(output).exists():
        raise SettingsError(f"The file '{output}' is there", "Replace it with --force")
    asked = asked_for(source, table, sql, stream, None)
    with stoppable(LOG):
        found = _proposed(settings_of(config), procedure, source, asked)
    for note in found.notes:
        tell(f"{note}.", err=True)
    made = json.dumps({"streams": [found.mapping]}, indent=2, ensure_ascii=False)
    if output is None:
        tell_json(made)
        return 0
    _write(output, made)
    tell(
        f"Written to {output}. Give it to sync as a further --config, or put it into meltano.yml;"
        " with dry_run a sync shows what it would write.",
        err=True,
    )
    return 0


def _proposed(settings: Settings, procedure: str, source: str, asked: Asked) -> Proposal:
    client = connect(settings.connection, SystemClock(), 1)
    try:
        into = OpenAccount(client, settings).procedure(procedure).destinations
    finally:
        client.close()
    with closing(open_warehouse(source)) as warehouse:
        result = warehouse.read(Wanted(asked.rows))
        proposer = Proposer(asked.stream, into, [each.name for each in result.columns])
        return proposer.proposal(result.rows(), MOST_ROWS)


def _write(output: str, text: str) -> None:
    try:
        Path(output).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"The file '{output}' can't be written: {error.strerror}", "Name another one"
        ) from None
