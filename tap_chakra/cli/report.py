"""`report`: the last run as a page to look at, or as one JSON object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chakra_api.errors import SettingsError
from chakra_api.wire.wire_json import encode
from chakra_plugin.pages.environment import render
from chakra_plugin.pages.page_file import write_page
from chakra_plugin.surroundings import surroundings
from chakra_plugin.telling import tell, tell_json
from tap_chakra.reporting.report_file import read_report
from tap_chakra.reporting.run_page import run_page
from tap_chakra.settings import parse_report_path
from tap_chakra.singer.tap import TapChakra

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput


@click.command()
@click.option("--html", type=click.Path(path_type=Path), help="Write a page to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def report(config: _ConfigInput, html: Path | None, *, as_json: bool) -> None:
    """Show the last run in full: a page that needs nothing but a browser.

    Streams, how their scans cut and covered time, requests, values that did not fit, how the schema
    changed, the runs before. Runs leave it in the file that the setting report_path names. No value
    of a row is in it. Nothing is asked of ChakraHQ.

    \b
    Examples:
      tap-chakra --config config.json report --html tap.html
      tap-chakra --config config.json report --json
    """  # noqa: D301 - click's mark for text that stays as it is
    if html is None and not as_json:
        raise click.UsageError("Say --html FILE for a page, or --json for one JSON object.")
    path = parse_report_path(config.config)
    if path is None:
        raise SettingsError(
            "The setting report_path is not set, so no run leaves anything to show",
            "Set it to a file, such as output/tap-report.json, and run tap-chakra once",
        )
    told = read_report(path)
    if as_json:
        tell_json(encode(told).decode())
    if html is not None:
        given = config.given if hasattr(config, "given") else ()
        typed = surroundings().command(TapChakra.name, f"report --html {html}", settings=given)
        write_page(html, render(run_page(told, typed)))
        tell(f"Wrote the last run to {html}", err=True)
