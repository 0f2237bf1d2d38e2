"""With `compare: journal`, rows that are as they were cost the journal next to nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
import sqlalchemy as sa

from chakra_api.wire.server_clock import ServerClock
from target_chakra.books.bookkeeping import Bookkeeping
from target_chakra.changes import Change, Done, Key, Known, Mode, Reject
from target_chakra.context import RunContext
from target_chakra.journal.journal import Journal
from target_chakra.lifecycle import Outcome
from target_chakra.settings import parse_settings
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS = parse_settings(
    {"api_key": "k", "compare": "journal"}, user_agent="test", journal="sqlite:///j.db"
)
ROWS = 300


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(f"sqlite:///{tmp_path}/journal.db")
    made.hold()
    made.begin_run("acme", "here", 1000)
    yield made
    made.close()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """All that is said to a database."""
    said: list[str] = []

    def hear(*args: Any) -> None:
        said.append(args[2].split()[0])

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    yield said
    sa.event.remove(sa.Engine, "before_cursor_execute", hear)


def books_on(journal: Journal) -> Bookkeeping:
    clock = FakeClock()
    server_clock = ServerClock(clock)
    spelling = SimpleNamespace(stored=lambda key: key)
    procedure = SimpleNamespace(spelling=lambda _attribute: spelling, key_attributes=())
    context = RunContext(
        journal, cast("Any", None), clock, SETTINGS, lambda _name: cast("Any", procedure),
        server_clock,
    )  # fmt: skip
    made = Bookkeeping(context, None)
    made.recall(journal.unknowns())
    return made


def key(number: int) -> Key:
    return Key("lead", "lead_id", f"L-{number}")


def change(number: int, **fields: object) -> Change:
    named = {f"data.{name}": value for name, value in fields.items()}
    return Change(
        number, number, "s", "lead", key(number), Mode.UPSERT, deletes=False, fields=named, row={}
    )


def unchanged(number: int, known: Known | None, **fields: object) -> Done:
    return Done(change(number, **fields), Outcome.UNCHANGED, f"id-{number}", known=known)


def confirmed(journal: Journal, **fields: object) -> dict[Key, Known]:
    """Rows that the journal knows, as a run before found them."""
    books = books_on(journal)
    for number in range(ROWS):
        books.note_done(unchanged(number, None, **fields))
    books.flush()
    return journal.known([key(number) for number in range(ROWS)])


def test_a_row_that_the_journal_knows_to_be_so_costs_it_no_statement(
    journal: Journal, statements: list[str]
) -> None:
    known = confirmed(journal, city="Goa", score=3)
    assert len(known) == ROWS
    books = books_on(journal)
    books.note_done(unchanged(0, known[key(0)], city="Goa", score=3))  # asks who owns what
    statements.clear()
    for number in range(1, ROWS):
        books.note_done(unchanged(number, known[key(number)], city="Goa", score=3))
    books.flush()
    assert statements == []


def test_what_a_row_adds_is_known_at_once_and_nothing_of_before_is_lost(journal: Journal) -> None:
    before = confirmed(journal, city="Goa")[key(7)]
    books = books_on(journal)
    books.note_done(unchanged(7, before, score=3))
    (now,) = books.known([key(7)]).values()  # for the next row of that process
    books.note_done(unchanged(7, now, name="Ann"))
    books.flush()
    found = journal.known([key(7)])[key(7)]
    assert found.fields == {"data.city": "Goa", "data.score": 3, "data.name": "Ann"}
    assert journal.known([key(8)])[key(8)].fields == {"data.city": "Goa"}


def test_rejects_of_an_earlier_run_are_overtaken_together(
    journal: Journal, statements: list[str]
) -> None:
    before = books_on(journal)
    for number in range(ROWS):
        before.note_reject(Reject(change(number, score="many"), "is no number", "Mend it"))
    before.flush()
    assert len(journal.rejected_keys()) == ROWS
    books = books_on(journal)
    statements.clear()
    for number in range(ROWS):
        books.note_reject(Reject(change(number, score="some"), "is no number", "Mend it"))
    assert statements == []  # nothing is stored row by row
    books.flush()
    assert len(journal.rejected_keys()) == ROWS


def test_a_reject_that_is_not_stored_yet_is_stored_to_be_overtaken(journal: Journal) -> None:
    books = books_on(journal)
    books.note_reject(Reject(change(1, score="many"), "is no number", "Mend it"))
    books.note_done(unchanged(1, None, score=3))
    books.flush()
    assert journal.rejected_keys() == set()
