"""How to cut time, given what the answers held. Pure: values in, values out.

A scan owns the whole of time as *stretches*, which are still to be read: they never overlap, and
together with the windows already read they cover everything. A stretch is read from
its lower end, one *window* at a time. A window is read when one answer held all of it; an
answer that did not (an overfull one) is thrown away, and what it showed narrows the next
window. So no offset is ever used, and a row that another one's deletion moves is never missed:
`createdAt` does not change, and every instant belongs to exactly one window.

How wide the next window should be is learned, not halved blindly:

- a whole window tells the rows per millisecond at its place; the next one is cut to hold
  `TARGET_ROWS` rows, a fill that leaves room for chance (of windows that expect 75 rows, fewer than
  one in two hundred holds more than 100);
- where the rows of the account follow the hours of the week, windows are measured in a time in
  which they come evenly (`even_time.py`): a night costs no window of its own, a morning no
  surprise;
- empty windows let the next one grow fourfold each time, so that years of nothing cost a few
  requests;
- an overfull answer is a sample of its window: its instants, each standing for as many rows as
  seems likely by now, say where the next windows end, until the sample is used up. Where many
  rows lie close together with nothing around them, they say that too;
- if twice in a row all of a sample lies in the far half, it is no sample of what lies before (a
  server that lists the newest rows first shows no others): then the window is halved.

Where rows are so large that an answer holds fewer than a hundred, each counts for several, and all
of this holds as it stands.

Nothing here assumes the server's order. Times are epoch milliseconds; a bound of None is open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, Protocol

from tap_chakra.timeline.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET_ROWS = 75
"""Rows that a window is cut to hold, of at most 100 in an answer (contract 4.3)."""

GROWTH = 4.0
"""How many times as wide as the last window the next one may be."""

EMPTY_GROWTH = 32.0
"""The same after an empty window: too wide costs two or three requests, too narrow a whole row."""

FIRST_GUESS_ROWS = 200.0
"""Rows that an overfull window holds, as long as nothing better is known."""

EARLIEST_BOUND = -62_000_000_000_000
"""Epoch milliseconds, in the year 5: no bound lies before it."""

TELLING_INSTANTS = 8
"""Instants that a window must hold for a sample to say where it ends; chance blurs fewer."""

REACH_FACTOR = 4
"""How many times the rows wanted a window may hold by its sample, when density says where."""


@dataclass(frozen=True, slots=True)
class Window:
    """The instants from `lower` (included) to `upper` (excluded), in epoch milliseconds."""

    lower: int | None = None
    upper: int | None = None

    def holds(self, created: int) -> bool:
        """Whether a row created at that instant belongs to this window."""
        return (self.lower is None or created >= self.lower) and (
            self.upper is None or created < self.upper
        )

    def count(self, instants: Sequence[int]) -> int:
        """How many of these instants lie in the window."""
        below = 0 if self.lower is None else sum(map(self.lower.__gt__, instants))
        beyond = 0 if self.upper is None else sum(map(self.upper.__le__, instants))
        return len(instants) - below - beyond

    def overlap(self, window: Window) -> int:
        """Milliseconds that this window, which is bounded, has in common with another."""
        lower, upper = self.lower or 0, self.upper or 0
        begin = lower if window.lower is None else max(lower, window.lower)
        end = upper if window.upper is None else min(upper, window.upper)
        return max(0, end - begin)

    @property
    def width(self) -> int | None:
        """Milliseconds from end to end; None where an end is open."""
        if self.lower is None or self.upper is None:
            return None
        return self.upper - self.lower


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time that is still to be read, from its lower end, window by window.

    Attributes:
        window: The time that is left.
        density: Rows per millisecond expected at its lower end; None if nothing is known.
        misses: How many answers in a row were overfull at its lower end.
        sample: What an overfull answer showed of it; None if there was none, or it is used up.
    """

    window: Window
    density: float | None = None
    misses: int = 0
    sample: Sample | None = None

    def scaled(self, factor: float) -> Stretch:
        """The same stretch where a row counts for more, or for less, than it did."""
        density = None if self.density is None else self.density * factor
        return replace(self, density=density, sample=self.sample and self.sample.scaled(factor))


@dataclass(frozen=True, slots=True)
class Grain:
    """How finely this server tells instants apart.

    Attributes:
        width: No window is narrower than this; bounds are multiples of it (milliseconds).
        pad: Query bounds are widened by this on both sides (milliseconds).
    """

    width: int = 1
    pad: int = 0

    def floor(self, instant: int) -> int:
        """The last bound at or before that instant."""
        return instant - instant % self.width

    def around(self, window: Window) -> Window:
        """The least window between bounds that holds all of a window."""
        return Window(
            None if window.lower is None else self.floor(window.lower),
            None if window.upper is None else self.floor(window.upper + self.width - 1),
        )

    def padded(self, window: Window) -> Window:
        """The window to ask for so that every row of a window is in the answer."""
        return Window(
            None if window.lower is None else window.lower - self.pad,
            None if window.upper is None else window.upper + self.pad,
        )


class Time(Protocol):
    """Time in which rows come evenly (`even_time.py`), in milliseconds."""

    def between(self, lower: int, upper: int) -> float:
        """Even time from one instant to a later one."""

    def after(self, lower: int, even: float) -> int:
        """The instant that much even time after another."""


class _PlainTime:
    def between(self, lower: int, upper: int) -> float:
        return upper - lower

    def after(self, lower: int, even: float) -> int:
        return lower + round(even)


PLAIN_TIME: Final[Time] = _PlainTime()
"""Time as it is."""


def next_window(stretch: Stretch, grain: Grain, time: Time = PLAIN_TIME) -> Window:
    """The window at the lower end of the stretch to ask for next."""
    window = stretch.window
    if window.lower is None:
        return window
    sample, density = stretch.sample, stretch.density
    if sample is not None and (density is None or sample.weight * TELLING_INSTANTS <= TARGET_ROWS):
        return _up_to(
            window, _floored(sample.bound(max(1, int(TARGET_ROWS / sample.weight))), grain), grain
        )
    if density is None:
        return window
    even = TARGET_ROWS / density
    cut = grain.floor(time.after(window.lower, even))
    if window.upper is not None and time.after(cut, even / 3) >= window.upper:
        cut = window.upper
    farthest = None if sample is None else _floored(sample.bound(_reach(sample)), grain)
    return _up_to(window, cut if farthest is None else min(cut, farthest), grain)


def _floored(instant: int | None, grain: Grain) -> int | None:
    return None if instant is None else grain.floor(instant)


def _reach(sample: Sample) -> int:
    return int(REACH_FACTOR * TARGET_ROWS / sample.weight) + 2


def _up_to(window: Window, cut: int | None, grain: Grain) -> Window:
    """The lower part of a window, at least as wide as the grain."""
    if cut is None or window.lower is None:
        return window
    cut = max(cut, window.lower + grain.width)
    return window if window.upper is not None and cut >= window.upper else Window(window.lower, cut)


def after_whole(
    stretch: Stretch,
    asked: Window,
    rows: int,
    typical: float = 0.0,
    *,
    time: Time = PLAIN_TIME,
) -> Stretch | None:
    """The stretch that is left when `asked`, at its lower end, was read with that many rows.

    Args:
        stretch: The stretch.
        asked: The window that was read.
        rows: The rows in it.
        typical: Rows per millisecond of all that was read so far; 0 if unknown. Behind a burst
            it is likelier than anything the burst says.
        time: Time in which rows come evenly.

    Returns:
        None if the stretch is finished.
    """
    if asked.upper is None or asked.upper == stretch.window.upper:
        return None
    return Stretch(
        Window(asked.upper, stretch.window.upper),
        _learned(stretch.density, asked, Whole(rows, typical, time)),
        sample=stretch.sample and stretch.sample.after(asked.upper, rows),
    )


@dataclass(frozen=True, slots=True)
class Whole:
    """A window that was read: its rows, the typical rows per millisecond, and the time used."""

    rows: int
    typical: float
    time: Time


def _learned(expected: float | None, asked: Window, whole: Whole) -> float | None:
    if asked.lower is None or asked.upper is None:
        return expected
    width = whole.time.between(asked.lower, asked.upper)
    seen = whole.rows / width
    floor = TARGET_ROWS / width / (GROWTH if whole.rows else EMPTY_GROWTH)
    if not whole.rows and whole.typical:
        floor = min(floor, whole.typical)
    if expected is None or whole.rows < TARGET_ROWS / 2:
        return max(seen, floor)
    return max((expected + seen) / 2, floor)


def is_dense(window: Window, grain: Grain) -> bool:
    """Whether a window can't be cut any further by time.

    A scan that was resumed from one of a finer grain has bounds that are no multiples of this one.
    """
    return window.width is not None and window.width < 2 * grain.width


@dataclass(frozen=True, slots=True)
class Overfull:
    """An answer that did not hold all of its window.

    Attributes:
        asked: The window asked for; not dense.
        created: The instants of the answer's rows that lie in it, in any order.
        shows: Which of its rows the server seems to list first. A wrong guess costs requests.
    """

    asked: Window
    created: Sequence[int]
    shows: Literal["any", "oldest", "newest"] = "any"


def after_overfull(
    stretch: Stretch,
    answer: Overfull,
    *,
    horizon: int,
    grain: Grain,
    time: Time = PLAIN_TIME,
) -> tuple[Stretch, ...]:
    """The stretches that replace one whose lower window did not fit one answer.

    Args:
        stretch: The stretch; the window asked for lies at its lower end.
        answer: What came.
        horizon: The instant at which the scan began: rows after it are few.
        grain: How finely the server tells instants apart.
        time: Time in which rows come evenly.

    Returns:
        One to three stretches, in order of time, that cover exactly the given one.
    """
    asked, times = answer.asked, sorted(answer.created)
    if asked.lower is None:
        return _cut_below(stretch, times, horizon, grain)
    if asked.upper is None:
        return _cut_above(asked.lower, times, horizon, grain)
    if times and answer.shows != "any":
        cut = grain.floor(times[-1] if answer.shows == "oldest" else times[0] + grain.width)
        if asked.lower < cut < asked.upper:
            return _cut_exactly(stretch, asked, cut, answer.shows)
    return _narrowed(stretch, Overfull(asked, times), grain, time)


def _cut_exactly(
    stretch: Stretch, asked: Window, cut: int, shows: Literal["oldest", "newest"]
) -> tuple[Stretch, ...]:
    """Cut a stretch where the rows end that an overfull answer showed: they fit the next one."""
    if shows == "oldest":
        fits = Sample((), 1.0, cut)
        return (replace(stretch, misses=stretch.misses + 1, sample=fits),)
    before = replace(stretch, window=Window(asked.lower, cut), misses=stretch.misses + 1)
    fits = Sample((), 1.0, asked.upper)
    return (before, replace(stretch, window=Window(cut, stretch.window.upper), sample=fits))


def _cut_below(
    stretch: Stretch, times: Sequence[int], horizon: int, grain: Grain
) -> tuple[Stretch, ...]:
    """Cut an overfull window that is open below where few rows should be left before the cut.

    The first cut is at the first instant that the answer showed. Each further one is four times
    as far from the end: a server that lists the newest rows first shows no more than those.
    """
    upper = stretch.window.upper
    end = horizon if upper is None else upper
    first = times[0] if times else end - 1
    cut = grain.floor(max(EARLIEST_BOUND, end - max(1, end - first) * 4**stretch.misses))
    if upper is not None:
        cut = min(cut, upper - grain.width)
    below = Stretch(Window(None, cut), misses=stretch.misses + 1)
    top = grain.floor(horizon)
    if upper is None and cut < top:
        seen = Stretch(Window(cut, top), sample=_sample_of(times, FIRST_GUESS_ROWS, top))
        return (below, seen, Stretch(Window(top, None)))
    return (below, Stretch(Window(cut, upper), sample=_sample_of(times, FIRST_GUESS_ROWS, upper)))


def _sample_of(times: Sequence[int], rows: float, until: int | None) -> Sample | None:
    if not times:
        return None
    return Sample(tuple(times), rows / len(times), until)


def _cut_above(lower: int, times: Sequence[int], horizon: int, grain: Grain) -> tuple[Stretch, ...]:
    """Cut a window that is open above at the scan's beginning, else behind the rows it showed."""
    cut = grain.floor(horizon)
    if cut <= lower:
        cut = grain.floor(times[-1] if times else lower) + grain.width
    if cut <= lower:
        cut = lower + grain.width
    return (Stretch(Window(lower, cut)), Stretch(Window(cut, None)))


def _narrowed(stretch: Stretch, answer: Overfull, grain: Grain, time: Time) -> tuple[Stretch, ...]:
    """Narrow a stretch by an overfull answer; halve it where that shows no lower half again."""
    asked, times = answer.asked, answer.created
    lower = asked.lower or 0
    middle = lower + (asked.width or grain.width) // 2
    misses = stretch.misses + 1
    first = grain.floor(times[0]) if times else asked.upper or middle
    sample = _sample_of(times, _guess(stretch, asked, misses), asked.upper)
    if sample is not None and stretch.sample is not None and asked.upper is not None:
        wider = stretch.sample.beyond(asked.upper)
        found = len(times) * sample.weight
        expected = max(1.0, stretch.sample.within(asked.upper) * stretch.sample.weight)
        sample = replace(sample, wider=wider and wider.scaled(found / expected))
    if first <= middle or misses == 1:
        narrowed = replace(stretch, misses=misses, sample=sample)
        ends = next_window(narrowed, grain, time).upper
        if ends is not None and asked.upper is not None and ends < asked.upper:
            return (narrowed,)
    elif misses == 2 and sample is not None:  # noqa: PLR2004 - the second time in a row
        # All that was seen lies in the far half: likely there is little before it.
        before = Stretch(Window(lower, first), misses=misses)
        return (before, Stretch(Window(first, stretch.window.upper), sample=sample))
    cut = max(grain.floor(middle), lower + grain.width)
    density = TARGET_ROWS / time.between(lower, cut)
    return (replace(stretch, density=density, misses=misses, sample=None),)


def _guess(stretch: Stretch, asked: Window, misses: int) -> float:
    """Rows that an overfull window may hold: more, the more often less was expected."""
    if stretch.sample is None:
        return FIRST_GUESS_ROWS
    expected = stretch.sample.within(asked.upper) * stretch.sample.weight
    return max(FIRST_GUESS_ROWS, expected * 2.0**misses)
