"""An audit of what was written as a person reads it, and as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import json_text
from chakra_api.values.counts import counted
from chakra_api.values.timestamps import iso_ms
from chakra_plugin.telling import tell
from chakra_plugin.terminal import Tone, Toned, tell_table, tell_toned
from target_chakra.audit.verdicts import DIFFERENCES, Verdict
from target_chakra.history.made_calls import calls_said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_plugin.terminal import Cell
    from target_chakra.audit.audit import Summary
    from target_chakra.audit.verdicts import RowVerdict

_MOST_FIELDS: Final = 12
_MEANS: Final = {
    Verdict.KEPT: "held as written",
    Verdict.CHANGED: "another value is held in some field",
    Verdict.LATER: "what a later run of this journal wrote is held",
    Verdict.GONE: "written, and deleted or not shown now",
    Verdict.BACK: "deleted, and there again",
    Verdict.NAMELESS: "no id and no key that can be looked up",
}


def page_json(summary: Summary, *, run: int | None, stream: str | None) -> dict[str, object]:
    """An audit as one JSON object.

    Args:
        summary: What it found.
        run: The run that it is about.
        stream: The stream that it is about.
    """
    return {
        "run": run,
        "stream": stream,
        "processes": sum(summary.counts.values()),
        "counts": {each.value: summary.counts[each] for each in Verdict},
        "not_compared": dict(sorted(summary.not_compared.items())),
        "fields_changed_by_others": dict(summary.fields.most_common()),
        "examples": [_example(each) for some in summary.examples.values() for each in some],
    }


def _example(found: RowVerdict) -> dict[str, object]:
    return {
        "verdict": found.verdict.value,
        "procedure": found.row.procedure,
        "stream": found.row.stream,
        "key": found.row.called or None,
        "id": found.process_id or found.row.process_id or None,
        "updated_at": None if found.updated is None else iso_ms(found.updated),
        "fields": [
            {
                "field": each.name,
                "written": each.written,
                "held": each.held,
                "by": (Verdict.LATER if each.later else Verdict.CHANGED).value,
            }
            for each in found.fields
        ],
    }


def tell_page_of(summary: Summary, what: str) -> None:
    """Print an audit for a person.

    Args:
        summary: What it found.
        what: What it is about, "run 12".
    """
    count = sum(summary.counts.values())
    verb = "was" if count == 1 else "were"
    tell(f"{what}: {counted(count, 'process')} {verb} written")
    tell_table(
        ("verdict", "processes", ""), [_line(each, summary) for each in Verdict], numeric={1}
    )
    if summary.fields:
        fields = summary.fields.most_common(_MOST_FIELDS)
        tell(f"Fields changed by others: {', '.join(f'{n} {count:,}' for n, count in fields)}")
    for verdict, found in summary.examples.items():
        for each in found:
            for line in _lines(each):
                tell(line)
        if (more := summary.counts[verdict] - len(found)) > 0 and found:
            tell(f"and {counted(more)} more {verdict.value} (--results has all)")
    if summary.not_compared:
        made = calls_said(summary.not_compared)
        tell(f"Not compared, as no processes: {made}. Look at them in ChakraHQ.")
    if any(summary.counts[each] for each in DIFFERENCES):
        tell_toned((Toned("ChakraHQ does not hold all that was written.", Tone.BAD),))
    elif summary.not_compared:
        tell_toned((Toned("ChakraHQ holds the processes as written.", Tone.GOOD),))
    else:
        tell_toned((Toned("ChakraHQ holds what was written.", Tone.GOOD),))


def _line(verdict: Verdict, summary: Summary) -> tuple[Cell, Cell, Cell]:
    count = summary.counts[verdict]
    tone = Tone.BAD if count and verdict in DIFFERENCES else Tone.PLAIN
    return Toned(verdict.value, tone), Toned(f"{count:,}", tone), _MEANS[verdict]


def _lines(found: RowVerdict) -> Iterator[str]:
    named = found.row.called or found.process_id or found.row.process_id or "without a key"
    yield f"{found.verdict.value}: {found.row.procedure} {named}"
    for each in found.fields:
        by = " (by a later run)" if each.later else ""
        yield f"  {each.name}: written {_shown(each.written)}, held {_shown(each.held)}{by}"


def _shown(value: object) -> str:
    return "nothing" if value is None else json_text(value)
