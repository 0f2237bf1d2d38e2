"""What the journal stores of a batch is all that a later run needs to go on with it."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from itertools import pairwise

import orjson
from hypothesis import given
from hypothesis import strategies as st

from target_chakra.batches import Settlement
from target_chakra.changes import Action, AskedBy, Change, Key, Kind, Mode, deletion_of
from target_chakra.journal.codec import (
    decode_actions,
    decode_outcomes,
    encode_actions,
    encode_outcomes,
    joined_outcomes,
)
from target_chakra.lifecycle import Outcome

texts = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
wire = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
fields = st.dictionaries(texts.map("data.{}".format), wire, max_size=4)
keys = st.none() | st.builds(
    lambda attribute, value: Key("lead", attribute, value),
    st.sampled_from(("id", "lead_id")),
    texts | st.integers(-(2**63), 2**63 - 1),
)
changes = st.builds(
    lambda line, stream, key, mode: Change(
        seq=line, line=line, stream=stream, procedure="lead", key=key, mode=mode, deletes=False,
        fields={}, row={"kept": "out"},
    ),
    st.integers(1, 10**9),
    texts,
    keys,
    st.sampled_from(Mode),
)  # fmt: skip
undone_keys = st.builds(Key, st.just("lead"), st.sampled_from(("id", "lead_id")), texts)
actions = st.builds(
    lambda change, process_id, wanted, before, twin, kept, learned, undoes: Action(
        replace(change, fields=wanted, undoes=undoes), Kind.UPDATE, process_id, wanted, before,
        twin, kept=kept, learned=learned,
    ),
    changes,
    st.none() | texts,
    fields,
    st.none() | fields,
    st.none() | texts,
    fields,
    fields,
    st.none() | st.lists(undone_keys, max_size=2).map(tuple),
)  # fmt: skip
batches = st.lists(actions, max_size=5)


@given(batches, st.sampled_from(Kind))
def test_actions_come_back_as_they_were_intended_and_no_row_of_this_run_asks_for_them(
    intended: list[Action], kind: Kind
) -> None:
    found = decode_actions(encode_actions(intended), "lead", kind)
    assert len(found) == len(intended)
    for before, after in zip(intended, found, strict=True):
        assert after.kind is kind
        assert (after.process_id, after.fields) == (before.process_id, before.fields)
        assert (after.before, after.twin) == (before.before, before.twin)
        assert (after.kept, after.learned) == (before.kept, before.learned)
        assert after.change.undoes == before.change.undoes
        assert after.change.key == before.change.key
        assert (after.change.line, after.change.stream) == (
            before.change.line,
            before.change.stream,
        )
        assert after.change.mode is before.change.mode
        assert after.change.deletes is (kind is Kind.DELETE)
        assert after.change.seq == 0
        assert after.change.asked_by is AskedBy.EARLIER_RUN


def test_a_stored_action_says_by_its_number_that_no_row_asks_for_it() -> None:
    asked = deletion_of("s", Key("lead", "lead_id", "L-1"), "p")
    of_row = replace(asked, seq=7, asked_by=AskedBy.ROW)
    stored = encode_actions(Action(each, Kind.DELETE, "p", {}, {}) for each in (of_row, asked))
    assert [number for number, *_ in orjson.loads(stored)] == [7, 0]


@given(actions)
def test_what_differs_alone_comes_back_and_not_the_whole_row(action: Action) -> None:
    whole = replace(action.change, fields={**action.fields, "data.held already": 1})
    (found,) = decode_actions(encode_actions([replace(action, change=whole)]), "lead", Kind.UPDATE)
    assert found.fields == action.fields
    assert found.change.row == {}


def test_an_integer_beyond_64_bits_does_not_keep_a_batch_from_the_journal() -> None:
    change = Change(
        seq=1, line=1, stream="s", procedure="lead", key=None, mode=Mode.INSERT, deletes=False,
        fields={"data.j": [2**70]}, row={},
    )  # fmt: skip
    action = Action(change, Kind.CREATE, None, change.fields, {})
    (found,) = decode_actions(encode_actions([action]), "lead", Kind.CREATE)
    assert found.fields.keys() == {"data.j"}


outcomes = st.dictionaries(st.integers(0, 9), st.sampled_from(Outcome), max_size=10)


@given(outcomes, st.lists(st.integers(0, 9), max_size=3))
def test_outcomes_that_come_little_by_little_add_up(
    wanted: dict[int, Outcome], cuts: list[int]
) -> None:
    action = Action(
        Change(
            seq=1, line=1, stream="s", procedure="lead", key=None, mode=Mode.INSERT,
            deletes=False, fields={}, row={},
        ),
        Kind.CREATE,
        None,
        {},
        None,
    )  # fmt: skip
    bounds = [0, *sorted(cuts), 10]
    portions = [
        encode_outcomes(
            {at: Settlement(action, wanted[at], "x", "why") for at in range(*ends) if at in wanted}
        )
        for ends in pairwise(bounds)
    ]
    assert decode_outcomes(reduce(joined_outcomes, portions, None)) == wanted


def test_no_outcomes_yet_are_none() -> None:
    assert decode_outcomes(None) == {}
