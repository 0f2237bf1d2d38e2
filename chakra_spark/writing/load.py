"""Writes what was staged: one load, one run of the target, on the driver."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from chakra_api.clock import SystemClock
from chakra_api.errors import ChakraError, SettingsError
from chakra_api.exit_codes import ExitCode
from chakra_api.redaction import redact_logs
from chakra_plugin.monitoring.channels import parse_channels
from chakra_plugin.monitoring.watch import Watch
from chakra_plugin.surroundings import run_owner
from chakra_spark.writing.staging import name_of, rows_of
from target_chakra.history.reports import Reports
from target_chakra.lifecycle import SETTLED
from target_chakra.loads.arrivals import Delivery
from target_chakra.loads.open_runs import OpenRuns
from target_chakra.mapping.table_hints import Hints
from target_chakra.run.session import Session
from target_chakra.telling.end_facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chakra_spark.write_options import WriteOptions
    from chakra_spark.writing.staging import Staged
    from target_chakra.books.run_end import RunEnd
    from target_chakra.history.reports import RunLine
    from target_chakra.loads.shared_run import Begin
    from target_chakra.run.hooks import Hooks
    from target_chakra.settings import Settings

LOG: Final = logging.getLogger("target-chakra")
PREFIX: Final = "spark/"
"""How the names of Spark's loads begin."""
_SETTLED: Final = frozenset(outcome.value for outcome in SETTLED)
"""Outcomes in a receipt after which nothing is left to do for a row."""


def write_load(
    options: WriteOptions, load: str, columns: Mapping[str, bool], staged: Sequence[Staged]
) -> None:
    """Have all rows written; returns once every row of them is settled.

    Args:
        options: What the user wants written.
        load: The name of the load.
        columns: Of the rows, each with whether it holds times.
        staged: The rows.

    Raises:
        ChakraError: Not every row is settled, or more was rejected than the options allow.
    """
    settings = options.settings()
    redact_logs(settings.connection.api_key, LOG.name)
    rows = sum(each.rows for each in staged)
    if options.load and _has_loaded(settings, load, rows):
        LOG.warning("%s was written before, and is not written again", load)
        return
    delivery = Delivery(
        file=name_of(staged),
        stream=options.stream,
        columns=columns,
        hints=Hints("merge"),
        rows=partial(rows_of, staged),
    )
    begin = _opener(options, settings)
    runs = OpenRuns(lambda: False)
    runs.deliver(load, begin, delivery)
    runs.complete(load, begin, partial(_is_untold, settings, load), whole=True)


def _opener(options: WriteOptions, settings: Settings) -> Begin:
    asked = parse_channels(LOG, options.config())
    asked.refuse()
    channels = replace(asked.channels, place="Spark")

    def begin(hooks: Hooks[object]) -> Session[object]:
        clock = SystemClock()
        watch = Watch(channels, clock, looks=settings.dry_run)
        told = replace(hooks, ended=partial(_ended, watch), show=LOG.warning)
        try:
            return Session(settings, clock, f"{run_owner()}, Spark", told)
        except ChakraError as error:
            watch.ended(error)
            raise

    return begin


def _ended(watch: Watch, end: RunEnd) -> None:
    LOG.warning("%s", end.receipt.line_json)
    watch.tell(facts_of(end))


def _has_loaded(settings: Settings, load: str, rows: int) -> bool:
    """Whether an earlier try of a load has settled all of its rows."""
    try:
        reports = Reports(settings.journal)
    except SettingsError:
        return False  # no run ever came, so that there is no journal
    try:
        return any(_has_settled(run, rows) for run in reports.runs(load=load))
    finally:
        reports.close()


def _has_settled(run: RunLine, rows: int) -> bool:
    """Whether a run has settled so many rows, rejects on record among them."""
    if run.dry or run.exit_code not in (ExitCode.DONE, ExitCode.REJECTS):
        return False
    outcomes = run.receipt.get("outcomes")
    counts = outcomes if isinstance(outcomes, dict) else {}
    left = sum(count for name, count in counts.items() if name not in _SETTLED)
    return run.exit_code == ExitCode.DONE or (run.receipt.get("rows_in") == rows and not left)


def _is_untold(settings: Settings, load: str) -> bool:
    """Whether more of a load was rejected than allowed, and its user was not told."""
    reports = Reports(settings.journal)
    try:
        return reports.untold_rejects(load) > settings.limits.max_rejects
    finally:
        reports.close()
