"""What a person sees while a scan runs, and at its end."""

from __future__ import annotations

import io

import pytest

from chakra_api.endpoints.answers import RequestStats
from tap_chakra.run.progress import CLEAR, Reporter, Screen, counts_line, duration
from tap_chakra.scanning.scan_reading import Progress
from tests.support.clock import FakeClock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def reporter(clock: FakeClock, every: float = 5.0) -> Reporter:
    return Reporter(clock, RequestStats(10, 1, 0.0), every)


def test_a_line_is_due_now_and_then() -> None:
    clock = FakeClock()
    it = reporter(clock)
    assert not it.due()
    clock.sleep(5)
    assert it.due()
    assert not it.due()


def test_the_line_says_how_far_it_is_and_how_long_it_will_take() -> None:
    clock = FakeClock()
    it = reporter(clock)
    clock.sleep(10)
    work = it.work(Progress(rows=20_000, share=0.25), 500, RequestStats(220, 3, 1.25))
    assert it.line(work) == (
        "20,000 rows, 2,000 rows/s, 25% of the time, 30 s left,"
        " 210 requests (2 repeated), 1.2 s waited for the pace"
    )
    older = it.work(Progress(rows=20_000, share=0.2), 500, RequestStats(220, 3, 1.25))
    assert "25% of the time" in it.line(older)


def test_nothing_is_said_of_the_time_left_before_anything_is_known() -> None:
    clock = FakeClock()
    it = reporter(clock)
    clock.sleep(1)
    assert "left" not in it.line(it.work(Progress(), 0, RequestStats(11, 1, 0.0)))


def test_the_summary_has_the_cost_and_what_was_coerced() -> None:
    clock = FakeClock()
    it = reporter(clock)
    clock.sleep(4)
    done = Progress(rows=10_000, share=1.0, dense=2, ended=True)
    work = it.work(done, 9_000, RequestStats(120, 1, 0.0))
    assert it.summary(work, {"score": 3, "budget": 1}) == (
        "complete in 4.0 s: 10,000 rows read (2,500 rows/s), 9,000 emitted, 110 requests,"
        " 1.10 per page, 2 dense instants; 4 values coerced to their type: score 3, budget 1"
    )
    unsure = it.work(Progress(rows=1, unsure=("why",), ended=True), 1, RequestStats(11, 1, 0.0))
    assert it.summary(unsure, {}).startswith("INCOMPLETE in 4.0 s: 1 row read")
    assert ", 1 request, 1.00 per page" in it.summary(unsure, {})


def test_a_terminal_shows_one_line_that_a_log_line_pushes_down() -> None:
    stream = Terminal()
    screen = Screen(stream, lambda: 10)
    screen.clear()
    screen.show("0123456789")
    screen.show("next")
    screen.clear()
    screen.clear()
    assert stream.getvalue() == f"{CLEAR}012345678{CLEAR}next{CLEAR}"


def test_what_is_no_terminal_gets_no_control_characters() -> None:
    stream = io.StringIO()
    screen = Screen(stream, lambda: 80)
    screen.show("text")
    screen.clear()
    assert stream.getvalue() == ""
    assert not screen.is_live


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (61, "1 min 01 s"), (7200, "2.0 h")],
)
def test_a_duration_is_said_as_a_person_says_it(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_the_most_frequent_attributes_are_named_first() -> None:
    counts = {f"a{n}": n for n in range(1, 13)}
    line = counts_line(counts, "odd")
    assert line.startswith("78 values odd: a12 12, a11 11")
    assert line.endswith("and 2 more")
