"""Each judge of calls condemns what breaks its promise, and lets pass what keeps all of them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from tests.campaigns.simulated.call_judges import (
    BRAKES,
    Asked,
    Braked,
    asked_in,
    calls_are_made_once,
    hours_are_kept,
    limits_are_kept,
    the_pace_is_kept,
)
from tests.support.simulated import Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

WANTED = {"v1": True, "v2": True, "bad": False}


def test_nothing_is_condemned_where_each_value_is_made_once() -> None:
    assert list(calls_are_made_once(WANTED, {"v1": 1, "v2": 1})) == []


@pytest.mark.parametrize(
    "made",
    [{"v1": 2, "v2": 1}, {"v1": 1}, {"v1": 1, "v2": 1, "bad": 1}, {"v1": 1, "v2": 1, "v9": 1}],
    ids=["made twice", "lost", "made though it can't be", "asked for by nobody"],
)
def test_each_wrong_end_of_calls_is_condemned(made: dict[str, int]) -> None:
    assert len(list(calls_are_made_once(WANTED, made))) == 1


def at(clock: str) -> float:
    """A moment of a day, UTC."""
    return datetime.fromisoformat(f"2026-09-21T{clock}").replace(tzinfo=timezone.utc).timestamp()


BRAKED = Braked(most=2, apart=3.0, quiet=(21 * 60, 8 * 60), zone="Asia/Kolkata", abreast=1)
"""No message from 15:30 to 02:30, UTC."""
GOOD = [Asked("a", 1, at("15:29:50")), Asked("b", 1, at("15:29:53")), Asked("c", 2, at("02:30:00"))]


def test_nothing_is_condemned_where_all_brakes_hold() -> None:
    assert [why for judge in BRAKES for why in judge(GOOD, BRAKED)] == []


@pytest.mark.parametrize(
    ("judge", "more"),
    [
        (hours_are_kept, [Asked("d", 2, at("15:30:00"))]),
        (hours_are_kept, [Asked("d", 2, at("23:10:00"))]),
        (hours_are_kept, [Asked("d", 2, at("02:29:59"))]),
        (limits_are_kept, [Asked("d", 1, at("15:29:58"))]),
        (the_pace_is_kept, [Asked("d", 1, at("15:29:51")), Asked("e", 1, at("15:29:52"))]),
    ],
)
def test_each_judge_condemns_what_a_brake_should_have_held(
    judge: Callable[[Sequence[Asked], Braked], Iterator[str]], more: list[Asked]
) -> None:
    assert list(judge([*GOOD, *more], BRAKED))


def test_what_is_asked_again_after_a_pause_is_one_message() -> None:
    again = [Asked("b", 1, at("15:29:54")), Asked("b", 1, at("15:29:55"))]
    assert list(limits_are_kept([*GOOD, *again], BRAKED)) == []
    assert list(the_pace_is_kept([*GOOD, *again], BRAKED)) == []


def test_requests_are_those_that_carry_a_value_whole() -> None:
    sent = [
        Sent(1, 5.0, 5.1, "POST", "/send-template-message", b'{"bodyParams": ["visit 1"]}'),
        Sent(1, 6.0, 6.1, "POST", "/send-template-message", b'{"bodyParams": ["visit 12"]}'),
        Sent(1, 7.0, 7.1, "GET", "/message_templates", b""),
    ]
    assert asked_in(sent, ["visit 1"]) == [Asked("visit 1", 1, 5.0)]
