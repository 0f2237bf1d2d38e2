"""Batches hold as many rows as the server takes, and fewer where rows are large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_chakra.changes import Action, Change, Key, Kind
from target_chakra.sending.batching import Batching
from target_chakra.settings import Settings
from target_chakra.stream_mapping import Mode
from target_chakra.weights import BATCH_BYTES, HEAVY, weight_of

if TYPE_CHECKING:
    from target_chakra.batches import Batch


class Taken:
    """A dispatcher that takes every batch."""

    waiting = 0

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def advance(self) -> None:
        """Nothing waits."""

    def size_for(self, procedure: str, kind: Kind, most: int) -> int:  # noqa: ARG002 - the dispatcher's
        return most

    def add(self, batch: Batch) -> None:
        self.batches.append(batch)


def action(number: int, size: int) -> Action:
    key = Key("lead", "lead_id", f"k{number}")
    fields = {"data.remarks": "x" * size}
    change = Change(number, number, "s", "lead", key, Mode.UPSERT, False, fields, {})  # noqa: FBT003 - a record of facts
    return Action(change, Kind.CREATE, None, fields, None)


def formed(settings: Settings, *sizes: int, flush: bool = True) -> list[list[int]]:
    taken = Taken()
    batching = Batching(taken, settings)  # type: ignore[arg-type]  # what it asks of a dispatcher
    for number, size in enumerate(sizes):
        batching.add(action(number, size))
    batching.form(flush=flush)
    return [[each.change.seq for each in batch.actions] for batch in taken.batches]


@pytest.fixture
def settings(connection: object) -> Settings:
    return Settings(connection, "sqlite:///", batch_size=5)  # type: ignore[arg-type]


@pytest.fixture
def connection() -> object:
    return object()


def test_usual_rows_fill_batches_by_their_number(settings: Settings) -> None:
    assert formed(settings, *[100] * 12) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]]
    assert formed(settings, *[100] * 4, flush=False) == []


def test_large_rows_fill_batches_by_their_bytes(settings: Settings) -> None:
    size = BATCH_BYTES // 2
    assert formed(settings, *[size] * 5) == [[0, 1], [2, 3], [4]]
    assert formed(settings, *[size] * 3, flush=False) == [[0, 1]], "full by its bytes"
    assert formed(settings, 10, size, 10, size, size, 10) == [[0, 1, 2, 3], [4, 5]]


def test_a_row_larger_than_a_batch_goes_alone(settings: Settings) -> None:
    assert formed(settings, 2 * BATCH_BYTES, 10, 2 * BATCH_BYTES) == [[0], [1], [2]]


def test_only_large_rows_have_a_weight() -> None:
    assert weight_of({"a": "x" * (HEAVY - 1), "b": 5, "c": None}) == 0
    assert weight_of({"a": ["x" * HEAVY], "b": {"c": "x" * HEAVY}}) == 2 * HEAVY
