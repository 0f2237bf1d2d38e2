"""Where to resume an unfinished full scan: what a later run must know, to and from STATE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.values.timestamps import iso_ms, parse_timestamp
from tap_chakra.timeline.coverage import Range, Unfinished, Walked
from tap_chakra.timeline.windows import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BOUND_TYPES = (int, type(None))


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes out beside the records of a scan.

    Attributes:
        versioned: Whether they carry a version.
        ids: Whether the ids of all rows that it sees go out.
    """

    versioned: bool = False
    ids: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """What a scan reads and emits: only a scan of the same scope can resume it.

    Attributes:
        emits_since: Rows changed before are not emitted, epoch milliseconds; None emits all.
        created_after: Rows created before are not read, epoch milliseconds; None reads all.
        beside: What goes out beside its records: at its end no version, and no id, may be missing.
        created_before: Rows created at or after are not read, epoch milliseconds; None reads all.
    """

    emits_since: int | None
    created_after: int | None
    beside: Beside
    created_before: int | None = None

    @property
    def whole(self) -> bool:
        """Whether everything that there is is read."""
        return self.created_after is None and self.created_before is None


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Where to resume an unfinished full scan.

    Attributes:
        unfinished: What the scan has read.
        scope: What the scan reads and emits.
        lead: Milliseconds by which `updatedAt` was seen ahead of the server's `Date`.
    """

    unfinished: Unfinished
    scope: Scope
    lead: int


def to_state(point: ResumePoint) -> dict[str, object]:
    """The part of STATE that a later run resumes the scan from."""
    unfinished, scope = point.unfinished, point.scope
    until = scope.created_before
    return {
        "began": iso_ms(unfinished.began),
        "rows": unfinished.rows,
        "lead": point.lead,
        "emits_since": None if scope.emits_since is None else iso_ms(scope.emits_since),
        "created_after": None if scope.created_after is None else iso_ms(scope.created_after),
        **({} if until is None else {"created_before": iso_ms(until)}),
        "versioned": scope.beside.versioned,
        **({"ids": True} if scope.beside.ids else {}),
        "done": [[each.window.lower, each.window.upper, each.rows] for each in unfinished.ranges],
        "walked": [
            [w.window.lower, w.window.upper, w.rows, w.until, w.tail, 1 if w.ascending else -1]
            for w in unfinished.walked
        ],
    }


def from_state(value: object) -> ResumePoint:
    """The point to resume from, out of that part of STATE.

    Raises:
        ValueError: It was not written by `to_state`; TypeError, LookupError, AttributeError too.
    """
    if not isinstance(value, dict):
        raise TypeError(value)
    ranges = tuple(Range(_window(each), _count(each[2])) for each in value["done"])
    walked = tuple(
        Walked(_window(each), _count(each[2]), int(each[3]), _count(each[4]), each[5] == 1)
        for each in value["walked"]
    )
    scope = Scope(
        _instant(value, "emits_since"),
        _instant(value, "created_after"),
        Beside(value["versioned"] is True, value.get("ids") is True),
        _instant(value, "created_before") if "created_before" in value else None,
    )
    began = _instant(value, "began")
    if began is None:
        raise ValueError(value)
    return ResumePoint(Unfinished(began, ranges, walked), scope, _count(value["lead"]))


def _window(bounds: Sequence[object]) -> Window:
    lower, upper = bounds[0], bounds[1]
    if not isinstance(lower, BOUND_TYPES) or not isinstance(upper, BOUND_TYPES):
        raise TypeError(bounds)
    if lower is not None and upper is not None and lower >= upper:
        raise ValueError(bounds)
    return Window(lower, upper)


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value


def _instant(value: Mapping[str, object], name: str) -> int | None:
    text = value[name]
    if text is None:
        return None
    instant = parse_timestamp(text)
    if instant is None:
        raise ValueError(text)
    return instant
