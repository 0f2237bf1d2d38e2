"""What a server was found to take is used from then on, by later runs as well."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from target_chakra.batches import Batch
from target_chakra.changes import Action, Kind
from target_chakra.journal.journal import Journal
from target_chakra.lifecycle import BatchState
from target_chakra.sending.item_shapes import NESTED, SINGLE
from target_chakra.sending.server_limits import FIRST_BATCH_ROWS, ServerLimits
from tests.support.planning import wants

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    made.hold()
    made.begin_run("acme", "pid 1 on here", 1000)
    yield made
    made.close()


def batch(rows: int, kind: Kind = Kind.UPDATE, shape: str = NESTED) -> Batch:
    actions = tuple(Action(wants({}), kind, "p", {}, {}) for _ in range(rows))
    return Batch(0, "lead", kind, actions, BatchState.SUBMITTED, shape=shape)


def again(journal: Journal) -> ServerLimits:
    later = ServerLimits(journal)
    later.recall(journal.findings())
    return later


def test_until_a_shape_is_proven_batches_are_small(journal: Journal) -> None:
    limits = ServerLimits(journal)
    assert limits.shape("lead", Kind.UPDATE) is None
    assert limits.size("lead", Kind.UPDATE, 1000) == FIRST_BATCH_ROWS
    assert limits.size("lead", Kind.UPDATE, 3) == 3
    limits.proven(batch(FIRST_BATCH_ROWS))
    assert limits.size("lead", Kind.UPDATE, 1000) == 1000
    assert limits.size("lead", Kind.CREATE, 1000) == FIRST_BATCH_ROWS
    assert again(journal).shape("lead", Kind.UPDATE) == NESTED


def test_what_can_only_be_sent_singly_is(journal: Journal) -> None:
    limits = ServerLimits(journal)
    limits.proven(batch(1, Kind.CREATE, SINGLE))
    assert limits.size("lead", Kind.CREATE, 1000) == 1


def test_a_batch_that_was_cut_short_is_the_measure_of_all_later_ones(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    limits = ServerLimits(journal)
    limits.proven(batch(FIRST_BATCH_ROWS))
    with caplog.at_level(logging.WARNING):
        limits.cut(batch(200), 20)
        limits.cut(batch(100), 20)  # was on its way already: said once
    (record,) = caplog.records
    assert record.getMessage() == (
        "ChakraHQ took 20 of the 200 rows of a bulk update in 'lead' and left out the rest: they"
        " are read back, and batches are no larger from now on"
    )
    for each in (limits, again(journal)):
        assert each.size("lead", Kind.UPDATE, 1000) == 20
        assert each.size("lead", Kind.UPDATE, 15) == 15


@pytest.mark.parametrize("taken", [0, 1, FIRST_BATCH_ROWS])
def test_no_batch_is_made_smaller_than_what_was_proven(journal: Journal, taken: int) -> None:
    limits = ServerLimits(journal)
    limits.proven(batch(FIRST_BATCH_ROWS))
    limits.cut(batch(200), taken)
    assert limits.size("lead", Kind.UPDATE, 1000) == FIRST_BATCH_ROWS


@pytest.mark.parametrize(("rows", "taken"), [(20, 20), (20, 25), (FIRST_BATCH_ROWS, 3)])
def test_a_whole_batch_and_a_first_one_say_nothing(journal: Journal, rows: int, taken: int) -> None:
    limits = ServerLimits(journal)
    limits.proven(batch(FIRST_BATCH_ROWS))
    limits.cut(batch(rows), taken)
    assert limits.size("lead", Kind.UPDATE, 1000) == 1000


def test_that_a_batch_was_too_many_bytes_is_forgotten_with_the_run(journal: Journal) -> None:
    limits = ServerLimits(journal)
    limits.proven(batch(FIRST_BATCH_ROWS))
    limits.too_large(batch(1000), 500)
    assert limits.size("lead", Kind.UPDATE, 1000) == 500
    assert limits.size("ticket", Kind.UPDATE, 1000) == FIRST_BATCH_ROWS
    assert again(journal).size("lead", Kind.UPDATE, 1000) == 1000


def test_findings_of_other_kinds_are_none_of_its_business(journal: Journal) -> None:
    journal.found("lead", "way.lead_id", "array")
    limits = again(journal)
    assert limits.shape("lead", Kind.UPDATE) is None
