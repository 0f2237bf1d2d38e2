"""The store keeps rows, keys and lives consistent through every write."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chakra_sandbox.rows.store import Life, Store, key_text


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (7.0, "7"), ("7", "7"), (7.5, "7.5"), (None, None), (True, None), ([1], None)],
    ids=repr,
)
def test_one_key_in_its_forms(value: object, text: str | None) -> None:
    assert key_text(value) == text


class StoreMachine(RuleBasedStateMachine):
    """Inserts, replaces and kills; a plain dictionary says what must be there."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store("key")
        self.rows: dict[int, int] = {}
        self.now = 0

    @rule(key=st.integers(0, 5))
    def insert(self, key: int) -> None:
        self.now += 1
        slot = self.store.insert(
            {"id": f"id-{self.now}", "createdAt": self.now, "updatedAt": 0, "data": {"key": key}}
        )
        self.rows[slot] = key

    @rule(near=st.integers(0, 20), key=st.integers(0, 5))
    def replace(self, near: int, key: int) -> None:
        if self.rows:
            slot = sorted(self.rows)[near % len(self.rows)]
            row = self.store.row(slot)
            row["data"]["key"] = key
            self.store.replace(slot, row, self.now)
            self.rows[slot] = key

    @rule(near=st.integers(0, 20))
    def kill(self, near: int) -> None:
        if self.rows:
            slot = sorted(self.rows)[near % len(self.rows)]
            self.store.kill(slot, self.now)
            del self.rows[slot]
            assert self.store.row(slot)["isDeleted"] is True

    @invariant()
    def keys_find_the_living(self) -> None:
        for key in range(6):
            expected = sorted(slot for slot, held in self.rows.items() if held == key)
            assert sorted(self.store.slots_of_key(key)) == expected

    @invariant()
    def the_living_are_counted(self) -> None:
        assert self.store.living() == len(self.rows)


TestStore = StoreMachine.TestCase


def test_a_life_has_its_times() -> None:
    store = Store(None)
    row = {"id": "a", "createdAt": 5, "updatedAt": 5, "data": {}}
    slot = store.insert(row)
    store.replace(slot, {**row, "updatedAt": 7}, 7)
    assert store.life(slot) == Life(5, None, (7,))
    store.kill(slot, 9)
    assert store.life(slot) == Life(5, 9, (7,))
