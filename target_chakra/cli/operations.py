"""What an operator needs beside Singer: runs, rejects, retry, unknown rows, mirrors."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from chakra_api.clock import SystemClock
from chakra_api.errors import SettingsError
from chakra_api.setting_values import flag
from chakra_api.values.timestamps import iso_ms
from chakra_api.wire.wire_json import encode
from chakra_plugin.surroundings import run_owner
from chakra_plugin.telling import tell, tell_json
from target_chakra.books.reasons import counted
from target_chakra.books.verdict import keyless_said
from target_chakra.cli.stopping import stoppable
from target_chakra.journal.reports import RESOLUTIONS, Reports
from target_chakra.run.hooks import Hooks
from target_chakra.run.session import Session
from target_chakra.settings import parse_settings
from target_chakra.singer.target import TargetChakra, journal_of, typed_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_sdk.plugin_base import _ConfigInput

    from target_chakra.journal.reports import RejectLine, RunLine, UnknownLine
    from target_chakra.settings import Settings

JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
RUN = click.option("--run", "number", type=int, help="Only of that run.")
STREAM = click.option("--stream", help="Only of that stream.")


def _settings(config: _ConfigInput) -> Settings:
    """The settings, as the target itself takes them."""
    given = config.config
    TargetChakra.check_settings(given)
    return parse_settings(given, user_agent=TargetChakra.user_agent(), journal=journal_of(given))


def _is_dry(config: _ConfigInput) -> bool:
    return flag(config.config, "dry_run")


@contextlib.contextmanager
def _reports(config: _ConfigInput) -> Iterator[Reports]:
    # Looking into the journal needs no key.
    reports = Reports(journal_of(config.config))
    try:
        yield reports
    finally:
        reports.close()


@contextlib.contextmanager
def _session(config: _ConfigInput, settings: Settings) -> Iterator[Session[object]]:
    with stoppable() as stop:
        hooks: Hooks[object] = Hooks(stopped=stop, command=typed_command(config))
        session = Session(settings, SystemClock(), run_owner(), hooks)
        stop.begun = True
        yield session


def _refuse_unknown_run(config: _ConfigInput, reports: Reports, number: int | None) -> None:
    """A run that is not there has nothing to tell.

    Raises:
        SettingsError: There is no run of that number.
    """
    if number is not None and not reports.runs(number):
        raise SettingsError(
            f"There is no run {number}", f"List them with {typed_command(config)('runs')}"
        )


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
    with _reports(config) as reports:
        _refuse_unknown_run(config, reports, number)
        found = reports.runs(number)
    for run in found:
        if number is not None:
            tell_json(json.dumps(run.receipt, indent=2, default=str))
        elif as_json:
            tell_json(_json(run))
        else:
            tell(_run_line(run))
    if not found:
        tell("No runs yet.", err=True)


def _json(line: RunLine | RejectLine | UnknownLine) -> str:
    return encode(asdict(line)).decode()


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
    dry = "dry, " if run.dry else ""
    return f"run {run.id}  {iso_ms(run.began_ms)}  {dry}{ended}  {', '.join(said) or 'no rows'}"


@click.command()
@RUN
@STREAM
@click.option("--all", "closed", is_flag=True, help="Those that were sent again or overtaken, too.")
@JSON
@click.pass_obj
def rejects(
    config: _ConfigInput, number: int | None, stream: str | None, *, closed: bool, as_json: bool
) -> None:
    """List rejected rows: key, line, reason, what to do.

    \b
    Examples:
      target-chakra --config config.json rejects
      target-chakra --config config.json rejects --run 12 --json
    """  # noqa: D301 - click's mark for text that stays as it is
    with _reports(config) as reports:
        found = reports.rejects(run=number, stream=stream, closed=closed)
        if not found:
            _refuse_unknown_run(config, reports, number)
    for each in found:
        if as_json:
            tell_json(_json(each))
        else:
            tell(_reject_line(each))
    if not found:
        tell("No rejects.", err=True)


def _place(each: RejectLine | UnknownLine) -> str:
    """Where a row stood; what a mirror deletes stood nowhere."""
    return f"{each.stream} line {each.line}" if each.line else f"{each.stream}, of the mirror"


def _reject_line(each: RejectLine) -> str:
    state = f" [{each.closed}]" if each.closed else ""
    job = f" (job {each.job})" if each.job else ""
    return (
        f"{each.id}  run {each.run}, {_place(each)}, {each.key or 'no key'}{state}:"
        f" {each.reason}{job}. {each.next_step}."
    )


@click.command()
@RUN
@STREAM
@click.pass_obj
def retry(config: _ConfigInput, number: int | None, stream: str | None) -> int:
    """Send rejected rows again: all, those of a run, or those of a stream.

    A reject that a newer row for the same process has overtaken is not sent.

    \b
    Examples:
      target-chakra --config config.json retry
      target-chakra --config config.json retry --run 12
    """  # noqa: D301 - click's mark for text that stays as it is
    settings = _settings(config)
    with _reports(config) as reports:
        listed = reports.rejects(run=number, stream=stream, closed=True)
        if not listed:
            _refuse_unknown_run(config, reports, number)
    for each in listed:
        if each.closed == "overtaken":
            tell(f"Not sent, a newer row came: {_reject_line(each)}", err=True)
    found = [each for each in listed if each.closed is None]
    if not found:
        tell("No rejects to send again.", err=True)
        return 0
    with _session(config, settings) as session:
        own = [each for each in found if each.account == session.account_id]
        if len(own) < len(found):
            tell(f"{len(found) - len(own)} rejects of another account are left", err=True)
        return session.run(lambda: session.retry(own))


@click.command()
@click.option("--as", "how", type=click.Choice(RESOLUTIONS), help="Your word for it.")
@click.option("--now", "at_once", is_flag=True, help="Though their jobs may still be under way.")
@click.argument("numbers", nargs=-1, type=int)
@JSON
@click.pass_obj
def unknown(
    config: _ConfigInput,
    numbers: tuple[int, ...],
    how: str | None,
    *,
    at_once: bool,
    as_json: bool,
) -> None:
    """List rows of which nobody knows (or some, by number), or take your word for them.

    Look in ChakraHQ whether the row is there. One that is not written is sent when its source
    brings it again; one that is written is not.

    \b
    Examples:
      target-chakra --config config.json unknown
      target-chakra --config config.json unknown --as written 3 4
    """  # noqa: D301 - click's mark for text that stays as it is
    command = typed_command(config)
    with _reports(config) as reports:
        found = reports.unknowns()
        if how is not None and _is_dry(config):
            raise SettingsError(
                "dry_run is set, and this would change the journal", "Take dry_run away"
            )
        missing = sorted(set(numbers) - {each.id for each in found})
        if missing or (how is not None and not numbers):
            raise SettingsError(
                f"There is no unknown row {missing[0]}" if missing else "No rows are named",
                f"List them with {command('unknown')}",
            )
        chosen = [each for each in found if not numbers or each.id in numbers]
        if how is None:
            _list_unknown(chosen, command, as_json=as_json)
            if not numbers and (left := reports.in_flight()):
                tell(f"{left:,} in flight; the next run with this journal follows them", err=True)
            return
        if how == "not-written" and not at_once:
            _refuse_early(chosen)
        reports.resolve([each.id for each in chosen], how)
        tell(f"{counted(len(chosen))} resolved as {how}", err=True)


def _list_unknown(
    found: Sequence[UnknownLine], command: Callable[[str], str], *, as_json: bool
) -> None:
    for each in found:
        if as_json:
            tell_json(_json(each))
        else:
            tell(_unknown_line(each))
    if not found:
        tell("No unknown rows.", err=True)
    if keyless := sum(not each.key for each in found):
        tell(keyless_said(keyless, command), err=True)


def _unknown_line(each: UnknownLine) -> str:
    until = ""
    if each.free_ms is None:
        until = "; its process is held until its user says"
    elif SystemClock().now() * 1000 < each.free_ms:
        until = f"; it may still be written until {iso_ms(each.free_ms)}"
    return (
        f"{each.id}  run {each.run}, {_place(each)}, {each.key or 'no key'}: {each.kind},"
        f" {each.reason}{until}"
    )


def _refuse_early(chosen: Sequence[UnknownLine]) -> None:
    """A row that is not there yet may still come.

    Raises:
        SettingsError: The job of one may still begin, or is under way.
    """
    held = [each.free_ms for each in chosen if each.free_ms is not None]
    if len(held) < len(chosen):
        raise SettingsError(
            "Nobody knows until when the job of these rows may still write them",
            "See in ChakraHQ that it is over, then say --now",
        )
    if SystemClock().now() * 1000 < max(held):
        raise SettingsError(
            f"Until {iso_ms(max(held))} the job of these rows may still write them",
            "Look again after that; or say --now if you are sure, and risk rows twice",
        )


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
    settings = _settings(config)
    with _reports(config) as reports:
        before = reports.runs()
    with _session(config, settings) as session:
        return session.run(lambda: _commit(session, before, stream))


def _commit(session: Session[object], before: Sequence[RunLine], wanted: str | None) -> None:
    for stream, count, run in session.commit_mirrors(before, wanted):
        tell(f"{stream}: {count:,} that run {run} did not bring", err=True)


COMMANDS: tuple[click.Command, ...] = (runs, rejects, retry, unknown, mirror_commit)
