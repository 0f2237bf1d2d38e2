"""A dry run leaves no trace: the journal is as it was, but for the run's own line.

Judged by SQLite itself, table by table, over a journal that holds something of everything: a mirror
with rows that are gone, rejects, a learned spelling, a job in flight, an unknown row.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.world import World
    from tests.support.in_process import Told

NEW, OLD = {"lead_id": "NEW-1", "score": 1}, {"lead_id": "M-1", "score": 77}
BAD = {"lead_id": "BAD-2", "score": "many"}
VERSION = {"type": "ACTIVATE_VERSION", "stream": "mirrored", "version": 5}
WOULD_STOP = "The real run would stop: max_deletes allows"
COLUMNS = {"lead_id": {}, "score": {}, "gone": {}, "name": {}}


def messages(stream: str, *rows: dict[str, Any], version: int | None = None) -> list[Any]:
    schema = {"type": "SCHEMA", "stream": stream, "schema": {"properties": COLUMNS}}
    records = [{"type": "RECORD", "stream": stream, "record": row} for row in rows]
    given = [{**each, "version": version} for each in records] if version else records
    return [schema, *given]


class Account(NamedTuple):
    """A sandbox in this process, and the folder of the target that writes to it."""

    world: World
    folder: Path

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def config(self, **more: Any) -> dict[str, Any]:
        def mapped(stream: str, **options: Any) -> dict[str, Any]:
            return {"stream": stream, "procedure": "lead", "key": "lead_id", **options}

        given = [
            mapped("mirrored", mode="mirror"),
            mapped("inserted", mode="insert"),
            mapped("updated", mode="update"),
            mapped("deleted", mode="delete"),
            mapped("marked", delete_when="gone"),
            {
                "stream": "keyless",
                "procedure": "lead",
                "mode": "insert",
                "fields": {"name": "name"},
            },
            mapped("*"),
        ]
        return {
            "api_key": KEY,
            "journal": f"sqlite:///{self.journal}",
            "streams": given,
            "max_deletes": 99,
            "max_rejects": 99,
            "rejects_path": str(self.folder / "rejects.jsonl"),
            **more,
        }

    def run(self, lines: list[Any], *words: str, **more: Any) -> Told:
        args = ["--config", written(self.folder, "config.json", self.config(**more)), *words]
        if not words:
            text = "".join(f"{json.dumps(line)}\n" for line in lines)
            args += ["--input", written(self.folder, "rows.singer", text)]
        return run_target(self.world, args)

    def tables(self, but: int = 0) -> dict[str, list[str]]:
        """All rows of all tables, and of sequences; without the line of one run."""
        with closing(sqlite3.connect(self.journal)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            found = {
                name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"')))
                for (name,) in names.fetchall()
            }
        found["runs"] = [line for line in found["runs"] if not line.startswith(f"({but},")]
        return found

    def held(self) -> list[Any]:
        store = self.world.account.shelves["lead"].store
        return [(store.alive[slot], store.row(slot)) for slot in range(len(store))]

    def last_run(self) -> tuple[int, bool, dict[str, Any]]:
        with closing(sqlite3.connect(self.journal)) as connection:
            number, dry, receipt = connection.execute(
                "SELECT id, dry, receipt FROM runs ORDER BY id DESC"
            ).fetchone()
        return number, bool(dry), json.loads(receipt)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """A journal that holds something of everything."""
    made = Account(world_of(30, normalise=["lower"]), tmp_path_factory.mktemp("dry"))
    rows = [{"lead_id": f"M-{n}", "score": n} for n in range(6)]
    assert made.run(messages("mirrored", *rows, version=4)).code == 0
    # Without those: their deletes are pending from here on.
    assert made.run(messages("mirrored", *rows[:4])).code == 0
    rejects = [{"lead_id": "BAD-1", "score": "many"}, {"lead_id": "M-2", "score": "many"}]
    assert made.run(messages("plain", *rejects)).code == 0
    assert made.run(messages("keyless", {"name": "Nobody"})).code == 0
    with closing(sqlite3.connect(made.journal)) as connection, connection:
        # As a run leaves it that is killed while its answer is awaited.
        connection.execute(
            "UPDATE batches SET state = 'sending', job = NULL, outcomes = NULL, settled_ms = NULL"
            " WHERE id = (SELECT max(id) FROM batches)"
        )
        connection.execute(
            "INSERT INTO unknowns (run, account, procedure, stream, line, attribute, key, kind,"
            " reason, fields, free_ms) SELECT 1, account, 'lead', 'plain', 3, 'lead_id',"
            " CAST('\"M-3\"' AS BLOB), 'update', 'lost', CAST('{}' AS BLOB), 0 FROM runs LIMIT 1"
        )
        connection.execute(
            "INSERT INTO calls (account, scope, once, kind, state, run, stream, line, attribute,"
            " key, fields, at_ms) SELECT account, 'task lead/call', 'v1', 'task', 'left', 1,"
            " 'visits', 1, 'visit', CAST('\"v1\"' AS BLOB), CAST('{}' AS BLOB), 0 FROM runs LIMIT 1"
        )
    empty = {name for name, rows in made.tables().items() if not rows}
    assert empty == {"arrivals", "kept", "watermarks"}
    return made


RUNS: dict[str, tuple[list[Any], dict[str, Any], tuple[str, ...]]] = {
    "insert": (messages("inserted", NEW, {"lead_id": "m-1"}), {}, ()),
    "update": (messages("updated", OLD, {"lead_id": "m-2", "score": 3}, NEW), {}, ()),
    "upsert": (messages("plain", OLD, NEW, BAD, {"lead_id": "M-3", "score": 4}), {}, ()),
    "delete": (messages("deleted", OLD), {}, ()),
    "delete_when": (messages("marked", {**OLD, "gone": "true"}, {**NEW, "gone": None}), {}, ()),
    "without a key": (messages("keyless", {"name": "Nobody"}, {"name": "New"}), {}, ()),
    "compare journal": (messages("plain", OLD, {"lead_id": "M-2"}), {"compare": "journal"}, ()),
    "more rejects than allowed": (messages("plain", BAD), {"max_rejects": 0}, ()),
    "mirror": ([*messages("mirrored", OLD, NEW, version=5), VERSION], {}, ()),
    "a broken line": ([*messages("plain", OLD), ["no message"]], {}, ()),
    "retention": (messages("plain", OLD), {"journal_retention_days": 0}, ()),
    "retry": ([], {}, ("retry",)),
    "mirror-commit": ([], {}, ("mirror-commit",)),
}


@pytest.mark.parametrize(("lines", "more", "words"), RUNS.values(), ids=RUNS.keys())
def test_a_dry_run_leaves_no_trace(
    account: Account, lines: list[Any], more: dict[str, Any], words: tuple[str, ...]
) -> None:
    before, held = account.tables(), account.held()
    rejects = (account.folder / "rejects.jsonl").read_bytes()
    told = account.run(lines, *words, dry_run=True, **more)
    number, dry, receipt = account.last_run()
    assert account.tables(but=number) == before
    assert (account.folder / "rejects.jsonl").read_bytes() == rejects
    assert account.held() == held
    assert told.stdout == "", "no STATE"
    assert dry, told.stderr
    assert "dry_run" in receipt
    assert sum(receipt["outcomes"].values()) == receipt["rows_in"]
    listed = account.run([], "runs").stdout.splitlines()
    assert "  dry  " in listed[number]
    assert json.loads(account.run([], "runs", "--json").stdout.splitlines()[number - 1])["dry"]


def test_a_dry_run_of_a_mirror_says_what_the_real_one_does(account: Account) -> None:
    """Its rows came, though none of them was written."""
    told = account.run([*messages("mirrored", OLD, NEW, version=5), VERSION], dry_run=True)
    _, _, receipt = account.last_run()
    assert receipt["dry_run"] == {"update": 1, "create": 1, "delete": 5}, told.stderr


def test_the_run_after_dry_ones_deletes_what_was_pending(tmp_path: Path) -> None:
    made = Account(world_of(5), tmp_path)
    rows = [{"lead_id": f"M-{n}", "score": n} for n in range(3)]
    made.run(messages("mirrored", *rows))
    made.run(messages("mirrored", *rows[:2]))
    made.run(messages("mirrored", rows[0]), dry_run=True)
    shown = made.run([], "mirror-commit", dry_run=True)
    assert "delete lead_id=M-2 (of the mirror: no row brings it)" in shown.stderr
    assert shown.code == 0
    stopped = made.run([], "mirror-commit", dry_run=True, max_deletes=0)
    assert "delete lead_id=M-2 (of the mirror" in stopped.stderr
    assert f"{WOULD_STOP} 0, and 1 process would be deleted" in stopped.stderr
    assert stopped.code == ExitCode.REJECTS
    done = made.run([], "mirror-commit")
    assert done.code == 0, done.stderr
    assert "1 deleted by the mirror" in made.run([], "runs").stdout.splitlines()[-1]
    _, _, receipt = made.last_run()
    assert receipt["mirror_deletes"]["deleted"] == 1
    assert "run 2 did not bring" in done.stderr, "a dry run is not the last one"


def test_a_dry_run_shows_deletes_that_the_limit_would_stop(tmp_path: Path) -> None:
    made = Account(world_of(0), tmp_path)
    rows = [{"lead_id": f"M-{n}", "score": n} for n in range(24)]
    assert made.run([*messages("mirrored", *rows, version=1)]).code == 0
    gone = [*messages("mirrored", *rows[:9], version=5), VERSION]
    later = messages("marked", {**rows[1], "gone": "true"}, {**rows[2], "gone": "true"}, NEW)
    told = made.run([*gone, *later], dry_run=True, max_deletes=3)
    assert told.code == ExitCode.REJECTS
    assert told.stderr.count("delete lead_id=M-") == 10
    assert "Of the deletes, 10 of 17 shown" in told.stderr
    assert "Dry run: 1 create, 0 updates, 17 deletes;" in told.stderr, "what came later, too"
    assert f"{WOULD_STOP} 3, and 17 processes would be deleted" in told.stderr
    marked = made.run(later, dry_run=True, max_deletes=1)
    assert marked.code == ExitCode.REJECTS
    assert "delete lead_id=M-2 (line 3)" in marked.stderr
    assert f"{WOULD_STOP} 1, and 2 processes would be deleted" in marked.stderr
    real = made.run([*gone, *later], max_deletes=3)
    assert real.code == ExitCode.REJECTS
    # The mirror deletes last: what rows asked for is done (2 deletes, 1 create), and no more.
    assert sum(alive for alive, _ in made.held()) == 24 - 2 + 1


def test_a_dry_run_says_how_much_of_it_it_shows(tmp_path: Path) -> None:
    made = Account(world_of(0), tmp_path)
    rows = [{"lead_id": f"D-{n}", "score": n if n % 20 else "many"} for n in range(260)]
    told = made.run(messages("plain", *rows), dry_run=True, max_rejects=3)
    assert told.code == ExitCode.REJECTS
    assert "Of the creates, 10 of 247 shown" in told.stderr
    assert "Of the rejects, 10 of 13 shown" in told.stderr
    assert told.stderr.count("create lead_id=D-") == 10
    assert told.stderr.count("reject lead_id=D-") == 10
    assert "Dry run: 247 creates, 0 updates, 0 deletes, 13 rejects" in told.stderr
    assert not (tmp_path / "rejects.jsonl").exists()


@pytest.mark.parametrize("words", [("--as", "written", "1"), ("--as", "not-written", "--now", "1")])
def test_a_word_for_unknown_rows_is_refused_while_dry_run_is_set(
    account: Account, words: tuple[str, ...]
) -> None:
    before = account.tables()
    told = account.run([], "unknown", *words, dry_run=True)
    assert told.code == ExitCode.SETTINGS
    assert "dry_run is set, and this would change the journal. Take dry_run away" in told.stderr
    assert account.tables() == before
    assert "plain line 3" in account.run([], "unknown", dry_run=True).stdout
