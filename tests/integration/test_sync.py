"""`sync`: what a table holds is what ChakraHQ holds afterwards; a watermark is of settled rows."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from duckdb import connect

from chakra_api.exit_codes import ExitCode
from target_chakra.sync import watermark
from tests.support.synced import NOTES, SCORES, Desk, desk_of, outcomes, receipt_of

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from tests.support.in_process import Told

MADE = """
    CREATE TABLE scores AS
    SELECT 'S-' || range AS lead_id, range AS score, 'lead ' || range AS name,
    timestamptz '2026-01-05 00:00:00+05:30' + to_seconds(range // 2) AS changed FROM range(300)
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty account, and a warehouse with 300 scores, two of each second."""
    made = desk_of(tmp_path)
    made.sql(MADE)
    return made


def well(told: Told, **expected: int) -> None:
    """A run that ended with 0 and these outcomes."""
    assert (told.code, outcomes(told)) == (0, expected), told.stderr


def test_a_table_becomes_what_chakra_holds_and_a_rerun_writes_nothing(desk: Desk) -> None:
    well(desk.sync("--table", "scores"), created=300)
    assert {key: (row["score"], row["name"]) for key, row in desk.by_key().items()} == {
        f"S-{n}": (n, f"lead {n}") for n in range(300)
    }
    well(desk.sync("--table", "main.scores"), unchanged=300)
    desk.sql("UPDATE scores SET score = 7000 WHERE lead_id = 'S-7'")
    well(desk.sync("--table", "scores"), updated=1, unchanged=299)
    assert desk.by_key()["S-7"]["score"] == 7000


def test_a_query_is_named_by_its_file_and_rows_by_their_place(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "scores.sql"
    path.write_text("SELECT * FROM scores WHERE score < 3 ORDER BY score -- the first;\n;\n")
    well(desk.sync("--sql", str(path)), created=3)
    bad = "SELECT lead_id, CASE score WHEN 7 THEN 'high' END AS score, name FROM scores LIMIT 9"
    told = desk.sync("--sql", bad, "--stream", "scores")
    assert told.code == ExitCode.REJECTS
    (reject,) = [json.loads(x) for x in desk.run("rejects", "--json").stdout.splitlines()]
    assert (reject["key"], reject["line"]) == ("lead_id=S-7", 8)


# Only what is new


def test_with_state_only_what_is_new_is_read(desk: Desk) -> None:
    args = ("--table", "scores", "--state", "changed")
    well(desk.sync(*args), created=300)
    well(desk.sync(*args), unchanged=2)  # those of the last second come again
    desk.sql(
        "INSERT INTO scores VALUES ('S-300', 300, 'of the last second', '2026-01-04 18:32:29+00')",
        "INSERT INTO scores VALUES ('S-301', 301, 'new', '2026-02-01 00:00:00+00')",
        "INSERT INTO scores VALUES ('S-302', 302, 'old', '2025-01-01 00:00:00+00')",
        "INSERT INTO scores VALUES ('S-303', 303, 'undated', NULL)",
        "INSERT INTO scores VALUES ('S-304', 304, 'endless', 'infinity')",
    )
    told = desk.sync(*args)
    well(told, created=4, unchanged=2)
    assert "2 rows of 'scores' with nothing in 'changed' (or a value without end)" in told.stderr
    assert desk.by_key().keys() == {f"S-{n}" for n in range(305)} - {"S-302"}
    well(desk.sync(*args), unchanged=3)


def test_a_watermark_is_of_one_stream_and_one_question(desk: Desk) -> None:
    well(desk.sync("--table", "scores", "--state", "changed"), created=300)
    sql = "SELECT * FROM scores"
    well(desk.sync("--sql", sql, "--stream", "scores", "--state", "changed"), unchanged=300)
    well(desk.sync("--sql", sql, "--stream", "scores", "--state", "changed"), unchanged=2)
    well(desk.sync("--table", "scores", "--state", "score"), unchanged=300)
    well(desk.sync("--table", "scores", "--state", "SCORE"), unchanged=300)
    well(desk.sync("--table", "scores", "--state", "score"), unchanged=1)
    well(desk.sync("--table", "scores"), unchanged=300)
    well(desk.sync("--table", "scores", "--state", "changed"), unchanged=2)


@pytest.mark.parametrize(
    ("column", "again"),
    [
        ("score", 1),
        ("changed::timestamp", 2),
        ("changed::date", 300),
        ("(score / 8)::decimal(30, 12)", 1),
        ("score / 7", 1),
        ("score::hugeint * 10000000000000000000000", 1),
        ("timestamp_ns '2026-01-05 00:00:00.123456789' + to_seconds(score)", 1),
    ],
)
def test_any_column_that_has_an_order_of_its_own_will_do(
    desk: Desk, column: str, again: int
) -> None:
    sql = f"SELECT lead_id, score, name, {column} AS mark FROM scores"
    args = ("--sql", sql, "--stream", "scores", "--state", "mark")
    well(desk.sync(*args), created=300)
    well(desk.sync(*args), unchanged=again)


@pytest.mark.parametrize("column", ["name", "score > 3", "[score]"])
def test_a_column_without_an_order_of_its_own_is_refused(desk: Desk, column: str) -> None:
    sql = f"SELECT lead_id, score, name, {column} AS mark FROM scores"
    told = desk.sync("--sql", sql, "--stream", "scores", "--state", "mark")
    assert told.code == ExitCode.SETTINGS
    assert "it has no order to go by" in told.stderr
    assert not desk.held()


def test_a_watermark_stays_where_a_row_is_not_settled(desk: Desk) -> None:
    args = ("--table", "scores", "--stream", "notes", "--state", "changed")
    told = desk.sync(*args, spoil=LoseAnswers())
    assert told.code == ExitCode.UNKNOWN, told.stderr
    unknown = outcomes(told)["unknown"]
    assert desk.sync(*args).code == ExitCode.UNKNOWN
    listed = [json.loads(x)["id"] for x in desk.run("unknown", "--json").stdout.splitlines()]
    assert len(listed) == unknown
    assert desk.run("unknown", "--as", "written", "--now", *map(str, listed)).code == 0
    well(desk.sync(*args), unchanged=300)
    assert receipt_of(desk.sync(*args))["rows_in"] == 0
    assert notes(desk) == EXPECTED


class LoseAnswers:
    """Loses every answer to a submit, which was carried out."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, request: Request, response: Response) -> Response:
        if "bulk-create" in request.path and request.method != "GET":
            self.count += 1
            return replace(response, status=502, body=b"")
        return response


def test_a_rejected_row_is_settled_and_on_record(desk: Desk) -> None:
    desk.sql("ALTER TABLE scores ALTER score TYPE VARCHAR")
    desk.sql("UPDATE scores SET score = 'high' WHERE lead_id = 'S-5'")
    args = ("--table", "scores", "--state", "changed")
    well(desk.sync(*args, max_rejects=1), created=299, rejected=1)
    well(desk.sync(*args), unchanged=2)
    assert len(desk.run("rejects", "--json").stdout.splitlines()) == 1


# Rows without a key


def notes(desk: Desk) -> Counter[tuple[str, int]]:
    return Counter((row["name"], row["score"]) for row in desk.held())


EXPECTED = Counter({(f"lead {n}", n): 1 for n in range(300)})


def test_rows_without_a_key_are_inserted_by_each_sync_of_everything(desk: Desk) -> None:
    args = ("--table", "scores", "--stream", "notes")
    well(desk.sync(*args), created=300)
    well(desk.sync(*args), created=300)
    assert notes(desk) == EXPECTED + EXPECTED


def test_rows_without_a_key_are_inserted_once_with_state(desk: Desk) -> None:
    args = ("--table", "scores", "--stream", "notes", "--state", "changed")
    well(desk.sync(*args), created=300)
    assert receipt_of(desk.sync(*args))["rows_in"] == 0
    desk.sql(
        "INSERT INTO scores SELECT * FROM scores WHERE lead_id = 'S-299'",  # a row of its own
        "INSERT INTO scores VALUES ('', 1, 'undated', NULL), ('', 1, 'undated', NULL)",
    )
    well(desk.sync(*args), created=3)
    assert receipt_of(desk.sync(*args))["rows_in"] == 0
    desk.sql("INSERT INTO scores VALUES ('', 2, 'new', '2026-03-01 00:00:00+00')")
    well(desk.sync(*args), created=1)
    assert receipt_of(desk.sync(*args))["rows_in"] == 0
    more = Counter({("lead 299", 299): 1, ("undated", 1): 2, ("new", 2): 1})
    assert notes(desk) == EXPECTED + more


def test_too_many_rows_without_a_key_that_come_again_are_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watermark, "MOST_AGAIN", 149)
    sql = "SELECT score, name, changed::date AS day FROM scores"
    args = ("--sql", f"{sql} WHERE score < 150", "--stream", "notes", "--state", "day")
    told = desk.sync(*args)
    assert told.code == ExitCode.SETTINGS
    assert "More than 149 rows without a key hold the highest value of 'day'" in told.stderr
    monkeypatch.setattr(watermark, "MOST_AGAIN", 150)
    well(desk.sync(*args), unchanged=10, created=140)
    assert receipt_of(desk.sync(*args))["rows_in"] == 0


# Mirrors


@pytest.fixture
def mirror(desk: Desk) -> Desk:
    """The scores are all there should be, and were written."""
    made = replace(desk, streams=({**SCORES, "mode": "mirror"}, NOTES))
    well(made.sync("--table", "scores"), created=300)
    return made


def test_a_mirror_deletes_what_a_whole_sync_does_not_bring(mirror: Desk) -> None:
    mirror.sql("DELETE FROM scores WHERE score < 5")
    told = mirror.sync("--table", "scores")
    assert told.code == ExitCode.REJECTS
    assert "max_deletes" in told.stderr
    assert len(mirror.held()) == 300
    told = mirror.sync("--table", "scores", max_deletes=5)
    well(told, unchanged=295)
    assert receipt_of(told)["mirror_deletes"]["deleted"] == 5
    assert mirror.by_key().keys() == {f"S-{n}" for n in range(5, 300)}
    told = mirror.sync("--table", "scores", max_deletes=5)
    assert not any(receipt_of(told)["mirror_deletes"].values())


def test_a_query_without_rows_says_that_nothing_exists(mirror: Desk) -> None:
    mirror.sql("DELETE FROM scores")
    told = mirror.sync("--table", "scores")
    assert told.code == ExitCode.REJECTS
    assert len(mirror.held()) == 300
    assert mirror.sync("--table", "scores", max_deletes=300).code == 0
    assert not mirror.held()


def test_a_query_that_fails_half_way_says_nothing(mirror: Desk) -> None:
    sql = "SELECT lead_id, ('0' || range)::int AS score, name FROM scores, range(100)"
    sql += " UNION ALL SELECT lead_id, name::int, name FROM scores"
    told = mirror.sync("--sql", sql, "--stream", "scores", max_deletes=300)
    assert told.code == ExitCode.SETTINGS
    assert "can't be read any further: Conversion Error" in told.stderr
    assert len(mirror.held()) == 300


def test_a_mirror_with_state_is_refused(mirror: Desk) -> None:
    told = mirror.sync("--table", "scores", "--state", "changed", max_deletes=300)
    assert told.code == ExitCode.SETTINGS
    assert "that does not say what is gone" in told.stderr


# Looking


def journal_of(desk: Desk) -> list[str]:
    """All that the journal holds, the lines of runs apart."""
    with sqlite3.connect(desk.folder / "journal.db") as journal:
        return [line for line in journal.iterdump() if 'INTO "runs"' not in line]


def test_a_dry_run_leaves_no_trace(desk: Desk) -> None:
    args = ("--table", "scores", "--state", "changed")
    well(desk.sync(*args), created=300)
    desk.sql("INSERT INTO scores VALUES ('S-300', 300, 'new', '2026-03-01 00:00:00+00')")
    before, held = journal_of(desk), desk.held()
    told = desk.sync(*args, dry_run=True)
    assert told.code == 0
    assert receipt_of(told)["dry_run"] == {"create": 1}
    assert (journal_of(desk), desk.held()) == (before, held)
    well(desk.sync(*args), created=1, unchanged=2)


# Signals


class SignalAt:
    """Sends a signal with the first answer to a submit."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, request: Request, response: Response) -> Response:
        if "bulk-create" in request.path and not self.came:
            self.came = True
            signal.raise_signal(signal.SIGTERM)
        return response


@pytest.mark.parametrize("stream", ["scores", "notes"])
def test_a_signal_ends_a_sync_in_order(desk: Desk, stream: str) -> None:
    desk.sql(
        "INSERT INTO scores SELECT 'T-' || range, range, 'lead ' || range, NULL"
        " FROM range(300, 900)"
    )
    args = ("--table", "scores", "--stream", stream, "--state", "changed")
    told = desk.sync(*args, spoil=SignalAt(), batch_size=50)
    assert told.code == ExitCode.STOPPED, told.stderr
    assert len(desk.held()) < 900
    assert desk.sync(*args).code == 0
    assert Counter(row["name"] for row in desk.held()) == {f"lead {n}": 1 for n in range(900)}


# Other sources


def test_postgresql_parquet_and_csv_say_the_same(desk: Desk, postgres: str, tmp_path: Path) -> None:
    with connect(str(tmp_path / "warehouse.duckdb")) as warehouse:
        table = warehouse.sql("SELECT lead_id, score, name, changed FROM scores").to_arrow_table()
    pq.write_table(table, tmp_path / "scores.parquet")
    pc.write_csv(table, tmp_path / "scores.csv")
    with psycopg.connect(postgres, autocommit=True) as database:
        database.execute(
            "CREATE TABLE scores (lead_id text, score int, name text, changed timestamptz)"
        )
        with database.cursor().copy("COPY scores FROM STDIN") as copy:
            for row in table.to_pylist():
                copy.write_row(tuple(row.values()))
    well(desk.sync("--table", "scores"), created=300)
    for source in (str(tmp_path / "scores.parquet"), postgres):
        table_of = ("--table", "scores") if source is postgres else ()
        args = ("sync", "--source", source, *table_of, "--state", "changed")
        well(desk.run(*args), unchanged=300)
        well(desk.run(*args), unchanged=2)
    args = ("sync", "--source", str(tmp_path / "scores.csv"))
    well(desk.run(*args), unchanged=300)
    told = desk.run(*args, "--state", "changed")
    assert told.code == ExitCode.SETTINGS
    assert "--state goes by 'changed', which is text in the CSV" in told.stderr


def test_cells_of_csv_reach_chakra_as_they_stand(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("lead_id,score,name\n0001,5,007\n0002,,NA\n0003,7,NULL\n0004,8,true\n0005,9,\n")
    well(desk.run("sync", "--source", str(path)), created=5)
    held = {key: (row.get("score"), row.get("name")) for key, row in desk.by_key().items()}
    assert held == {
        "0001": (5, "007"),
        "0002": (None, "NA"),
        "0003": (7, "NULL"),
        "0004": (8, "true"),
        "0005": (9, None),
    }
    well(desk.run("sync", "--source", str(path)), unchanged=5)


def test_sql_that_would_overwrite_a_file_is_refused(desk: Desk, tmp_path: Path) -> None:
    kept = tmp_path / "keep.csv"
    kept.write_text("mine")
    for sql in (f"SELECT 1; COPY (SELECT 1) TO '{kept}'", f"COPY (SELECT 1) TO '{kept}'"):
        told = desk.sync("--sql", sql, "--stream", "scores")
        assert told.code == ExitCode.SETTINGS, told.stderr
    assert kept.read_text() == "mine"


def test_the_journal_may_lie_in_postgresql(desk: Desk, postgres: str) -> None:
    there = replace(desk, journal=postgres)
    args = ("--table", "scores", "--stream", "notes", "--state", "changed")
    well(there.sync(*args), created=300)
    assert receipt_of(there.sync(*args))["rows_in"] == 0
    assert notes(there) == EXPECTED


# What can't be


@pytest.mark.parametrize(
    ("args", "settings", "said"),
    [
        (("--table", "scoers", "--stream", "scores"), {}, "Did you mean 'scores'?"),
        (("--sql", "scoers.sql"), {}, "The SQL file 'scoers.sql' can't be read"),
        (("--sql", "SELECT 1 AS a"), {}, "has no name"),
        (("--sql", "SELECT 1 AS a", "--table", "scores"), {}, "Both --table and --sql"),
        ((), {}, "Neither --table nor --sql"),
        (("--table", "scores", "--state", "chagned"), {}, "Did you mean 'changed'?"),
        (("--table", "scores", "--stream", "socres"), {}, "There is no mapping for the stream"),
        (("--table", "scores"), {"stream_maps": {"scores": {"a": "1"}}}, "sync knows none"),
        (("--table", "scores"), {"flattening_enabled": True}, "does not flatten"),
    ],
)
def test_what_is_asked_for_wrongly_is_told_before_anything_is_written(
    desk: Desk, args: tuple[str, ...], settings: dict[str, Any], said: str
) -> None:
    told = desk.sync(*args, **settings)
    assert told.code == ExitCode.SETTINGS, told.stderr
    assert said in told.stderr
    assert "Traceback" not in told.stderr
    assert not desk.held()


def test_stream_maps_of_others_are_no_concern(desk: Desk) -> None:
    maps = {"leads": {"a": "1"}, "__else__": None}
    well(desk.sync("--table", "scores", stream_maps=maps), created=300)


def test_a_stream_that_is_skipped_goes_nowhere(desk: Desk) -> None:
    there = replace(desk, streams=({"stream": "scores", "skip": True},))
    told = there.sync("--table", "scores")
    assert told.code == 0
    assert receipt_of(told)["skipped"] == {"scores": 300}


def test_the_password_of_a_source_is_nowhere(desk: Desk, postgres: str) -> None:
    socket = postgres.partition("host=")[2]
    source = f"postgresql://postgres:s3cret-w0rd@/postgres?host={socket}"
    told = desk.run(
        "sync",
        "--source",
        source,
        "--sql",
        "SELECT 'S-1' AS lead_id, 3 AS score, 'x' AS name",
        "--stream",
        "scores",
        "--state",
        "score",
    )
    well(told, created=1)
    assert "s3cret" not in told.stderr + told.stdout
    assert "s3cret" not in "\n".join(journal_of(desk))
    told = desk.run("sync", "--source", source, "--table", "nowhere", "--stream", "scores")
    assert told.code == ExitCode.SETTINGS
    assert "s3cret" not in told.stderr + told.stdout
