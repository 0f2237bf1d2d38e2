"""`doctor`: one page on this account: what is found, what follows, which setting changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from chakra_api.clock import SystemClock
from chakra_api.exit_codes import gravest
from chakra_plugin.findings.budget import Budget
from chakra_plugin.findings.measures import Measures
from chakra_plugin.findings.page import Page
from chakra_plugin.findings.shown import show_page
from tap_chakra.doctor.look import Watches, look
from tap_chakra.run.source import Source
from tap_chakra.singer.tap import TapChakra

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput

MOST_PATIENCE = 5.0
"""Seconds without a byte after which an answer is given up, where the settings say more."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The page as one JSON object.")
@click.pass_obj
def doctor(config: _ConfigInput, *, as_json: bool) -> int:
    """Look at the account, and say what follows for your pipeline.

    Reads only, in under 10 seconds and 60 requests. No value of a row is printed.

    \b
    Examples:
      tap-chakra --config config.json doctor
      tap-chakra --config config.json doctor --json
    """  # noqa: D301 - click's mark for text that stays as it is
    clock = SystemClock()
    settings = TapChakra.configured(config, setup_mapper=False).source.settings
    patience = min(settings.connection.request_timeout, MOST_PATIENCE)
    connection = replace(settings.connection, request_timeout=patience)
    watches = Watches(Budget(clock.monotonic), Measures())
    source = Source(
        replace(settings, connection=connection), clock, (watches.budget, watches.measures)
    )
    try:
        looked = look(source, watches)
    finally:
        source.close()
    page = Page(
        f"ChakraHQ at {settings.connection.api_url}",
        int(clock.now() * 1000),
        looked.findings,
        watches.budget.spent,
        watches.budget.seconds,
        left_out=looked.left_out,
    )
    show_page(page, as_json=as_json)
    return gravest(finding.code for finding in looked.findings)
