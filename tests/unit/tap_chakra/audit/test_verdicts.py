"""Verdicts over two sides against an oracle of dictionaries, through the spool that orders them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tap_chakra.audit.matching import Pair, Place
from tap_chakra.audit.meanings import Meaning
from tap_chakra.audit.rows import Packing, RowPrint
from tap_chakra.audit.spool import Spool
from tap_chakra.audit.verdicts import Bounds, RowVerdict, Verdict, Versions, row_verdicts

BEGAN = 1_000
PACKING = Packing([Pair(name, Place(name), Meaning.INTEGER) for name in ("one", "two")])
VALUES = st.tuples(st.integers(0, 1), st.integers(0, 1))
IDS = st.sampled_from(["a", "b", "c", "é", "\ud800", "zz"])
TIMES = st.sampled_from([None, 1, 2, 999, 1_000, 1_001])
HERE = st.dictionaries(IDS, st.tuples(TIMES, VALUES), max_size=6)
THERE = st.lists(
    st.tuples(IDS | st.just(""), TIMES, VALUES, st.booleans(), st.integers(0, 3)), max_size=10
)


def printed(values: tuple[int, int]) -> bytes:
    (packed,) = PACKING.packed([[values[0]], [values[1]]], 1)
    return packed


def judged(here: list[RowPrint], there: list[RowPrint]) -> tuple[list[RowVerdict], Versions]:
    versions = Versions()
    with Spool() as spool:
        spool.keep("here", here)
        spool.keep("there", there)
        both = spool.in_order("here"), spool.in_order("there")
        return list(row_verdicts(*both, Bounds(BEGAN), PACKING, versions)), versions


@given(HERE, THERE)
def test_each_row_has_the_verdict_that_dictionaries_give_it(
    here: dict[str, Any], there: list[Any]
) -> None:
    ours = [RowPrint(name, 1, at, printed(values)) for name, (at, values) in here.items()]
    theirs = [
        RowPrint(name, 1, at, printed(values), marked, marked, str(stamp))
        for name, at, values, marked, stamp in there
    ]
    found, versions = judged(ours, theirs)
    newest: dict[str, Any] = {}
    for place, (name, at, values, marked, stamp) in enumerate(there):
        rank = (-1 if at is None else at, str(stamp), place)
        if name and (name not in newest or rank > newest[name][0]):
            newest[name] = (rank, at, values, marked)
    wanted: dict[str, Verdict] = {}
    for name in here.keys() | newest.keys():
        verdict = _verdict(here.get(name), newest.get(name))
        if verdict is not None:
            wanted[name] = verdict
    doubled = {name: times for name in wanted if (times := _times(there, name)) > 1}
    alone = [each for each in found if each.verdict is not Verdict.TWICE]
    notes = {each.id: each.note for each in found if each.verdict is Verdict.TWICE}
    assert notes == {name: f"{times} times in the table" for name, times in doubled.items()}
    assert {each.id: each.verdict for each in alone} == wanted
    assert [each.id.encode(errors="surrogatepass") for each in alone] == sorted(
        name.encode(errors="surrogatepass") for name in wanted
    )
    nameless = sum(not name for name, *_ in there)
    assert versions.without_id == nameless
    assert versions.older == len(there) - nameless - sum(_times(there, name) for name in newest)


def _times(there: list[Any], name: str) -> int:
    """How often the newest version of an id is in a table."""
    rows = [
        (-1 if at is None else at, n, *rest) for n, (i, at, *rest) in enumerate(there) if i == name
    ]
    if not rows:
        return 0
    at, _, _, marked, stamp = max(rows, key=lambda row: (row[0], row[4], row[1]))
    return sum(each[0] == at and each[3] == marked and each[4] == stamp for each in rows)


def _verdict(ours: Any, theirs: Any) -> Verdict | None:
    since = [at for at in (ours and ours[0], theirs and theirs[1]) if at and at >= BEGAN]
    if theirs is None or (ours is not None and theirs[3]):
        meanwhile = bool(ours[0] and ours[0] >= BEGAN)
        return Verdict.MEANWHILE if meanwhile else Verdict.MISSING
    if ours is None:
        if theirs[3]:
            return None
        return Verdict.MEANWHILE if since else Verdict.EXTRA
    if ours[1] == theirs[2]:
        return Verdict.AGREES
    return Verdict.MEANWHILE if since else Verdict.STALE


def test_the_columns_that_differ_are_named() -> None:
    here = [RowPrint("a", 1, 5, printed((1, 2)))]
    found, _ = judged(here, [RowPrint("a", 1, 4, printed((1, 3)))])
    assert [(each.verdict, each.columns) for each in found] == [(Verdict.STALE, ("two",))]
    assert (found[0].updated_here, found[0].updated_there) == (5, 4)


def test_rows_out_of_the_range_are_not_extra() -> None:
    bounds = Bounds(BEGAN, lower=10, upper=20)
    there = [RowPrint(str(at), at, 1, printed((0, 0))) for at in (9, 10, 19, 20)]
    found = row_verdicts([], there, bounds, PACKING, Versions())
    assert [each.id for each in found] == ["10", "19"]
    assert not bounds.holds(None)


def test_a_doubled_row_is_no_version_and_is_said_beside_its_other_verdict() -> None:
    here = [RowPrint(name, 1, 5, printed((1, 2))) for name in "abc"]
    there = [
        *[RowPrint("a", 1, 5, printed((1, 2)))] * 2,
        *[RowPrint("b", 1, 5, printed((1, 3)))] * 3,
        RowPrint("c", 1, 4, printed((1, 2))),
        RowPrint("c", 1, 5, printed((1, 2))),
        *[RowPrint("d", 1, 5, printed((0, 0)))] * 2,
    ]
    found, versions = judged(here, there)
    assert [(each.id, each.verdict.value, each.note) for each in found] == [
        ("a", "agrees", ""),
        ("a", "twice", "2 times in the table"),
        ("b", "stale", ""),
        ("b", "twice", "3 times in the table"),
        ("c", "agrees", ""),
        ("d", "extra", ""),
        ("d", "twice", "2 times in the table"),
    ]
    assert versions.older == 1
