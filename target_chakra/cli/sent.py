"""`jobs` and `copy-calls`: what runs have sent, for a tap to read, and for another journal."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chakra_api.errors import JournalError
from chakra_api.wire.wire_json import encode
from chakra_plugin.telling import tell, tell_json
from target_chakra.cli.beginnings import RUN, opened_reports, refuse_dry, refuse_unknown_run
from target_chakra.history.reports import Reports
from target_chakra.history.sent_jobs import sent_jobs
from target_chakra.journal.copied_calls import copy_calls
from target_chakra.journal.database import Database
from target_chakra.singer.target import journal_of

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput


@click.command()
@RUN
@click.pass_obj
def jobs(config: _ConfigInput, number: int | None) -> None:
    """List the background jobs that runs have sent, one JSON object per line.

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


@click.command("copy-calls")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def copy_calls_of(config: _ConfigInput, file: Path) -> None:
    """Copy from another journal's FILE which messages and tasks were sent: none is sent twice.

    They are copied to the journal of the settings, and the file stays as it is. Nothing else is
    copied. Let no run use that journal any more.

    \b
    Examples:
      target-chakra --config config.json copy-calls .target-chakra/journal.db
    """  # noqa: D301 - click's mark for text that stays as it is
    refuse_dry(config)
    with closing(Reports(f"sqlite:///{file}")) as other:
        if other.is_held():
            raise JournalError(f"A run holds the journal '{file}'", "Wait until that run ends")
        with other.reading() as source, closing(Database(journal_of(config.config))) as database:
            if not database.lock():
                raise JournalError(
                    "A run holds the journal of the settings", "Wait until that run ends"
                )
            with database.writing() as into:
                count = copy_calls(source, into)
    tell(f"{count:,} messages, tasks and public files copied that were not known", err=True)
