"""`kept`: the fields that a run left as people changed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chakra_api.values.coercion import json_text
from chakra_plugin.telling import tell, tell_json
from target_chakra.cli.beginnings import (
    JSON,
    STREAM,
    line_json,
    opened_reports,
    refuse_unknown_run,
)

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput

    from target_chakra.history.kept import KeptLine


@click.command()
@click.option("--run", "number", type=int, help="Of that run, not of the last one.")
@STREAM
@JSON
@click.pass_obj
def kept(config: _ConfigInput, number: int | None, stream: str | None, *, as_json: bool) -> None:
    """List the fields that a run left as people changed them: what is held, and what was not
    written.

    A mapping with keep_edits leaves such fields alone until their value changes in the source; an
    undo leaves what others changed since. To write the source's values after all, run it once with
    overwrite_edits.

    \b
    Examples:
      target-chakra --config config.json kept
      target-chakra --config config.json kept --run 12 --stream lead_scores --json
    """  # noqa: D205, D301 - click shows the first sentence; its mark for text that stays as it is
    with opened_reports(config) as reports:
        refuse_unknown_run(config, reports, number)
        run, found = reports.kept(number, stream)
    for each in found:
        if as_json:
            tell_json(line_json(each))
        else:
            tell(_kept_line(each))
    if not found:
        tell("No runs yet." if run is None else f"Run {run} kept no edits.", err=True)


def _kept_line(each: KeptLine) -> str:
    place = f"{each.stream} line {each.line}" if each.line else each.stream
    return (
        f"run {each.run}, {place}, {each.procedure} {each.key}, {each.field}:"
        f" holds {_text(each.held)}, was written as {_text(each.written)};"
        f" {_text(each.wanted)} was not written"
    )


def _text(value: object) -> str:
    return "nothing" if value is None else json_text(value)
