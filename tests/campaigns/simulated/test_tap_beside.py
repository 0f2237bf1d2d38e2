"""Photos and named processes under faults: a slice of the campaign, and judges that condemn."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.writes.made_photos import made_png
from tests.campaigns.simulated.campaigns import run_case, single_cases
from tests.campaigns.simulated.tap_photos import (
    PhotoLine,
    files_are_whole,
    no_state_is_ahead,
    none_is_lost,
    records_are_true,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EVERY = {"tap-photos": 13, "tap-ids": 23}


@pytest.mark.parametrize("name", EVERY)
def test_every_promise_holds_under_a_single_fault(name: str) -> None:
    cases = single_cases(name)[:: EVERY[name]]
    assert len(cases) > 15
    results = map(run_case, cases)
    assert {each.case: each.condemned for each in results if each.condemned} == {}


BODY = made_png("photo")
SHOWN = {"a": "photo", "b": "other"}


def line(process: str, photo: str, body: bytes | None = BODY, run: int = 1) -> PhotoLine:
    record: dict[str, Any] = {"process": process, "attribute": "portrait", "id": photo}
    if body is None:
        return PhotoLine(run, {**record, "path": None, "reason": "no answer"})
    digest = hashlib.sha256(body).hexdigest()
    return PhotoLine(run, {**record, "path": "p", "bytes": len(body), "sha256": digest}, body=body)


def state(**entry: Any) -> PhotoLine:
    moved = {"replication_key_value": "1970-01-01T00:00:05.000Z", **entry}
    whole = {"bookmarks": {"process_lead": moved}}
    return PhotoLine(1, state=whole, living={"a": 1_000, "b": 2_000, "none": 3_000})


GOOD = [
    line("a", "photo"),
    line("b", "other", None),
    state(lostPhotos=[["b", "portrait", "other"]]),
    line("b", "other", run=2),
]


def test_a_run_that_keeps_all_promises_passes() -> None:
    assert list(files_are_whole({"photo": BODY, ".other.part": BODY[:9]})) == []
    assert list(records_are_true(GOOD)) == []
    assert list(none_is_lost(GOOD, SHOWN)) == []
    assert list(no_state_is_ahead(GOOD, SHOWN)) == []


@pytest.mark.parametrize(
    ("judge", "lines"),
    [
        (records_are_true, [*GOOD, GOOD[0]]),
        (records_are_true, [replace(GOOD[0], body=BODY[:9])]),
        (records_are_true, [replace(GOOD[0], body=None)]),
        (lambda lines: none_is_lost(lines, SHOWN), GOOD[:3]),
        (lambda lines: none_is_lost(lines, SHOWN), GOOD[1:]),
        (lambda lines: no_state_is_ahead(lines, SHOWN), [GOOD[0], GOOD[1], state()]),
        (lambda lines: no_state_is_ahead(lines, SHOWN), [GOOD[0], state()]),
    ],
)
def test_each_judge_condemns_what_breaks_its_promise(
    judge: Callable[[Iterable[PhotoLine]], Iterable[str]], lines: list[PhotoLine]
) -> None:
    assert list(judge(lines))


def test_a_part_of_a_photo_under_its_name_is_condemned() -> None:
    assert list(files_are_whole({"photo": BODY[:9]}))
