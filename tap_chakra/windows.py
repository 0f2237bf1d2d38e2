"""How to cut time, given what the answers held. Pure: values in, values out.

A scan owns the whole of time as *stretches*: pieces that are still to be read, which never
overlap and together with the windows already read cover everything. A stretch is read from
its lower end, one *window* at a time. A window is read when one answer held all of it; an
answer that did not (an overfull one) is thrown away, and what it showed narrows the next
window. So no offset is ever used, and a row that another one's deletion moves is never missed:
`createdAt` does not change, and every instant belongs to exactly one window.

How wide the next window should be is learned, not halved blindly:

- a whole window tells the rows per millisecond at its place; the next one is cut to hold
  `TARGET` rows, a fill that leaves room for chance (of windows that expect 75 rows, fewer than
  one in two hundred holds more than 100);
- empty windows let the next one grow fourfold each time, so that years of nothing cost a few
  requests;
- an overfull window is cut where its own timestamps say, at a smaller share of them each time
  it happens again, and hardly ever later than the middle of what was asked: a server that lists
  the newest rows first would otherwise be approached a page at a time.

Nothing here assumes the server's order. Times are epoch milliseconds; a bound of None is open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET = 75
"""Rows that a window is cut to hold, of at most 100 in an answer (contract 4.3)."""

GROWTH = 4.0
"""How much wider than the last one the next window may be."""

SHARED = 4 * TARGET
"""Rows that must be expected of what is left of a stretch for it to be shared."""

EMPTY_GROWTH = 32.0
"""The same after an empty one: too wide costs two or three requests, too narrow a whole row."""


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

    @property
    def width(self) -> int | None:
        """Milliseconds from end to end; None where an end is open."""
        if self.lower is None or self.upper is None:
            return None
        return self.upper - self.lower


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of time that is still to be read.

    Attributes:
        window: What is left of it.
        density: Rows per millisecond expected at its lower end; None if nothing is known.
        misses: How many answers in a row were overfull at its lower end.
    """

    window: Window
    density: float | None = None
    misses: int = 0


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

    def padded(self, window: Window) -> Window:
        """What to ask for so that every row of the window is in the answer."""
        return Window(
            None if window.lower is None else window.lower - self.pad,
            None if window.upper is None else window.upper + self.pad,
        )


def next_window(stretch: Stretch, grain: Grain) -> Window:
    """The window at the lower end of the stretch to ask for next."""
    window = stretch.window
    if window.lower is None or stretch.density is None:
        return window
    width = max(grain.width, round(TARGET / stretch.density))
    cut = grain.floor(window.lower + width)
    if cut <= window.lower:
        cut = window.lower + grain.width
    if window.upper is not None and cut + width // 3 >= window.upper:
        return window
    return Window(window.lower, cut)


def after_whole(stretch: Stretch, asked: Window, rows: int) -> Stretch | None:
    """What is left of a stretch when `asked`, at its lower end, was read with that many rows.

    None if the stretch is finished.
    """
    if asked.upper == stretch.window.upper:
        return None
    return Stretch(
        Window(asked.upper, stretch.window.upper), _learned(stretch.density, asked, rows)
    )


def _learned(expected: float | None, asked: Window, rows: int) -> float | None:
    if asked.width is None:
        return expected
    seen = rows / asked.width
    floor = TARGET / asked.width / (GROWTH if rows else EMPTY_GROWTH)
    if expected is None or rows < TARGET / 2:
        return max(seen, floor)
    return max((expected + seen) / 2, floor)


def is_dense(window: Window, grain: Grain) -> bool:
    """Whether a window can't be cut any further by time."""
    return window.width is not None and window.width <= grain.width


def after_overfull(
    stretch: Stretch, asked: Window, created: Sequence[int], *, horizon: int, grain: Grain
) -> tuple[Stretch, ...]:
    """The stretches that replace one whose lower window `asked` did not fit one answer.

    Args:
        stretch: The stretch; `asked` lies at its lower end.
        asked: The window asked for; not dense.
        created: The instants of the rows of the answer that lie in `asked`, in any order.
        horizon: The instant at which the scan began: rows after it are few.
        grain: How finely the server tells instants apart.

    Returns:
        One to three stretches, in order of time, that cover exactly the given one.
    """
    times = sorted(created)
    if asked.lower is None:
        return _cut_below(stretch, times, horizon, grain)
    if asked.upper is None:
        return _cut_above(asked.lower, times, horizon, grain)
    return _narrowed(stretch, asked, times, grain)


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
    cut = grain.floor(end - max(1, end - first) * 4**stretch.misses)
    if upper is not None:
        cut = min(cut, upper - grain.width)
    below = Stretch(Window(None, cut), misses=stretch.misses + 1)
    top = grain.floor(horizon)
    if upper is None and cut < top:
        return (below, Stretch(Window(cut, top)), Stretch(Window(top, None)))
    return (below, Stretch(Window(cut, upper)))


def _cut_above(lower: int, times: Sequence[int], horizon: int, grain: Grain) -> tuple[Stretch, ...]:
    """Cut a window that is open above at the scan's beginning, else after what it showed."""
    cut = grain.floor(horizon)
    if cut <= lower:
        cut = grain.floor(times[-1] if times else lower) + grain.width
    if cut <= lower:
        cut = lower + grain.width
    return (Stretch(Window(lower, cut)), Stretch(Window(cut, None)))


def _narrowed(
    stretch: Stretch, asked: Window, times: Sequence[int], grain: Grain
) -> tuple[Stretch, ...]:
    """Expect less at the lower end of a stretch: cut where the answer's own instants say."""
    lower = asked.lower or 0
    middle = lower + (asked.width or grain.width) // 2
    misses = stretch.misses + 1
    first = grain.floor(times[0]) if times else lower
    if first > middle and misses == 1:
        # All that was seen lies in the far half: likely there is little before it.
        before = Stretch(Window(lower, first), misses=misses)
        spread = times[len(times) // 2] - first + 1
        return (before, Stretch(Window(first, stretch.window.upper), TARGET / spread))
    cut = min(middle, times[len(times) >> min(misses, 4)]) if times else middle
    cut = max(cut, lower + grain.width)
    return (replace(stretch, density=TARGET / (cut - lower), misses=misses),)


def divide(
    stretch: Stretch, asked: Window, grain: Grain, typical: float
) -> tuple[Stretch, Stretch] | None:
    """Share a stretch, whose lower window is being read, between two readers.

    Args:
        stretch: The stretch.
        asked: Its lower window, which is being read.
        grain: How finely the server tells instants apart.
        typical: Rows per millisecond of all that was read so far. A burst is denser than what
            follows it, and must not make readers crowd into the silence behind.

    Returns:
        The part that keeps the window being read, and the rest; None if what follows that
        window is too little to share, or is not bounded.
    """
    upper = stretch.window.upper
    if asked.upper is None or upper is None or asked.width is None or asked.upper == upper:
        return None
    rest = upper - asked.upper
    middle = grain.floor(asked.upper + rest // 2)
    expected = rest * min(stretch.density or 0.0, typical)
    if expected < SHARED or rest < 2 * asked.width or not asked.upper < middle < upper:
        return None
    return (
        replace(stretch, window=Window(stretch.window.lower, middle)),
        Stretch(Window(middle, upper), stretch.density),
    )
