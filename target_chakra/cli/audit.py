"""`audit`: what a run or a stream wrote, beside what ChakraHQ holds now."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from chakra_api.clock import SystemClock
from chakra_api.connection import connect
from chakra_api.errors import SettingsError
from chakra_api.exit_codes import ExitCode
from chakra_api.redaction import redact_logs
from chakra_api.values.coercion import json_text
from chakra_api.wire.wire_json import encode
from chakra_plugin.results_file import Holds, ResultColumn, ResultsFile
from chakra_plugin.stopping import stoppable
from chakra_plugin.telling import tell_json
from target_chakra.audit.audit import Audit, Summary
from target_chakra.audit.page import page_json, tell_page_of
from target_chakra.audit.verdicts import DIFFERENCES, Verdict
from target_chakra.cli.beginnings import opened_reports, settings_of
from target_chakra.history.made_calls import calls_said
from target_chakra.history.written import WrittenRows
from target_chakra.lookups.open_account import OpenAccount
from target_chakra.singer.target import typed_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from singer_sdk.plugin_base import _ConfigInput

    from target_chakra.audit.verdicts import RowVerdict
    from target_chakra.history.reports import Reports, RunLine
    from target_chakra.settings import Settings

LOG = logging.getLogger("target-chakra")
_RESULTS: Final = (
    ResultColumn("procedure"),
    ResultColumn("stream"),
    ResultColumn("key"),
    ResultColumn("id"),
    ResultColumn("verdict"),
    ResultColumn("field"),
    ResultColumn("written"),
    ResultColumn("held"),
    ResultColumn("updated_at", Holds.TIME),
)
_LAG_SECONDS: Final = 30


@click.command()
@click.option("--run", "number", type=int, help="What that run wrote.")
@click.option("--stream", help="What is confirmed of that stream's processes, by all runs.")
@click.option(
    "--results",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a row for each field and process that is not as written: .parquet, .csv or .jsonl.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def audit(
    config: _ConfigInput,
    number: int | None,
    stream: str | None,
    results: Path | None,
    *,
    as_json: bool,
) -> int:
    """Look up what was written: held still, changed by others, or gone.

    Looks only: neither ChakraHQ nor the journal is changed, and a run may be under way.

    \b
    Examples:
      target-chakra --config config.json audit --run 12
      target-chakra --config config.json audit --stream lead_scores --results changed.parquet

    \b
    Exit codes: 0 all is held as written, 11 others changed something, 3 settings, 4 no access,
    5 ChakraHQ unreachable, 9 stopped, 10 the journal can't be read.
    """  # noqa: D301 - click's mark for text that stays as it is
    if (number is None) == (stream is None):
        raise click.UsageError("Say either --run NUMBER or --stream NAME")
    settings, clock = settings_of(config), SystemClock()
    redact_logs(settings.connection.api_key)
    with (
        stoppable(LOG),
        opened_reports(config) as reports,
        contextlib.closing(connect(settings.connection, clock, settings.concurrency)) as client,
        WrittenRows() as written,
        _results(results) as takes,
    ):
        account = OpenAccount(client, settings)
        calls: Mapping[str, int] = {}
        if number is not None:
            _check(config, reports, number, account.id)
            written.gather_run(reports, number)
            calls = reports.calls(number)
        elif stream is not None:
            written.gather_stream(reports, account.id, stream)
            calls = reports.calls_of_stream(account.id, stream)
        if not written.count and stream is not None:
            raise _nothing_of_stream(stream, calls_said(calls), _kind(settings, stream))
        if not written.count:
            raise _nothing_of_run(config, number, calls_said(calls))
        _warn(reports, int(clock.now() * 1000))
        summary = Summary(calls)
        for found in Audit(account, reports, settings.concurrency, clock).verdicts(written):
            summary.add(found)
            takes(found)
    what = f"run {number}" if number is not None else f"stream {stream}"
    if as_json:
        tell_json(encode(page_json(summary, run=number, stream=stream)).decode())
    else:
        tell_page_of(summary, what)
    return ExitCode.DIFFERS if any(summary.counts[each] for each in DIFFERENCES) else ExitCode.DONE


def _check(config: _ConfigInput, reports: Reports, number: int, account: str) -> None:
    """A run that is not there, wrote nothing on purpose, or wrote elsewhere has nothing to audit.

    Raises:
        SettingsError: It is so.
    """
    runs = f"List them with {typed_command(config)('runs')}"
    found = reports.runs(number)
    if not found:
        raise SettingsError(f"There is no run {number}", runs)
    if found[0].dry:
        raise SettingsError(f"Run {number} wrote nothing on purpose ({found[0].kind})", runs)
    if found[0].account != account:
        raise SettingsError(
            f"Run {number} wrote to account {found[0].account}, and this API key is of {account}",
            "Use an API key of that account",
        )


def _nothing_of_run(config: _ConfigInput, number: int | None, calls: str) -> SettingsError:
    if calls:
        return SettingsError(
            f"Run {number} wrote no process: it made {calls}, which audit does not compare",
            "Look at them in ChakraHQ",
        )
    return SettingsError(
        f"The journal holds nothing that run {number} wrote: it wrote nothing, or that is"
        " older than journal_retention_days",
        f"See its receipt with {typed_command(config)(f'runs {number}')}",
    )


def _kind(settings: Settings, stream: str) -> str:
    """What each row of a stream asks for by calls of its own; empty where rows are processes."""
    call = settings.mapping_for(stream).call if settings.maps(stream) else None
    return call.kind.value if call else ""


def _nothing_of_stream(stream: str, calls: str, kind: str) -> SettingsError:
    step = "Look at them in ChakraHQ"
    if calls:
        return SettingsError(
            f"The stream '{stream}' wrote no process: it made {calls}, which audit does not"
            " compare",
            step,
        )
    if kind:
        return SettingsError(
            f"The stream '{stream}' writes no processes: its rows are of kind {kind}, which audit"
            " does not compare",
            step,
        )
    return SettingsError(
        f"The journal confirms nothing of the stream '{stream}'",
        "Name a stream that was written to this account with a key; a wrong name is the likeliest",
    )


def _warn(reports: Reports, now: int) -> None:
    """Say what may still move."""
    last: RunLine | None = next(iter(reports.runs()[-1:]), None)
    if last is None:
        return
    if last.under_way:
        LOG.warning(
            "Run %d is under way: what it writes meanwhile may be listed as changed by others",
            last.id,
        )
    elif last.ended_ms is not None and now - last.ended_ms < _LAG_SECONDS * 1000:
        LOG.info(
            "Run %d ended less than %d s ago: lists may still show rows as they were before",
            last.id,
            _LAG_SECONDS,
        )


@contextlib.contextmanager
def _results(path: Path | None) -> Iterator[Callable[[RowVerdict], None]]:
    if path is None:
        yield lambda _: None
        return
    with ResultsFile(path, _RESULTS) as file:

        def take(found: RowVerdict) -> None:
            for row in _rows(found):
                file.add(row)

        yield take


def _rows(found: RowVerdict) -> Iterator[dict[str, object]]:
    """A row for each field that is not as written; one where the process itself is not."""
    if found.verdict is Verdict.KEPT:
        return
    row: dict[str, object] = {
        "procedure": found.row.procedure,
        "stream": found.row.stream,
        "key": found.row.called or None,
        "id": found.process_id or found.row.process_id or None,
        "verdict": found.verdict.value,
        "updated_at": found.updated,
    }
    if not found.fields:
        yield row
    for each in found.fields:
        values = {"written": json_text(each.written), "held": json_text(each.held)}
        by = Verdict.LATER if each.later else Verdict.CHANGED
        yield {**row, "verdict": by.value, "field": each.name, **values}
