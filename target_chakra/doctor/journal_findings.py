"""What a journal's condition means to its user: what waits in it, and what to type. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values.counts import counted
from chakra_api.values.timestamps import iso_ms
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.history.condition import MOST_REASONS, NEWEST
from target_chakra.write_probe.leftovers import leftovers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_chakra.history.condition import Condition
    from target_chakra.history.reports import RunLine

TOPIC: Final = "journal"
_MOST_SHOWN: Final = 5
_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB")
_KILO: Final = 1000


def journal_findings(found: Condition, command: Callable[[str], str]) -> Iterator[Finding]:
    """What is to be said of a journal.

    Args:
        found: Its condition.
        command: What its user types for a subcommand.
    """
    if not found.version:
        yield Finding(
            TOPIC,
            f"there is none yet at {found.place}",
            "The first run makes it there. Keep it: it knows what is in flight",
            "journal",
            Severity.NOTE,
        )
        return
    yield _form(found)
    if found.last is not None:
        yield _last_run(found.last, command)
    yield from _unsettled(found, command)
    yield from _rejects(found, command)
    yield from _left_by_probes(found, command)


def _form(found: Condition) -> Finding:
    weight = "" if found.bytes is None else f", {weighed(found.bytes)}"
    runs = counted(found.runs, "run")
    said = f"version {found.version}{weight}, {runs}, at {found.place}"
    if found.version > NEWEST:
        return Finding(TOPIC, said, "", "journal", Severity.FAULT)
    if found.version < NEWEST:
        follows = f"The next run brings it to version {NEWEST}, and keeps a copy of a file before"
        return Finding(TOPIC, said, follows, severity=Severity.NOTE)
    return Finding(TOPIC, said)


def weighed(size: int) -> str:
    """So many bytes, for people: `12 bytes`, `1.2 MB`."""
    number, unit = float(size), 0
    while number >= _KILO and unit < len(_UNITS) - 1:
        number, unit = number / _KILO, unit + 1
    return f"{number:.1f} {_UNITS[unit]}" if unit else f"{size} {_UNITS[0]}"


def _last_run(last: RunLine, command: Callable[[str], str]) -> Finding:
    about, began = f"run {last.id}", iso_ms(last.began_ms)
    if last.under_way:
        said = f"began {began} and is under way"
        return Finding(TOPIC, said, "It holds the journal: another run has to wait", about=about)
    if last.exit_code is None:
        follows = "It was killed, or lost its journal. The next run settles what it left"
        said = f"began {began} and ended without a receipt"
        return Finding(TOPIC, said, follows, severity=Severity.WARNING, about=about)
    kind = "" if last.kind == "run" else f" ({last.kind})"
    said = f"the last one{kind}: began {began}, ended with exit code {last.exit_code}"
    if not last.exit_code:
        return Finding(TOPIC, said, about=about)
    follows = f"Its receipt says why: {command(f'runs {last.id}')}"
    return Finding(TOPIC, said, follows, severity=Severity.WARNING, about=about)


def _unsettled(found: Condition, command: Callable[[str], str]) -> Iterator[Finding]:
    if found.open_batches:
        said = f"{counted(found.open_batches, 'batch')} in flight, {counted(found.in_flight)}"
        if found.held:
            yield Finding(TOPIC, said, "The run that is under way follows them")
        else:
            follows = "Nobody follows them now: the next run does. Until then they hold their rows"
            yield Finding(TOPIC, said, follows, severity=Severity.WARNING)
    if found.unknown:
        yield Finding(
            TOPIC,
            f"{counted(found.unknown)} of which it is not known whether they were written",
            f"Look for them in ChakraHQ and say what became of them: {command('unknown')}",
            severity=Severity.WARNING,
        )
    if not found.open_batches and not found.unknown:
        yield Finding(TOPIC, "nothing in flight, no unknown rows")


def _rejects(found: Condition, command: Callable[[str], str]) -> Iterator[Finding]:
    if not found.rejects:
        yield Finding(TOPIC, "no open rejects")
        return
    follows = f"List them with {command('rejects')}; send them again with {command('retry')}"
    said = counted(found.rejects, "open reject")
    if found.rejects > MOST_REASONS:
        said += f", of the newest {MOST_REASONS:,} of which:"
    parts = [f"{reason} ({count:,})" for reason, count in found.reasons[:_MOST_SHOWN]]
    left = sum(count for _, count in found.reasons[_MOST_SHOWN:])
    parts += [f"other reasons ({left:,})"] if left else []
    yield Finding(TOPIC, f"{said}: {'; '.join(parts)}", follows, "max_rejects", Severity.WARNING)


def _left_by_probes(found: Condition, command: Callable[[str], str]) -> Iterator[Finding]:
    for each in leftovers_of(found.findings):
        yield Finding(
            TOPIC,
            f"a write probe of {iso_ms(each.began_ms)} was stopped, and may have left a process"
            f" with {each.attribute} {each.mark}",
            "The next write probe finds and deletes it:"
            f" {command(f'doctor --write-probe {each.procedure}')}",
            severity=Severity.WARNING,
            about=each.procedure,
        )
