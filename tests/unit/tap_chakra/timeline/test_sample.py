"""What an overfull answer showed is used up as its window is read, and corrected by what was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.timeline.sample import Sample

instants = st.lists(st.integers(0, 1_000), min_size=1, max_size=50).map(lambda x: tuple(sorted(x)))
samples = st.builds(
    Sample, instants, st.floats(1, 50), st.just(1_001), st.none() | st.builds(
        Sample, st.just((1_500, 1_900)), st.floats(1, 50), st.just(2_000)
    )
)  # fmt: skip


@given(samples, st.integers(0, 1_000))
def test_what_lies_behind_a_bound_is_left(sample: Sample, upper: int) -> None:
    rest = sample.beyond(upper)
    assert rest is not None
    assert rest.instants == tuple(at for at in sample.instants if at >= upper)
    assert sample.within(upper) + len(rest.instants) == len(sample.instants)


@given(samples, st.integers(1_001, 3_000))
def test_behind_its_end_the_wider_one_counts(sample: Sample, upper: int) -> None:
    rest = sample.beyond(upper)
    expected = sample.wider and sample.wider.beyond(upper)
    assert rest == expected
    if upper >= 2_000:
        assert rest is None


@given(samples, st.integers(0, 60))
def test_a_bound_holds_as_many_instants_as_asked_for(sample: Sample, count: int) -> None:
    bound = sample.bound(count)
    assert bound is not None
    assert sample.within(bound) <= count
    if count >= len(sample.instants):
        assert bound == sample.until


@given(samples, st.integers(1, 1_000), st.integers(0, 10_000))
def test_what_was_read_corrects_the_weight_within_limits(
    sample: Sample, upper: int, rows: int
) -> None:
    after = sample.after(upper, rows)
    assert after is not None
    assert after.weight >= 1
    expected = sample.within(upper) * sample.weight
    if not expected:
        assert after.weight == sample.weight
    elif rows > expected:
        assert sample.weight <= after.weight <= sample.weight * 4
    else:
        assert max(1, sample.weight / 4) <= after.weight <= sample.weight


def test_what_many_instants_say_counts_more() -> None:
    sample = Sample(tuple(range(100)), 2.0, 100)
    few, many = sample.after(2, 8), sample.after(90, 360)
    assert few is not None
    assert many is not None
    assert 2 < few.weight < many.weight < 4
