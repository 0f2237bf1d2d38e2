"""Entries tie to the rows they are of, and rather to none than to a wrong one (Q26)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_sandbox.knobs import Knobs
from chakra_sandbox.messages import RequestIn
from chakra_sandbox.reads.answers import Call
from chakra_sandbox.rows.access import Token
from chakra_sandbox.writes.job_answers import entries_answer
from chakra_sandbox.writes.jobs import Entry, Job
from target_chakra.sending.entry_matching import (
    EntryOutcome,
    EntryStatus,
    Tied,
    failure_of,
    reasons_for,
    refused_among,
    tie,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = dict[str, Any]
KEYS = ("id", "lead_id")
UUID = "0d6c9a52-5f5e-4b9c-8a54-2f2b8d1e7c{:02x}"

keys = st.lists(
    st.one_of(st.text(min_size=1, max_size=8), st.integers()),
    min_size=1,
    max_size=30,
    unique_by=str,
).filter(lambda found: all(str(key).strip() for key in found))
statuses = st.sampled_from(("SUCCESS", "ERROR", "INVALID", "NOT_STARTED"))
shapes = st.sampled_from(("create", "update by key", "update by id"))


def item_of(key: object, shape: str) -> Row:
    if shape == "create":
        return {"lead_id": key, "data": {"lead_id": key, "score": 1}}
    if shape == "update by key":
        return {"lead_id": key, "update": {"data": {"score": 1}}}
    return {"id": str(key), "update": {"data": {"lead_id": "same in all"}}}


def echoed(_place: int, item: Row) -> Row:
    return {"data": item}


def echoed_as_text(_place: int, item: Row) -> Row:
    return {"payload": json.dumps(item)}


def echoed_in_part(_place: int, item: Row) -> Row:
    """Only what names the row, numbers as text, beside a field of the server's own."""
    return {"input": {name: str(item[name]) for name in KEYS if name in item} | {"row": 3}}


def echoed_attributes(_place: int, item: Row) -> Row:
    return {"entry": {"data": {name: item[name] for name in KEYS if name in item}, "by": "x"}}


def indexed(place: int, _item: Row) -> Row:
    return {"index": place}


def indexed_from_one(place: int, _item: Row) -> Row:
    return {"rowNumber": str(place + 1)}


INFORMED = (
    echoed, echoed_as_text, echoed_in_part, echoed_attributes, indexed, indexed_from_one,
)  # fmt: skip


@given(keys, shapes, st.sampled_from(INFORMED), st.data())
def test_every_sign_ties_each_entry_to_its_own_row(
    made: list[object], shape: str, sign: Callable[[int, Row], Row], data: st.DataObject
) -> None:
    items = [item_of(key, shape) for key in made]
    words = [data.draw(statuses) for _ in items]
    entries = [
        {"id": f"e{place}", "completionStatus": word, **sign(place, item)}
        for place, (item, word) in enumerate(zip(items, words, strict=True))
    ]
    tied = tie(data.draw(st.permutations(entries)), items, KEYS)
    assert [outcome and outcome.status for outcome in tied.outcomes] == words
    assert tied.untied == 0


@given(keys, shapes, st.data())
def test_without_a_sign_the_order_ties_if_all_entries_are_there(
    made: list[object], shape: str, data: st.DataObject
) -> None:
    items = [item_of(key, shape) for key in made]
    entries = [{"id": f"e{i}", "status": data.draw(statuses)} for i in range(len(items))]
    tied = tie(entries, items, KEYS)
    assert [outcome and outcome.status for outcome in tied.outcomes] == [
        entry["status"] for entry in entries
    ]
    short = tie(entries[1:], items, KEYS)
    assert short.outcomes == (None,) * len(items)
    assert short.untied == len(items) - 1


def two() -> list[Row]:
    return [item_of("A", "create"), item_of("B", "create")]


def states(entries: Sequence[Row], items: Sequence[Row]) -> tuple[list[str | None], int]:
    tied = tie(entries, items, KEYS)
    return [outcome.status.value if outcome else None for outcome in tied.outcomes], tied.untied


def test_an_echo_of_an_unknown_row_is_tied_to_none_even_by_its_index() -> None:
    stranger = {"status": "ERROR", "index": 0, "data": {"lead_id": "Z"}}
    assert states([stranger, {"status": "SUCCESS", "index": 1}], two()) == ([None, "SUCCESS"], 1)


def test_an_echo_of_two_rows_at_once_is_tied_to_none() -> None:
    torn = {"status": "ERROR", "data": {"lead_id": "A", "data": {"lead_id": "B"}}}
    assert states([torn], two()) == ([None, None], 1)


def test_rows_of_one_identifier_need_an_index_to_be_told_apart() -> None:
    items = [{"lead_id": "A", "update": {"state": state}} for state in ("X", "Y")]
    echo = {"data": {"lead_id": "A"}}
    bare = [{"status": "ERROR", **echo}, {"status": "SUCCESS", **echo}]
    assert states(bare, items) == ([None, None], 2)
    placed = [{**entry, "index": 1 - place} for place, entry in enumerate(bare)]
    assert states(placed, items) == (["SUCCESS", "ERROR"], 0)


def test_an_echo_of_the_whole_item_tells_rows_of_one_identifier_apart() -> None:
    items = [{"lead_id": "A", "update": {"state": state}} for state in ("X", "Y")]
    entries = [
        {"status": word, "data": item}
        for word, item in zip(("ERROR", "OTHER"), items[::-1], strict=True)
    ]
    assert states(entries, items) == (["OTHER", "ERROR"], 0)


def test_an_id_of_the_server_s_own_contradicts_nothing() -> None:
    entries = [{"status": "ERROR", "index": 0, "data": {"id": UUID.format(9), "score": 1}}]
    assert states(entries, two()) == (["ERROR", None], 0)


def test_entries_that_disagree_about_a_row_leave_it_unknown() -> None:
    ok, bad = ({"status": word, "data": {"lead_id": "A"}} for word in ("SUCCESS", "ERROR"))
    assert states([ok, bad], two()) == ([None, None], 2)
    assert states([bad, {**bad, "message": "again"}], two()) == (["ERROR", None], 0)


def test_entries_that_agree_keep_no_process_they_differ_on() -> None:
    entries = [{"status": "SUCCESS", "data": {"lead_id": "A"}, "processId": p} for p in ("p", "q")]
    outcome = tie(entries, two(), KEYS).outcomes[0]
    assert outcome == EntryOutcome(EntryStatus.SUCCESS, "", None, None)


def test_an_entry_read_twice_counts_once_as_last_read() -> None:
    entry = {"id": "e", "status": "NOT_STARTED", "data": {"lead_id": "A"}}
    assert states([entry, {**entry, "status": "SUCCESS"}], two()) == (["SUCCESS", None], 0)


@pytest.mark.parametrize("indices", [[0, 0], [1], [1, 3], [0, 2], [-1, 0], [0, 1, 2]], ids=str)
def test_indices_that_cannot_be_of_this_batch_tie_nothing(indices: list[int]) -> None:
    """A page's own numbers repeat; one that starts at 1 in a part of the entries may be either."""
    entries = [{"status": "SUCCESS", "index": index} for index in indices]
    assert states(entries, two()) == ([None, None], len(indices))


def test_what_entries_wrote_ties_them_to_the_rows_that_were_sent_for_it() -> None:
    """Whatever order they come in; those that wrote nothing are loose."""
    items = [{"id": UUID.format(i), "update": {"state": "X"}} for i in range(2)]
    entries = [{"status": "SUCCESS", "result": {"id": item["id"]}} for item in items]
    assert states(entries, items) == (["SUCCESS", "SUCCESS"], 0)
    assert states(entries[::-1], items) == (["SUCCESS", "SUCCESS"], 0)
    refused: Row = {"status": "ERROR", "message": "no"}
    tied = tie([entries[1], refused], items, KEYS)
    assert [each and each.process_id for each in tied.outcomes] == [None, items[1]["id"]]
    assert [each.message for each in tied.loose] == ["no"]
    assert not tied.by_order


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)), st.integers(0, 12))
def test_as_many_rows_are_refused_as_were_and_none_that_was_seen_as_sent(
    unwritten: set[int], others: set[int], refused: int
) -> None:
    unclear = others - unwritten
    bad, unsure = refused_among(unwritten, unclear, refused)
    assert bad <= unwritten | unclear
    assert not bad & unsure
    assert len(bad) <= refused
    if len(unwritten) == refused:
        assert (bad, unsure) == (unwritten, set())
    if len(unwritten) > refused:
        assert (bad, unsure) == (set(), unwritten)


@pytest.mark.parametrize(
    ("statuses", "failed"),
    [
        ((EntryStatus.INVALID, EntryStatus.SUCCESS), EntryStatus.INVALID),
        ((EntryStatus.INVALID, EntryStatus.ERROR), EntryStatus.ERROR),
        ((), EntryStatus.ERROR),
    ],
)
def test_rows_that_no_entry_names_failed_as_the_entries_did(
    statuses: tuple[EntryStatus, ...], failed: EntryStatus
) -> None:
    """A batch of which every row is invalid may have the wrong form: another one is tried."""
    loose = tuple(EntryOutcome(each, "", None, None) for each in statuses)
    assert failure_of(Tied((), 0, loose)) is failed


def test_reasons_whose_rows_nobody_knows_are_told_together() -> None:
    def entries(*messages: str) -> list[Row]:
        return [{"status": "ERROR" if m else "SUCCESS", "message": m} for m in messages]

    items = [item_of(f"{n}", "create") for n in range(3)]
    alike = tie(entries("", "no", "no"), items, KEYS)
    assert alike.by_order
    assert reasons_for({0, 1}, alike, in_order=False) == {0: "no", 1: "no"}
    two_reasons = tie(entries("", "no", "never"), items, KEYS)
    assert reasons_for({1, 2}, two_reasons, in_order=True) == {1: "no", 2: "never"}
    for refused, in_order in (({0, 1}, True), ({1, 2}, False)):
        told = reasons_for(refused, two_reasons, in_order=in_order)
        assert set(told) == refused
        assert all(each.endswith("for what reason: no; never") for each in told.values())


def outcome_of(entry: Row) -> EntryOutcome | None:
    return tie([entry], [item_of("A", "create")], KEYS).outcomes[0]


@pytest.mark.parametrize(
    "entry",
    [
        {"completionStatus": "ERROR", "statusMessage": "no"},
        {"status": "error", "message": "no"},
        {"state": "ERROR", "error": {"message": "no"}},
        {"completionStatus": None, "status": "ERROR", "statusMessage": "", "errorMessage": "no"},
        {"status": "ERROR", "_errors": [{"message": "no"}]},
        {"status": "ERROR", "_errors": ["no", "other"]},
        {"result": {"status": "ERROR", "error": "no"}},
    ],
)
def test_status_and_message_are_found_under_every_name(entry: Row) -> None:
    assert outcome_of(entry) == EntryOutcome(EntryStatus.ERROR, "no", None, None)


@pytest.mark.parametrize("word", ["WEIRD", "", None, 7, ["SUCCESS"]])
def test_a_status_that_is_not_documented_is_no_success(word: object) -> None:
    outcome = outcome_of({"completionStatus": word})
    assert outcome is not None
    assert outcome.status is EntryStatus.OTHER


P = UUID.format(1)
ISO = "2026-01-01T00:00:00.500Z"


@pytest.mark.parametrize(
    ("entry", "process_id", "created_at"),
    [
        ({"result": {"id": P}}, P, None),
        ({"output": {"id": P, "createdAt": 1767225600500}}, P, 1767225600500),
        ({"response": json.dumps({"id": P, "createdAt": ISO})}, P, 1767225600500),
        ({"result": {"process": {"id": P, "createdAt": 1767225600500}}}, P, 1767225600500),
        ({"result": {"processId": P, "createdAt": 0}}, P, None),
        ({"processId": "short"}, "short", None),
        ({"result": P}, P, None),
        ({"result": "created"}, None, None),
        ({"createdAt": 1767225600500, "result": None}, None, None),
    ],
)  # fmt: skip
def test_the_process_is_found_under_every_name(
    entry: Row, process_id: str | None, created_at: int | None
) -> None:
    outcome = outcome_of({"status": "SUCCESS", **entry})
    assert outcome == EntryOutcome(EntryStatus.SUCCESS, "", process_id, created_at)


strange = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("id", "lead_id", "data", "createdAt", "error")), inner)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    (
        *("id", "entryId", "completionStatus", "status", "state", "statusMessage", "message"),
        *("error", "errorMessage", "_errors", "data", "input", "payload", "body", "entry"),
        *("index", "order", "position", "rowNumber", "sequence"),
        *("result", "output", "response", "processId", "process"),
    )
)


@given(st.lists(st.dictionaries(names, strange, max_size=8), max_size=4))
def test_strange_entries_never_break_it(entries: list[Row]) -> None:
    tied = tie(entries, two(), KEYS)
    assert len(tied.outcomes) == 2
    assert 0 <= tied.untied <= len(entries)


@pytest.mark.parametrize("text", ["{", "{\ud800", '{"a":' * 5000, "\ud800", "9" * 5000])
def test_broken_text_is_no_echo_and_no_index(text: str) -> None:
    assert states([{"status": "ERROR", "data": text, "index": text}], two()[:1]) == (["ERROR"], 0)


SANDBOX = [
    {"entry_names": entry_names, "entry_echo": echo, "entry_index": echo == "none"}
    for entry_names in ("default", "other")
    for echo in ("input", "json_string", "none")
]


@pytest.mark.parametrize("naming", SANDBOX, ids=str)
def test_both_namings_of_the_sandbox_are_understood(naming: Row) -> None:
    items = [item_of(f"L{place}", "create") for place in range(20)]
    said = [("SUCCESS", None, UUID.format(place)) for place in range(10)] + [
        ("ERROR", f"no {place}", None) for place in range(10)
    ]
    made = [
        Entry(f"e{place}", place, item, None, *shown)
        for place, (item, shown) in enumerate(zip(items, said, strict=True))
    ]
    knobs = Knobs().change({**naming, "entries_order": "shuffled"})
    call = Call(RequestIn("GET", "/entries"), Token(), knobs, 1, 1)
    shown = json.loads(entries_answer(call, Job("job", "lead", 1, made, 500)).body)["_data"]
    assert tie(shown, items, KEYS).outcomes == tuple(
        EntryOutcome(EntryStatus(word), message or "", process_id, None)
        for word, message, process_id in said
    )
