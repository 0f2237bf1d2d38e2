"""What has changed between two looks: facts that both found, and found different."""

from __future__ import annotations

from chakra_plugin.findings.comparison import Difference, differences
from chakra_plugin.findings.finding import Finding


def finding(topic: str, fact: str, about: str = "") -> Finding:
    return Finding(topic, f"it is {fact}", about=about, fact=fact)


def test_a_fact_that_is_another_one_is_a_difference_and_one_that_is_not_is_none() -> None:
    before = [finding("order", "ascending", "lead"), finding("clock", "same")]
    now = [finding("clock", "same"), finding("order", "unstable", "lead")]
    assert differences(before, now) == [Difference("order", "lead", "ascending", "unstable")]


def test_what_only_one_look_saw_says_nothing() -> None:
    before = [finding("order", "ascending", "lead")]
    now = [finding("order", "unstable", "ticket"), finding("users", "listed")]
    assert differences(before, now) == []


def test_what_differs_each_time_is_not_compared() -> None:
    slow, fast = Finding("latency", "it takes 900 ms"), Finding("latency", "it takes 20 ms")
    assert differences([slow], [fast]) == []
    assert differences([finding("latency", "slow")], [fast]) == []
