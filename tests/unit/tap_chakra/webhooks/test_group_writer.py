"""Calls that share a write: each answered once its own events are in, none before."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_chakra.webhooks import group_writer
from tap_chakra.webhooks.event_tables import EventStoreError
from tap_chakra.webhooks.group_writer import Busy, GroupWriter
from tap_chakra.webhooks.inbound import Form, InboundEvent
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_chakra.webhooks.event_store import EventStore


class FakeStore:
    """A store whose disk is as slow, and as good, as a test wants."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []
        self.proofs = 0
        self.begun = threading.Semaphore(0)
        self.may = threading.Semaphore(0)
        self.fails = False

    def add(self, _at: int, events: Sequence[InboundEvent]) -> int:
        self.begun.release()
        assert self.may.acquire(timeout=30)
        if self.fails:
            raise EventStoreError("full")
        self.writes.append([each.identity for each in events])
        return len(events)

    def prove(self) -> None:
        if self.fails:
            raise EventStoreError("full")
        self.proofs += 1


def event(name: str) -> list[InboundEvent]:
    return [InboundEvent(Form.OTHER, name, "{}")]


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def writer(store: FakeStore) -> Iterator[GroupWriter]:
    made = GroupWriter(cast("EventStore", store), FakeClock())
    yield made
    for _ in range(20):
        store.may.release()
    made.close()


def test_calls_that_come_while_the_disk_is_at_work_share_the_next_write(
    store: FakeStore, writer: GroupWriter
) -> None:
    first = writer.put(event("a"))
    assert store.begun.acquire(timeout=30)
    others = [writer.put(event(name)) for name in "bcd"]
    assert not first.done()
    store.may.release()
    first.result(30)
    assert store.begun.acquire(timeout=30)
    assert not any(each.done() for each in others)
    store.may.release()
    for each in others:
        each.result(30)
    assert store.writes == [["a"], ["b", "c", "d"]]


def test_a_write_that_fails_fails_its_calls_and_no_others(
    store: FakeStore, writer: GroupWriter, caplog: pytest.LogCaptureFixture
) -> None:
    store.fails = True
    store.may.release()
    with pytest.raises(EventStoreError):
        writer.put(event("a")).result(30)
    assert writer.is_failing
    store.may.release()
    with pytest.raises(EventStoreError):
        writer.put(event("a")).result(30)
    store.fails = False
    store.may.release()
    writer.put(event("a")).result(30)
    assert not writer.is_failing
    assert [each.levelname for each in caplog.records if each.levelname == "ERROR"] == ["ERROR"]
    assert store.writes == [["a"]]


def test_nobody_waits_behind_more_than_may(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_writer, "MOST_WAITING", 3)
    writer = GroupWriter(cast("EventStore", store), FakeClock())
    taken = [writer.put(event("a"))]
    assert store.begun.acquire(timeout=30)
    taken += [writer.put(event(name)) for name in "bcd"]
    with pytest.raises(Busy):
        writer.put(event("e"))
    for _ in range(2):
        store.may.release()
    for each in taken:
        each.result(30)
    writer.close()
    assert store.writes == [["a"], ["b", "c", "d"]]


def test_who_does_not_wait_any_more_takes_nothing_from_others(
    store: FakeStore, writer: GroupWriter
) -> None:
    first = writer.put(event("a"))
    assert store.begun.acquire(timeout=30)
    gone, stays = writer.put(event("b")), writer.put(event("c"))
    assert gone.cancel()
    for _ in range(2):
        store.may.release()
    first.result(30)
    stays.result(30)
    assert store.writes == [["a"], ["b", "c"]]


def test_what_waits_at_the_end_is_written(store: FakeStore) -> None:
    writer = GroupWriter(cast("EventStore", store), FakeClock())
    calls: list[Any] = [writer.put(event(name)) for name in "abc"]
    for _ in range(3):
        store.may.release()
    writer.close()
    assert sorted(name for each in store.writes for name in each) == ["a", "b", "c"]
    assert all(each.done() for each in calls)


def test_no_event_is_a_proof_that_the_store_takes_writes(
    store: FakeStore, writer: GroupWriter
) -> None:
    writer.put(()).result(30)
    assert (store.proofs, store.writes) == (1, [])
