"""`mirror-commit`: deletes what mirrored streams no longer bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chakra_plugin.telling import tell
from target_chakra.cli.beginnings import (
    STREAM,
    begun_session,
    opened_reports,
    settings_of,
)
from target_chakra.telling.watching import watch_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.plugin_base import _ConfigInput

    from target_chakra.history.reports import RunLine
    from target_chakra.run.session import Session


@click.command("mirror-commit")
@STREAM
@click.pass_obj
def mirror_commit(config: _ConfigInput, stream: str | None) -> int:
    """Delete what mirrored streams no longer bring, after a run that ended well.

    Under Meltano it follows `meltano run` behind &&, so that it is reached only when tap and
    target both exited 0; as a block of `meltano run` Meltano refuses it. A stream whose tap read
    incrementally is refused: such a run holds only the changes.

    \b
    Examples:
      target-chakra --config config.json mirror-commit
      meltano run tap-postgres target-chakra && meltano invoke target-chakra:mirror-commit
    """  # noqa: D301 - click's mark for text that stays as it is
    with watch_of(config.config) as watch:
        settings = settings_of(config)
        with opened_reports(config) as reports:
            before = reports.runs()
        with begun_session(config, settings, watch) as session:
            return session.run(lambda: _commit(session, before, stream))


def _commit(session: Session[object], before: Sequence[RunLine], wanted: str | None) -> None:
    for stream, count, run in session.commit_mirrors(before, wanted):
        tell(f"{stream}: {count:,} that run {run} did not bring", err=True)
