"""Where the marks of a chart stand: numbers for the templates. Pure.

A plot is 1000 wide and 100 high, and is stretched to the room that there is; words stand beside it,
so that they keep their size on a telephone and on paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_plugin.pages.parts import Bars, Strip

WIDTH: Final = 1000.0
HEIGHT: Final = 100.0
HAIR: Final = 1.5
"""What is narrower can't be seen."""
GAP: Final = 0.15
"""Share of a place that is left between its bar and the next one."""
MOST_GAP: Final = 3.0
SMALLEST: Final = 1e-9
"""The upper end of an axis is no less."""
_STEPS: Final = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Mark:
    """A rectangle of a plot.

    Attributes:
        x: Its left end.
        y: Its upper end.
        width: Its width.
        height: Its height.
        hue: 1 to 8.
        label: What it says where it is pointed at.
    """

    x: float
    y: float
    width: float
    height: float
    hue: int
    label: str


def nice_top(largest: float) -> float:
    """The upper end of an axis: the next round number."""
    if largest <= 0:
        return 1.0
    # What is too small to be told from nothing is drawn as that.
    power = max(10.0 ** floor(log10(largest)), SMALLEST)
    return float(next((step * power for step in _STEPS if step * power >= largest), 20 * power))


def top_of(bars: Bars) -> float:
    """The upper end of a chart's axis."""
    sums = [sum(values) for values in zip(*(each.values for each in bars.series), strict=True)]
    return nice_top(max(sums, default=0))


def marks_of(bars: Bars) -> Iterator[Mark]:
    """The bars of a chart, those of one place upon each other."""
    top, place = top_of(bars), WIDTH / max(1, len(bars.labels))
    gap = min(place * GAP, MOST_GAP)
    for number, label in enumerate(bars.labels):
        base = HEIGHT
        for series in bars.series:
            value = series.values[number]
            if value <= 0:
                continue
            height = max(HEIGHT * value / top, HAIR / 2)
            base -= height
            said = f"{label}: {value:,.10g} {series.name}"
            x = number * place + gap / 2
            yield Mark(
                round(x, 2),
                round(base, 2),
                round(place - gap, 2),
                round(height, 2),
                series.hue,
                said,
            )


def spans_of(strip: Strip) -> Iterator[Mark]:
    """The spans of a strip."""
    for span in strip.spans:
        begin = min(max(span.begin, 0.0), 1.0) * WIDTH
        width = max(min(span.end, 1.0) * WIDTH - begin, HAIR)
        begin = min(begin, WIDTH - width)
        yield Mark(round(begin, 2), 0, round(width, 2), HEIGHT, span.hue, span.label)


def summary(bars: Bars) -> str:
    """A chart in a sentence, for who does not see it."""
    said = [f"{series.name} {_sum(series.values)}" for series in bars.series]
    return f"{bars.caption}: {', '.join(said) or 'nothing'} in {len(bars.labels)} places"


def _sum(values: Sequence[float]) -> str:
    return f"{sum(values):,.10g}"
