"""The event store, on both databases: order, identity, clearing."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tap_chakra.webhooks import event_store
from tap_chakra.webhooks.event_store import EventStore
from tap_chakra.webhooks.event_tables import EventStoreError, NoEventStore
from tap_chakra.webhooks.inbound import Form, InboundEvent
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WHATSAPP = (Form.META, Form.CHAKRA, Form.OTHER)
CHANGES = (Form.CHANGE,)


def event(name: str, form: Form = Form.META) -> InboundEvent:
    return InboundEvent(form, name, f'"{name}"')


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], EventStore]]:
    """Opens the one store of a test, as often as it wants."""
    place, stores = str(tmp_path / "events.db"), list[EventStore]()
    if request.param == "postgresql":
        import sqlalchemy as sa  # noqa: PLC0415 - of this parameter alone

        place = request.getfixturevalue("postgres").replace(
            "postgresql://", "postgresql+psycopg://"
        )
        engine = sa.create_engine(place, poolclass=sa.pool.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE IF EXISTS webhook_events, webhook_store"))

    def opens() -> EventStore:
        stores.append(EventStore(place, FakeClock(), makes=True))
        return stores[-1]

    yield opens
    for store in stores:
        store.close()


def names(store: EventStore, after: int = 0, forms: tuple[Form, ...] = WHATSAPP) -> list[str]:
    return [each.identity for each in store.events(forms, after)]


def test_events_come_back_in_order_each_once(opened: Callable[[], EventStore]) -> None:
    store = opened()
    assert store.add(5, [event("b"), event("a"), event("b")]) == 2
    assert store.add(6, [event("a"), event("c")]) == 1
    assert store.add(7, []) == 0
    found = list(store.events(WHATSAPP, 0))
    assert [each.identity for each in found] == ["b", "a", "c"]
    assert [each.received_at for each in found] == [5, 5, 6]
    assert [each.payload for each in found] == ['"b"', '"a"', '"c"']
    sequences = [each.sequence for each in found]
    assert sequences == sorted(set(sequences))
    assert names(store, found[1].sequence) == ["c"]
    assert names(store, found[2].sequence) == []
    assert found[2].sequence <= store.highest()


def test_streams_see_their_own_forms(opened: Callable[[], EventStore]) -> None:
    store = opened()
    store.add(5, [event(form.value, form) for form in Form])
    assert names(store) == ["meta", "chakra", "other"]
    assert names(store, 0, CHANGES) == ["change"]


def test_only_what_is_covered_old_and_of_the_stream_is_cleared(
    opened: Callable[[], EventStore],
) -> None:
    store = opened()
    store.add(5, [event("a"), event("x", Form.CHANGE), event("b")])
    store.add(50, [event("c")])
    store.add(5, [event("d")])
    covered = [each.sequence for each in store.events(WHATSAPP, 0)][2]
    assert store.clear(WHATSAPP, 0, 100) == 0
    assert store.clear(WHATSAPP, covered, 5) == 0
    assert store.clear(WHATSAPP, covered, 6) == 2
    assert names(store) == ["c", "d"]
    assert names(store, 0, CHANGES) == ["x"]
    assert store.clear(WHATSAPP, 10**9, 100) == 2
    assert names(store) == []


def test_a_number_never_comes_again(opened: Callable[[], EventStore]) -> None:
    store = opened()
    store.add(5, [event("a"), event("b")])
    highest = store.highest()
    store.clear(WHATSAPP, 10**9, 10)
    store.close()
    store = opened()
    assert store.highest() == highest
    store.add(6, [event("a")])
    (again,) = store.events(WHATSAPP, 0)
    assert again.sequence > highest


def test_many_are_read_and_cleared_in_parts(
    opened: Callable[[], EventStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_store, "PAGE", 7)
    monkeypatch.setattr(event_store, "CLEARED", 4)
    store = opened()
    wanted = [f"{n:03}" for n in range(50)]
    store.add(5, [event(each) for each in wanted])
    assert names(store) == wanted
    assert store.clear(WHATSAPP, 10**9, 10) == 50


def test_what_comes_while_it_is_read_is_for_the_next_time(
    opened: Callable[[], EventStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_store, "PAGE", 1)
    store, other = opened(), opened()
    store.add(5, [event("a"), event("b")])
    found = []
    for number, each in enumerate(store.events(WHATSAPP, 0)):
        other.add(6, [event(f"new {number}")])
        found.append(each.identity)
    assert found == ["a", "b"]


def test_a_store_keeps_its_name_and_another_has_another(
    opened: Callable[[], EventStore], tmp_path: Path
) -> None:
    assert opened().name == opened().name
    clock = FakeClock()
    clock.sleep(1)
    with closing(EventStore(str(tmp_path / "other.db"), clock, makes=True)) as other:
        assert other.name != opened().name


def test_who_has_read_up_to_a_number_has_read_all_below_it(
    opened: Callable[[], EventStore],
) -> None:
    """Two writers at a time, and a reader that never looks back."""
    stores = [opened(), opened()]

    def write(at: int) -> None:
        for n in range(30):
            stores[at].add(5, [event(f"{at}-{n}-{x}") for x in range(3)])

    writers = [threading.Thread(target=write, args=(at,)) for at in range(2)]
    reader, found, after = opened(), list[str](), 0
    for each in writers:
        each.start()
    while any(each.is_alive() for each in writers) or names(reader, after):
        for one in reader.events(WHATSAPP, after):
            found.append(one.identity)
            after = one.sequence
    assert sorted(found) == sorted(
        f"{at}-{n}-{x}" for at in range(2) for n in range(30) for x in range(3)
    )


def test_sqlite_is_asked_to_sync_each_time(tmp_path: Path) -> None:
    with (
        closing(EventStore(str(tmp_path / "e.db"), FakeClock(), makes=True)) as store,
        store._connected() as connection,  # noqa: SLF001 - what the disk is asked for
    ):
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "journal_mode")
        }
    assert asked == {"synchronous": 2, "journal_mode": "wal"}


def test_a_store_that_is_not_there_is_not_made_by_who_reads(tmp_path: Path) -> None:
    with pytest.raises(NoEventStore, match="no event store"):
        EventStore(str(tmp_path / "e.db"), FakeClock())
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "e.db").write_text("no database, but a text that is long enough to be none" * 100)
    with pytest.raises(EventStoreError, match="not a database"):
        EventStore(str(tmp_path / "e.db"), FakeClock())


def test_after_an_error_it_goes_on(tmp_path: Path) -> None:
    with closing(EventStore(str(tmp_path / "e.db"), FakeClock(), makes=True)) as store:
        with closing(sqlite3.connect(tmp_path / "e.db", isolation_level=None)) as other:
            other.execute("ALTER TABLE webhook_events RENAME TO gone")
            with pytest.raises(EventStoreError, match="no such table"):
                store.add(5, [event("a")])
            other.execute("ALTER TABLE gone RENAME TO webhook_events")
        assert store.add(5, [event("a")]) == 1


@pytest.mark.parametrize("place", ["sqlite:///{}/e.db", "{}/e.db"])
def test_a_path_and_a_url_are_one_place(tmp_path: Path, place: str) -> None:
    with closing(EventStore(place.format(tmp_path), FakeClock(), makes=True)):
        assert (tmp_path / "e.db").exists()


def test_to_open_a_store_writes_nothing(tmp_path: Path) -> None:
    with closing(EventStore(str(tmp_path / "e.db"), FakeClock(), makes=True)) as store:
        store.add(5, [event("a")])
        with closing(sqlite3.connect(tmp_path / "e.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # somebody writes meanwhile
            with closing(EventStore(str(tmp_path / "e.db"), FakeClock())) as reader:
                assert names(reader) == ["a"]
