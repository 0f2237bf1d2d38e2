"""`undo` and `kept`: a run is taken back where nobody touched it since; and what others changed."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import click

from chakra_api.clock import SystemClock
from chakra_api.errors import SettingsError
from chakra_api.exit_codes import ExitCode
from chakra_api.values.coercion import json_text
from chakra_api.values.counts import counted
from chakra_api.wire.wire_json import encode
from chakra_plugin.telling import tell, tell_json
from target_chakra.books.limits import too_many_deletes
from target_chakra.cli.beginnings import (
    JSON,
    STREAM,
    begun_session,
    line_json,
    opened_reports,
    refuse_unknown_run,
    settings_of,
)
from target_chakra.history.made_calls import calls_said
from target_chakra.lifecycle import WROTE
from target_chakra.mapping.destination_names import DELETED
from target_chakra.moments import DAY_MS
from target_chakra.on_record.undo import take_back
from target_chakra.singer.target import typed_command
from target_chakra.telling.watching import watch_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.plugin_base import _ConfigInput

    from chakra_plugin.monitoring.watch import Watch
    from target_chakra.history.effects import Effects
    from target_chakra.history.kept import KeptLine
    from target_chakra.history.reports import RunLine
    from target_chakra.settings import Settings

LOG: Final = logging.getLogger("target-chakra")


@click.command()
@click.argument("number", metavar="RUN", type=int)
@click.option(
    "--delete-created",
    is_flag=True,
    help="Delete what the run created, or brought back, within max_deletes; it is left otherwise.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="What became of it, as one JSON object.")
@click.pass_obj
def undo(
    config: _ConfigInput, number: int, *, delete_created: bool, yes: bool, as_json: bool
) -> int:
    """Take a run back: updated fields get the values before, deleted processes come back.

    Only where ChakraHQ still holds what that run wrote, field by field: what others changed since
    is left alone, and listed by kept. It is a run like any other, which dry_run shows beforehand,
    of which plan_path leaves a plan, and which can be taken back itself.

    \b
    Examples:
      target-chakra --config config.json undo 12
      target-chakra --config config.json undo 12 --delete-created --yes
    """  # noqa: D301 - click's mark for text that stays as it is
    asked = _Asked(number, delete_created=delete_created, yes=yes, as_json=as_json)
    with watch_of(config.config) as watch:
        return _undo(config, watch, asked)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for.

    Attributes:
        number: The run to take back.
        delete_created: Whether what it created is deleted.
        yes: Whether nothing is to be asked.
        as_json: Whether what becomes of it is told as JSON.
    """

    number: int
    delete_created: bool
    yes: bool
    as_json: bool


def _undo(config: _ConfigInput, watch: Watch, asked: _Asked) -> int:
    settings = replace(settings_of(config), compare="always")
    command, number = typed_command(config), asked.number
    with opened_reports(config) as reports:
        refuse_unknown_run(config, reports, number)
        (run,) = reports.runs(number)
        _refuse_unfit(run, command)
        effects, calls = reports.effects(number), reports.calls(number)
    with closing(effects):
        _refuse_cleared(run, effects, settings, calls.total())
        if calls:
            tell(f"What it wrote that is no process stays: {calls_said(calls)}.", err=True)
        plan = _Plan.of(effects, deletes_created=asked.delete_created)
        for line in plan.said(run, effects):
            tell(line, err=True)
        if not plan.is_something:
            return 0
        allowed = settings.limits.max_deletes
        if plan.created > allowed and not settings.writes_nothing:
            raise too_many_deletes(plan.created, allowed)
        if not settings.writes_nothing and not _agreed(run, settings, yes=asked.yes):
            tell("Nothing was taken back.", err=True)
            return ExitCode.STOPPED
        with begun_session(config, settings, watch) as session:
            code = session.run(
                lambda: take_back(session, run, effects, deletes_created=asked.delete_created)
            )
    if asked.as_json:
        told = {"undoes": number, "created_left": plan.left, **session.last_receipt}
        tell_json(encode(told).decode())
    if not settings.writes_nothing:
        for line in plan.closing_words(session.run_id, command):
            LOG.info("%s", line)
    return code


@dataclass(frozen=True, slots=True)
class _Plan:
    """What there is to take back.

    Attributes:
        updates: Processes whose fields go back.
        deletes: Processes that come back.
        created: Processes that are deleted.
        left: Processes that the run created, and that are left.
    """

    updates: int
    deletes: int
    created: int
    left: int

    @classmethod
    def of(cls, effects: Effects, *, deletes_created: bool) -> _Plan:
        kinds = Counter(
            "made" if each.made else "gone" if each.gone else "updated" for each in effects
        )
        made = kinds["made"]
        return cls(
            kinds["updated"],
            kinds["gone"],
            made if deletes_created else 0,
            0 if deletes_created else made,
        )

    @property
    def is_something(self) -> bool:
        return bool(self.updates or self.deletes or self.created)

    def said(self, run: RunLine, effects: Effects) -> list[str]:
        get = "gets its" if self.updates == 1 else "get their"
        come = "comes" if self.deletes == 1 else "come"
        created, what = (self.created, "deleted") if self.created else (self.left, "left")
        parts = [
            f"{counted(self.updates, 'updated process')} {get} values back",
            f"{counted(self.deletes, 'deleted one')} {come} back",
            f"{counted(created, 'created one')} {'is' if created == 1 else 'are'} {what}",
        ]
        lines = [f"Of run {run.id}: {', '.join(parts)}; where nobody changed them since."]
        if not self.is_something:
            lines = [f"Nothing of run {run.id} is to be taken back ({self.left:,} created, left)."]
        told = effects.told
        for count, what in ((told.unknown, "unknown"), (told.in_flight, "in flight")):
            if count:
                verb = "is" if count == 1 else "are"
                lines.append(
                    f"{counted(count)} of it {verb} {what}, and not taken back: run undo"
                    f" {run.id} again once that is settled."
                )
        return lines

    def closing_words(self, own: int, command: Callable[[str], str]) -> list[str]:
        undone, kept = command(f"undo {own}"), command(f"kept --run {own}")
        lines = [
            f"To take this undo back: {undone}. What others changed since, and was left: {kept}."
        ]
        if self.updates:
            lines.append(
                "The next run of the same source writes the same values again; with keep_edits it"
                " leaves them until they change in the source."
            )
        if self.deletes:
            lines.append(
                "Who deleted the processes that came back (a mirror whose source does not bring"
                " them, a mark of deletion) deletes them again with its next run."
            )
        return lines


def _refuse_unfit(run: RunLine, command: Callable[[str], str]) -> None:
    """A run that wrote nothing, or still writes, can't be taken back.

    Raises:
        SettingsError: It is such a run.
    """
    if run.dry:
        raise SettingsError(
            f"Run {run.id} wrote nothing on purpose (its kind is {run.kind}): there is nothing to"
            " take back",
            f"List the runs with {command('runs')}",
        )
    if run.under_way:
        raise SettingsError(
            f"Run {run.id} is under way", "Wait until it has ended, then take it back"
        )


def _refuse_cleared(run: RunLine, effects: Effects, settings: Settings, calls: int) -> None:
    """What a run did is known for as long as its batches are kept; what is no process has none.

    Raises:
        SettingsError: They were cleared, or some of them.
    """
    wrote = sum(_count(run.receipt.get("outcomes"), each.value) for each in WROTE)
    wrote += _count(run.receipt.get("mirror_deletes"), "deleted") - calls
    days = settings.retention_days
    is_old = run.began_ms < SystemClock().now() * 1000 - days * DAY_MS
    if effects.told.writes < wrote or (is_old and run.exit_code is None):
        part = "some of its batches were" if effects.told.writes else "its batches were"
        raise SettingsError(
            f"Run {run.id} can't be taken back: {part} cleared after {days:g} days"
            " (journal_retention_days)",
            "Restore what matters from a backup; for runs to come, keep batches for longer",
        )


def _count(counts: object, name: str) -> int:
    found = counts.get(name) if isinstance(counts, dict) else 0
    return found if isinstance(found, int) else 0


def _agreed(run: RunLine, settings: Settings, *, yes: bool) -> bool:
    """Whether the person at the terminal wants it.

    Raises:
        SettingsError: There is none to ask; or it goes elsewhere than the run did, to which no
            `--yes` agrees.
    """
    url, account = settings.connection.api_url, run.account or "(no id)"
    elsewhere = f"Run {run.id} wrote to {run.api_url}, and api_url is {url}"
    if yes:
        if run.api_url not in ("", url):
            raise SettingsError(elsewhere, "Set api_url to that, or leave --yes out and be asked")
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise SettingsError(
            "An undo asks first, and there is no terminal to ask at", "Say --yes if you agree"
        )
    if not run.api_url:
        tell(f"At which address run {run.id} wrote is not known: it is too old.", err=True)
    elif run.api_url != url:
        tell(f"{elsewhere}: another ChakraHQ, unless it has moved.", err=True)
    question = f"Take run {run.id} back, in account {account} at {url}?"
    return click.confirm(question, default=False, err=True)


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
    named = f"run {each.run}, {place}, {each.procedure} {each.key}"
    if each.field == DELETED:
        return f"{named}: deleted by others since, and left so"
    if each.field == "updatedAt":
        return f"{named}: written by others since, and not deleted"
    return (
        f"{named}, {each.field}:"
        f" holds {_text(each.held)}, was written as {_text(each.written)};"
        f" {_text(each.wanted)} was not written"
    )


def _text(value: object) -> str:
    return "nothing" if value is None else json_text(value)
