"""Lanes: whatever a process is named by, one change at a time works on it, in the source's order.

The oracle is a plain dict: each good row applied, in the order that the rows came in. Rows of one
name write fields of that name, so that the oracle also tells their order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from target_chakra.changes import Change, Key, Mode, singly
from target_chakra.planning.combined import combined, may_combine
from target_chakra.planning.lanes import Lanes

if TYPE_CHECKING:
    from collections.abc import Iterable

BAD = "bad"
ATTRIBUTES = ("id", "lead_id")
PROCESSES = range(4)
World = dict[str, object]


def key_of(process: int, attribute: str) -> Key:
    return Key("lead", attribute, f"{attribute}{process}")


def names_of(process: int, given: int | None = None) -> list[Key]:
    """All names of a process, and the key that a change gives it."""
    named = [key_of(process, attribute) for attribute in ATTRIBUTES]
    return named if given is None else [*named, key_of(given, "lead_id")]


def process_of(change: Change) -> int:
    assert change.key is not None
    return int(str(change.key.value)[-1])


def change_of(seq: int, key: Key, fields: World, *, deletes: bool = False) -> Change:
    return Change(seq, seq, "scores", key.procedure, key, Mode.UPSERT, deletes, fields, {})


def apply(world: World, change: Change) -> None:
    """What ChakraHQ makes of a change: a delete empties what the same name wrote."""
    assert change.key is not None
    if change.deletes:
        for name in [name for name in world if name.startswith(str(change.key))]:
            del world[name]
    world.update(change.fields)


def taken_one(lanes: Lanes, attribute: str = "lead_id") -> Change:
    (change,) = lanes.take(("lead", attribute), 1)
    return change


class AllLanes(RuleBasedStateMachine):
    """Rows come in by any name while others are looked up, at work, deferred, refused."""

    looked_up = Bundle("looked_up")
    at_work = Bundle("at_work")

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes()
        self.rows: list[Change] = []
        self.world: World = {}
        self.ended: Counter[int] = Counter()
        self.taken: dict[Key, Change] = {}
        self.working: dict[Key, Change] = {}
        self.held: dict[Key, Key] = {}

    @rule(
        process=st.sampled_from(PROCESSES),
        attribute=st.sampled_from(ATTRIBUTES),
        field=st.sampled_from("xy"),
        value=st.integers(0, 3) | st.just(BAD),
        deletes=st.sampled_from((False, False, False, True)),
    )
    def a_row_comes_in(
        self, process: int, attribute: str, field: str, value: object, *, deletes: bool
    ) -> None:
        key = key_of(process, attribute)
        fields = {} if deletes else {f"{key}.{field}": value}
        change = change_of(len(self.rows) + 1, key, fields, deletes=deletes)
        self.rows.append(change)
        self.lanes.add(key, change)

    @rule(target=looked_up, attribute=st.sampled_from(ATTRIBUTES), most=st.integers(1, 3))
    def some_are_looked_up(self, attribute: str, most: int) -> object:
        taken = self.lanes.take(("lead", attribute), most)
        assert len(taken) <= most
        for change in taken:
            assert change.key is not None
            assert change.key not in self.held
            self.taken[change.key] = change
            self.held[change.key] = change.key
        return multiple(*(change.key for change in taken))

    @rule(target=at_work, owner=consumes(looked_up), given=st.none() | st.sampled_from(PROCESSES))
    def one_is_decided_on(self, owner: Key, given: int | None) -> object:
        change = self.taken.pop(owner)
        names = names_of(process_of(change), given)
        other = next((n for n in names if self.held.get(n, owner) != owner), None)
        found = self.lanes.hold(owner, names)
        assert found == other
        if found is not None:
            del self.held[owner]
            self.lanes.defer(owner, change, until=found)
            return multiple()
        self.held.update(dict.fromkeys(names, owner))
        self.working[owner] = change
        return owner

    @rule(owner=consumes(looked_up))
    def one_was_looked_up_too_early(self, owner: Key) -> None:
        self.lanes.defer(owner, self.taken.pop(owner))
        del self.held[owner]

    @rule(owner=consumes(at_work))
    def one_ends(self, owner: Key) -> None:
        self._end(owner)

    def _end(self, owner: Key) -> None:
        change = self.working.pop(owner)
        refused = BAD in change.fields.values()
        self.held = {name: by for name, by in self.held.items() if by != owner}
        if refused and change.parts:
            self.lanes.release(owner, singly(change))
            return
        if not refused:
            apply(self.world, change)
        self.ended.update(part.seq for part in change.singles)
        self.lanes.release(owner)

    @invariant()
    def two_changes_never_hold_the_same_process(self) -> None:
        processes = [process_of(change) for change in self.working.values()]
        assert len(processes) == len(set(processes))

    @invariant()
    def all_that_is_not_at_work_nor_ended_waits(self) -> None:
        away = [*self.taken.values(), *self.working.values()]
        gone = sum(self.ended.values()) + sum(len(change.singles) for change in away)
        assert self.lanes.waiting <= len(self.rows) - gone
        assert (self.lanes.waiting == 0) == (gone == len(self.rows))

    def teardown(self) -> None:
        """Work goes on to its end: each row has ended once, and the world is the oracle's."""
        for _ in range(20 * len(self.rows) + 20):
            for owner in list(self.working):
                self._end(owner)
            for owner in list(self.taken):
                self.one_is_decided_on(owner, None)
            if not self.working:
                for attribute in ATTRIBUTES:
                    self.some_are_looked_up(attribute, 3)
        assert self.ended == Counter({row.seq: 1 for row in self.rows})
        assert self.lanes.waiting == 0
        oracle: World = {}
        for row in self.rows:
            if BAD not in row.fields.values():
                apply(oracle, row)
        assert self.world == oracle


TestAllLanes = AllLanes.TestCase
TestAllLanes.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)

KEY = key_of(1, "lead_id")


def writes(values: Iterable[object]) -> list[Change]:
    return [change_of(at, KEY, {"data.x": value}) for at, value in enumerate(values, 1)]


def test_a_b_a_ends_with_a_when_b_comes_while_a_is_at_work() -> None:
    lanes, world = Lanes(), dict[str, object]()
    first, second, third = writes(("A", "B", "A"))
    lanes.add(KEY, first)
    taken = taken_one(lanes)
    lanes.add(KEY, second)
    assert lanes.take(("lead", "lead_id"), 1) == []
    apply(world, taken)
    lanes.release(KEY)
    following = taken_one(lanes)
    lanes.add(KEY, third)
    apply(world, following)
    lanes.release(KEY)
    apply(world, taken_one(lanes))
    assert world == {"data.x": "A"}


def test_rows_that_wait_are_combined_field_by_field_in_order() -> None:
    lanes = Lanes()
    for at, fields in enumerate(({"data.x": 1, "data.y": 1}, {"data.x": 2}, {"data.z": 3}), 1):
        lanes.add(KEY, change_of(at, KEY, dict(fields)))
    assert lanes.waiting == 1
    change = taken_one(lanes)
    assert change.fields == {"data.x": 2, "data.y": 1, "data.z": 3}
    assert [part.seq for part in change.parts] == [1, 2, 3]
    assert change.seq == 3


def test_a_write_never_takes_the_place_of_a_delete() -> None:
    lanes = Lanes()
    lanes.add(KEY, change_of(1, KEY, {}, deletes=True))
    lanes.add(KEY, change_of(2, KEY, {"data.x": 2}))
    taken = taken_one(lanes)
    assert (taken.seq, taken.parts, lanes.waiting) == (1, (), 1)
    lanes.release(KEY)
    assert taken_one(lanes).deletes is False


def test_a_delete_takes_the_place_of_a_write_that_was_not_sent() -> None:
    lanes = Lanes()
    lanes.add(KEY, change_of(1, KEY, {"data.x": 1}))
    lanes.add(KEY, replace(change_of(2, KEY, {}, deletes=True), mode=Mode.DELETE))
    taken = taken_one(lanes)
    assert (taken.seq, taken.deletes, dict(taken.fields)) == (2, True, {})
    assert [part.seq for part in taken.parts] == [1, 2]


def test_a_delete_leaves_an_insert_to_be_judged_first() -> None:
    lanes = Lanes()
    lanes.add(KEY, replace(change_of(1, KEY, {"data.x": 1}), mode=Mode.INSERT))
    lanes.add(KEY, change_of(2, KEY, {}, deletes=True))
    assert taken_one(lanes).parts == ()


def test_rows_of_different_modes_never_combine() -> None:
    first, second = writes((1, 2))
    assert may_combine(first, second)
    other = replace(second, mode=Mode.UPDATE)
    assert not may_combine(first, other)


def test_the_parts_of_a_refused_change_are_tried_singly_in_order_before_later_rows() -> None:
    lanes = Lanes()
    for change in writes((1, 2, 3)):
        lanes.add(KEY, change)
    refused = taken_one(lanes)
    lanes.add(KEY, change_of(4, KEY, {"data.x": 4}))
    lanes.release(KEY, singly(refused))
    seen = []
    for _ in range(4):
        change = taken_one(lanes)
        assert change.parts == ()
        seen.append(change.seq)
        lanes.release(KEY)
    assert seen == [1, 2, 3, 4]


def test_a_row_behind_a_part_that_is_tried_alone_is_not_combined_with_it() -> None:
    lanes = Lanes()
    whole = combined(*writes((1, 2)))
    lanes.add(KEY, whole)
    taken_one(lanes)
    lanes.release(KEY, singly(whole))
    lanes.add(KEY, change_of(3, KEY, {"data.x": 3}))
    assert lanes.waiting == 3


def test_a_name_that_a_change_gives_is_held_too() -> None:
    lanes = Lanes()
    other = key_of(2, "lead_id")
    lanes.add(KEY, change_of(1, KEY, {}))
    taken_one(lanes)
    assert lanes.hold(KEY, [KEY, other]) is None
    lanes.add(other, change_of(2, other, {}))
    assert lanes.take(("lead", "lead_id"), 5) == []
    lanes.release(KEY)
    assert taken_one(lanes).seq == 2


def test_a_failed_hold_holds_nothing() -> None:
    lanes = Lanes()
    mine, other, free = key_of(1, "id"), key_of(1, "lead_id"), key_of(3, "lead_id")
    lanes.hold(other, [other])
    assert lanes.hold(mine, [mine, free, other]) == other
    assert lanes.hold(free, [free, mine]) is None


def test_a_process_that_is_named_twice_in_one_breath_is_held_once_and_freed() -> None:
    lanes = Lanes()
    lanes.hold(KEY, [KEY, KEY])
    lanes.add(KEY, change_of(1, KEY, {}))
    lanes.release(KEY)
    assert taken_one(lanes).seq == 1


def test_what_is_deferred_until_a_name_is_freed_waits_for_it() -> None:
    lanes = Lanes()
    by_id = key_of(1, "id")
    lanes.add(KEY, change_of(1, KEY, {}))
    lanes.add(by_id, change_of(2, by_id, {}))
    taken_one(lanes)
    lanes.hold(KEY, names_of(1))
    late = change_of(3, key_of(2, "id"), {})
    lanes.defer(key_of(2, "id"), late, until=KEY)
    assert lanes.take(("lead", "id"), 5) == []
    lanes.release(KEY)
    assert {change.seq for change in lanes.take(("lead", "id"), 5)} == {2, 3}


def test_what_was_read_before_a_change_ended_is_stale_and_what_comes_after_is_not() -> None:
    lanes = Lanes()
    lanes.add(KEY, change_of(1, KEY, {}))
    since = lanes.tick
    taken_one(lanes)
    assert not lanes.is_stale([KEY], since)
    lanes.release(KEY)
    assert lanes.is_stale([KEY], since)
    assert not lanes.is_stale([KEY], lanes.tick)
    assert not lanes.is_stale([key_of(2, "id")], since)


def test_a_change_that_is_put_back_makes_nothing_stale() -> None:
    """Lanes that name one process in two ways put each other back for ever (lag/1)."""
    lanes, other = Lanes(), key_of(1, "id")
    for seq, key in enumerate((KEY, other), start=1):
        lanes.add(key, change_of(seq, key, {"a": seq}))
    since = lanes.tick
    (first,) = lanes.take(("lead", "lead_id"), 9)
    lanes.defer(KEY, first)
    assert not lanes.is_stale([KEY, other], since)


def test_draining_a_procedure_leaves_the_others() -> None:
    lanes = Lanes()
    other = Key("ticket", "id", "t1")
    for change in writes((1, 2)):
        lanes.add(KEY, change)
    lanes.add(other, change_of(3, other, {}))
    drained = lanes.drain("lead")
    assert [part.seq for change in drained for part in change.singles] == [1, 2]
    assert lanes.groups == (("ticket", "id"),)
    assert [change.seq for change in lanes.drain()] == [3]
    assert lanes.waiting == 0


def test_what_was_freed_is_stale_until_nobody_decides_on_older_answers() -> None:
    lanes = Lanes()
    first, second = key_of(0, "lead_id"), key_of(1, "lead_id")
    for number, key in enumerate((first, second, first)):
        lanes.add(key, change_of(number, key, {}))
        lanes.take(("lead", "lead_id"), 9)
        asked = lanes.tick
        assert not lanes.is_stale([key], asked)
        lanes.release(key)
        assert lanes.is_stale([key], asked)
        assert lanes.is_stale([key_of(9, "id"), key], asked)
        assert not lanes.is_stale([key], lanes.tick)
    lanes.forget_ticks(1)
    assert lanes.is_stale([first], 2)
    assert lanes.is_stale([second], 1)
    lanes.forget_ticks(2)
    assert not lanes.is_stale([second], 1)
    assert lanes.is_stale([first], 2)
    lanes.forget_ticks(3)
    assert not lanes.is_stale([first], 0)


def test_a_change_that_was_taken_joins_the_one_behind_it() -> None:
    lanes = Lanes()
    lanes.add(KEY, change_of(1, KEY, {"data.x": 1, "data.y": 1}))
    taken = taken_one(lanes)
    lanes.add(KEY, change_of(2, KEY, {"data.x": 2}))
    assert lanes.join(KEY, taken)
    assert lanes.waiting == 1
    joined = taken_one(lanes)
    assert joined.fields == {"data.x": 2, "data.y": 1}
    assert [part.seq for part in joined.singles] == [1, 2]


def test_a_change_with_nothing_behind_it_or_with_another_kind_joins_nothing() -> None:
    lanes = Lanes()
    lanes.add(KEY, change_of(1, KEY, {"data.x": 1}, deletes=True))
    taken = taken_one(lanes)
    assert not lanes.join(KEY, taken)
    lanes.add(KEY, change_of(2, KEY, {"data.x": 2}))
    assert not lanes.join(KEY, taken)
    assert lanes.take(("lead", "lead_id"), 5) == [], "it still holds its name"
    lanes.release(KEY)
    assert taken_one(lanes).fields == {"data.x": 2}


def test_a_key_that_was_held_while_it_was_ready_does_not_keep_others_back() -> None:
    lanes = Lanes()
    first, second, owner = key_of(0, "lead_id"), key_of(1, "lead_id"), key_of(0, "id")
    for seq, key in enumerate((first, second), 1):
        lanes.add(key, change_of(seq, key, {}))
    lanes.hold(owner, [first])
    assert [change.seq for change in lanes.take(("lead", "lead_id"), 5)] == [2]
    lanes.release(owner)
    assert [change.seq for change in lanes.take(("lead", "lead_id"), 5)] == [1]


def test_an_owner_may_hold_more_names_of_its_process_and_nobody_else_may() -> None:
    lanes = Lanes()
    mine, given, other = key_of(1, "id"), key_of(1, "lead_id"), key_of(2, "id")
    assert lanes.hold(mine, [mine]) is None
    assert lanes.hold(mine, [mine, given]) is None
    assert lanes.hold(other, [other, given]) == given


def test_what_waits_for_a_name_stays_put_when_more_of_it_comes() -> None:
    lanes = Lanes()
    late, until = key_of(2, "id"), key_of(1, "lead_id")
    lanes.hold(until, [until])
    lanes.defer(late, change_of(1, late, {}), until=until)
    lanes.add(late, change_of(2, late, {}))
    lanes.add(late, replace(change_of(3, late, {}), mode=Mode.INSERT))  # is not combined
    assert lanes.ready(("lead", "id")) == 0
    assert lanes.blocking("lead_id") == [until]
    assert lanes.blocking("id") == []
    lanes.unblock(until)
    assert lanes.ready(("lead", "id")) == 1
