"""What is drawn of a scan: what was covered, and every part of its time that was not."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chakra_plugin.pages.parts import Said, Strips, Tone
from tap_chakra.reporting.scan_part import COVERED, NOT_COVERED, stream_parts


def told(ranges: list[tuple[int | None, int | None]], **more: Any) -> dict[str, Any]:
    covered = [{"window": {"lower": a, "upper": b}, "rows": 1} for a, b in ranges]
    piece = {"kind": "window", "lower": 1000, "upper": 2000, "rows": 5, "answers": 1}
    scan = {"began": 2000, "first": 1000, "pieces": [piece], "covered": covered, "repeats": 0}
    stream = {
        "stream": "process_lead",
        "reads": "everything is read",
        "seconds": 1.0,
        "rows": 5,
        "emitted": 5,
        "resumed": 0,
        "complete": True,
        "unsure": [],
        "error": "",
        "since": None,
        "lag": None,
        "deletes": "",
        "dense": 0,
        "scans": [scan],
    }
    return stream | more


def drawn(stream: dict[str, Any]) -> Strips:
    (strips,) = [part for part in stream_parts(stream) if isinstance(part, Strips)]
    return strips


BOUNDS = st.lists(st.integers(1000, 2000), min_size=2, max_size=12, unique=True).map(sorted)


@given(BOUNDS)
def test_each_instant_is_drawn_as_covered_or_not_and_never_as_both(bounds: list[int]) -> None:
    ranges = list(zip(bounds[::2], bounds[1::2], strict=False))
    covered, *_ = drawn(told(ranges)).strips
    for at in range(1000, 2000, 7):
        inside = any(a <= at < b for a, b in ranges)
        hues = {s.hue for s in covered.spans if s.begin <= (at + 0.5 - 1000) / 1000 < s.end}
        assert hues == {COVERED if inside else NOT_COVERED}


def test_a_whole_scan_is_one_bar_without_a_gap() -> None:
    covered, *_ = drawn(told([(None, 1500), (1500, None)])).strips
    assert {each.hue for each in covered.spans} == {COVERED}
    assert covered.spans[0].begin == 0
    assert covered.spans[-1].end == 1


def test_why_a_scan_is_not_complete_is_said_reason_by_reason() -> None:
    stream = told([], complete=False, unsure=["one", "two"])
    bad = [p.text for p in stream_parts(stream) if isinstance(p, Said) and p.tone is Tone.BAD]
    assert bad == ["Not complete: one", "Not complete: two"]
    failed = told([], complete=False, error="ChakraHQ kept failing")
    bad = [p.text for p in stream_parts(failed) if isinstance(p, Said) and p.tone is Tone.BAD]
    assert bad == ["Failed: ChakraHQ kept failing"]
