"""When made rows were created: the shapes that time has in real accounts, and awkward ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox.rows.moments import DAY_MS, HOUR_MS, YEAR_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_sandbox.rows.making import Draw
    from chakra_sandbox.rows.moments import Span

    Shape = Callable[[int, Span, Draw], list[int]]

_IMPORT_ROWS = 300
_IMPORT_SHARE = 0.1
_BURST_SHARE = 0.5
_BATCH_ROWS = (200, 900)
_BATCH_STEP_MS = 3
_ONE_MILLISECOND = 5_000
_ONE_MILLISECOND_SHARE = 20
_CLUSTERS = 5
_CLUSTER_MS = 3 * DAY_MS
_CLUSTERS_APART_MS = 3 * YEAR_MS
_OPENS, _CLOSES = 9, 18
_FRIDAY = 4
_THURSDAY = 3
"""The epoch began on one; Monday is 0."""
_OUT_OF_HOURS = 0.02


def uniform(count: int, span: Span, draw: Draw) -> list[int]:
    """Anywhere, evenly."""
    return [span.start_ms + draw.below(span.width_ms) for _ in range(count)]


def daily(count: int, span: Span, draw: Draw) -> list[int]:
    """Nine to six (UTC) from Monday to Friday; a fiftieth as many rows an hour outside of that."""
    moments: list[int] = []
    while len(moments) < count:
        moment = span.start_ms + draw.below(span.width_ms)
        if _in_business_hours(moment) or draw.chance(_OUT_OF_HOURS):
            moments.append(moment)
    return moments


def _in_business_hours(moment_ms: int) -> bool:
    weekday = (moment_ms // DAY_MS + _THURSDAY) % 7
    return weekday <= _FRIDAY and _OPENS <= moment_ms % DAY_MS // HOUR_MS < _CLOSES


def recent(count: int, span: Span, draw: Draw) -> list[int]:
    """An account that grows: the closer to the end, the more rows."""
    last = span.width_ms - 1
    return [span.end_ms - 1 - int(draw.fraction() ** 4 * last) for _ in range(count)]


def bursts(count: int, span: Span, draw: Draw) -> list[int]:
    """A tenth imported into single milliseconds, half in twelve busy hours, the rest anywhere."""
    size = min(_IMPORT_ROWS, max(1, count // 4))
    moments: list[int] = []
    for _ in range(max(1, int(count * _IMPORT_SHARE / size)) if count else 0):
        moments += [span.start_ms + draw.below(span.width_ms)] * size
    centres = uniform(12, span, draw)
    while len(moments) < count * (_IMPORT_SHARE + _BURST_SHARE):
        moment = draw.of(centres) + draw.below(2 * HOUR_MS) - draw.below(HOUR_MS)
        moments.append(min(max(moment, span.start_ms), span.end_ms - 1))
    return (moments + uniform(max(0, count - len(moments)), span, draw))[:count]


def imports(count: int, span: Span, draw: Draw) -> list[int]:
    """Nothing but batches of hundreds of rows, each row 3 ms after the one before."""
    least, most = _BATCH_ROWS
    room = span.width_ms - most * _BATCH_STEP_MS
    moments: list[int] = []
    while len(moments) < count:
        first = span.start_ms + draw.below(room)
        size = least + draw.below(most - least)
        moments += [first + number * _BATCH_STEP_MS for number in range(size)]
    return moments[:count]


def one_millisecond(count: int, span: Span, draw: Draw) -> list[int]:
    """5,000 rows in one millisecond, a twentieth where there are fewer; the others anywhere."""
    together = min(_ONE_MILLISECOND, count // _ONE_MILLISECOND_SHARE)
    moment = span.start_ms + draw.below(span.width_ms)
    return [moment] * together + uniform(count - together, span, draw)


def sparse(count: int, span: Span, draw: Draw) -> list[int]:
    """Clusters of a few days with years of nothing between: the span's end, and far before it."""
    ends = [span.end_ms - number * _CLUSTERS_APART_MS for number in range(_CLUSTERS)]
    return [draw.of(ends) - 1 - draw.below(_CLUSTER_MS) for _ in range(count)]


def one_import(count: int, span: Span, draw: Draw) -> list[int]:  # noqa: ARG001 - a Shape
    """All in one millisecond."""
    return [span.start_ms + span.width_ms // 2] * count


SHAPES: Mapping[str, Shape] = {
    shape.__name__: shape
    for shape in (
        bursts,
        uniform,
        daily,
        recent,
        imports,
        one_millisecond,
        sparse,
        one_import,
    )
}
