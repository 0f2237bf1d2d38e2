"""Knobs take what they say and refuse everything else by name."""

from __future__ import annotations

import pytest

from chakra_sandbox.faults import Fault
from chakra_sandbox.knob_values import KnobError, read_setting
from chakra_sandbox.knobs import KnobDoc, Knobs, knob_docs


def test_a_change_leaves_the_first_value_alone() -> None:
    first = Knobs()
    second = first.change({"latency_ms": 5, "normalise": "trim,lower", "rate_limit_rps": 2})
    assert first == Knobs()
    assert (second.latency_ms, second.normalise, second.rate_limit_rps) == (5, ("trim", "lower"), 2)


def test_faults_are_read_from_json() -> None:
    knobs = Knobs().change({"faults": [{"kind": "502", "at": [1, 3], "match": "list$"}]})
    assert knobs.faults == (Fault("502", at=(1, 3), match="list$"),)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"latencyms": 1}, "no such knob: latencyms"),
        ({"latency_ms": -1}, "latency_ms is not negative"),
        ({"latency_ms": 1.5}, "latency_ms is a whole number"),
        ({"latency_ms": True}, "latency_ms is a whole number"),
        ({"list_order": "up"}, "list_order is one of created_asc"),
        ({"gzip": "maybe"}, "gzip is one of True, False"),
        ({"normalise": ["upper"]}, "normalise is one of trim"),
        ({"normalise": 1}, "normalise is a list"),
        ({"faults": [{"kind": "melt"}]}, "a fault's kind is one of"),
        ({"faults": [{"kind": "500", "every": 2}]}, "a fault has no every"),
        ({"faults": [{"kind": "500", "match": "("}]}, "match is not a regular expression"),
        ({"faults": [{"kind": "500", "at": 3}]}, "at of a fault is a list"),
        ({"faults": [{"kind": "500", "probability": "often"}]}, "probability of a fault"),
        ({"faults": ["500"]}, "faults holds objects"),
    ],
)
def test_a_wrong_value_is_refused_by_name(changes: dict[str, object], part: str) -> None:
    with pytest.raises(KnobError, match=part.replace("(", r"\(")):
        Knobs().change(changes)


def test_settings_of_the_command_line_are_json_or_text() -> None:
    assert read_setting("latency_ms=5") == ("latency_ms", 5)
    assert read_setting("list_order=id") == ("list_order", "id")
    assert read_setting("rate_limit_rps=null") == ("rate_limit_rps", None)
    assert Knobs().change(dict([read_setting("missing_row=404")])).missing_row == "404"
    with pytest.raises(KnobError, match="knob=value"):
        read_setting("latency_ms")


EXAMPLES = {
    "true or false": [True],
    "a whole number": [7],
    "a whole number, or null": [7, None],
    "a number": [0.5],
    "a number, or null": [0.5, None],
    "a text, or null": ["text", None],
    "a list": [[]],
}


@pytest.mark.parametrize("knob", knob_docs(), ids=lambda knob: knob.name)
def test_a_knob_takes_what_it_says_that_it_takes(knob: KnobDoc) -> None:
    many = knob.taken.kind == "some of"
    choices = [[each] if many else each for each in knob.taken.choices]
    for value in choices or EXAMPLES[knob.taken.kind]:
        assert Knobs().change({knob.name: value}) is not None
    if choices:
        with pytest.raises(KnobError, match=f"{knob.name} is one of"):
            Knobs().change({knob.name: ["no such"] if many else "no such"})
