"""The rate limit lets through what it says and tells when to come back."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

Make = Callable[..., Any]


def statuses(caller: Any, count: int, step_ms: int) -> list[int]:
    answers = []
    for _ in range(count):
        answers.append(caller.raw("GET", "/v1/ext/config").status)
        caller.now_ms += step_ms
    return answers


def test_requests_within_the_rate_pass_and_faster_ones_do_not(make_caller: Make) -> None:
    assert statuses(make_caller(rate_limit_rps=10), 50, 100) == [200] * 50
    assert statuses(make_caller(rate_limit_rps=10), 50, 50).count(200) == 25


def test_a_burst_may_come_at_once(make_caller: Make) -> None:
    assert statuses(make_caller(rate_limit_rps=1, rate_limit_burst=3), 5, 0) == [
        200, 200, 200, 429, 429
    ]  # fmt: skip


def test_each_key_has_its_own_bucket(make_caller: Make) -> None:
    caller = make_caller(rate_limit_rps=1)
    assert statuses(caller, 2, 0) == [200, 429]
    caller.key = "sandbox-readonly-key"
    assert statuses(caller, 1, 0) == [200]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_who_waits_as_told_gets_through(make_caller: Make, form: str) -> None:
    caller = make_caller(rate_limit_rps=0.2, retry_after=form)
    assert statuses(caller, 1, 0) == [200]
    told = caller.raw("GET", "/v1/ext/config").headers["retry-after"]
    if form == "date":
        caller.now_ms = round(parsedate_to_datetime(told).timestamp() * 1000)
    else:
        caller.now_ms += int(told) * 1000
    assert statuses(caller, 1, 0) == [200]


def test_retry_after_may_be_absent_and_the_body_empty_or_a_page(make_caller: Make) -> None:
    caller = make_caller(rate_limit_rps=1, retry_after="absent", rate_limit_body="empty")
    statuses(caller, 1, 0)
    answer = caller.raw("GET", "/v1/ext/config")
    assert (answer.status, answer.body) == (429, b"")
    assert "retry-after" not in answer.headers
    caller.world.change_knobs({"rate_limit_body": "html"})
    assert caller.raw("GET", "/v1/ext/config").headers["content-type"] == "text/html"
