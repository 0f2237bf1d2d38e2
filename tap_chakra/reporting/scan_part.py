"""A stream on the page: how its scans read time, drawn, and what was covered of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chakra_api.values.counts import counted
from chakra_plugin.pages.instants import utc
from chakra_plugin.pages.parts import Fact, Facts, Said, Span, Strip, Strips, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chakra_plugin.pages.parts import Part

    Told = Mapping[str, Any]

COVERED: Final = 2
NOT_COVERED: Final = 8
KINDS: Final[Mapping[str, tuple[int, str]]] = {
    "window": (1, "an answer held all of it"),
    "walk": (4, "pages in a proven order"),
    "cut": (7, "more than an answer: cut, and asked again"),
    "dense": (3, "an instant with more rows than an answer"),
}


def stream_parts(told: Told) -> Iterator[Part]:
    """What there is to show of a stream that was scanned."""
    yield from _verdict(told)
    facts = [
        Fact("rows read", told["rows"]),
        Fact("emitted", told["emitted"]),
        Fact("seconds", told["seconds"]),
    ]
    if told["resumed"]:
        facts.append(Fact("of these by the run before", told["resumed"]))
    if told["since"] is not None:
        facts.append(Fact("the next run reads changes since", utc(told["since"])))
        facts.append(Fact("seconds that the bookmark lags", round(told["lag"] or 0)))
    if told["dense"]:
        facts.append(Fact("instants that time could not cut", told["dense"]))
    yield Facts(facts)
    if told["deletes"]:
        yield Said(f"Deleted rows: {told['deletes']}.")
    for number, scan in enumerate(told["scans"]):
        name = f"Scan {number + 1}" if len(told["scans"]) > 1 else "The scan"
        yield from _scan(name, scan)


def _verdict(told: Told) -> Iterator[Said]:
    reads = told["reads"] or "its turn came, and nothing was read"
    yield Said(f"{reads[0].upper()}{reads[1:]}.")
    if told["error"]:
        yield Said(f"Failed: {told['error']}", Tone.BAD)
    for why in told["unsure"]:
        yield Said(f"Not complete: {why}", Tone.BAD)
    if told["complete"]:
        yield Said(
            "Complete: all that was to be read was, and nothing speaks against it.", Tone.GOOD
        )
    elif not told["error"] and not told["unsure"]:
        yield Said("It did not come to its end: the next run goes on.", Tone.NOTICE)


def _scan(name: str, scan: Told) -> Iterator[Part]:
    pieces, began = scan["pieces"], scan["began"]
    first = scan["first"] if scan["first"] is not None and scan["first"] < began else None
    if first is None or not pieces:
        answers = "One answer held" if pieces else "Its answers held"
        yield Said(f"{answers} all of it: there was no time to cut.")
        return
    axis = (first, began)
    strips = [Strip("Covered", _covered(scan["covered"], axis))]
    for kind, (hue, said) in KINDS.items():
        found = [each for each in pieces if each["kind"] == kind]
        if found:
            answers = sum(each["answers"] for each in found)
            label = f"{said.capitalize()}: {counted(answers, 'answer')}"
            strips.append(Strip(label, [_span(each, axis, hue) for each in found]))
    yield Strips(
        f"{name}, over the time in which rows were created",
        strips,
        (utc(first), f"{utc(began)}, when it began"),
        ((COVERED, "covered: every row of that time was read"), (NOT_COVERED, "not covered")),
    )
    if scan["repeats"]:
        yield Said(f"{scan['repeats']:,} ids came twice.", Tone.BAD)


def _covered(ranges: Sequence[Told], axis: tuple[int, int]) -> list[Span]:
    """The ranges that were covered, and what lies between them."""
    spans, at = [], axis[0]
    for each in sorted(ranges, key=lambda it: it["window"]["lower"] or 0):
        lower, upper = _bounds(each["window"], axis)
        if lower > at:
            spans.append(_labelled((at, lower), axis, "not covered", NOT_COVERED))
        spans.append(_labelled((lower, upper), axis, counted(each["rows"]), COVERED))
        at = max(at, upper)
    if at < axis[1]:
        spans.append(_labelled((at, axis[1]), axis, "not covered", NOT_COVERED))
    return spans


def _span(piece: Told, axis: tuple[int, int], hue: int) -> Span:
    many = f" in {piece['answers']:,} answers" if piece["answers"] > 1 else ""
    return _labelled(_bounds(piece, axis), axis, f"{counted(piece['rows'])}{many}", hue)


def _bounds(window: Told, axis: tuple[int, int]) -> tuple[int, int]:
    lower, upper = window["lower"], window["upper"]
    first, last = axis
    begin = first if lower is None else min(max(lower, first), last)
    return begin, last if upper is None else min(max(upper, begin), last)


def _labelled(time: tuple[int, int], axis: tuple[int, int], said: str, hue: int) -> Span:
    first, width = axis[0], max(1, axis[1] - axis[0])
    begin, end = ((each - first) / width for each in time)
    return Span(begin, end, f"{said}, {utc(time[0])} to {utc(time[1])}", hue)
