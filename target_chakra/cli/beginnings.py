"""What the subcommands share: options, settings, the journal to look into, a run to begin."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from chakra_api.clock import SystemClock
from chakra_api.errors import SettingsError
from chakra_api.setting_values import flag
from chakra_api.wire.wire_json import encode
from chakra_plugin.stopping import stoppable
from chakra_plugin.surroundings import run_owner
from target_chakra.history.reports import Reports
from target_chakra.run.hooks import Hooks
from target_chakra.run.session import Session
from target_chakra.singer.target import TargetChakra, journal_of, parsed_settings, typed_command
from target_chakra.telling.watching import told_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.plugin_base import _ConfigInput

    from chakra_plugin.monitoring.watch import Watch
    from target_chakra.history.kept import KeptLine
    from target_chakra.history.reports import RejectLine, RunLine, UnknownLine
    from target_chakra.settings import Settings

LOG = logging.getLogger("target-chakra")
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
RUN = click.option("--run", "number", type=int, help="Only of that run.")
STREAM = click.option("--stream", help="Only of that stream.")


def settings_of(config: _ConfigInput) -> Settings:
    """The settings, as the target itself takes them."""
    given = config.config
    TargetChakra.check_settings(given)
    return parsed_settings(given)


def is_dry(config: _ConfigInput) -> bool:
    """Whether the settings say that nothing is to be written."""
    return flag(config.config, "dry_run")


def refuse_dry(config: _ConfigInput) -> None:
    """A dry run changes nothing, the journal neither.

    Raises:
        SettingsError: It is one.
    """
    if is_dry(config):
        raise SettingsError(
            "dry_run is set, and this would change the journal", "Take dry_run away"
        )


@contextlib.contextmanager
def opened_reports(config: _ConfigInput) -> Iterator[Reports]:
    """The journal, to look into: that needs no key."""
    reports = Reports(journal_of(config.config))
    try:
        yield reports
    finally:
        reports.close()


@contextlib.contextmanager
def begun_session(
    config: _ConfigInput, settings: Settings, watch: Watch, told: Hooks[object] | None = None
) -> Iterator[Session[object]]:
    """A run that a signal ends in order.

    Args:
        config: What the command line names.
        settings: What the user set.
        watch: Tells whoever watches of its end; it was there before anything could be refused.
        told: Who else is told of the run.
    """
    with stoppable(LOG) as stop:
        hooks = replace(
            told or Hooks(), stopped=stop, ended=told_to(watch), command=typed_command(config)
        )
        session = Session(settings, SystemClock(), run_owner(), hooks)
        stop.begun = True
        yield session


def refuse_unknown_run(config: _ConfigInput, reports: Reports, number: int | None) -> None:
    """A run that is not there has nothing to tell.

    Raises:
        SettingsError: There is no run of that number.
    """
    if number is not None and not reports.runs(number):
        raise SettingsError(
            f"There is no run {number}", f"List them with {typed_command(config)('runs')}"
        )


def line_json(line: RunLine | RejectLine | UnknownLine | KeptLine) -> str:
    """A line of a listing as one JSON object."""
    return encode(asdict(line)).decode()
