"""The journal on SQLite and on PostgreSQL: one of an earlier release goes on, or is left as it was.

From the tables and rows that the earlier releases wrote.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.batches import Batch
from target_chakra.changes import Action, AskedBy, Change, Key, Kind, Known, Mode, Reject
from target_chakra.history.reports import Reports
from target_chakra.journal.journal import Journal
from target_chakra.journal.records import Entry, RunKind
from target_chakra.journal_tables.migrations import MIGRATIONS
from target_chakra.lifecycle import BatchState
from target_chakra.storage.engines import open_engine
from target_chakra.storage.lock import is_held
from tests.support.old_journals import write_journal_of_020, write_journal_of_030

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from target_chakra.history.reports import RejectLine, RunLine, UnknownLine

HASHES = ["h1", "h3", "h6"]
FULL, FULLER = ("s", b'{"name":"full"}'), ("s", b'{"name":"fuller"}')
REFUSES_THE_VERSION: Final = (
    "DROP TABLE version",
    "CREATE TABLE version (number INTEGER PRIMARY KEY CHECK (number < 4))",
    "INSERT INTO version VALUES (3)",
)
"""The last statement of a migration fails."""
REFUSES_A_REJECT: Final = {
    "sqlite": """
        CREATE TRIGGER refuses BEFORE UPDATE ON rejects BEGIN SELECT RAISE(ABORT, 'refused'); END
    """,
    "postgresql": """
        CREATE FUNCTION refuse() RETURNS trigger AS
        'BEGIN RAISE EXCEPTION ''refused''; END' LANGUAGE plpgsql;
        CREATE TRIGGER refuses BEFORE UPDATE ON rejects FOR EACH ROW EXECUTE FUNCTION refuse()
    """,
}
"""Fails in the midst of one, when columns were added and twins are rewritten."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a journal can be; nothing is there yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/journal.db"
        return
    server = sa.make_url(request.getfixturevalue("postgres"))
    engine = open_engine(server.render_as_string(hide_password=False))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA journal")
    inside = server.update_query_dict({"options": "-csearch_path=journal"})
    yield inside.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA journal CASCADE")
    engine.dispose()


@pytest.fixture(params=["0.2.0", "0.3.0"])
def old(request: pytest.FixtureRequest, url: str) -> str:
    """A journal that an earlier release wrote."""
    execute(url, write_journal_of_020 if request.param == "0.2.0" else write_journal_of_030)
    return url


@pytest.fixture
def of_030(url: str) -> str:
    """A journal that 0.3.0 wrote."""
    execute(url, write_journal_of_030)
    return url


@pytest.fixture
def of_020(url: str) -> str:
    """A journal that 0.2.0 wrote."""
    execute(url, write_journal_of_020)
    return url


def execute(url: str, what: Callable[[sa.Connection], object]) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        what(connection)
    engine.dispose()


Dump = dict[str, tuple[object, list[str]]]


def dump(url: str) -> Dump:
    """All tables: columns and indexes, and their rows."""
    held: Dump = {}

    def read(connection: sa.Connection) -> None:
        inspector = sa.inspect(connection)
        for table in inspector.get_table_names():
            rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"')
            held[table] = (shape(inspector, table), sorted(map(repr, rows)))

    execute(url, read)
    return held


def shape(inspector: sa.Inspector, table: str) -> object:
    columns = {
        each["name"]: (kind(inspector, each["type"]), each["nullable"])
        for each in inspector.get_columns(table)
    }
    indexes = {each["name"]: each["column_names"] for each in inspector.get_indexes(table)}
    return columns, inspector.get_pk_constraint(table)["constrained_columns"], indexes


def kind(inspector: sa.Inspector, column: sa.types.TypeEngine[object]) -> str:
    """A column's type; SQLite has integers of one kind only."""
    text = str(column)
    return text.replace("BIGINT", "INTEGER") if inspector.dialect.name == "sqlite" else text


def shapes(dumped: Dump) -> dict[str, object]:
    return {table: held[0] for table, held in dumped.items()}


def run(url: str) -> Journal:
    journal = Journal(url)
    journal.hold()
    journal.begin_run("acme", "pid 2 on here", 2000)
    return journal


def followed(journal: Journal, url: str) -> Journal:
    """The run after one that died."""
    journal.close()
    return run(url)


def key(value: str | int) -> Key:
    return Key("lead", "lead_id", value)


def change(seq: int, named: Key | None, *, deletes: bool = False) -> Change:
    row = {"name": str(seq)}
    return Change(seq, seq, "s", "lead", named, Mode.UPSERT, deletes, {"data.name": "n"}, row)


def intend(journal: Journal, *actions: Action) -> None:
    batch = Batch(0, "lead", actions[0].kind, actions, BatchState.INTENDED)
    journal.intend(batch, 2000)


def keyless(seq: int, twin: str) -> Action:
    return Action(change(seq, None), Kind.CREATE, None, {"data.name": "n"}, {}, twin)


def delete(seq: int, named: Key) -> Action:
    return Action(change(seq, named, deletes=True), Kind.DELETE, "p", {}, {})


def deleted(journal: Journal) -> set[object]:
    """The keys of the deletes that may come again."""
    assert {(each.procedure, each.attribute) for each in journal.graves()} <= {("lead", "lead_id")}
    return {each.value for each in journal.graves()}


def test_rows_that_may_come_again_are_those_of_0_3_0(of_030: str) -> None:
    journal = run(of_030)
    assert {twin: len(found) for twin, found in journal.twins("s", HASHES).items()} == {
        "h1": 1, "h3": 1, "h6": 1,
    }  # fmt: skip
    assert deleted(journal) == {"L-1", "105", 'the "big" one'}
    assert set(journal.uncovered_rejects()) == {FULL, FULLER}
    assert {each.key for each in journal.rejected_keys()} == {key("L-3")}
    journal.close()


def test_a_state_that_0_3_0_was_about_to_pass_never_arrived_if_its_rows_come(of_030: str) -> None:
    journal = run(of_030)
    journal.began_again("s", "h3")
    journal.began_again("s", "none of them")
    assert set(journal.twins("s", HASHES)) == {"h1", "h3", "h6"}
    assert deleted(journal) == {"L-1", "105", 'the "big" one'}
    journal.close()


def test_a_state_that_0_3_0_was_about_to_pass_arrived_if_later_rows_come(of_030: str) -> None:
    journal = run(of_030)
    journal.began_again("s", "h6")
    assert set(journal.twins("s", HASHES)) == {"h6"}
    assert deleted(journal) == {"L-1", "105", 'the "big" one'}, "they wait for their delete"
    journal.close()


def test_what_came_again_and_was_passed_comes_no_more(of_030: str) -> None:
    journal = run(of_030)
    journal.come_again(journal.twins("s", ["h1"])["h1"][0], 1)
    journal.come_again(journal.graves()[key("L-1")], 2)
    journal.pass_twins(2)
    journal.forget_twins()
    later = followed(journal, of_030)
    assert set(later.twins("s", HASHES)) == {"h3", "h6"}
    assert deleted(later) == {"105", 'the "big" one'}
    later.close()


def test_the_rest_of_0_3_0_means_the_same(of_030: str) -> None:
    journal = run(of_030)
    assert journal.known([key("L-2")]) == {
        key("L-2"): Known("p2", {"data.score": 1}, {}, False, "s", True, 5, 9)  # noqa: FBT003 - a record
    }
    assert journal.findings() == {("lead", "shape.update"): "flat"}
    assert journal.absent("s", "lead", 2) == {key("L-2"): "p2"}
    assert [each.names for each in journal.unknowns()] == [(key("L-5"), Key("lead", "id", "p5"))]
    assert {file: lines.pairs for file, lines in journal.settled_lines("push/1").items()} == {
        "s.a": ((1, 4),)
    }
    (left,) = journal.open_batches()
    assert [each.change.key for each in left.batch.actions] == [
        key("L-1"), key(105), key("L-8"), key("L-9"),
    ]  # fmt: skip
    assert {each.change.seq for each in left.batch.actions} == {0}, "of an earlier run"
    journal.close()


def test_a_journal_of_0_2_0_means_the_same(of_020: str) -> None:
    journal = run(of_020)
    journal.began_again("s", "none of them")
    assert set(journal.twins("s", HASHES)) == {"h1", "h3", "h6"}, "it passed a STATE at once"
    assert deleted(journal) == set()
    assert journal.uncovered_rejects() == {}, "it did not keep which"
    assert {each.key for each in journal.rejected_keys()} == {key("L-3")}
    assert set(journal.known([key("L-2")])) == {key("L-2")}
    assert len(journal.unknowns()) == 1
    journal.close()


def test_what_0_3_0_hid_in_a_text_and_in_a_sign_has_columns(of_030: str) -> None:
    Journal(of_030).close()
    twins: list[object] = []
    rejects: list[object] = []

    def read(connection: sa.Connection) -> None:
        cells = "SELECT kind, twin, seq, passing FROM twins ORDER BY id"
        twins.extend(map(tuple, connection.exec_driver_sql(cells)))
        cells = "SELECT seq, passing FROM rejects ORDER BY id"
        rejects.extend(map(tuple, connection.exec_driver_sql(cells)))

    execute(of_030, read)
    assert twins == [
        ("row", "h1", 1, True),
        ("row", "h3", 3, True),
        ("row", "h6", 6, False),
        ("delete", '["lead_id","L-1"]', 4, True),
        ("delete", '["lead_id","105"]', 7, False),
        ("delete", '["lead_id","the \\"big\\" one"]', 8, False),
    ]
    assert rejects == [(2, True), (5, False), (None, False)]


class Told(NamedTuple):
    runs: tuple[RunLine, ...]
    rejects: tuple[RejectLine, ...]
    unknowns: tuple[UnknownLine, ...]


def told(url: str) -> Told:
    reports = Reports(url)
    lines = Told(reports.runs(), reports.rejects(closed=True), reports.unknowns())
    reports.close()
    return lines


def test_reports_say_the_same_before_and_after_and_change_nothing(old: str) -> None:
    before = dump(old)
    lines = told(old)
    assert dump(old) == before
    assert [reject.row for reject in lines.rejects] == [
        {"name": "full"}, {"name": "fuller"}, {"lead_id": "L-3"},
    ]  # fmt: skip
    assert [unknown.key for unknown in lines.unknowns] == ["lead_id=L-5"]
    Journal(old).close()
    assert told(old) == lines


def test_many_may_look_at_an_old_journal_at_once(of_030: str) -> None:
    with ThreadPoolExecutor(8) as crew:
        found = list(crew.map(lambda _: told(of_030), range(40)))
    assert all(each == found[0] for each in found)


def test_a_journal_of_an_earlier_release_gets_the_tables_of_a_new_one(
    old: str, tmp_path: Path
) -> None:
    Journal(old).close()
    migrated = dump(old)
    assert migrated["version"][1] == [f"({len(MIGRATIONS)},)"]
    new = f"sqlite:///{tmp_path}/new.db"
    if old.startswith("postgresql"):
        new = old
        for statement in ("DROP SCHEMA journal CASCADE", "CREATE SCHEMA journal"):
            execute(new, lambda connection, it=statement: connection.exec_driver_sql(it))
    Journal(new).close()
    assert shapes(migrated) == shapes(dump(new))


@pytest.mark.parametrize("when", ["at its end", "half-way"])
def test_a_migration_that_fails_leaves_the_journal_as_it_was(of_030: str, when: str) -> None:
    half_way = REFUSES_A_REJECT[sa.make_url(of_030).get_backend_name()]
    for statement in REFUSES_THE_VERSION if when == "at its end" else (half_way,):
        execute(of_030, lambda connection, it=statement: connection.exec_driver_sql(it))
    before = dump(of_030)
    with pytest.raises(JournalError, match="failed"):
        Journal(of_030)
    assert dump(of_030) == before


def test_a_journal_of_a_newer_release_is_refused_and_left(of_030: str) -> None:
    newer = f"UPDATE version SET number = {len(MIGRATIONS) + 1}"
    execute(of_030, lambda connection: connection.exec_driver_sql(newer))
    before = dump(of_030)
    with pytest.raises(JournalError, match="newer than this connector's"):
        Journal(of_030)
    reports = Reports(of_030)
    with pytest.raises(JournalError, match="newer than this connector's"):
        reports.rejects()
    reports.close()
    assert dump(of_030) == before


@pytest.mark.parametrize("arrives", [True, False])
def test_a_state_that_was_about_to_pass_when_the_run_died(url: str, *, arrives: bool) -> None:
    journal = run(url)
    intend(journal, keyless(1, "h1"), keyless(4, "h4"))
    intend(journal, delete(2, key(105)), delete(5, key("L-5")))
    asked = replace(change(0, key("L-9")), asked_by=AskedBy.MIRROR)
    mirrored = replace(delete(0, key("L-9")), change=asked)
    intend(journal, mirrored)
    journal.record(Entry(2000, rejects=(Reject(change(3, None), "no room", "mend it"),)))
    journal.pass_twins(3)
    later = followed(journal, url)
    later.began_again("s", "h4" if arrives else "h1")
    assert set(later.twins("s", ["h1", "h4"])) == ({"h4"} if arrives else {"h1", "h4"})
    assert deleted(later) == {"105", "L-5"}, "a mirror's delete is asked for by no row"
    assert set(later.uncovered_rejects()) == {("s", b'{"name":"3"}')}
    later.close()


def test_a_state_that_was_passed(url: str) -> None:
    journal = run(url)
    intend(journal, keyless(1, "h1"), keyless(4, "h4"))
    intend(journal, delete(2, key(105)), delete(5, key("L-5")))
    rejects = (Reject(change(3, None), "no room", ""), Reject(change(6, None), "no room", ""))
    journal.record(Entry(2000, rejects=rejects))
    journal.pass_twins(2)
    journal.pass_twins(3)
    journal.forget_twins()
    later = followed(journal, url)
    assert set(later.twins("s", ["h1", "h4"])) == {"h4"}
    assert deleted(later) == {"L-5"}
    assert set(later.uncovered_rejects()) == {("s", b'{"name":"6"}')}
    later.close()


def test_a_journal_that_was_let_go_of_is_held_by_the_next_run_of_the_same_process(url: str) -> None:
    first = run(url)
    with closing(Journal(url)) as second:
        with pytest.raises(JournalError, match="held by another run: run 1, pid 2 on here") as told:
            second.hold()
        assert "Do not use another journal" in str(told.value)
        first.close()
        second.hold()


def test_nobody_holds_a_journal_from_the_moment_that_it_was_let_go_of(url: str) -> None:
    engine = open_engine(url)
    for _ in range(50):
        with closing(Journal(url)) as journal:
            journal.hold()
            assert is_held(engine)
        assert not is_held(engine)
    engine.dispose()


def test_what_a_dry_run_writes_it_alone_sees_and_nobody_keeps(of_030: str) -> None:
    Journal(of_030).close()
    before = dump(of_030)
    dry = Journal(of_030)
    dry.hold()
    number = dry.begin_run("acme", "pid 2 on here", 2000, RunKind.DRY)
    dry.record(Entry(2000, rejects=(Reject(change(3, key("L-7")), "no room", "mend it"),)))
    intend(dry, keyless(1, "h9"))
    dry.clear(10**15)
    assert {each.key for each in dry.rejected_keys()} == {key("L-3"), key("L-7")}
    told(of_030)  # others may look meanwhile
    dry.end_run({"dry_run": {}}, 0, 3000)
    dry.close()
    after = dump(of_030)
    mine = [line for line in after["runs"][1] if line.startswith(f"({number},")]
    assert len(mine) == 1
    after["runs"][1].remove(mine[0])
    assert after == before
    assert [run.dry for run in told(of_030).runs] == [False, True]
