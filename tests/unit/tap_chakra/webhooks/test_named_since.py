"""Which processes are named since a number, out of a real store."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tap_chakra.webhooks.event_store import EventStore
from tap_chakra.webhooks.inbound import Form, change_event, whatsapp_events
from tap_chakra.webhooks.named import NamedProcess
from tap_chakra.webhooks.named_since import named_since
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWN = {"lead": "lead", "ticket": "ticket"}


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    with closing(EventStore(str(tmp_path / "e.db"), FakeClock(), makes=True)) as opened:
        yield opened


def change(store: EventStore, *processes: tuple[str, int], at: int) -> None:
    told = [{"procedure": procedure, "id": uuid(number)} for procedure, number in processes]
    store.add(at, [change_event(body(told), at)])


def test_each_process_has_the_number_of_the_last_event_that_names_it(store: EventStore) -> None:
    change(store, ("lead", 1), ("lead", 2), at=1)
    change(store, ("ticket", 3), at=2)
    change(store, ("lead", 1), at=3)
    store.add(4, whatsapp_events(body({"procedure": "lead", "id": uuid(9)})))
    found = named_since(store.events((Form.CHANGE,), 0), KNOWN)
    numbers = [each.sequence for each in store.events((Form.CHANGE,), 0)]
    assert list(found.processes.items()) == [
        (NamedProcess("lead", uuid(2)), numbers[0]),
        (NamedProcess("ticket", uuid(3)), numbers[1]),
        (NamedProcess("lead", uuid(1)), numbers[2]),
    ]
    assert found.through == numbers[2]


def test_it_goes_on_behind_a_number(store: EventStore) -> None:
    change(store, ("lead", 1), at=1)
    first = named_since(store.events((Form.CHANGE,), 0), KNOWN)
    none = named_since(store.events((Form.CHANGE,), first.through), KNOWN, first.through)
    assert (none.processes, none.through) == ({}, first.through)
    change(store, ("lead", 2), at=2)
    store.add(3, [change_event(b'{"nothing": "that is known"}', 3)])
    found = named_since(store.events((Form.CHANGE,), first.through), KNOWN, first.through)
    assert list(found.processes) == [NamedProcess("lead", uuid(2))]
    assert found.through > found.processes[NamedProcess("lead", uuid(2))]
