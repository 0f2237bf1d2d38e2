"""Rejected rows as `rejects` shows them: reasons with examples, each row, or a table for sheets."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Final

from chakra_api.printable import printable_json
from chakra_api.values.counts import counted
from chakra_api.wire.wire_json import encode
from chakra_plugin.telling import tell, tell_csv
from chakra_plugin.terminal import Tone, Toned, tell_toned
from target_chakra.books.reasons import told_of_all, without_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_chakra.history.reports import RejectLine, UnknownLine

EXAMPLES: Final = 3
"""Rows that are shown of each reason."""
COLUMNS: Final = (
    *("id", "run", "account", "stream", "procedure", "line", "key", "reason", "next_step"),
    *("job", "closed", "row"),
)
"""The header of `rejects --csv`."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def place_of(each: RejectLine | UnknownLine) -> str:
    """Where a row stood; what a mirror deletes stood nowhere."""
    return f"{each.stream} line {each.line}" if each.line else f"{each.stream}, of the mirror"


def tell_reasons(found: Sequence[RejectLine], more: str) -> None:
    """Print the reasons of rejects, most rows first, three examples each.

    Args:
        found: The rejects.
        more: What to type to see each row.
    """
    groups = by_reason(found)
    for rows in sorted(groups.values(), key=len, reverse=True):
        reason = reason_of(rows)
        tell_toned((Toned(counted(len(rows)), Tone.HEADING), f": {reason}"))
        tell(f"    {told_of_all([(each.next_step, each.key) for each in rows])}.")
        for each in rows[:EXAMPLES]:
            said = f"{each.id}  run {each.run}, {place_of(each)}, {_named(each)}"
            own = "" if each.reason == reason else f": {each.reason}"
            tell(f"    {said}{own}")
        if len(rows) > EXAMPLES:
            tell(f"    and {counted(len(rows) - EXAMPLES)} more")
    tell(f"{counted(len(found))}. Each of them: {more}", err=True)


def by_reason(found: Iterable[RejectLine]) -> Mapping[str, list[RejectLine]]:
    """Rejects whose reasons differ in keys and values alone, together."""
    groups: defaultdict[str, list[RejectLine]] = defaultdict(list)
    for each in found:
        groups[without_values(each.reason, each.key)].append(each)
    return groups


def reason_of(rows: Sequence[RejectLine]) -> str:
    """Why all rows of a group were rejected: without values where theirs differ."""
    return told_of_all([(each.reason, each.key) for each in rows])


def reject_line(each: RejectLine) -> str:
    """A rejected row in one line."""
    return f"{each.id}  run {each.run}, {place_of(each)}, {_named(each)}: {_why(each)}"


def keyless_said(rows: int, closing: str) -> str:
    """What is to be said of open rejects that no later row closes.

    Args:
        rows: How many have no key.
        closing: What to type to close some.
    """
    has, it, them = ("has", "it is", "it") if rows == 1 else ("have", "they are", "them")
    return (
        f"{counted(rows)} {has} no key, so that no later row closes {them}: once {it} corrected in"
        f" the source, say so, by number, with: {closing}"
    )


def tell_sheet(found: Iterable[RejectLine]) -> None:
    """Print rejects as CSV (RFC 4180): a header, a record each, the row itself as JSON.

    A spreadsheet opens such a file with a double click, and values come from strangers: a cell
    that it would take for a formula begins with an apostrophe.
    """
    cells = ([getattr(each, name) for name in COLUMNS[:-1]] for each in found)
    for record in chain([list(COLUMNS)], map(_record, cells, found)):
        tell_csv([_harmless(cell) for cell in record])


def _record(cells: Sequence[object], each: RejectLine) -> list[str]:
    told = ["" if cell is None else str(cell) for cell in cells]
    return [*told, printable_json(encode(dict(each.row)).decode())]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _named(each: RejectLine) -> str:
    state = f" [{each.closed}]" if each.closed else ""
    return f"{each.key or 'no key'}{state}"


def _why(each: RejectLine) -> str:
    job = f" (job {each.job})" if each.job else ""
    return f"{each.reason}{job}. {each.next_step}."
