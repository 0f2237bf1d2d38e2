"""`doctor`: one page on this account: what is found, what follows, which setting changes it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from chakra_api.clock import SystemClock
from chakra_api.exit_codes import gravest
from chakra_plugin.findings.budget import MOST_SECONDS, Budget
from chakra_plugin.findings.comparison import differences
from chakra_plugin.findings.kept import VERSION, KeptLook, keep_look, kept_look
from chakra_plugin.findings.measures import Measures
from chakra_plugin.findings.page import Page, Since
from chakra_plugin.findings.shown import show_page
from chakra_plugin.findings.transcripts import written_transcript
from chakra_plugin.telling import tell
from tap_chakra.doctor.look import Watches, look
from tap_chakra.doctor.place import usual_place
from tap_chakra.run.source import Source
from tap_chakra.singer.tap import TapChakra

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput

    from chakra_api.transcripts.transcript import Transcript
    from chakra_api.transcripts.watched import Watcher
    from tap_chakra.doctor.look import Looked
    from tap_chakra.settings import Settings

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The page as one JSON object.")
@click.option(
    "--transcript",
    type=_FILE,
    help="Write requests and answers there, every value replaced by its shape.",
)
@click.option(
    "--keep",
    type=_FILE,
    help="Keep what was found there, for the next look to compare with."
    "  [default: .tap-chakra/doctor.json; under Meltano in the project, by environment]",
)
@click.option("--no-keep", is_flag=True, help="Keep nothing, and compare with nothing.")
@click.pass_obj
def doctor(
    config: _ConfigInput,
    transcript: Path | None,
    keep: Path | None,
    *,
    no_keep: bool,
    as_json: bool,
) -> int:
    """Look at the account, and say what follows for your pipeline.

    Reads only, in under 10 seconds and 60 requests. No value of a row is printed, kept or written
    down.

    \b
    Examples:
      tap-chakra --config config.json doctor
      tap-chakra --config config.json doctor --json
      tap-chakra --config config.json doctor --transcript for-support.jsonl
    """  # noqa: D301 - click's mark for text that stays as it is
    if keep is not None and no_keep:
        raise click.UsageError("--keep and --no-keep say the opposite: leave one out")
    settings = TapChakra.configured(config, setup_mapper=False).source.settings
    redact = settings.connection.api_key.redact
    written = contextlib.nullcontext()
    with (
        written
        if transcript is None
        else written_transcript(transcript, "tap-chakra doctor", redact)
    ) as writing:
        page, account = _looked(settings, writing)
    if not no_keep and account:
        page = _compared(page, account, keep or usual_place())
    show_page(page, as_json=as_json)
    return gravest(finding.code for finding in page.findings)


def _looked(settings: Settings, transcript: Transcript | None) -> tuple[Page, str]:
    """The page of one look, and what tells its account from others; empty if none was reached."""
    clock = SystemClock()
    patience = min(settings.connection.request_timeout, MOST_SECONDS)
    connection = replace(settings.connection, request_timeout=patience)
    watches = Watches(Budget(clock.monotonic), Measures())
    watchers: list[Watcher] = [watches.budget, watches.measures]
    if transcript is not None:
        watchers.append(transcript)
    source = Source(replace(settings, connection=connection), clock, watchers)
    try:
        looked = look(source, watches)
    finally:
        source.close()
    return _page(settings.connection.api_url, looked, watches.budget, clock.now()), looked.account


def _page(api_url: str, looked: Looked, budget: Budget, now: float) -> Page:
    return Page(
        f"ChakraHQ at {api_url}",
        int(now * 1000),
        looked.findings,
        budget.spent,
        budget.seconds,
        left_out=looked.left_out,
    )


def _compared(page: Page, account: str, path: Path) -> Page:
    """The page with what has changed since the look that is kept; this one is kept in its place."""
    before, odd = kept_look(path, account)
    failed = keep_look(path, KeptLook(VERSION, account, page.looked_at, page.findings))
    for said in (odd, failed):
        if said:
            tell(f"{said}.", err=True)
    if before is None:
        return page
    changed = tuple(differences(before.findings, page.findings))
    return replace(page, since=Since(before.looked_at, changed))
