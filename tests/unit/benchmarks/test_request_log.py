"""What the benchmark reads from the sandbox's log about the pace."""

from __future__ import annotations

from benchmarks.request_log import Asked, asked, back_after, by_second, inside_pauses, used


def steady(rps: float, start: float, end: float) -> list[Asked]:
    count = int((end - start) * rps)
    return [Asked(start + number / rps, refused=False) for number in range(count)]


def test_requests_are_counted_from_the_first_one_of_the_path() -> None:
    lines = [
        {"at_ms": 900, "path": "/config", "status": 200},
        {"at_ms": 1_000, "path": "/list", "status": 200},
        {"at_ms": 1_500, "path": "/list", "status": 429},
    ]
    assert asked(lines, "/list") == [Asked(0.0, refused=False), Asked(0.5, refused=True)]


def test_refused_requests_use_no_allowance() -> None:
    log = [*steady(40, 0, 10), *[Asked(5.0, refused=True)] * 50]
    assert used(log, 0, 10, 50) == 0.8
    assert by_second(log) == [40] * 10


def test_a_request_inside_a_pause_is_found() -> None:
    log = [Asked(1.0, refused=True), Asked(1.5, refused=False), Asked(2.1, refused=False)]
    assert inside_pauses(log, 1.0) == 1


def test_what_had_left_before_the_pause_was_known_is_not_inside_it() -> None:
    assert inside_pauses([Asked(1.0, refused=True), Asked(1.05, refused=True)], 1.0) == 0


def test_the_rate_is_back_when_a_stretch_uses_enough() -> None:
    assert back_after([*steady(10, 0, 20), *steady(50, 20, 40)], 10, 50) == 10.0


def test_a_rate_that_never_comes_back_is_never_back() -> None:
    assert back_after(steady(10, 0, 40), 10, 50) == float("inf")
