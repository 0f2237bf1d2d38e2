"""The course of a run: its counts at points of time, few enough to be kept beside its receipt.

Pure: who counts says what time it is. A point is taken each second; where there would be more than
`MOST_POINTS`, every other one is let go, and twice the time passes to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_POINTS: Final = 200
FIRST_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Course:
    """Counts that only grow, at points of time.

    Attributes:
        names: What is counted.
        points: Seconds since the beginning, and the counts by then; in order of time.
    """

    names: tuple[str, ...]
    points: tuple[tuple[float, tuple[float, ...]], ...]

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.points[-1][0] if self.points else 0.0

    def increases(self, name: str, places: int) -> list[float]:
        """By how much a count grew in each of so many equal parts of the time.

        What grew between two points is shared out evenly between them.
        """
        found = [0.0] * places
        if name not in self.names or self.seconds <= 0:
            return found
        at, width = self.names.index(name), self.seconds / places
        before, count = 0.0, 0.0
        for seconds, counts in self.points:
            _share_out(found, (before / width, seconds / width), counts[at] - count)
            before, count = seconds, counts[at]
        return found

    def to_json(self) -> dict[str, object]:
        """An object of JSON; `of_json` reads it."""
        points = [[round(at, 3), *(round(count, 3) for count in each)] for at, each in self.points]
        return {"names": list(self.names), "points": points}


def course_of(value: object) -> Course | None:
    """The course that JSON tells; None if it tells none."""
    if not isinstance(value, dict):
        return None
    names, points = value.get("names"), value.get("points")
    if not isinstance(names, list) or not isinstance(points, list):
        return None
    width = len(names) + 1
    for each in points:
        if not isinstance(each, list) or len(each) != width:
            return None
        if not all(isinstance(number, (int, float)) for number in each):
            return None
    made = ((float(at), tuple(map(float, counts))) for at, *counts in points)
    return Course(tuple(map(str, names)), tuple(made))


def _share_out(found: list[float], part: tuple[float, float], grown: float) -> None:
    """Add what grew in a part of the time, from one place on to another."""
    begin, end = part
    last = len(found) - 1
    if end <= begin:
        found[min(int(begin), last)] += grown
        return
    for place in range(min(int(begin), last), min(int(end), last) + 1):
        inside = min(end, place + 1) - max(begin, place)
        found[place] += grown * max(0.0, inside) / (end - begin)


class CourseTaker:
    """Takes the points of a course while a run goes on.

    Args:
        names: What is counted.
        began: When the run began, in seconds of any clock that only goes forward.
    """

    def __init__(self, names: Sequence[str], began: float) -> None:
        self._names = tuple(names)
        self._began = began
        self._every = FIRST_SECONDS
        self._next = began
        self._points: list[tuple[float, tuple[float, ...]]] = []

    def is_due(self, now: float) -> bool:
        """Whether a point is to be taken: asked often, so it costs nothing."""
        return now >= self._next

    def take(self, now: float, counts: Sequence[float]) -> None:
        """Take a point."""
        self._points.append((now - self._began, tuple(counts)))
        if len(self._points) >= MOST_POINTS:
            self._points = self._points[-1::-2][::-1]
            self._every *= 2
        self._next = now + self._every

    def course(self) -> Course:
        """The course so far."""
        return Course(self._names, tuple(self._points))
