"""Faults hit by count and seed, and say whether the work was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.faults import Fault, FaultDesk
from chakra_sandbox.messages import RequestIn

if TYPE_CHECKING:
    from collections.abc import Callable

NOW_MS = 1_795_514_950_453


def hits(fault: Fault, targets: list[str]) -> list[bool]:
    desk = FaultDesk()
    return [desk.choose([fault], target) is not None for target in targets]


def test_only_matching_requests_are_counted() -> None:
    fault = Fault("500", every_nth=2, match="^POST .*list$")
    targets = ["POST /a/list", "GET /a", "POST /b/list", "POST /b/list"]
    assert hits(fault, targets) == [False, False, True, False]


def test_at_names_requests_and_probability_repeats_with_its_seed() -> None:
    assert hits(Fault("500", at=(1, 3)), ["GET /"] * 3) == [True, False, True]
    half = hits(Fault("500", probability=0.5, seed=4), ["GET /"] * 200)
    assert half == hits(Fault("500", probability=0.5, seed=4), ["GET /"] * 200)
    assert half != hits(Fault("500", probability=0.5, seed=5), ["GET /"] * 200)
    assert 60 < sum(half) < 140


@pytest.mark.parametrize(
    ("kind", "delivery", "done"),
    [
        ("refuse", "refuse", 0),
        ("reset_before", "reset", 0),
        ("reset_after", "reset", 1),
        ("truncate", "truncate", 1),
        ("garbage", "whole", 1),
        ("html", "whole", 0),
        ("429", "whole", 0),
        ("500", "whole", 0),
        ("502", "whole", 0),
        ("502_after", "whole", 1),
        ("hang", "hang", 0),
        ("errors_in_200", "whole", 0),
    ],
)
def test_a_fault_says_how_it_is_delivered_and_whether_the_work_was_done(
    make_caller: Callable[..., Any], kind: str, delivery: str, done: int
) -> None:
    caller = make_caller(faults=[{"kind": kind, "at": [1]}])
    request = RequestIn(
        "POST",
        "/v1/ext/procedure/lead/process",
        {},
        {"authorization": "Bearer sandbox-admin-key"},
        b'{"data": {"lead_id": "X"}}',
    )
    reply = caller.world.receive(request, NOW_MS)
    assert reply.delivery == delivery
    assert len(caller.list({"lead_id": "X"})) == done


@pytest.mark.parametrize(("form", "header"), [("seconds", "1"), ("absent", None)])
def test_a_429_for_no_reason_asks_for_a_pause_as_the_rate_limit_does(
    make_caller: Callable[..., Any], form: str, header: str | None
) -> None:
    caller = make_caller(
        faults=[{"kind": "429", "at": [1]}], retry_after=form, rate_limit_body="empty"
    )
    request = RequestIn("GET", "/v1/ext/health", {}, {}, b"")
    refused, answered = (caller.world.receive(request, NOW_MS).response for _ in range(2))
    assert (refused.status, refused.body) == (429, b"")
    assert refused.headers.get("retry-after") == header
    assert answered.status != 429
