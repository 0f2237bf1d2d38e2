"""Warehouses are read as they are: every type, in flat pieces, with faults in words."""

from __future__ import annotations

import gzip
import subprocess
import sys
from contextlib import closing
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from chakra_api.errors import ChakraError, SettingsError
from chakra_plugin.warehouses.result import Kind
from chakra_plugin.warehouses.source import open_warehouse
from chakra_plugin.warehouses.wanted import Query, Since, Table, Wanted

HUGE = 170141183460469231731687303715884105727
NANOSECONDS = 1_767_604_500_123_456_789
UUID = "14890796-4b03-4a9d-b777-880fbccacdc7"


def rows_of(
    url: str, rows: Table | Query | None, since: Since | None = None
) -> list[dict[str, Any]]:
    with closing(open_warehouse(url)) as warehouse:
        return list(warehouse.read(Wanted(rows, since)).rows())


def kinds_of(url: str, rows: Table | Query | None) -> dict[str, Kind]:
    with closing(open_warehouse(url)) as warehouse:
        return {each.name: each.kind for each in warehouse.read(Wanted(rows)).columns}


def refused(url: str, rows: Table | Query | None, since: Since | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        rows_of(url, rows, since)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def leads(tmp_path: Path) -> str:
    """A DuckDB file with a table of 2,500 rows, and its URL."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute("CREATE SCHEMA marts")
        warehouse.execute(
            "CREATE TABLE marts.leads AS SELECT range id, 'n' || range AS name,"
            " timestamptz '2026-01-01 00:00:00+05:30' + to_seconds(range) AS changed"
            " FROM range(2500)"
        )
    return f"duckdb:///{path}"


DUCKDB_VALUES: dict[str, tuple[str, object]] = {
    "tiny": ("1::tinyint", 1),
    "huge": (f"{HUGE}::hugeint", HUGE),
    "unsigned": ("340282366920938463463374607431768211455::uhugeint", str(2**128 - 1)),
    "exact": ("1234567890123456.78::decimal(18,2)", Decimal("1234567890123456.78")),
    "cents": ("1.50::decimal(10,2)", 1.5),
    "whole": ("57.00::decimal(10,2)", 57),
    "half": ("0.5::double", 0.5),
    "yes": ("true", True),
    "text": ("'Pune ☂'", "Pune ☂"),
    "bytes": (r"'\xAA'::blob", "qg=="),
    "day": ("date '2026-01-05'", "2026-01-05"),
    "naive": ("timestamp '2026-01-05 09:15:00.123456'", "2026-01-05T09:15:00.123456"),
    "zoned": ("timestamptz '2026-01-05 09:15:00+05:30'", "2026-01-05T03:45:00+00:00"),
    "nanos": ("timestamp_ns '2026-01-05 09:15:00.123456789'", "2026-01-05T09:15:00.123456"),
    "endless": ("timestamp 'infinity'", "infinity"),
    "clock": ("time '24:00:00'", "24:00:00"),
    "zoned_clock": ("timetz '10:00:00+05:30'", "10:00:00+05:30"),
    "month": ("interval '1 month 2 days'", "1 month 2 days"),
    "uuid": (f"'{UUID}'::uuid", UUID),
    "json": ("""'{"a": 12345678901234567.89}'::json""", {"a": Decimal("12345678901234567.89")}),
    "list": ("[1, NULL]", [1, None]),
    "struct": ("{'a': 1, 'b': [date '2026-01-05']}", {"a": 1, "b": ["2026-01-05"]}),
    "enum": ("'a'::enum('a', 'b')", "a"),
    "array": ("array[1, 2]::int[2]", [1, 2]),
    "bits": ("'101'::bit", "101"),
    "nothing": ("NULL", None),
}
"""By column: how DuckDB writes a value, and what it is as JSON."""


def test_duckdb_gives_each_value_as_it_is() -> None:
    select = ", ".join(f"{said} AS {name}" for name, (said, _) in DUCKDB_VALUES.items())
    (row,) = rows_of("duckdb://", Query.written(f"SELECT {select};"))
    expected = {name: value for name, (_, value) in DUCKDB_VALUES.items()}
    assert {name: row[name] for name in expected} == expected
    assert {name: type(value) for name, value in row.items()} == {
        name: type(value) for name, value in expected.items()
    }


def test_duckdb_gives_numbers_that_are_none() -> None:
    (row,) = rows_of("duckdb://", Query.written("SELECT 'nan'::double AS a, '-inf'::double AS b"))
    assert repr(row) == "{'a': nan, 'b': -inf}"


def test_what_a_value_becomes_does_not_depend_on_its_neighbours() -> None:
    text = "SELECT * FROM (VALUES (timestamp '2026-01-05 09:15:00'), ('infinity')) AS t (instant)"
    rows = rows_of("duckdb://", Query.written(text))
    assert [row["instant"] for row in rows] == ["2026-01-05T09:15:00", "infinity"]


def test_a_list_of_what_has_no_meaning_is_refused() -> None:
    said = refused("duckdb://", Query.written("SELECT [interval '1 month'] AS terms"))
    assert said.startswith("The column 'terms' of DuckDB holds INTERVAL within INTERVAL[]")


POSTGRESQL_VALUES: dict[str, tuple[str, object]] = {
    "small": ("1::smallint", 1),
    "big": ("9223372036854775807::bigint", 2**63 - 1),
    "exact": ("1234567890123456.78::numeric", Decimal("1234567890123456.78")),
    "long": ("0." + "1234567890" * 4, Decimal("0." + "1234567890" * 4)),
    "whole": ("57.00::numeric", 57),
    "half": ("0.5::double precision", 0.5),
    "real": ("0.1::real", 0.1),
    "yes": ("true", True),
    "text": ("'50 % ☂ :x'", "50 % ☂ :x"),
    "bytes": (r"'\xAA'::bytea", "qg=="),
    "day": ("date '2026-01-05'", "2026-01-05"),
    "naive": ("timestamp '2026-01-05 09:15:00.123456'", "2026-01-05T09:15:00.123456"),
    "endless": ("timestamptz 'infinity'", "infinity"),
    "far": ("date '12026-01-05'", "12026-01-05"),
    "month": ("interval '1 month 2 days'", "1 mon 2 days"),
    "clock": ("time '10:00:00'", "10:00:00"),
    "uuid": (f"'{UUID}'::uuid", UUID),
    "json": ("""'{"a": [1, null]}'::jsonb""", {"a": [1, None]}),
    "json_text": ("""'"5"'::jsonb""", "5"),
    "list": ("ARRAY[1, NULL]", [1, None]),
    "address": ("inet '10.0.0.1'", "10.0.0.1"),
    "range": ("int4range(1, 3)", "[1,3)"),
    "nothing": ("NULL", None),
}


def test_postgresql_gives_each_value_as_it_is(postgres: str) -> None:
    select = ", ".join(f'{said} AS "{name}"' for name, (said, _) in POSTGRESQL_VALUES.items())
    (row,) = rows_of(postgres, Query.written(f"SELECT {select}"))
    expected = {name: value for name, (_, value) in POSTGRESQL_VALUES.items()}
    assert row == expected
    assert {name: type(value) for name, value in row.items()} == {
        name: type(value) for name, value in expected.items()
    }


def test_postgresql_keeps_the_zone_and_what_is_no_number(postgres: str) -> None:
    text = "SELECT timestamptz '2026-01-05 09:15:00+05:30' AS at, 'NaN'::numeric AS no"
    (row,) = rows_of(postgres, Query.written(text))
    assert datetime.fromisoformat(row["at"]) == datetime(2026, 1, 5, 3, 45, tzinfo=timezone.utc)
    assert row["no"].is_nan()


def test_postgresql_keeps_numbers_in_json_to_the_last_digit(postgres: str) -> None:
    (row,) = rows_of(postgres, Query.written("""SELECT '{"a": 12345678901234567.89}'::json AS j"""))
    assert row["j"] == {"a": Decimal("12345678901234567.89")}


@pytest.fixture(scope="module")
def postgres_table(postgres: str) -> str:
    with psycopg.connect(postgres, autocommit=True) as warehouse:
        warehouse.execute("CREATE SCHEMA marts")
        warehouse.execute(
            'CREATE TABLE marts."Lead Scores" AS SELECT g AS id, g::numeric / 8 AS score,'
            " timestamptz '2026-01-01 00:00:00+05:30' + g * interval '1 second' AS changed,"
            " NULL::timestamptz AS deleted_at FROM generate_series(0, 4999) AS g"
        )
    return postgres


def test_a_table_of_postgresql_comes_in_pieces(postgres_table: str) -> None:
    with closing(open_warehouse(postgres_table)) as warehouse:
        result = warehouse.read(Wanted(Table.named('marts."Lead Scores"')))
        assert [each.kind for each in result.columns] == [
            Kind.INTEGER,
            Kind.NUMBER,
            Kind.TIME,
            Kind.TIME,
        ]
        batches = list(result.batches())
    assert max(batch.num_rows for batch in batches) < 2000
    table = [row for batch in batches for row in batch.to_pylist()]
    assert [row["id"] for row in table] == list(range(5000))
    assert table[3]["score"] == Decimal("0.375")
    assert table[3]["changed"] == datetime(2025, 12, 31, 18, 30, 3, tzinfo=timezone.utc)


def test_postgresql_is_read_from_a_value_on(postgres_table: str) -> None:
    table = Table.named('marts."Lead Scores"')
    assert len(rows_of(postgres_table, table, Since("score", Decimal("624.75")))) == 2
    since = Since("changed", datetime(2025, 12, 31, 19, 53, 18, tzinfo=timezone.utc))
    assert [row["id"] for row in rows_of(postgres_table, table, since)] == [4998, 4999]
    query = Query.written(
        """SELECT id, '50 %' AS name, 1::int AS one FROM marts."Lead Scores" -- all;"""
    )
    assert [row["id"] for row in rows_of(postgres_table, query, Since("id", 4999))] == [4999]


def test_nothing_is_written_to_postgresql(postgres_table: str) -> None:
    query = Query.written('WITH gone AS (DELETE FROM marts."Lead Scores" RETURNING 1) TABLE gone')
    assert "containing a data-modifying statement" in refused(postgres_table, query)
    assert len(rows_of(postgres_table, Table.named('marts."Lead Scores"'))) == 5000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1; DELETE FROM marts.leads", "holds more than one statement"),
        ("SELECT 1 AS a; COMMIT; DROP SCHEMA marts CASCADE", "holds more than one statement"),
        ("/* ; */ INSERT INTO leads VALUES (1)", "is no SELECT"),
        ("SET x = 1", "is no SELECT"),
        ("COPY (SELECT 1) TO '/tmp/keep.csv'", "is no SELECT"),
        ("-- nothing", "The SQL is empty"),
    ],
)
def test_sql_that_is_no_single_select_is_refused(
    leads: str, postgres: str, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "a.db").touch()
    for url in (leads, "duckdb://", postgres, f"sqlite:///{tmp_path}/a.db"):
        assert said in refused(url, Query(text))


@pytest.mark.parametrize(
    "statement", ["COPY (SELECT 1) TO 'keep.csv'", "EXPORT DATABASE '.'", "ATTACH 'keep.csv' AS k"]
)
def test_no_sql_in_duckdb_touches_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keep.csv").write_text("mine")
    assert "is no SELECT" in refused("duckdb://", Query.written(statement))
    assert "more than one" in refused("duckdb://", Query.written(f"SELECT 1; {statement}"))
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("keep.csv", "mine")]


@pytest.mark.parametrize(
    ("text", "only_in"),
    [
        ("SELECT 'a;b' AS a; -- the end; really", ""),
        ("WITH t AS (SELECT 'a;b' AS a) SELECT * FROM t;", ""),
        ("(SELECT $x$a;b$x$ AS a) /* ; */", "duckdb postgresql"),
        ("VALUES ('a;b')", ""),
        ("FROM (SELECT 'a;b' AS a)", "duckdb"),
        ("SELECT E'a\\x3bb' AS \"it's;\"", "duckdb postgresql"),
        ("SELECT E'it\\'s;' AS a", "duckdb postgresql"),
    ],
)
def test_any_single_select_is_read(postgres: str, tmp_path: Path, text: str, only_in: str) -> None:
    (tmp_path / "a.db").touch()
    for url in ("duckdb://", postgres, f"sqlite:///{tmp_path}/a.db"):
        if not only_in or url.partition(":")[0] in only_in:
            (row,) = rows_of(url, Query.written(text))
            assert list(row.values()) in (["a;b"], ["it's;"])


def test_nothing_is_written_to_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE leads (id INTEGER)")
        connection.exec_driver_sql("INSERT INTO leads VALUES (1)")
    engine.dispose()
    said = refused(url, Query("WITH t AS (SELECT 1) DELETE FROM leads RETURNING id"))
    assert "readonly database" in said
    assert "two columns named 'a'" in refused(url, Query("SELECT 1 AS a, 2 AS a"))
    assert rows_of(url, Table.named("leads")) == [{"id": 1}]


def test_a_password_is_in_no_message(postgres: str) -> None:
    socket = postgres.partition("host=")[2]
    url = f"postgresql://nobody:s3cret-w0rd@/postgres?host={socket}"
    said = refused(url, Table.named("leads"))
    assert "nobody" in said
    assert "s3cret-w0rd" not in said
    said = refused("postgresql://u:s3cret-w0rd@127.0.0.1:1/x?connect_timeout=2", None)
    assert "127.0.0.1" in said
    assert "s3cret-w0rd" not in said


def test_a_table_of_duckdb_comes_in_pieces(leads: str) -> None:
    with closing(open_warehouse(leads)) as warehouse:
        result = warehouse.read(Wanted(Table.named("marts.leads")))
        assert [(each.name, each.type) for each in result.columns] == [
            ("id", "BIGINT"),
            ("name", "VARCHAR"),
            ("changed", "TIMESTAMP WITH TIME ZONE"),
        ]
        batches = list(result.batches())
    assert max(batch.num_rows for batch in batches) <= 2048
    assert [each for batch in batches for each in batch["id"].to_pylist()] == list(range(2500))


def test_duckdb_is_read_from_a_value_on(leads: str) -> None:
    at = datetime(2025, 12, 31, 19, 11, 38, tzinfo=timezone.utc)
    expected = [2498, 2499]
    table = Table.named("marts.LEADS")
    assert [row["id"] for row in rows_of(leads, table, Since("changed", at))] == expected
    query = Query.written("SELECT id, changed FROM marts.leads -- all of them;")
    assert [row["id"] for row in rows_of(leads, query, Since("CHANGED", at))] == expected
    nulls = Query.written("SELECT * FROM (VALUES (1, NULL), (2, 5), (3, 6)) AS t (id, mark)")
    assert [row["id"] for row in rows_of("duckdb://", nulls, Since("mark", 6))] == [1, 3]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (Table.named("leads"), "There is no table 'leads' in"),
        (Table.named("marts.lead"), "Did you mean 'marts.leads'?"),
        (Query("SELEC 1"), 'syntax error at or near "SELEC"'),
        (Query("SELECT nmae FROM marts.leads"), "Candidate bindings"),
        (Query("SELECT 1 AS a, 2 AS a"), "two columns named 'a'"),
        (Query("DELETE FROM marts.leads"), "The SQL is no SELECT: DELETE FROM marts.leads"),
    ],
)
def test_what_duckdb_does_not_hold_is_told_in_words(
    leads: str, rows: Table | Query, said: str
) -> None:
    assert said in refused(leads, rows)


def test_a_column_to_go_by_must_be_there(leads: str, postgres_table: str) -> None:
    for url, name in ((leads, "marts.leads"), (postgres_table, 'marts."Lead Scores"')):
        said = refused(url, Table.named(name), Since("chnaged"))
        assert "There is no column 'chnaged'" in said
        assert "Did you mean 'changed'?" in said


def test_a_fault_in_the_midst_is_told_in_words() -> None:
    text = "SELECT ('x' || range)::int AS n FROM range(3000)"
    assert "Could not convert string 'x0' to INT32" in refused("duckdb://", Query.written(text))


def test_a_file_that_another_process_writes_is_told_in_words(leads: str) -> None:
    path = leads.removeprefix("duckdb:///")
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        said = refused(leads, Table.named("marts.leads"))
        writer.communicate(b"\n")
    assert f"is open for writing in another process ({writer.pid})" in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("duckdb:///nowhere.duckdb", "There is no file 'nowhere.duckdb'"),
        ("sqlite:///nowhere.db", "There is no file 'nowhere.db'"),
        ("nowhere.parquet", "There is no file or folder 'nowhere.parquet'"),
        ("snowfalke://x/y", "No source of the kind 'snowfalke' is known"),
        ("", "The source is empty"),
        ("host=h password=s3cret-w0rd", "is no URL and no path"),
    ],
)
def test_a_source_that_is_not_there_is_told_in_words(source: str, said: str) -> None:
    told = refused(source, Table.named("leads"))
    assert said in told
    assert "s3cret" not in told
    assert not Path("nowhere.db").exists()


def test_what_is_no_duckdb_file_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.duckdb").write_text("nothing of the kind, and long enough to be looked at" * 99)
    assert "is not a valid DuckDB database file" in refused(
        f"duckdb:///{tmp_path}/a.duckdb", Table.named("leads")
    )


def test_sqlite_is_read_through_sqlalchemy(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE leads (id INTEGER, name TEXT, score REAL)")
        for n in range(1500):
            connection.exec_driver_sql("INSERT INTO leads VALUES (?, ?, ?)", (n, f"n:{n}%", n / 8))
    engine.dispose()
    rows = rows_of(url, Table.named("leads"), Since("id", 1498))
    assert rows == [
        {"id": 1498, "name": "n:1498%", "score": 187.25},
        {"id": 1499, "name": "n:1499%", "score": 187.375},
    ]
    query = Query("SELECT name FROM leads WHERE name LIKE 'n:1_9%' AND name <> ':id' LIMIT 2")
    assert [row["name"] for row in rows_of(url, query)] == ["n:109%", "n:119%"]
    assert kinds_of(url, Table.named("leads")) == {
        "id": Kind.INTEGER,
        "name": Kind.TEXT,
        "score": Kind.NUMBER,
    }


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a table in parquet of two files, another in CSV, packed."""
    (tmp_path / "lake" / "leads").mkdir(parents=True)
    for part in range(2):
        table = pa.table(
            {
                "id": range(part * 1500, part * 1500 + 1500),
                "at": pa.array([NANOSECONDS] * 1500, pa.timestamp("ns", "Asia/Kolkata")),
            }
        )
        pq.write_table(table, tmp_path / "lake" / "leads" / f"{part}.parquet")
    with gzip.open(tmp_path / "scores.csv.gz", "wt") as packed:
        packed.write("id,score,day\n1,0.125,2026-01-05\n2,,\n")
    return tmp_path


def test_a_parquet_folder_is_read_in_order(files: Path) -> None:
    for url, rows in (
        (f"{files}/lake/leads", None),
        (f"file://{files}/lake", Table.named("leads")),
    ):
        found = rows_of(url, rows)
        assert [row["id"] for row in found] == list(range(3000))
        assert found[0]["at"] == "2026-01-05T14:45:00.123456+05:30"
    assert len(rows_of(f"{files}/lake/leads/0.parquet", None, Since("id", 1490))) == 10
    with closing(open_warehouse(f"{files}/lake/leads")) as warehouse:
        batches = list(warehouse.read(Wanted(None)).batches())
    assert max(batch.num_rows for batch in batches) <= 1000


def test_files_of_a_folder_are_united_by_the_names_of_their_columns(tmp_path: Path) -> None:
    """The oracle is DuckDB's union_by_name."""
    lake, sheets = tmp_path / "lake", tmp_path / "sheets"
    lake.mkdir()
    sheets.mkdir()
    first = pa.table({"id": pa.array([1, 2], pa.int32()), "name": ["a", "b"]})
    second = pa.table({"score": [0.5], "id": pa.array([3], pa.int64())})
    pq.write_table(first, lake / "1.parquet")
    pq.write_table(second, lake / "2.parquet")
    (sheets / "1.csv").write_text("id,name\n1,a\n2,b\n")
    (sheets / "2.csv").write_text("score,id\n0.5,3\n")
    for folder, function, more in (
        (lake, "read_parquet", ""),
        (sheets, "read_csv", ", all_varchar=true"),
    ):
        with closing(duckdb.connect()) as connection:
            asked = connection.execute(
                f"SELECT * FROM {function}('{folder}/*', union_by_name=true{more}) ORDER BY id"
            )
            names = [each[0] for each in asked.description or ()]
            expected = [dict(zip(names, row, strict=True)) for row in asked.fetchall()]
        assert rows_of(str(folder), None) == expected
        assert set(kinds_of(str(folder), None)) == {"id", "name", "score"}


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"id": ["three"]}, "2.parquet', Unable to merge: Field id has incompatible types"),
        ({"id": [2**53 + 1], "x": [0.5]}, ""),
    ],
)
def test_files_that_no_type_fits_are_an_error_in_words(
    tmp_path: Path, second: dict[str, Any], said: str
) -> None:
    pq.write_table(pa.table({"id": [1.5]}), tmp_path / "1.parquet")
    pq.write_table(pa.table(second), tmp_path / "2.parquet")
    with pytest.raises(ChakraError) as failed:
        rows_of(str(tmp_path), None)
    assert said in str(failed.value)
    assert failed.value.next_step


def test_a_csv_file_is_read_as_it_stands(files: Path) -> None:
    assert rows_of(f"{files}/scores.csv.gz", None) == [
        {"id": "1", "score": "0.125", "day": "2026-01-05"},
        {"id": "2", "score": None, "day": None},
    ]
    (files / "odd.csv").write_text(
        'id,zip,yes,name,said\n0001,007,true,NA,""\n1e3,1.50,,NULL,"a\nb"\n#N/A,nan,"NA",n/a, x \n'
    )
    assert rows_of(f"{files}/odd.csv", None) == [
        {"id": "0001", "zip": "007", "yes": "true", "name": "NA", "said": ""},
        {"id": "1e3", "zip": "1.50", "yes": None, "name": "NULL", "said": "a\nb"},
        {"id": "#N/A", "zip": "nan", "yes": "NA", "name": "n/a", "said": " x "},
    ]
    assert set(kinds_of(f"{files}/odd.csv", None).values()) == {Kind.TEXT}


def test_text_of_csv_has_no_order_to_go_by(files: Path) -> None:
    for least in (None, date(2026, 1, 6)):
        said = refused(f"{files}/scores.csv.gz", None, Since("day", least))
        assert "--state goes by 'day', which is text in the CSV" in said
        assert "all_varchar=true" in said


def test_files_are_refused_in_words(files: Path) -> None:
    assert "holds both parquet and CSV" in refused(str(files), None)
    assert "There is no table 'orders'" in refused(f"{files}/lake", Table.named("orders"))
    assert "takes no SQL" in refused(f"{files}/lake", Query("SELECT 1"))
    (files / "bad.parquet").write_bytes(b"nothing of the kind")
    assert "can't be read" in refused(f"{files}/bad.parquet", None)
    (files / "a.xlsx").write_bytes(b"")
    assert "no file that is known by its name" in refused(f"{files}/a.xlsx", None)


@pytest.mark.parametrize("text", ["", ".", "a.", 'a."b', "a..b"])
def test_a_table_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        Table.named(text)


def test_a_part_of_a_tables_name_may_hold_a_dot() -> None:
    assert Table.named('raw."my.""own"".leads"').parts == ("raw", 'my."own".leads')
    assert Table.named('raw."my.leads"').quoted() == '"raw"."my.leads"'


@pytest.mark.parametrize("among", [False, True], ids=["alone", "among others"])
def test_an_empty_csv_file_is_told_of_once_and_by_its_name(tmp_path: Path, *, among: bool) -> None:
    (tmp_path / "empty.csv").touch()
    if among:
        (tmp_path / "well.csv").write_text("id\n1\n")
    said = refused(str(tmp_path if among else tmp_path / "empty.csv"), None)
    assert "empty.csv' " in said
    assert "is empty: a CSV file begins with the names of its columns" in said
    assert "dataset" not in said
    assert "block" not in said
