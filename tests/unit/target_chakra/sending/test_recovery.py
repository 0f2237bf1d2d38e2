"""What a process that is read back says, and what follows: on a simulated clock, by defaults."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.changes import Action, Change, Key, Kind, Mode
from target_chakra.lookups.snapshot import Snapshot
from target_chakra.sending.recovery import (
    Age,
    Evidence,
    LostVerdict,
    Sight,
    lost_verdict,
    seconds_left,
    sight,
)
from target_chakra.settings import Patience

DEFAULTS = Patience()
KEY = Key("lead", "lead_id", "L-1")


def same(_name: str, value: object) -> object:
    return value


def action(kind: Kind, fields: dict[str, Any], before: dict[str, Any] | None) -> Action:
    change = Change(1, 1, "s", "lead", KEY, Mode.UPSERT, kind is Kind.DELETE, fields, {})
    return Action(change, kind, None if kind is Kind.CREATE else "p", fields, before)


def held(*, deleted: bool = False, **data: Any) -> tuple[Snapshot, ...]:
    row = {"id": "p", "state": data.pop("state", None)}
    return (Snapshot("p", deleted, 1, 1, row, data),)


UPDATE = action(Kind.UPDATE, {"data.score": 2, "state": "LOST"}, {"data.score": 1, "state": "NEW"})
CREATE = action(Kind.CREATE, {"data.lead_id": "L-1", "record.phone": "1"}, {})
DELETE = action(Kind.DELETE, {}, {"isDeleted": False})


SIGHTS = {
    "every field as sent": (UPDATE, held(score=2, state="LOST"), Sight.AS_SENT),
    "every field as before": (UPDATE, held(score=1, state="NEW"), Sight.AS_BEFORE),
    "half of it": (UPDATE, held(score=2, state="NEW"), Sight.NEITHER),
    "somebody else's value": (UPDATE, held(score=9, state="NEW"), Sight.NEITHER),
    "an update of what is gone": (UPDATE, (), Sight.NEITHER),
    "a create that is there": (CREATE, held(lead_id="L-1"), Sight.AS_SENT),
    "a create that is not there": (CREATE, (), Sight.AS_BEFORE),
    "a create that is there twice": (CREATE, held(lead_id="L-1") * 2, Sight.NEITHER),
    "a delete that is gone": (DELETE, (), Sight.AS_SENT),
    "a delete that is marked": (DELETE, held(deleted=True), Sight.AS_SENT),
    "a delete that is there": (DELETE, held(), Sight.AS_BEFORE),
}


@pytest.mark.parametrize(("sent", "seen", "expected"), SIGHTS.values(), ids=SIGHTS.keys())
def test_a_process_says_what_became_of_it(
    sent: Action, seen: tuple[Snapshot, ...], expected: Sight
) -> None:
    assert sight(sent, seen, same) is expected


def test_the_known_conversion_counts_as_sent() -> None:
    sent = action(Kind.UPDATE, {"data.phone": "+91"}, {"data.phone": "1"})
    assert sight(sent, held(phone="91"), same) is Sight.NEITHER
    assert sight(sent, held(phone="91"), same, {"data.phone": "91"}) is Sight.AS_SENT


def test_without_a_before_a_row_that_is_not_as_sent_is_nobodys() -> None:
    sent = action(Kind.UPDATE, {"data.score": 2}, None)
    assert sight(sent, held(score=1), same) is Sight.NEITHER


def judged(seen: dict[int, Sight], age: Age, patience: Patience, *, accepted: bool) -> LostVerdict:
    return lost_verdict(Evidence(seen, accepted), age, patience)


ALL_BEFORE = {0: Sight.AS_BEFORE, 1: Sight.AS_BEFORE}


def test_a_batch_is_sent_again_only_past_the_horizon_and_with_every_row_as_before() -> None:
    assert not judged(ALL_BEFORE, Age(329.9), DEFAULTS, accepted=False).released
    assert judged(ALL_BEFORE, Age(330), DEFAULTS, accepted=False).released
    touched = {**ALL_BEFORE, 2: Sight.NEITHER}
    assert not judged(touched, Age(1799), DEFAULTS, accepted=False).released


def test_one_row_as_sent_proves_the_job_and_the_others_wait_for_its_timeout() -> None:
    seen = {0: Sight.AS_SENT, 1: Sight.AS_BEFORE}
    verdict = judged(seen, Age(400), DEFAULTS, accepted=False)
    assert (verdict.settled, verdict.unknown, verdict.released) == ((0,), (), False)
    assert verdict.accepted
    later = judged({1: Sight.AS_BEFORE}, Age(1799), DEFAULTS, accepted=True)
    assert (later.unknown, later.released) == ((), False)
    assert judged({1: Sight.AS_BEFORE}, Age(1800), DEFAULTS, accepted=True).unknown == (1,)


@given(
    st.dictionaries(st.integers(0, 5), st.sampled_from(list(Sight)), min_size=1),
    st.floats(0, 4000),
    st.booleans(),
)
def test_nothing_is_sent_again_that_may_have_been_written(
    seen: dict[int, Sight],
    waited: float,
    accepted: bool,  # noqa: FBT001 - drawn
) -> None:
    verdict = judged(seen, Age(waited), DEFAULTS, accepted=accepted)
    if verdict.released:
        assert set(seen.values()) == {Sight.AS_BEFORE}
        assert not accepted
        assert waited >= DEFAULTS.horizon + DEFAULTS.lag
    assert set(verdict.settled) == {at for at, what in seen.items() if what is Sight.AS_SENT}
    if verdict.unknown:
        assert waited >= DEFAULTS.job_timeout
        assert set(verdict.settled) | set(verdict.unknown) == set(seen)


@given(st.dictionaries(st.integers(0, 5), st.sampled_from(list(Sight)), min_size=1))
def test_every_row_has_an_end_when_all_time_is_up(seen: dict[int, Sight]) -> None:
    verdict = judged(seen, Age(1800), DEFAULTS, accepted=False)
    assert verdict.released or set(verdict.settled) | set(verdict.unknown) == set(seen)


@pytest.mark.parametrize("accepted", [False, True])
def test_what_an_earlier_run_sent_is_watched_for_a_while_however_old_it_is(
    *, accepted: bool
) -> None:
    early = judged(ALL_BEFORE, Age(18_000, 59.9), DEFAULTS, accepted=accepted)
    assert (early.unknown, early.released) == ((), False)
    late = judged(ALL_BEFORE, Age(18_000, 60), DEFAULTS, accepted=accepted)
    assert late.released or late.unknown == (0, 1)


REVIVAL = action(Kind.UPDATE, {"isDeleted": False}, {"isDeleted": True})
BOTH = action(
    Kind.CREATE, {"record.phone": "1", "data.lead_id": "L-1", "record.x": 1, "data.score": 2}, {}
)
IN_FULL = {
    "a revival that came": (REVIVAL, held(deleted=False), Sight.AS_SENT),
    "a revival that did not": (REVIVAL, held(deleted=True), Sight.AS_BEFORE),
    "a create of which the last field differs": (
        BOTH,
        held(lead_id="L-1", score=9),
        Sight.NEITHER,
    ),
    "a create that is there in full": (BOTH, held(lead_id="L-1", score=2), Sight.AS_SENT),
    "a delete of which one of two is there": (
        DELETE,
        held(deleted=True) + held(),
        Sight.AS_BEFORE,
    ),
    "an update that is there twice": (UPDATE, held(score=2, state="LOST") * 2, Sight.NEITHER),
}


@pytest.mark.parametrize(("sent", "seen", "expected"), IN_FULL.values(), ids=IN_FULL.keys())
def test_every_field_counts_but_those_of_the_record(
    sent: Action, seen: tuple[Snapshot, ...], expected: Sight
) -> None:
    assert sight(sent, seen, same) is expected


def test_values_are_compared_as_their_own_destination_says() -> None:
    def as_numbers(name: str, value: object) -> object:
        return int(str(value)) if name == "data.score" else value

    sent = action(Kind.UPDATE, {"data.score": 2}, {"data.score": 1})
    assert sight(sent, held(score="02"), as_numbers) is Sight.AS_SENT
    assert sight(sent, held(score="01"), as_numbers) is Sight.AS_BEFORE
    assert sight(sent, held(score="03"), as_numbers, {"data.score": "3"}) is Sight.AS_SENT


def test_a_conversion_excuses_its_own_field_only() -> None:
    sent = action(Kind.UPDATE, {"data.phone": "+91", "data.score": 2}, None)
    assert sight(sent, held(phone="91", score=9), same, {"data.phone": "91"}) is Sight.NEITHER


def test_a_row_that_somebody_touched_is_waited_for_until_the_job_times_out() -> None:
    seen = {0: Sight.NEITHER, 1: Sight.AS_BEFORE}
    early = judged(seen, Age(1799), DEFAULTS, accepted=False)
    assert (early.settled, early.unknown, early.released, early.accepted) == ((), (), False, False)
    late = judged(seen, Age(1800), DEFAULTS, accepted=False)
    assert (late.unknown, late.released, late.accepted) == ((0, 1), False, False)


def touched(**more: Any) -> Evidence:
    return Evidence({1: Sight.NEITHER, 2: Sight.NEITHER}, accepted=True, **more)


def test_where_all_that_is_left_was_touched_only_lists_that_lag_are_waited_for() -> None:
    assert lost_verdict(touched(as_sent=True, touched_for=29.9), Age(60), DEFAULTS).unknown == ()
    ended = lost_verdict(touched(as_sent=True, touched_for=30), Age(60), DEFAULTS)
    assert (ended.unknown, ended.released) == ((1, 2), False)
    # The same in a run that finds the batch of an earlier one.
    assert lost_verdict(touched(as_sent=True, touched_for=30), Age(60, 30), DEFAULTS).unknown


@pytest.mark.parametrize("other", [Sight.AS_BEFORE, Sight.NOT_AS_SENT])
def test_rows_that_the_job_may_still_write_are_waited_for_until_it_times_out(
    other: Sight,
) -> None:
    """Where there is no before (`compare: never`) a row that is yet to be written looks touched."""
    seen = Evidence({1: Sight.NEITHER, 2: other}, accepted=True, as_sent=True, touched_for=900)
    assert lost_verdict(seen, Age(1799), DEFAULTS).unknown == ()
    assert lost_verdict(seen, Age(1800), DEFAULTS).unknown == (1, 2)
    assert lost_verdict(Evidence({1: other}), Age(1799), DEFAULTS).released == (
        other is Sight.AS_BEFORE
    )


def test_that_all_rows_were_touched_says_nothing_of_a_job_that_wrote_none() -> None:
    assert lost_verdict(touched(touched_for=900), Age(1799), DEFAULTS).unknown == ()


@given(
    st.dictionaries(st.integers(0, 3), st.sampled_from(list(Sight)), min_size=1),
    st.floats(0, 1700),
    st.none() | st.floats(0, 100),
    st.booleans(),
)
def test_a_wait_is_told_as_long_as_it_is(
    seen: dict[int, Sight],
    seconds: float,
    watched: float | None,
    as_sent: bool,  # noqa: FBT001 - drawn
) -> None:
    def ends(later: float) -> bool:
        evidence = Evidence(seen, as_sent, as_sent, later)
        age = Age(seconds + later, None if watched is None else watched + later)
        verdict = lost_verdict(evidence, age, DEFAULTS)
        return verdict.released or len(verdict.settled) + len(verdict.unknown) == len(seen)

    watched_age = Age(seconds, watched)
    left = seconds_left(Evidence(seen, as_sent, as_sent), watched_age, DEFAULTS)
    assert ends(left + 0.01)
    assert left < 0.02 or ends(left - 0.01) == all(w is Sight.AS_SENT for w in seen.values())
