"""The page of a run of the tap: its sections, made of what the run left to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chakra_api.course import course_of
from chakra_api.exit_codes import ExitCode
from chakra_plugin.pages.instants import utc
from chakra_plugin.pages.parts import (
    Bars,
    Column,
    Fact,
    Facts,
    Page,
    Said,
    SearchTable,
    Section,
    Series,
    Table,
    Tone,
)
from chakra_plugin.pages.time_axis import PLACES, TimeAxis, less, request_charts, rounded
from tap_chakra.reporting.scan_part import stream_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chakra_plugin.pages.parts import Cell, Part

    Told = Mapping[str, Any]

MOST_SECTIONS: Final = 20
"""Streams that have a section of their own, those with the most rows."""
_SAID: Final[Mapping[int, tuple[str, Tone]]] = {
    ExitCode.DONE: ("Everything asked for was done.", Tone.GOOD),
    ExitCode.INCOMPLETE: (
        "A scan could not be proven complete: its rows were emitted, its bookmark did not move.",
        Tone.BAD,
    ),
    ExitCode.UNREACHABLE: (
        "ChakraHQ could not be reached, kept failing, or something else answered. Run it again.",
        Tone.BAD,
    ),
    ExitCode.NO_ACCESS: ("The key is wrong, or its role may not do this.", Tone.BAD),
    ExitCode.SETTINGS: ("A setting, a catalog or a state is wrong.", Tone.BAD),
    ExitCode.STOPPED: (
        "It was stopped in order, or its output takes no more. Run it again to go on.",
        Tone.NOTICE,
    ),
    ExitCode.BUG: ("A fault of tap-chakra ended it: please report it.", Tone.BAD),
}


def run_page(told: Told, command: str) -> Page:
    """A run of the tap as a page.

    Args:
        told: What it left to be told.
        command: What made the page.
    """
    scanned = [each for each in told["streams"] if each["reads"]]
    sections = [Section("Outcome", tuple(_outcome(told)))]
    by_rows = sorted(scanned, key=lambda each: -(each["rows"] or 0))[:MOST_SECTIONS]
    sections += [Section(each["stream"], tuple(stream_parts(each))) for each in by_rows]
    course = course_of(told["course"])
    if course is not None and course.seconds > 0:
        axis = TimeAxis(told["began_ms"], course.seconds)
        grown = {name: course.increases(name, PLACES) for name in ("rows", "emitted")}
        others = Series("read only", less(grown["rows"], grown["emitted"]), 5)
        emitted = Series("emitted", rounded(grown["emitted"]), 2)
        rows = axis.bars("Rows read", (emitted, others), "rows")
        sections.append(Section("Over time", (rows, *request_charts(course, axis))))
    sections.append(Section("Values that are odd", (_odd(told["streams"]),)))
    sections.append(Section("Schema", tuple(_drift(told))))
    if told["earlier"]:
        sections.append(Section("Runs before", (_before(told),)))
    account = told["account"]
    lead = f"From {account['api_url']}, begun {utc(told['began_ms'])}"
    return Page("Last run of tap-chakra", lead, sections, f"Made by {command}. No row is in it.")


def _outcome(told: Told) -> Iterator[Part]:
    said = f"It ended with exit code {told['exit_code']}."
    text, tone = _SAID.get(told["exit_code"], (said, Tone.BAD))
    yield Said(text, tone)
    if told["error"]:
        yield Said(told["error"], Tone.BAD)
    for each in told["streams"]:
        if each["error"]:
            yield Said(f"{each['stream']}: {each['error']}", Tone.BAD)
    streams = told["streams"]
    large = (
        Fact("rows read", sum(each["rows"] or 0 for each in streams)),
        Fact("emitted", sum(each["emitted"] or 0 for each in streams)),
        Fact("seconds", round(told["seconds"], 1)),
        Fact("requests", told["requests"]),
    )
    yield Facts(large, large=True)
    yield Facts(
        (
            Fact("ended", utc(told["ended_ms"])),
            Fact("exit code", told["exit_code"]),
            Fact("requests repeated", told["requests_repeated"]),
            Fact("seconds waited for the pace, all readers together", told["waited_for_pace"]),
        )
    )
    yield _streams("Streams", [each for each in streams if each["reads"]])
    rest = [each for each in streams if not each["reads"]]
    if rest:
        yield _streams("Users and the configuration", rest, folded=True)


def _streams(caption: str, streams: Sequence[Told], *, folded: bool = False) -> Table:
    columns = (
        Column("stream"),
        Column("complete"),
        Column("rows", is_number=True),
        Column("emitted", is_number=True),
        Column("seconds", is_number=True),
        Column("next reads changes since"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each["stream"],
            "failed" if each["error"] else "yes" if each["complete"] else "no",
            each["rows"],
            each["emitted"],
            round(each["seconds"], 1),
            None if each["since"] is None else utc(each["since"]),
        )
        for each in streams
    ]
    return Table(caption, columns, rows, folded)


def _odd(streams: Sequence[Told]) -> Part:
    rows: list[tuple[Cell, ...]] = [
        (column, each["stream"], what, count)
        for each in streams
        for what, counts in each["odd"].items()
        for column, count in counts.items()
    ]
    if not rows:
        return Said("None: every value fits its type.", Tone.GOOD)
    names = (Column("column"), Column("stream", choose=True), Column("what", choose=True))
    rows.sort(key=lambda row: -int(row[3] or 0))
    return SearchTable("By column", (*names, Column("values", is_number=True)), rows)


def _drift(told: Told) -> Iterator[Part]:
    if told["compared_with_ms"] is None:
        yield Said("There is no earlier run of this account to compare with.")
        return
    since = utc(told["compared_with_ms"])
    rows: list[tuple[Cell, ...]] = []
    for each in told["drift"]:
        stream = each["stream"]
        rows += [(name, stream, "added", None, now) for name, now in each["added"]]
        rows += [(name, stream, "removed", was, None) for name, was in each["removed"]]
        rows += [(name, stream, "changed", was, now) for name, was, now in each["changed"]]
    if not rows:
        yield Said(f"No column was added, removed or changed since the run of {since}.")
        return
    names = (Column("column"), Column("stream", choose=True), Column("what", choose=True))
    columns = (*names, Column("type before"), Column("type now"))
    yield SearchTable(f"Since the run of {since}", columns, rows)


def _before(told: Told) -> Bars:
    runs = list(told["earlier"])
    sums = [_sums(each["streams"].values()) for each in runs]
    now = [each for each in told["streams"] if each["reads"]]
    sums.append(_sums((each["rows"], each["emitted"]) for each in now))
    labels = [f"{utc(each['began_ms'])}, exit code {each['exit_code']}" for each in (*runs, told)]
    read, emitted = zip(*sums, strict=True)
    series = (Series("emitted", emitted, 2), Series("read only", less(read, emitted), 5))
    ends = (utc(runs[0]["began_ms"]), f"{utc(told['began_ms'])}, this one")
    return Bars("Rows of each run", labels, series, "rows", ends)


def _sums(counts: Any) -> tuple[int, int]:  # noqa: ANN401 - rows and emitted of each stream
    told = list(counts)
    return sum(each[0] or 0 for each in told), sum(each[1] or 0 for each in told)
