"""`unknown`: rows with an unknown outcome, and the word of their user for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from chakra_api.clock import SystemClock
from chakra_api.errors import SettingsError
from chakra_api.values.coercion import json_text
from chakra_api.values.counts import counted
from chakra_api.values.timestamps import iso_ms
from chakra_plugin.telling import tell, tell_json
from target_chakra.books.verdict import keyless_said
from target_chakra.cli.beginnings import (
    JSON,
    line_json,
    opened_reports,
    refuse_dry,
)
from target_chakra.history.user_word import RESOLUTIONS
from target_chakra.singer.target import typed_command
from target_chakra.telling.reject_listing import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from singer_sdk.plugin_base import _ConfigInput

    from target_chakra.history.reports import UnknownLine

_FIELDS: Final = 4
"""Fields of a row without a key that are shown."""
_SHOWN: Final = 40
"""Characters that are shown of each."""


@click.command()
@click.option("--as", "how", type=click.Choice(RESOLUTIONS), help="What you found in ChakraHQ.")
@click.option("--now", "at_once", is_flag=True, help="Even if their jobs may still be running.")
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
    """List rows with an unknown outcome (or some, by number), or settle them as you found them.

    Look in ChakraHQ whether the row is there. One that is not written is sent when its source
    brings it again; one that is written is not.

    \b
    Examples:
      target-chakra --config config.json unknown
      target-chakra --config config.json unknown --as written 3 4
    """  # noqa: D301 - click's mark for text that stays as it is
    command = typed_command(config)
    with opened_reports(config) as reports:
        found = reports.unknowns()
        if how is not None:
            refuse_dry(config)
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
            tell_json(line_json(each))
        else:
            tell(_unknown_line(each))
    if not found:
        tell("No unknown rows.", err=True)
    if keyless := sum(not each.key for each in found):
        tell(keyless_said(keyless, command), err=True)


def _unknown_line(each: UnknownLine) -> str:
    until = ""
    if each.free_ms is None:
        until = "; its process is held until you decide"
    elif SystemClock().now() * 1000 < each.free_ms:
        until = f"; it may still be written until {iso_ms(each.free_ms)}"
    named = each.key or f"no key{_fields_said(each.fields)}"
    return (
        f"{each.id}  run {each.run}, {place_of(each)}, {named}: {each.kind}, {each.reason}{until}"
    )


def _fields_said(fields: Mapping[str, object]) -> str:
    """Enough of a row without a key to look for it: its first fields, each shortened."""
    told = [(name, value) for name, value in fields.items() if value not in (None, "")]
    said = [f"{name.removeprefix('data.')} {_short(value)}" for name, value in told[:_FIELDS]]
    more = ", …" if len(told) > _FIELDS else ""
    return f" ({', '.join(said)}{more})" if said else ""


def _short(value: object) -> str:
    text = json_text(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _refuse_early(chosen: Sequence[UnknownLine]) -> None:
    """A row that is not there yet may still come.

    Raises:
        SettingsError: The job of one may still begin, or is under way.
    """
    held = [each.free_ms for each in chosen if each.free_ms is not None]
    if len(held) < len(chosen):
        raise SettingsError(
            "It is not known until when the job of these rows may still write them",
            "See in ChakraHQ that it is over, then say --now",
        )
    if SystemClock().now() * 1000 < max(held):
        raise SettingsError(
            f"Until {iso_ms(max(held))} the job of these rows may still write them",
            "Look again after that; or say --now if you are sure, and risk rows twice",
        )
