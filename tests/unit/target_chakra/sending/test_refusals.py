"""A batch that is refused as a whole is halved until the bad rows are alone."""

from __future__ import annotations

from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import BadRequest, Conflict, NotFound, TooLarge
from target_chakra.batches import Batch, Settlement
from target_chakra.changes import Action, Change, Kind, Mode
from target_chakra.lifecycle import BatchState, Outcome
from target_chakra.sending.item_shapes import ARRAY, FLAT, NESTED, OBJECT, SINGLE
from target_chakra.sending.outcomes import Conclusion
from target_chakra.sending.refusals import other_shape, remedy_for

REFUSAL = Conflict("a row is bad", status=409)


def batch_of(numbers: tuple[int, ...], kind: Kind = Kind.UPDATE, shape: str = NESTED) -> Batch:
    actions = tuple(
        Action(
            Change(n + 1, n, "s", "lead", None, Mode.UPSERT, False, {}, {}),  # noqa: FBT003 - a record
            kind,
            str(n),
            {},
            {},
        )
        for n in numbers
    )
    return Batch(0, "lead", kind, actions, BatchState.SENDING, shape=shape)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_exactly_the_bad_rows_end_alone_for_few_submits(given_: tuple[int, set[int]]) -> None:
    count, bad = given_
    waiting = [tuple(range(count))]
    submits, accepted, alone = 0, set(), set()
    while waiting:
        numbers = waiting.pop()
        submits += 1
        if not bad.intersection(numbers):
            accepted.update(numbers)
            continue
        remedy = remedy_for(batch_of(numbers), REFUSAL, first=False)
        if remedy.size == 0:
            alone.update(numbers)
            continue
        assert remedy.shape == NESTED
        waiting += [numbers[at : at + remedy.size] for at in range(0, len(numbers), remedy.size)]
    assert alone == bad
    assert accepted == set(range(count)) - bad
    assert submits <= 2 * len(bad) * ceil(log2(count) if count > 1 else 0) + 1


def test_a_first_batch_tries_the_other_shape_before_it_is_halved() -> None:
    refusal = BadRequest("what is this", status=400)
    assert remedy_for(batch_of((1, 2)), refusal, first=True).shape == FLAT
    assert remedy_for(batch_of((1, 2), shape=FLAT), refusal, first=True) == remedy_for(
        batch_of((1, 2)), refusal, first=False
    )
    create = batch_of((1, 2), Kind.CREATE, ARRAY)
    assert remedy_for(create, refusal, first=True).shape == OBJECT


def test_a_proven_shape_is_never_doubted() -> None:
    refusal = BadRequest("what is this", status=400)
    assert remedy_for(batch_of((1, 2)), refusal, first=False).shape == NESTED


@pytest.mark.parametrize("status", [404, 405])
def test_without_a_bulk_create_rows_are_created_one_by_one(status: int) -> None:
    error = NotFound("no", status=404) if status == 404 else BadRequest("no", status=405)
    remedy = remedy_for(batch_of((1, 2, 3), Kind.CREATE, ARRAY), error, first=True)
    assert (remedy.size, remedy.shape, remedy.gone) == (1, SINGLE, False)


def test_without_a_bulk_update_nothing_can_be_done() -> None:
    assert remedy_for(batch_of((1, 2)), NotFound("no", status=404), first=True).gone


@pytest.mark.parametrize("kind", [Kind.UPDATE, Kind.DELETE])
def test_a_process_that_is_not_there_is_its_row_s_own_matter(kind: Kind) -> None:
    remedy = remedy_for(batch_of((1,), kind, SINGLE), NotFound("no", status=404), first=True)
    assert (remedy.size, remedy.gone) == (0, False)


def test_without_a_create_of_one_process_nothing_can_be_done() -> None:
    error = NotFound("no", status=404)
    assert remedy_for(batch_of((1,), Kind.CREATE, SINGLE), error, first=True).gone


def test_a_batch_that_is_too_large_is_halved_in_its_shape() -> None:
    remedy = remedy_for(batch_of(tuple(range(9))), TooLarge("big", status=413), first=True)
    assert (remedy.size, remedy.shape) == (5, NESTED)


@pytest.mark.parametrize("kind", [Kind.UPDATE, Kind.DELETE])
@pytest.mark.parametrize("outcome", [Outcome.UPDATED, Outcome.REJECTED])
def test_a_first_batch_without_effect_goes_in_each_shape_of_a_batch_and_in_no_other(
    kind: Kind, outcome: Outcome
) -> None:
    """Sent one process a request, the first row would be written and all others be called so."""
    effect = None if outcome is Outcome.REJECTED else False
    batch, tried = batch_of((1, 2, 3), kind), [NESTED]
    while True:
        settled = {at: Settlement(each, outcome) for at, each in enumerate(batch.actions)}
        shape = other_shape(batch, Conclusion(settled, effect))
        if shape is None:
            break
        tried.append(shape)
        batch = batch_of((1, 2, 3), kind, shape)
    assert tried == [NESTED, FLAT]
    assert other_shape(batch_of((1,), kind, SINGLE), Conclusion(settled, effect)) is None
