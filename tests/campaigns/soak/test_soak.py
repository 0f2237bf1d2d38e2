"""A fixed slice of the soak; `make soak` lives a thousand days."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.campaigns.soak import judges
from tests.campaigns.soak.judges import Day, alike, verdict
from tests.campaigns.soak.kinds import ALL
from tests.campaigns.soak.office import Act
from tests.campaigns.soak.weeks import Weeks

KINDS = frozenset(ALL)


# In 3010 a mirror deleted what it brought: a killed run's rows were settled behind their coming.
# In 1011 a shape that the server does not take was taken for proven: its 18 rows were rejected.
@pytest.mark.parametrize(("seed", "days"), [(2, 3), (5, 2), (1011, 1), (3010, 1)])
def test_after_each_day_everything_is_as_it_was_said(seed: int, days: int) -> None:
    weeks = Weeks(seed, KINDS)
    try:
        for number in range(1, days + 1):
            found = weeks.day()
            assert not found, f"python -m tests.campaigns.soak --only {seed} --days {number}"
    finally:
        weeks.close()
    assert weeks.count.rows > 20
    assert weeks.count.acts > 20


@pytest.fixture(scope="module")
def lived() -> Day:
    """A quiet day, as its judges see it."""
    weeks = Weeks(1, frozenset({"people"}))
    try:
        assert weeks.day() == []
        return weeks.judged()
    finally:
        weeks.close()


def test_a_day_is_the_same_whenever_it_is_lived() -> None:
    counts = []
    for _ in range(2):
        weeks = Weeks(4, KINDS)
        assert weeks.day() == []
        weeks.close()
        counts.append(weeks.count)
    assert counts[0] == counts[1]


def test_the_judges_condemn_what_is_not_so(lived: Day) -> None:
    """What none of them says of this day each says of one in which its promise is broken."""
    assert verdict(lived) == []
    office, tables = lived.office, lived.warehouse.tables
    row_id, record = next(iter(tables["process_lead"].items()))
    del tables["process_lead"][row_id]
    assert any("never came" in each for each in judges.warehouse_is_the_server(lived))
    since = {"replication_key_value": "2099-01-01T00:00:00.000Z"}
    lived.warehouse.state["bookmarks"]["process_lead"] = since
    assert any("ahead of" in each for each in judges.states_are_not_ahead(lived))
    tables["process_lead"][row_id] = {**record, "updatedAt": "2001-01-01T00:00:00.000Z"}
    assert any("as it was before" in each for each in judges.warehouse_is_the_server(lived))
    tables["process_lead"][row_id] = {**record, "data": {}}
    assert any("and came as" in each for each in judges.warehouse_is_the_server(lived))
    tables["process_lead"][row_id] = record

    name, rows = next((n, r) for n, r in lived.books.items() if r[-1].stream == "visits")
    wrong = replace(rows[-1], data={"score": "another"})
    assert list(judges.rows_are_as_sent(replace(lived, books={name: [wrong]})))
    edit = Act(office.now_ms + 10**7, "edit", "visit", "", name[1], {"score": "of a person"})
    office.acts.append(edit)
    assert list(judges.rows_are_as_sent(replace(lived, books={name: rows})))
    office.acts.remove(edit)
    missing = replace(rows[-1], name=("visit", "nobody"))
    assert list(judges.rows_are_as_sent(replace(lived, books={missing.name: [missing]})))
    bad = replace(rows[-1], fits=False, first_ms=office.now_ms)
    assert list(judges.bad_rows_are_on_record(replace(lived, books={name: [bad]})))
    good = [("visits", dict(rows[-1].row), "for no reason", None)]
    assert list(judges.rejects_have_a_cause(replace(lived, rejects=good)))
    assert list(judges.what_is_settled_is_not_unknown(replace(lived, unknown=["a row"])))
    assert list(judges.no_secret_is_told(replace(lived, output=["Bearer sandbox-admin-key"])))

    run = lived.targets[-1]
    run.receipt["outcomes"]["created"] += 1
    assert list(judges.rows_add_up(lived))
    run.code = 1
    assert list(judges.exits_are_documented(lived))

    store = office.shelf("ticket").store
    store.kill(0, office.now_ms)
    assert list(judges.nobody_else_is_touched(replace(lived, books={})))
    visits = office.shelf("visit").store
    visits.insert({**visits.row(0), "id": "twin", "createdAt": office.now_ms})
    assert list(judges.nothing_is_doubled(lived))
    mirrored = replace(lived, mirrored=True, table=frozenset({"own-1"}))
    own = replace(rows[-1], stream="products", name=("product", "own-2"))
    found = list(judges.mirrors_hold_the_table(replace(mirrored, books={own.name: [own]})))
    assert found == ["wrong: the mirror no longer brings ('product', 'own-2'), and it lives"]


def test_values_are_alike_whatever_type_they_were_given() -> None:
    assert alike(7, "7.0")
    assert not alike("7", "8")
