"""`runs`: the runs that the journal knows, and one of them in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chakra_api.clock import SystemClock
from chakra_plugin.telling import tell, tell_json
from target_chakra.cli.beginnings import (
    JSON,
    line_json,
    opened_reports,
    refuse_unknown_run,
)
from target_chakra.singer.target import typed_command
from target_chakra.telling.reject_listing import by_reason
from target_chakra.telling.run_listing import tell_run, tell_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.plugin_base import _ConfigInput

    from target_chakra.history.reports import RejectLine, RunLine


@click.command()
@click.argument("number", metavar="[RUN]", type=int, required=False)
@JSON
@click.pass_obj
def runs(config: _ConfigInput, number: int | None, *, as_json: bool) -> None:
    """List runs: what each was begun for, how long it took, how it ended; or one in words.

    \b
    Examples:
      target-chakra --config config.json runs
      target-chakra --config config.json runs 12
      target-chakra --config config.json runs 12 --json
    """  # noqa: D301 - click's mark for text that stays as it is
    with opened_reports(config) as reports:
        refuse_unknown_run(config, reports, number)
        found = reports.runs(number)
        one = found[0] if number is not None and not as_json else None
        rejects = reports.rejects(run=one.id, closed=True) if one else ()
    now_ms = int(SystemClock().now() * 1000)
    if as_json:
        for run in found:
            tell_json(line_json(run))
    elif one is not None:
        _tell_one(one, rejects, now_ms, typed_command(config))
    elif found:
        tell_runs(found, now_ms)
    else:
        tell("No runs yet.", err=True)


def _tell_one(
    run: RunLine, rejects: tuple[RejectLine, ...], now_ms: int, command: Callable[[str], str]
) -> None:
    tell_run(run, by_reason(rejects), now_ms)
    outcomes = run.receipt.get("outcomes")
    if isinstance(outcomes, dict) and outcomes.get("unknown"):
        tell(f"Next: {command('unknown')}")
    elif any(each.closed is None for each in rejects):
        tell(f"Next: {command(f'rejects --run {run.id}')}")
