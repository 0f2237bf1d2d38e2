"""What Spark pushes down becomes a question that finds at least the rows it lets pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from chakra_spark.reading.pieces import Asked
from chakra_spark.reading.pushed_filters import pushed
from tap_chakra.timeline.windows import Window

AT = datetime(2026, 6, 1, 12, 0, 0, 1500, tzinfo=timezone(timedelta(hours=5, minutes=30)))
AT_MS = 1_780_295_400_001
STATES = ("NEW", "WON")


def spark_filter(kind: str, column: str, value: Any = None) -> Any:
    """A filter as Spark has it, which is no part of this environment."""
    made = dataclass(type(kind, (), {"__annotations__": {"attribute": tuple, "value": object}}))
    return made(tuple(column.split(".")), value)  # type: ignore[call-arg]


def asked(*filters: Any, window: Window | None = None) -> Asked:
    return pushed(filters, STATES, window or Window())


def test_a_status_and_known_states_are_asked_for() -> None:
    both = asked(spark_filter("EqualTo", "status", "OPEN"), spark_filter("In", "state", STATES))
    assert both.where == {"status": "OPEN", "state": ["NEW", "WON"]}


@pytest.mark.parametrize(
    "unsure",
    [
        spark_filter("EqualTo", "state", "GONE"),  # what such a question finds nobody has said
        spark_filter("EqualTo", "status", ""),
        spark_filter("In", "status", ()),
        spark_filter("EqualTo", "data.city", "Pune"),
        spark_filter("EqualTo", "isDeleted", value=False),
        spark_filter("StringStartsWith", "status", "OP"),
        spark_filter("EqualNullSafe", "status", None),
    ],
)
def test_what_chakra_may_understand_otherwise_is_left_to_spark(unsure: Any) -> None:
    assert asked(unsure) == Asked()


@pytest.mark.parametrize(
    ("kind", "window"),
    [
        ("GreaterThan", Window(AT_MS, None)),
        ("GreaterThanOrEqual", Window(AT_MS, None)),
        ("LessThan", Window(None, AT_MS + 1)),
        ("LessThanOrEqual", Window(None, AT_MS + 1)),
        ("EqualTo", Window(AT_MS, AT_MS + 1)),
        ("Not", Window()),
    ],
)
def test_a_bound_of_created_at_takes_in_its_whole_millisecond(kind: str, window: Window) -> None:
    assert asked(spark_filter(kind, "createdAt", AT)).window == window


def test_bounds_only_narrow_what_the_options_leave() -> None:
    filters = (spark_filter("GreaterThan", "createdAt", AT),)
    assert asked(*filters, window=Window(AT_MS + 5, None)).window == Window(AT_MS + 5, None)
    assert asked(*filters, window=Window(None, AT_MS - 5)).window.width == 1  # no row is wanted
