"""A compiled filter finds what a plain reading of the contract's filter language finds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_sandbox.knobs import Knobs
from chakra_sandbox.messages import Rejection
from chakra_sandbox.reads.answers import USER_IDS
from chakra_sandbox.reads.query import Dialect, compile_where
from chakra_sandbox.reads.selection import Page, View, select
from chakra_sandbox.rows.account import MadeSizes, made_account
from chakra_sandbox.rows.moments import Span, iso_offset, parse_iso
from chakra_sandbox.rows.procedures import CITIES, LEAD

NOW_MS = 1_795_514_950_453
STORE = made_account(MadeSizes(200, 0, 0), Span.before(NOW_MS), seed=3)["lead"].store
ROWS = [STORE.row(slot) for slot in range(len(STORE))]
VIEW = View(STORE, STORE.alive, STORE.cells.__getitem__)

OPERATORS = st.sampled_from(["=", "!=", ">", ">=", "<", "<="])
TIMES = st.builds(
    iso_offset,
    st.one_of(
        st.sampled_from([row["createdAt"] for row in ROWS]),
        st.integers(NOW_MS - 366 * 86_400_000, NOW_MS),
    ),
    st.sampled_from([0, 330, -300]),
)
KEYS = st.sampled_from(["L-000001", "L-000150", "L-000200", "nobody"])
CONDITIONS = st.one_of(
    st.tuples(st.just("createdAt"), st.dictionaries(OPERATORS, TIMES, min_size=1, max_size=2)),
    st.tuples(st.just("createdAt"), st.one_of(TIMES, st.lists(TIMES, max_size=2))),
    st.tuples(st.just("lead_id"), st.one_of(KEYS, st.lists(KEYS, max_size=3))),
    st.tuples(st.just("lead_id"), st.dictionaries(OPERATORS, KEYS, min_size=1, max_size=2)),
    st.tuples(st.just("id"), st.lists(st.sampled_from([row["id"] for row in ROWS]), max_size=3)),
    st.tuples(
        st.just("id"),
        st.dictionaries(
            OPERATORS, st.sampled_from([row["id"] for row in ROWS]), min_size=1, max_size=2
        ),
    ),
    st.tuples(st.just("city"), st.lists(st.sampled_from(CITIES), max_size=3)),
    st.tuples(st.just("score"), st.dictionaries(OPERATORS, st.integers(0, 99), min_size=1)),
    st.tuples(st.just("status"), st.sampled_from(["OPEN", "COMPLETED", "CANCELLED"])),
    st.tuples(st.just("assignedTo"), st.sampled_from(["asha.k", "ivo.lang", "nobody"])),
    st.tuples(st.just("is_hot"), st.just({"=": True})),
)
QUERIES = st.recursive(
    st.lists(CONDITIONS, max_size=3).map(dict),
    lambda inner: st.dictionaries(
        st.sampled_from(["or", "and"]), st.lists(inner, max_size=3), min_size=1
    ),
    max_leaves=6,
)


def dialect(**knobs: object) -> Dialect:
    return Dialect(LEAD, Knobs().change(knobs), USER_IDS)


def found(where: object, **knobs: object) -> list[str]:
    page = Page("created_asc", 0, len(ROWS), 0)
    selected = select(VIEW, compile_where(where, dialect(**knobs)), page)
    assert not selected.more
    return [STORE.ids[slot] for slot in selected.slots]


def plainly(row: dict[str, Any], where: dict[str, Any]) -> bool:
    """Read a filter in the plainest way, one row at a time."""
    return all(_condition(row, key, rhs) for key, rhs in where.items())


def _condition(row: dict[str, Any], key: str, rhs: Any) -> bool:
    if key == "or":
        return any(plainly(row, part) for part in rhs)
    if key == "and":
        return all(plainly(row, part) for part in rhs)
    actual = row[key] if key in row else row["data"].get(key)
    if isinstance(rhs, list):
        return any(_compare(key, "=", actual, item) for item in rhs)
    if isinstance(rhs, dict):
        return all(_compare(key, op, actual, item) for op, item in rhs.items())
    return _compare(key, "=", actual, rhs)


def _compare(key: str, op: str, actual: Any, wanted: Any) -> bool:
    if key == "createdAt":
        wanted = parse_iso(wanted)
    if key == "assignedTo":
        wanted = USER_IDS.get(wanted, "nobody's id")
    if key == "score" and actual is not None:
        actual = int(actual)
    return {
        "=": lambda: actual == wanted,
        "!=": lambda: actual != wanted,
        ">": lambda: actual > wanted,
        ">=": lambda: actual >= wanted,
        "<": lambda: actual < wanted,
        "<=": lambda: actual <= wanted,
    }[op]()


@given(QUERIES)
def test_ranges_and_look_ups_find_what_reading_every_row_finds(where: dict[str, Any]) -> None:
    assert found(where) == [row["id"] for row in ROWS if plainly(row, where)]


def test_a_window_of_creation_needs_no_test_of_rows_and_keys_are_looked_up() -> None:
    window = {"createdAt": {">=": iso_offset(1000, 0), "<": iso_offset(2000, 330)}}
    query = compile_where({**window, "id": ["c"]}, dialect())
    assert (query.lower_ms, query.upper_ms, query.ids) == (1000, 2000, ("c",))
    assert query.predicates == ()
    assert compile_where({"lead_id": ["a", "b"]}, dialect()).keys == ("a", "b")


def test_null_finds_the_unset() -> None:
    unset = [row["id"] for row in ROWS if "rating" not in row["data"]]
    assert unset
    assert found({"rating": None}) == unset


def test_an_array_attribute_equals_a_value_it_contains() -> None:
    assert found({"tags": "vip"}) == [r["id"] for r in ROWS if "vip" in r["data"].get("tags", ())]


def test_numbers_that_are_strings_compare_as_numbers() -> None:
    text = next(row for row in ROWS if isinstance(row["data"]["score"], str))
    assert text["id"] in found({"score": int(text["data"]["score"])})


@pytest.mark.parametrize(
    "where",
    [
        {"createdAt": {"~": "2026-01-01"}},
        {"createdAt": 1_767_225_600_000},
        {"createdAt": {">": "soon"}},
        {"city": {}},
        {"city": [["pune"]]},
        {"or": {"city": "pune"}},
        {"or": ["pune"]},
        ["city"],
    ],
)
def test_a_malformed_filter_is_refused(where: object) -> None:
    with pytest.raises(Rejection) as caught:
        compile_where(where, dialect())
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("where", "knob"),
    [
        ({"no_such": 1}, "unknown_where_key"),
        ({"updatedAt": {">": "2999-01-01"}}, "updated_at_filter"),
        ({"id": "nobody"}, "id_filter"),
    ],
)
def test_a_filter_that_is_not_understood_follows_its_knob(where: object, knob: str) -> None:
    assert len(found(where, **{knob: "ignored"})) == len(ROWS)
    assert found(where, **{knob: "no_rows"}) == []
    with pytest.raises(Rejection):
        found(where, **{knob: "error"})


def test_an_honoured_updated_at_filter_compares_it() -> None:
    moment = sorted(row["updatedAt"] for row in ROWS)[100]
    expected = [row["id"] for row in ROWS if row["updatedAt"] >= moment]
    where = {"updatedAt": {">=": iso_offset(moment, 0)}}
    assert found(where, updated_at_filter="honoured") == expected


def test_array_filters_can_be_ignored_cut_short_or_find_nothing() -> None:
    keys = [f"L-{number:06d}" for number in range(1, 31)]
    assert len(found({"lead_id": keys})) == 30
    assert len(found({"lead_id": keys}, array_filter="ignored")) == len(ROWS)
    assert len(found({"lead_id": keys}, array_filter="cut_short")) == 10
    assert found({"lead_id": keys}, array_filter="find_nothing") == []


def test_precision_of_seconds_cuts_both_sides() -> None:
    moment = ROWS[50]["createdAt"]
    second = moment // 1000
    expected = [row["id"] for row in ROWS if row["createdAt"] // 1000 == second]
    where = {"createdAt": {">=": iso_offset(moment, 0), "<=": iso_offset(moment, 0)}}
    assert found(where, created_at_precision="s") == expected


def test_a_boundary_can_be_left_out() -> None:
    moment = ROWS[50]["createdAt"]
    where = {"createdAt": {">=": iso_offset(moment, 0)}}
    expected = [row["id"] for row in ROWS if row["createdAt"] > moment]
    assert found(where, gte_is_gt=True) == expected


def test_epoch_filters_and_ignored_offsets_follow_their_knobs() -> None:
    moment = ROWS[50]["createdAt"]
    rest = [row["id"] for row in ROWS if row["createdAt"] >= moment]
    assert found({"createdAt": {">=": moment}}, accept_epoch_filter=True) == rest
    shifted = {"createdAt": {">=": iso_offset(moment - 330 * 60_000, 330)}}
    assert found(shifted, filter_ignores_offset=True) == rest
