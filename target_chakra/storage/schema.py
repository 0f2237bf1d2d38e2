"""The schema of a journal in PostgreSQL: one of its own, never among the tables of others.

Up to 0.3.0 the tables stood wherever the connection's search path began, which is `public` for
nearly everybody. A journal that would stand there stands in `target_chakra`; one that lies there
already is moved when a run opens it, whole or not at all. Where the URL names a search path, or the
role has a schema of its own, that is respected.
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from chakra_api.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LOG: Final = logging.getLogger("target-chakra")
SCHEMA: Final = "target_chakra"
OLD: Final = "public"
_OPENING: Final = "target_chakra opens a journal"
"""What two runs that open a journal at a time wait for, one after the other."""
_PLACE: Final = """
    SELECT quote_ident(nspname) AS name, quote_ident(pg_get_userbyid(nspowner)) AS owner,
        has_schema_privilege(n.oid, 'USAGE') AS used, has_schema_privilege(n.oid, 'CREATE') AS made,
        EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = 'version') AS begun
    FROM unnest(string_to_array(current_setting('search_path'), ',')) WITH ORDINALITY AS p(part, at)
    JOIN pg_namespace AS n ON nspname = replace(btrim(btrim(part), '"'), '$user', current_user)
    ORDER BY at LIMIT 1
"""
"""The first schema of the search path that is there: whether this user may use it, and make tables
in it, and whether a journal was begun there."""
_SECOND: Final = (
    f"Another journal stands in the schema {OLD}, written by an earlier version since this one was"
    f" moved to {SCHEMA}: no run follows its batches in flight. Stop that runner, or give it this"
    " version"
)
_FORBIDDEN: Final = "42501"
"""PostgreSQL's code of what a user may not do."""


def lock_number(name: str) -> int:
    """The number of an advisory lock: of a run on a schema, or of who opens a journal."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def enter_schema(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
    """Let a new connection see the journal's schema alone, unless its user chose another."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_schema(), source FROM pg_settings WHERE name = 'search_path'"
        )
        schema, source = cursor.fetchone()
        if schema in (None, OLD) and source != "client":
            cursor.execute(f"SET search_path TO {SCHEMA}")
    connection.commit()


def move_in(connection: sa.Connection, tables: Mapping[str, Collection[str]]) -> None:
    """Make the schema, and move a journal there that lies among the tables of others.

    Args:
        connection: In a transaction that writes.
        tables: The journal's tables, each with the columns that it had in every version.

    Raises:
        JournalError: This user may not, the schema that the URL names is not there, or a run of an
            earlier version holds the journal.
    """
    if connection.dialect.name != "postgresql":
        return
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": lock_number(_OPENING)})
    user = str(connection.scalar(sa.text("SELECT quote_ident(current_user)")))
    is_ours = _is_ours(connection)
    _refuse_closed(connection, user, may_be_made=is_ours)
    if not is_ours:
        return
    if _has_journal(connection):
        if old_journal(connection, tables):
            LOG.warning("%s", _SECOND)
        return
    try:
        if not connection.scalar(
            sa.text("SELECT count(*) FROM pg_namespace WHERE nspname = :s"), {"s": SCHEMA}
        ):
            connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
        found = old_journal(connection, tables)
        if found:
            _hold_old(connection)
        for table in found:
            connection.exec_driver_sql(f"ALTER TABLE {OLD}.{table} SET SCHEMA {SCHEMA}")
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _FORBIDDEN:
            raise
        raise _not_allowed(user, str(error.orig).strip().splitlines()[0]) from None


def _refuse_closed(connection: sa.Connection, user: str, *, may_be_made: bool) -> None:
    """A schema that is not there, or that this user may not use, can hold no journal.

    Raises:
        JournalError: It is the one that the connection's search path begins with.
    """
    found = connection.execute(sa.text(_PLACE)).one_or_none()
    if found is None:
        if may_be_made:
            return
        path = connection.scalar(sa.text("SHOW search_path"))
        name = connection.scalar(
            sa.text("SELECT quote_ident(btrim(btrim(split_part(:path, ',', 1)), '\"'))"),
            {"path": path},
        )
        raise JournalError(
            f"The journal's URL names a schema that this database does not have ({name})",
            f"Have an owner of the database run: CREATE SCHEMA {name} AUTHORIZATION {user}",
        )
    if not (found.used and (found.made or found.begun)):
        raise JournalError(
            f"The user {user} may not keep a journal in the schema {found.name}, which is of"
            f" {found.owner}",
            f"Have its owner run: GRANT USAGE, CREATE ON SCHEMA {found.name} TO {user}",
        )


def see_old(connection: sa.Connection, tables: Mapping[str, Collection[str]]) -> None:
    """Who only looks sees a journal where it lies until a run has moved it."""
    if connection.dialect.name != "postgresql":
        return
    if _is_ours(connection) and not _has_journal(connection) and old_journal(connection, tables):
        connection.exec_driver_sql(f"SET LOCAL search_path TO {OLD}")


def old_journal(
    connection: sa.Connection, tables: Mapping[str, Collection[str]]
) -> tuple[str, ...]:
    """The tables of a journal that lies among those of others; none if they are not one.

    Others may well have a table called `runs` or `version`: it is a journal only if all its tables
    are there that the first version had, each with its columns, and `version` with nothing else.
    """
    query = sa.text(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = :schema"
    )
    held: dict[str, set[str]] = {}
    for table, column in connection.execute(query, {"schema": OLD}):
        held.setdefault(table, set()).add(column)
    theirs = {name: columns for name, columns in tables.items() if columns}
    if held.get("version") != {"number"}:
        return ()
    if not all(set(columns) <= held.get(name, set()) for name, columns in theirs.items()):
        return ()
    return tuple(name for name in tables if name in held)


def _is_ours(connection: sa.Connection) -> bool:
    return bool(connection.scalar(sa.text("SHOW search_path")) == SCHEMA)


def _has_journal(connection: sa.Connection) -> bool:
    found = connection.scalar(sa.text(f"SELECT to_regclass('{SCHEMA}.version')"))
    return found is not None


def _hold_old(connection: sa.Connection) -> None:
    """Hold the old journal until it has moved, as a run of an earlier version would.

    Raises:
        JournalError: One does.
    """
    number = {"n": lock_number(OLD)}
    if not connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:n)"), number):
        raise JournalError(
            f"The journal lies in the schema {OLD}, and a run of an earlier version holds it",
            f"Wait until that run ends: then it is moved to the schema {SCHEMA}",
        )


def _not_allowed(user: str, cause: str) -> JournalError:
    return JournalError(
        f"The journal wants a schema of its own in this database, and {user} may not make it"
        f" ({cause})",
        f"Have an owner of the database run: CREATE SCHEMA {SCHEMA} AUTHORIZATION {user}; or name"
        " a schema in the URL, as ?options=-csearch_path%3Dpublic",
    )
