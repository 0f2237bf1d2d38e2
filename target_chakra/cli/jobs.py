"""`jobs`: the background jobs that runs have sent, for a tap that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chakra_api.wire.wire_json import encode
from chakra_plugin.telling import tell, tell_json
from target_chakra.cli.beginnings import RUN, opened_reports, refuse_unknown_run
from target_chakra.history.sent_jobs import sent_jobs

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput


@click.command()
@RUN
@click.pass_obj
def jobs(config: _ConfigInput, number: int | None) -> None:
    """List the background jobs that runs have sent, one JSON object a line.

    The setting background_jobs of tap-chakra takes a file of these lines.

    \b
    Examples:
      target-chakra --config config.json jobs --run 12 > jobs.jsonl
      TAP_CHAKRA_BACKGROUND_JOBS=jobs.jsonl tap-chakra
    """  # noqa: D301 - click's mark for text that stays as it is
    found = 0
    with opened_reports(config) as reports:
        refuse_unknown_run(config, reports, number)
        with reports.reading() as connection:
            for found, job in enumerate(sent_jobs(connection, number), 1):  # noqa: B007 - counted below
                tell_json(encode(job._asdict()).decode())
    if not found:
        tell("No jobs.", err=True)
