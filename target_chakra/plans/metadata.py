"""What a plan says of itself: for whom it was made, by which mapping, and what it would cost."""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.stream_mapping import StreamMapping


@dataclass(frozen=True, slots=True)
class PlannedStream:
    """A stream of a plan.

    Attributes:
        mapping: How its rows became changes, without what is as by default.
        columns: Its columns, each with whether it was declared to hold times.
    """

    mapping: Mapping[str, object]
    columns: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What a plan says of itself.

    Attributes:
        made_at: When its run began, epoch milliseconds of ChakraHQ's clock.
        began: The same by our own clock, as the journal has it.
        run: Number of its run in the journal.
        account: The team that it is for.
        api_url: Where that is.
        streams: The streams that came.
        counts: Creates (and those without a key), updates, deletes, rejects; and rows that are
            unchanged, superseded, kept as others changed them, or not planned since something
            unknown holds their process.
        rows_in: Rows that came in.
        jobs: How many jobs would carry it out.
        requests: How many requests that takes, about.
        minutes: How long they take at the pace of the run that made it, about.
        made_by: The name and the version of what made it.
        times: Fields that hold times, by procedure, each with milliseconds in its unit.
    """

    made_at: int
    began: int
    run: int
    account: str
    api_url: str
    streams: Mapping[str, PlannedStream]
    counts: Mapping[str, int]
    rows_in: int
    jobs: int
    requests: int
    minutes: float
    made_by: str = ""
    times: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """One JSON object."""
        return dataclasses.asdict(self)


def facts_of(given: Mapping[str, Any]) -> PlanFacts:
    """What a plan's JSON object says.

    Raises:
        KeyError, TypeError, ValueError: It is no such object.
    """
    names = {each.name for each in fields(PlanFacts)}
    told: dict[str, Any] = {name: value for name, value in given.items() if name in names}
    told["streams"] = {
        str(name): PlannedStream(dict(each["mapping"]), dict(each["columns"]))
        for name, each in dict(given["streams"]).items()
    }
    told["times"] = {
        str(name): {str(each): int(unit) for each, unit in dict(times).items()}
        for name, times in dict(given.get("times") or {}).items()
    }
    told["counts"] = {str(name): int(count) for name, count in dict(given["counts"]).items()}
    return PlanFacts(**told)


def readable(mapping: StreamMapping) -> dict[str, object]:
    """A mapping as a plan keeps it: what differs from the defaults, whatever stream it names."""
    said = _said(mapping)
    return {name: value for name, value in said.items() if name not in ("stream", "names_mode")}


def _said(value: Any) -> dict[str, object]:  # noqa: ANN401 - any of the mapping's data classes
    said: dict[str, object] = {}
    for each in fields(value):
        held = getattr(value, each.name)
        default = each.default if each.default is not MISSING else None
        if each.default_factory is not MISSING:
            default = each.default_factory()
        if held != default:
            said[each.name] = _plain(held)
    return said


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if dataclasses.is_dataclass(value):
        return _said(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in sorted(value.items())}
    return value
