"""`report`: a run as a page to look at, or as one JSON object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chakra_api.errors import SettingsError
from chakra_api.wire.wire_json import encode
from chakra_plugin.pages.environment import render
from chakra_plugin.pages.page_file import write_page
from chakra_plugin.telling import tell, tell_json
from target_chakra.cli.beginnings import opened_reports, refuse_unknown_run
from target_chakra.history.run_details import looks_only, rejects_in_full, run_details
from target_chakra.reporting.run_json import run_json
from target_chakra.reporting.run_page import MOST_ROWS, run_page
from target_chakra.singer.target import typed_command

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput

    from target_chakra.history.reports import Reports, RunLine


@click.command()
@click.argument("number", metavar="[RUN]", type=int, required=False)
@click.option("--html", type=click.Path(path_type=Path), help="Write a page to this file.")
@click.option("--rows", "with_rows", is_flag=True, help="Show values of rejected rows, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def report(
    config: _ConfigInput,
    number: int | None,
    html: Path | None,
    *,
    with_rows: bool,
    as_json: bool,
) -> None:
    """Show a run in full, the last one by default: a page that needs nothing but a browser.

    Outcomes, rejects by reason, fields written, jobs and requests over time, the runs before.
    It has keys of rejected rows as examples; values of rows are in it only with --rows, so that
    without it the page may be passed around.

    \b
    Examples:
      target-chakra --config config.json report --html run.html
      target-chakra --config config.json report 12 --html run.html --rows
      target-chakra --config config.json report 12 --json
    """  # noqa: D301 - click's mark for text that stays as it is
    if html is None and not as_json:
        raise click.UsageError("Say --html FILE for a page, or --json for one JSON object.")
    with opened_reports(config) as reports:
        refuse_unknown_run(config, reports, number)
        details = run_details(reports, _chosen(reports, number))
        rows = rejects_in_full(reports, details.run.id, MOST_ROWS) if with_rows else None
    if as_json:
        tell_json(encode(run_json(details, rows)).decode())
    if html is not None:
        command = typed_command(config)(f"report {details.run.id} --html {html}")
        write_page(html, render(run_page(details, rows, command)))
        tell(f"Wrote run {details.run.id} to {html}", err=True)


def _chosen(reports: Reports, number: int | None) -> RunLine:
    """The run that is asked for, or the last one.

    Raises:
        SettingsError: There are none yet.
    """
    found = [each for each in reports.runs(number) if number or not looks_only(each)]
    if not found:
        raise SettingsError("The journal has no runs yet", "Run target-chakra first")
    return found[-1]
