"""`runs`: the runs that the journal knows, and the receipt of one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from chakra_api.values.timestamps import iso_ms
from chakra_plugin.telling import tell, tell_json
from target_chakra.cli.beginnings import (
    JSON,
    line_json,
    opened_reports,
    refuse_unknown_run,
)

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput

    from target_chakra.history.reports import RunLine


@click.command()
@click.argument("number", metavar="[RUN]", type=int, required=False)
@JSON
@click.pass_obj
def runs(config: _ConfigInput, number: int | None, *, as_json: bool) -> None:
    """List runs, or show the receipt of one.

    \b
    Examples:
      target-chakra --config config.json runs
      target-chakra --config config.json runs 12
    """  # noqa: D301 - click's mark for text that stays as it is
    with opened_reports(config) as reports:
        refuse_unknown_run(config, reports, number)
        found = reports.runs(number)
    for run in found:
        if number is not None:
            tell_json(json.dumps(run.receipt, indent=2, default=str))
        elif as_json:
            tell_json(line_json(run))
        else:
            tell(_run_line(run))
    if not found:
        tell("No runs yet.", err=True)


def _run_line(run: RunLine) -> str:
    outcomes = run.receipt.get("outcomes")
    counts = outcomes if isinstance(outcomes, dict) else run.recorded
    said = [f"{count:,} {name}" for name, count in counts.items() if count]
    mirror = run.receipt.get("mirror_deletes")
    for name, count in (mirror if isinstance(mirror, dict) else {}).items():
        if count:
            said.append(
                f"{count:,} {name} by the mirror"
                if name == "deleted"
                else f"{count:,} {name} of the mirror's deletes"
            )
    if run.in_flight or counts.get("in flight"):
        said.append(f"{run.in_flight:,} in flight now")
    # Killed, or it could not reach the journal any more: nothing tells the two apart.
    end = "under way" if run.under_way else "ended without a receipt"
    ended = end if run.exit_code is None else f"exit {run.exit_code}"
    kind = "" if run.kind == "run" else f"{run.kind}, "
    return f"run {run.id}  {iso_ms(run.began_ms)}  {kind}{ended}  {', '.join(said) or 'no rows'}"
