"""Pieces of a scan's time: never more than are drawn, and every answer and row counted in them."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.facts.columns import MOST_COLUMNS, columns_of, drift
from tap_chakra.facts.pieces import MOST_PIECES, PieceKind, Pieces
from tap_chakra.timeline.windows import Window

NOTED = st.lists(
    st.tuples(
        st.sampled_from(get_args(PieceKind)),
        st.one_of(st.none(), st.integers(1, 10**6)),
        st.one_of(st.none(), st.integers(1, 1000)),
        st.integers(0, 100),
    ),
    max_size=3000,
)


@given(NOTED)
def test_pieces_are_few_and_count_every_answer_and_row(
    noted: list[tuple[PieceKind, int | None, int | None, int]],
) -> None:
    pieces, rows, answers = Pieces(), Counter[str](), Counter[str]()
    for kind, lower, width, count in noted:
        upper = None if width is None else (lower or 0) + width
        pieces.note_window(kind, Window(lower, upper), count)
        rows[kind] += count
        answers[kind] += 1
    found = pieces.all()
    assert len(found) <= MOST_PIECES + 4
    for kind in get_args(PieceKind):
        mine = [each for each in found if each.kind == kind]
        assert sum(each.rows for each in mine) == rows[kind]
        assert sum(each.answers for each in mine) == answers[kind]


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=2000, unique=True))
def test_each_instant_of_an_answer_lies_in_a_piece(starts: list[int]) -> None:
    pieces = Pieces()
    for at in starts:
        pieces.note_window("window", Window(at, at + 1), 1)
    found = pieces.all()
    for at in starts:
        assert any((p.lower or 0) <= at < (p.upper or 0) for p in found)


def test_a_page_stands_for_the_time_between_its_rows_in_whatever_order() -> None:
    pieces = Pieces()
    pieces.note_page([5, 4, 3], 3)
    pieces.note_page([], 0)
    pieces.note_page([0], 1)
    (piece,) = pieces.all()
    assert (piece.kind, piece.lower, piece.upper, piece.rows) == ("walk", 3, 6, 3)


def test_columns_are_named_with_what_they_lie_in_and_typed_in_a_word() -> None:
    schema = {
        "properties": {
            "id": {"type": ["string"]},
            "at": {"type": ["null", "string"], "format": "date-time"},
            "tags": {"type": ["null", "array"], "items": {"type": ["string", "null"]}},
            "data": {"type": ["object"], "properties": {"score": {"type": ["integer", "null"]}}},
            "any": {},
        }
    }
    assert columns_of(schema) == {
        "id": "string",
        "at": "string (date-time)",
        "tags": "array of string",
        "data.score": "integer",
        "any": "anything",
    }
    many = {f"c{number}": {"type": "string"} for number in range(MOST_COLUMNS + 1)}
    assert columns_of({"properties": many}) is None


def test_drift_names_what_came_what_went_and_what_is_another() -> None:
    found = drift("s", {"a": "string", "b": "integer"}, {"b": "number", "c": "string"})
    assert found.added == (("c", "string"),)
    assert found.removed == (("a", "string"),)
    assert found.changed == (("b", "integer", "number"),)
    assert found
    assert not drift("s", {"a": "string"}, {"a": "string"})
