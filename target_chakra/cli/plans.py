"""`plan` and `apply`: what a run would do, read and carried out."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chakra_api.errors import SettingsError
from chakra_api.exit_codes import ExitCode
from chakra_api.values.counts import counted
from chakra_api.values.timestamps import iso_ms
from chakra_api.wire.wire_json import encode
from chakra_plugin.pages.environment import render
from chakra_plugin.pages.page_file import write_page
from chakra_plugin.telling import tell, tell_json
from chakra_plugin.terminal import tell_table
from target_chakra.call_settings.call_mapping import CallKind
from target_chakra.changes import Kind
from target_chakra.cli.beginnings import begun_session, is_dry, opened_reports, settings_of
from target_chakra.on_record.applying import Applying, Choice, refuse_other, written_since
from target_chakra.plans.entries import REJECT
from target_chakra.plans.reading import opened_plan
from target_chakra.plans.shown import shown_by
from target_chakra.plans.summary import summed_up
from target_chakra.reporting.plan_page import plan_page
from target_chakra.run.hooks import Hooks
from target_chakra.singer.target import typed_command
from target_chakra.telling.watching import watch_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from singer_sdk.plugin_base import _ConfigInput

    from chakra_plugin.monitoring.watch import Watch
    from target_chakra.plans.entries import Entry
    from target_chakra.plans.metadata import PlanFacts
    from target_chakra.plans.reading import Plan
    from target_chakra.plans.summary import FieldLine, Summary
    from target_chakra.settings import Settings

    Shown: TypeAlias = Callable[[str, str, object], str]

FILE = click.argument("file", type=click.Path(path_type=Path))
_REASONS_SHOWN = 5
_FIELDS_SHOWN = 20


@click.command()
@FILE
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A page with search and filters; it holds what the rows carry.",
)
@click.pass_obj
def plan(config: _ConfigInput, file: Path, html: Path | None, *, as_json: bool) -> None:
    """Show a plan: how many of what, which fields, examples, the largest changes.

    A run with --plan FILE (or plan_path) writes nothing and leaves the plan; apply carries it out.
    The file is parquet, a row for each action.

    \b
    Examples:
      target-chakra plan plan.parquet
      target-chakra plan plan.parquet --json
      target-chakra plan plan.parquet --html plan.html
    """  # noqa: D301 - click's mark for text that stays as it is
    found = opened_plan(file)
    summary = summed_up(found.entries())
    if as_json:
        tell_json(encode(_as_json(found, summary)).decode())
    if html is not None:
        command = typed_command(config)(f"apply {shlex.quote(str(file))}")
        write_page(html, render(plan_page(found.facts, summary, found.entries(), command)))
        tell(f"Wrote the plan to {html}", err=True)
    if not as_json and html is None:
        _show(found.facts, summary)


def _as_json(found: Plan, summary: Summary) -> dict[str, object]:
    facts = found.facts.to_json()
    facts.pop("times")
    return {
        **facts,
        "digest": found.digest,
        "kinds": [
            {"procedure": procedure, "kind": kind, "count": count}
            for (procedure, kind), count in summary.kinds.items()
        ],
        "fields": [
            {
                "procedure": each.procedure,
                "field": each.name,
                "changed": each.changed,
                "filled": each.filled,
                "cleared": each.cleared,
                "largest": each.largest
                and {
                    "key": each.largest.key,
                    "before": each.largest.change.before,
                    "after": each.largest.change.after,
                },
            }
            for each in summary.fields
        ],
        "reasons": dict(summary.reasons),
        "examples": [_example(each) for each in summary.examples],
    }


def _example(entry: Entry) -> dict[str, object]:
    return {
        "number": entry.number,
        "kind": entry.kind,
        "procedure": entry.procedure,
        "stream": entry.stream,
        "line": entry.line or None,
        "key": str(entry.key) if entry.key else None,
        "process_id": entry.process_id,
        "fields": {each.name: [each.before, each.after] for each in entry.fields},
        "reason": entry.reason or None,
    }


def _show(facts: PlanFacts, summary: Summary) -> None:
    tell(
        f"Plan of run {facts.run}, made at {iso_ms(facts.made_at)} for account {facts.account}"
        f" at {facts.api_url}"
    )
    tell(
        f"{counted(facts.rows_in)} in: {_counts(facts)}; about"
        f" {counted(facts.requests, 'request')}, {counted(facts.jobs, 'job')},"
        f" {facts.minutes:g} min at the pace of that run"
    )
    kinds = summary.kinds.items()
    rows = [(procedure, kind, f"{count:,}") for (procedure, kind), count in kinds]
    shown = shown_by(facts, "nothing")
    if rows:
        tell_table(("procedure", "kind", "count"), rows, numeric={2})
    if summary.fields:
        lines = [_field_cells(each, shown) for each in summary.fields[:_FIELDS_SHOWN]]
        heads = ("procedure", "field", "changed", "filled", "cleared", "largest change")
        tell_table(heads, lines, numeric={2, 3, 4})
    for reason, count in summary.reasons.most_common(_REASONS_SHOWN):
        often = "once" if count == 1 else f"{count:,} times"
        tell(f"rejected {often}: {reason}")
    for entry in summary.examples:
        for line in _entry_lines(entry, shown):
            tell(line)


def _counts(facts: PlanFacts) -> str:
    said = [_count(name, count) for name, count in facts.counts.items() if count]
    return ", ".join(said) or "nothing to do"


def _count(name: str, count: int) -> str:
    noun = name.removesuffix("s")
    return counted(count, noun) if noun != name else f"{count:,} {name.replace('_', ' ')}"


def _field_cells(each: FieldLine, shown: Shown) -> tuple[str, ...]:
    largest, told = each.largest, ""
    if largest is not None:
        change = (largest.change.before, largest.change.after)
        before, after = (shown(each.procedure, each.name, value) for value in change)
        told = f"{before} → {after} ({largest.key})"
    counts = (f"{count:,}" for count in (each.changed, each.filled, each.cleared))
    return (each.procedure, each.name, *counts, told)


def _entry_lines(entry: Entry, shown: Shown) -> list[str]:
    named = entry.key or "without a key"
    place = f"{entry.stream} line {entry.line}" if entry.line else f"{entry.stream}, of the mirror"
    if entry.kind == REJECT:
        return [f"reject {named} ({place}): {entry.reason}. {entry.next_step}."]
    what = entry.procedure if entry.is_call else entry.kind
    lines = [f"{what} {named} ({place})"]
    for each in entry.fields:
        before, after = (shown(entry.procedure, each.name, x) for x in (each.before, each.after))
        if entry.is_call or entry.kind == Kind.CREATE.value:
            lines.append(f"  {each.name}: {after}")
        elif entry.kind == Kind.UPDATE.value:
            lines.append(f"  {each.name}: {before} → {after}")
    return lines


@click.command()
@FILE
@click.option(
    "--only", type=click.Choice([kind.value for kind in Kind]), help="Only actions of this kind."
)
@click.option(
    "--limit", type=click.IntRange(1), help="So many actions at the most, of those not done yet."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def apply(
    config: _ConfigInput, file: Path, only: str | None, limit: int | None, *, yes: bool
) -> int:
    """Carry a plan out: exactly that, and each action once.

    Each action is looked up again. Where ChakraHQ holds by now what it is to hold, nothing is sent;
    where it holds something else than the plan says, the action ends as a reject ("Changed since
    the plan"), and nothing is overwritten. What is done is on record: run it again to go on, after
    a kill, too. dry_run shows what would be done.

    \b
    Examples:
      target-chakra --config config.json apply plan.parquet
      target-chakra --config config.json apply plan.parquet --only create --limit 100 --yes
    """  # noqa: D301 - click's mark for text that stays as it is
    with watch_of(config.config) as watch:
        return _apply(config, watch, file, Choice(Kind(only) if only else None, limit), yes=yes)


def _apply(config: _ConfigInput, watch: Watch, file: Path, choice: Choice, *, yes: bool) -> int:
    found = opened_plan(file)
    settings = settings_of(config)
    if settings.compare == "never":
        settings = replace(settings, compare="always")  # each action is looked up
    refuse_other(found.facts, settings)
    applying = Applying(found, _with_others(config, found, choice))
    if not (yes or is_dry(config)) and not _agreed(found.facts, choice, settings):
        tell("Nothing was done", err=True)
        return ExitCode.STOPPED
    hooks: Hooks[object] = Hooks(heard=applying.heard, ending=applying.mark)
    with begun_session(config, settings, watch, hooks) as session:
        code = session.run(lambda: applying.work(session))
    if said := applying.said():
        tell(said, err=True)
    if applying.found_nothing and code == ExitCode.DONE:
        return _told_of_earlier(config, applying, session.run_id, settings)
    return code


def _told_of_earlier(
    config: _ConfigInput, applying: Applying, this: int, settings: Settings
) -> int:
    """Tell which runs carried a plan out, where nothing is left to do; the exit code of that.

    What they rejected, and what was taken back since, is not done again.
    """
    command = typed_command(config)
    with opened_reports(config) as reports:
        of_plan = [run for run in reports.runs() if run.load == applying.load and not run.dry]
        runs = [run.id for run in of_plan if run.settled_any]
        rejected = {run: len(reports.rejects(run=run)) for run in runs}
    shown = ", ".join(str(run) for run in runs if run != this)
    tell(
        f"Nothing of this plan is left to do: its actions have an outcome, of run {shown}"
        f" ({command('runs')} and a number). To do any of it again, make the plan again",
        err=True,
    )
    if not (count := sum(rejected.values())):
        return ExitCode.DONE
    tell(f"{counted(count)} rejected and still open: {command('rejects')}", err=True)
    return ExitCode.REJECTS if count > settings.limits.max_rejects else ExitCode.DONE


def _with_others(config: _ConfigInput, found: Plan, choice: Choice) -> Choice:
    if not found.facts.counts.get("creates_without_key"):
        return choice
    with opened_reports(config) as reports:
        return replace(choice, written=written_since(reports.runs(), found))


def _agreed(facts: PlanFacts, choice: Choice, settings: Settings) -> bool:
    """Whether somebody at a terminal says yes.

    Raises:
        SettingsError: Nobody is there to ask.
    """
    if not sys.stdin.isatty():
        raise SettingsError(
            "apply asks before it writes, and there is no terminal to ask on", "Say --yes"
        )
    kinds = [choice.only] if choice.only else list(Kind)
    counts = [
        (facts.counts.get(f"{kind.value}s", 0), kind.value)
        for kind in kinds
        if kind is not Kind.CALL
    ]
    if Kind.CALL in kinds:
        nouns = sorted({kind.noun for kind in CallKind})
        made = [(facts.counts.get(f"{noun}s", 0), noun) for noun in nouns]
        counts += [each for each in made if each[0]]
    said = ", ".join(counted(count, name) for count, name in counts)
    most = f", at most {choice.limit:,} of them" if choice.limit else ""
    tell(
        f"Account {facts.account} at {settings.connection.api_url}: {said}{most}, by the plan of"
        f" {iso_ms(facts.made_at)}",
        err=True,
    )
    return click.confirm("Apply them?", default=False, err=True)
