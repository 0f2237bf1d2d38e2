"""`rejects` and `retry`: rejected rows, listed, closed by their user's word, and sent again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from chakra_api.errors import SettingsError
from chakra_api.values.counts import counted
from chakra_plugin.telling import tell, tell_json
from target_chakra.cli.beginnings import (
    RUN,
    STREAM,
    begun_session,
    line_json,
    opened_reports,
    refuse_dry,
    refuse_unknown_run,
    settings_of,
)
from target_chakra.journal.records import RunKind
from target_chakra.singer.target import typed_command
from target_chakra.telling.reject_listing import keyless_said, reject_line, tell_reasons, tell_sheet
from target_chakra.telling.watching import watch_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.plugin_base import _ConfigInput

    from chakra_plugin.monitoring.watch import Watch
    from target_chakra.history.reports import RejectLine


@click.command()
@RUN
@STREAM
@click.option("--all", "closed", is_flag=True, help="Also those that were sent again or overtaken.")
@click.option("--rows", "form", flag_value="rows", help="Each row, in place of the reasons.")
@click.option("--csv", "form", flag_value="csv", help="Each row as CSV, for a spreadsheet.")
@click.option("--json", "form", flag_value="json", help="One JSON object per line.")
@click.option("--close", "closes", is_flag=True, help="Close the rejects with these numbers.")
@click.argument("numbers", nargs=-1, type=int)
@click.pass_obj
def rejects(  # noqa: PLR0913 - an option each
    config: _ConfigInput,
    numbers: tuple[int, ...],
    number: int | None,
    stream: str | None,
    form: str | None,
    *,
    closed: bool,
    closes: bool,
) -> None:
    """Say why rows were rejected: each reason with its rows, three examples, what to do.

    A reject closes by itself once a row of its key is written. One whose row has no key, and that
    you have corrected in the source, is closed by you: --close with its number.

    \b
    Examples:
      target-chakra --config config.json rejects
      target-chakra --config config.json rejects --run 12 --rows
      target-chakra --config config.json rejects --csv > rejects.csv
      target-chakra --config config.json rejects --json
      target-chakra --config config.json rejects --close 3 4
    """  # noqa: D301 - click's mark for text that stays as it is
    with opened_reports(config) as reports:
        found = reports.rejects(run=number, stream=stream, closed=closed and not closes)
        if not found:
            refuse_unknown_run(config, reports, number)
        if numbers or closes:
            found = _of_numbers(config, found, numbers)
        if closes:
            refuse_dry(config)
            reports.close_rejects(numbers)
            tell(f"{counted(len(found))} closed", err=True)
            return
        shows_all = closed or bool(numbers)
        hidden = 0 if shows_all else reports.closed_rejects(run=number, stream=stream)
    command = typed_command(config)
    if form is None and found:
        tell_reasons(found, command(_in_rows(number, stream, closed=closed)))
        if keyless := sum(not each.key and each.closed is None for each in found):
            tell(keyless_said(keyless, command("rejects --close NUMBERS")), err=True)
    _tell_each(found, form)
    if not found:
        tell("No rejects." if closed else "No open rejects.", err=True)
    if hidden:
        them = command(_in_rows(number, stream, closed=True))
        tell(f"{counted(hidden)} sent again, overtaken by newer rows, or closed: {them}", err=True)


def _tell_each(found: Sequence[RejectLine], form: str | None) -> None:
    """Print each reject, in a form."""
    if form == "csv":
        tell_sheet(found)
    elif form == "json":
        for each in found:
            tell_json(line_json(each))
    elif form == "rows":
        for each in found:
            tell(reject_line(each))


def _of_numbers(
    config: _ConfigInput, found: Sequence[RejectLine], numbers: Sequence[int]
) -> tuple[RejectLine, ...]:
    """The rejects of some numbers.

    Raises:
        SettingsError: One is not among them, or none is named.
    """
    missing = sorted(set(numbers) - {each.id for each in found})
    if missing or not numbers:
        raise SettingsError(
            f"There is no such reject {missing[0]}" if missing else "No rejects are named",
            f"List them with {typed_command(config)('rejects --rows')}",
        )
    return tuple(each for each in found if each.id in numbers)


def _in_rows(number: int | None, stream: str | None, *, closed: bool) -> str:
    """The same question, asked for each row."""
    asked = [] if number is None else [f"--run {number}"]
    asked += [] if stream is None else [f"--stream {shlex.quote(stream)}"]
    return " ".join(("rejects --rows", *asked, *(["--all"] if closed else [])))


@click.command()
@RUN
@STREAM
@click.pass_obj
def retry(config: _ConfigInput, number: int | None, stream: str | None) -> int:
    """Send rejected rows again: all, those of a run, or those of a stream.

    A reject that a newer row of its stream, for the same process, has overtaken is not sent.
    Rejects of streams that the settings do not map (another pipeline with the same journal) are
    left.

    \b
    Examples:
      target-chakra --config config.json retry
      target-chakra --config config.json retry --run 12
    """  # noqa: D301 - click's mark for text that stays as it is
    with watch_of(config.config) as watch:
        return _retry(config, watch, number, stream)


def _retry(config: _ConfigInput, watch: Watch, number: int | None, stream: str | None) -> int:
    settings = settings_of(config)
    with opened_reports(config) as reports:
        listed = reports.rejects(run=number, stream=stream, closed=True)
        undos = {run.id for run in reports.runs() if run.kind == RunKind.UNDO.value}
        if not listed:
            refuse_unknown_run(config, reports, number)
    for each in listed:
        if each.closed == "overtaken":
            tell(f"Not sent, a newer row came: {reject_line(each)}", err=True)
    left = [each for each in listed if each.closed is None and each.run in undos]
    if left:
        verb = "is" if len(left) == 1 else "are"
        tell(f"{counted(len(left), 'reject')} of an undo {verb} left: run the undo again", err=True)
    found = [each for each in listed if each.closed is None and each not in left]
    if not found:
        tell("No rejects to send again.", err=True)
        return 0
    with begun_session(config, settings, watch) as session:
        own = [each for each in found if each.account == session.account_id]
        if len(own) < len(found):
            others = len(found) - len(own)
            verb = "is" if others == 1 else "are"
            tell(f"{counted(others, 'reject')} of another account {verb} left", err=True)
        return session.run(lambda: session.retry(own))
