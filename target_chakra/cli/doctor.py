"""`doctor`: one page on this target: what is found, what follows, which setting changes it."""

from __future__ import annotations

import contextlib
import logging
import sys
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from chakra_api.clock import SystemClock
from chakra_api.connection import connect
from chakra_api.errors import SettingsError
from chakra_api.exit_codes import ExitCode, gravest
from chakra_plugin.findings.asking import AT_A_TIME, Asking
from chakra_plugin.findings.budget import MOST_SECONDS, Budget
from chakra_plugin.findings.measures import Measures
from chakra_plugin.findings.page import WIDTH, Page
from chakra_plugin.findings.shown import show_page
from chakra_plugin.findings.transcripts import written_transcript
from chakra_plugin.stopping import stoppable
from chakra_plugin.surroundings import run_owner
from chakra_plugin.telling import tell
from target_chakra.cli.beginnings import settings_of
from target_chakra.doctor.connection_findings import connection_findings
from target_chakra.doctor.kept_looks import Keeper, receipt_of, since
from target_chakra.doctor.look import Look
from target_chakra.history.condition import condition_of
from target_chakra.settings import parse_settings
from target_chakra.singer.target import TargetChakra, journal_of, typed_command
from target_chakra.write_probe.probe_run import ProbeRun, Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_sdk.plugin_base import _ConfigInput

    from chakra_api.transcripts.watched import Watcher
    from target_chakra.settings import Settings

LOG = logging.getLogger("target-chakra")

_OF_MAPPING: Final = ("streams", "compare")


@click.command()
@click.option(
    "--write-probe",
    "procedure",
    metavar="PROCEDURE",
    help="Create, change and delete processes of its own there, to find out what writes do.",
)
@click.option("--yes", is_flag=True, help="Do not ask before the write probe.")
@click.option(
    "--transcript",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write requests and answers there, every value replaced by its shape.",
)
@click.option("--json", "as_json", is_flag=True, help="The page as one JSON object.")
@click.pass_obj
def doctor(
    config: _ConfigInput,
    procedure: str | None,
    transcript: Path | None,
    *,
    yes: bool,
    as_json: bool,
) -> int:
    """Look at journal, mapping and account, and say what follows for your pipeline.

    Reads only, in under 10 seconds and 60 requests, and prints no value of a row. With
    --write-probe it asks, and then creates, changes and deletes marked processes of its own, one
    after the other, so that later runs know in which form ChakraHQ takes what they send.

    \b
    Examples:
      target-chakra --config config.json doctor
      target-chakra --config config.json doctor --json
      target-chakra --config config.json doctor --write-probe lead
      target-chakra --config config.json doctor --transcript for-support.jsonl
    """  # noqa: D301 - click's mark for text that stays as it is
    settings, refusal = _settings(config) if procedure is None else (settings_of(config), None)
    page: Page | None
    with _transcript(transcript, settings) as watchers:
        if procedure is None:
            page = _look(_Asked(settings, refusal, typed_command(config)), watchers)
        else:
            page = _probe(settings, procedure, watchers, yes=yes)
    if page is None:
        tell("Nothing was written.", err=True)
        return ExitCode.STOPPED
    show_page(page, as_json=as_json)
    return gravest(finding.code for finding in page.findings)


@contextlib.contextmanager
def _transcript(path: Path | None, settings: Settings) -> Iterator[tuple[Watcher, ...]]:
    """Who writes down what goes over the wire, if anybody does."""
    if path is None:
        yield ()
        return
    redact = settings.connection.api_key.redact
    with written_transcript(path, "target-chakra doctor", redact) as transcript:
        yield (transcript,)


@dataclass(frozen=True, slots=True)
class _Asked:
    settings: Settings
    refusal: SettingsError | None
    command: Callable[[str], str]


def _settings(config: _ConfigInput) -> tuple[Settings, SettingsError | None]:
    """The settings, without a mapping where that is refused; and why it is.

    Raises:
        SettingsError: What is wrong is not the mapping.
    """
    try:
        return settings_of(config), None
    except SettingsError as refusal:
        given = {name: each for name, each in config.config.items() if name not in _OF_MAPPING}
        user_agent, journal = TargetChakra.user_agent(), journal_of(given)
        try:
            settings = parse_settings(given, user_agent=user_agent, journal=journal)
        except SettingsError:
            raise refusal from None
        return settings, refusal


def _look(asked: _Asked, watchers: tuple[Watcher, ...]) -> Page:
    clock, settings = SystemClock(), asked.settings
    began = int(clock.now() * 1000)
    budget, measures = Budget(clock.monotonic), Measures()
    patience = min(settings.connection.request_timeout, MOST_SECONDS)
    connection = replace(settings.connection, request_timeout=patience)
    client = connect(connection, clock, AT_A_TIME, (budget, measures, *watchers))
    impatient, asking = client.impatient(), Asking(budget)
    try:
        looked = Look(settings, impatient, asking, asked.command, asked.refusal).take()
    finally:
        asking.close()
        client.close()
    ended = int(clock.now() * 1000)
    way = connection_findings(measures, impatient.server_clock.earliest, ended)
    looked = replace(looked, findings=(*looked.findings, *way))
    code = gravest(finding.code for finding in looked.findings)
    kept = Keeper(settings.journal, run_owner(), began, ended).keep(looked, code)
    left_out = [*asking.left_out, *([f"this look is not kept: {kept}"] if kept else [])]
    return Page(
        f"target-chakra to ChakraHQ at {settings.connection.api_url}",
        ended,
        looked.findings,
        budget.spent,
        budget.seconds,
        since(looked.condition.look, looked.findings),
        tuple(left_out),
    )


def _probe(
    settings: Settings, procedure: str, watchers: tuple[Watcher, ...], *, yes: bool
) -> Page | None:
    """The page of a write probe; None if nobody wanted it."""
    if settings.dry_run:
        raise SettingsError("dry_run is set, and a write probe writes", "Take dry_run away")
    clock = SystemClock()
    with stoppable(LOG) as stop:
        client = connect(settings.connection, clock, 1, watchers)
        try:
            given = Surroundings(client, clock, run_owner(), stop)
            run = ProbeRun(settings, given, procedure)
            before = condition_of(settings.journal, run.account_id).probes.get(procedure)
            if not yes and not _agreed(procedure, run.account_called):
                return None
            stop.begun = True
            began = clock.monotonic()
            found = run.run(receipt_of)
        finally:
            client.close()
    return Page(
        f"Write probe of '{procedure}' at {settings.connection.api_url}",
        int(clock.now() * 1000),
        tuple(found),
        client.stats.requests,
        clock.monotonic() - began,
        since(before, found),
    )


def _agreed(procedure: str, account: str) -> bool:
    """Whether the person at the terminal wants a write probe.

    Raises:
        SettingsError: There is none to ask.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise SettingsError(
            "A write probe asks first, and there is no terminal to ask at", "Say --yes if you agree"
        )
    for line in _question(procedure, account):
        tell(line, err=True)
    return click.confirm("Go on?", default=False, err=True)


def _question(procedure: str, account: str) -> list[str]:
    text = (
        f"In {account} this creates, changes and deletes up to three processes of '{procedure}',"
        " one after the other. Their key begins with Target-Chakra-Probe, or is a number that"
        " nobody has. No other process is touched; max_deletes does not count them. What ChakraHQ"
        " does by itself for a new process (a rule, a message), it does for them, too."
    )
    return textwrap.wrap(text, WIDTH)
