"""The journal's migrations, from the first version on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.journal_tables import tables as t
from target_chakra.storage.journal_url import ANOTHER_JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _add_loads(connection: sa.Connection) -> None:
    """Loads whose files may come again: which run worked on which, and what is settled."""
    _add_column(connection, t.runs, "load TEXT")
    _add_column(connection, t.rejects, "origin TEXT")
    t.arrivals.create(connection, checkfirst=True)


def _add_places(connection: sa.Connection) -> None:
    """Which rejects without a key no STATE has passed: their rows come again."""
    _add_column(connection, t.rejects, "seq BIGINT")


_DELETED: Final = "deleted "
"""Began the twin of a delete, up to version 3."""


def _add_kinds(connection: sa.Connection) -> None:
    """Columns for what was hidden before: in the text of a delete's twin, in a number's sign.

    The number of a row was negative while a STATE behind it was about to be passed on.
    """
    _add_column(connection, t.twins, f"kind TEXT NOT NULL DEFAULT '{t.TwinKind.ROW.value}'")
    bare = sa.func.substr(t.twins.c.twin, len(_DELETED) + 1)
    deletes = t.twins.update().where(t.twins.c.twin.startswith(_DELETED))
    connection.execute(deletes.values(kind=t.TwinKind.DELETE.value, twin=bare))
    for each in (t.twins, t.rejects):
        _add_column(connection, each, "passing BOOLEAN NOT NULL DEFAULT false")
        negative = each.update().where(each.c.seq < 0)
        connection.execute(negative.values(passing=True, seq=-each.c.seq))


def _add_dry(connection: sa.Connection) -> None:
    """Which runs were dry: nothing follows from them."""
    _add_column(connection, t.runs, "dry BOOLEAN NOT NULL DEFAULT false")
    ended = connection.execute(sa.select(t.runs.c.id, t.runs.c.receipt))
    dry = [row.id for row in ended if row.receipt and _is_of_dry_run(row.receipt)]
    for number in dry:
        connection.execute(t.runs.update().where(t.runs.c.id == number).values(dry=True))


def _add_server_times(connection: sa.Connection) -> None:
    """What was known by our clock alone, by ChakraHQ's, too; and what was settled last."""
    _add_column(connection, t.batches, "sent_server_ms BIGINT")
    _add_column(connection, t.batches, "settled_server_ms BIGINT")
    _add_column(connection, t.unknowns, "free_server_ms BIGINT")
    for index in t.batches.indexes:
        index.create(connection, checkfirst=True)


def _is_of_dry_run(receipt: str) -> bool:
    try:
        found = json.loads(receipt)
    except ValueError:
        return False  # whoever reads it is told that it is damaged
    return isinstance(found, dict) and "dry_run" in found


def _add_version_6(connection: sa.Connection) -> None:
    """What version 6 adds, one statement or function a thing."""
    _add_fence(connection)
    _add_server_times(connection)
    _add_processes(connection)
    _add_statements(connection)


def _add_fence(connection: sa.Connection) -> None:
    """The number by which a run knows that the journal is still its own."""
    t.fence.create(connection, checkfirst=True)
    if connection.execute(sa.select(t.fence.c.number)).first() is None:
        connection.execute(t.fence.insert().values(number=0))


def _add_processes(connection: sa.Connection) -> None:
    """Which process a stream has written by a key, and whether that is certain."""
    _add_column(connection, t.owned, "process_id TEXT")
    _add_column(connection, t.owned, "written BOOLEAN NOT NULL DEFAULT true")
    for index in t.owned.indexes:
        index.create(connection, checkfirst=True)
    names = ("account", "procedure", "attribute", "key")
    same = (t.owned.c[name] == t.confirmed.c[name] for name in names)
    process_id = sa.func.nullif(t.confirmed.c.process_id, "")
    found = sa.select(process_id).where(*same).scalar_subquery()
    connection.execute(
        t.owned.update().where(t.owned.c.process_id.is_(None)).values(process_id=found)
    )


def _add_statements(connection: sa.Connection) -> None:
    """What mirrored streams said last of what exists: the runs that brought it."""
    t.statements.create(connection, checkfirst=True)
    ended = connection.execute(
        sa.select(t.runs.c.id, t.runs.c.account, t.runs.c.load, t.runs.c.receipt)
        .where(t.runs.c.receipt.is_not(None), t.runs.c.dry.is_(False))
        .order_by(t.runs.c.id)
    ).all()
    made: dict[tuple[str, str], dict[str, object]] = {}
    for run in ended:
        for stream in _mirrored(run.receipt):
            name, before = (
                f"load {run.load}" if run.load else "",
                made.get((run.account, stream), {}),
            )
            goes_on = bool(run.load) and before.get("name") == name
            brought = [*json.loads(str(before["runs"])), run.id] if goes_on else [run.id]
            made[run.account, stream] = {
                "account": run.account,
                "stream": stream,
                "name": name,
                "runs": json.dumps(brought),
            }
    if made:
        connection.execute(t.statements.insert(), list(made.values()))


def _mirrored(receipt: str) -> list[str]:
    try:
        found = json.loads(receipt)
    except ValueError:
        return []  # whoever reads it is told that it is damaged
    names = found.get("mirrored") if isinstance(found, dict) else None
    return [str(name) for name in names] if isinstance(names, list) else []


def _add_version_7(connection: sa.Connection) -> None:
    """What version 7 adds, one statement or function a thing."""
    _add_run_kinds(connection)
    _add_kept(connection)
    _add_courses(connection)
    _add_addresses(connection)
    t.watermarks.create(connection, checkfirst=True)
    t.calls.create(connection, checkfirst=True)


def _add_kept(connection: sa.Connection) -> None:
    """What people changed and runs left alone; what an undo took back; what the last job wrote."""
    t.kept.create(connection, checkfirst=True)
    _add_column(connection, t.confirmed, f"replaced {_bytes(connection)}")
    _add_column(connection, t.confirmed, f"of_job {_bytes(connection)}")


def _bytes(connection: sa.Connection) -> str:
    return "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"


def _add_run_kinds(connection: sa.Connection) -> None:
    """What each run was begun for; of an older one, only whether it was dry is known."""
    _add_column(connection, t.runs, "kind TEXT NOT NULL DEFAULT 'run'")
    dry = t.runs.update().where(t.runs.c.dry.is_(True))
    connection.execute(dry.values(kind="dry"))


def _add_courses(connection: sa.Connection) -> None:
    """The counts of each run over time."""
    _add_column(connection, t.runs, "course TEXT")


def _add_addresses(connection: sa.Connection) -> None:
    """At which address each run found its account: of an older one that is not known."""
    _add_column(connection, t.runs, "api_url TEXT NOT NULL DEFAULT ''")


def _add_column(connection: sa.Connection, table: sa.Table, column: str) -> None:
    """Add a column, given as name and type, to a journal that was not made with it."""
    held = {each["name"] for each in sa.inspect(connection).get_columns(table.name)}
    if column.partition(" ")[0] not in held:
        connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column}")


MIGRATIONS: Final[tuple[Callable[[sa.Connection], None], ...]] = (
    t.metadata.create_all,
    _add_loads,
    _add_places,
    _add_kinds,
    _add_dry,
    _add_version_6,
    _add_version_7,
)
"""Each brings the journal to the next version; none is ever changed once released."""


def migrate(connection: sa.Connection) -> None:
    """Bring the journal to this version.

    Raises:
        JournalError: It was written by a newer version of this connector, or by something else.
    """
    found = version_of(connection)
    if type(found) is not int or found < 0:
        raise JournalError(
            f"The journal has the version {found!r:.40}, which none ever had",
            f"Restore it from a copy. Do not use another journal: {ANOTHER_JOURNAL}",
        )
    if found > len(MIGRATIONS):
        raise JournalError(
            f"The journal has version {found}, which is newer than this connector's"
            f" {len(MIGRATIONS)}",
            f"Update chakra-connectors. Do not use another journal: {ANOTHER_JOURNAL}",
        )
    for step in MIGRATIONS[found:]:
        step(connection)
    if found < len(MIGRATIONS):
        connection.execute(t.version.delete())
        connection.execute(t.version.insert().values(number=len(MIGRATIONS)))


_LATER: Final[Mapping[str, frozenset[str]]] = {
    "runs": frozenset({"load", "dry", "kind", "course", "api_url"}),
    "batches": frozenset({"sent_server_ms", "settled_server_ms"}),
    "unknowns": frozenset({"free_server_ms"}),
    "rejects": frozenset({"origin", "seq", "passing"}),
    "twins": frozenset({"kind", "passing"}),
    "confirmed": frozenset({"replaced", "of_job"}),
    "kept": frozenset(c.name for c in t.kept.c),
    "arrivals": frozenset(c.name for c in t.arrivals.c),
    "calls": frozenset(c.name for c in t.calls.c),
    "fence": frozenset(c.name for c in t.fence.c),
    "owned": frozenset({"process_id", "written"}),
    "statements": frozenset(c.name for c in t.statements.c),
    "watermarks": frozenset(c.name for c in t.watermarks.c),
}
"""Columns that the first version did not have."""
SHAPES: Final[Mapping[str, frozenset[str]]] = {
    table.name: frozenset(c.name for c in table.c) - _LATER.get(table.name, frozenset())
    for table in t.metadata.sorted_tables
}
"""The tables, each with the columns that it had in every version: none for a later table."""


def is_older(connection: sa.Connection) -> bool:
    """Whether the journal is to be brought to this version."""
    found = version_of(connection)
    return type(found) is int and found < len(MIGRATIONS)


def version_of(connection: sa.Connection) -> int:
    """The journal's version; 0 if there is none yet."""
    if not sa.inspect(connection).has_table("version"):
        return 0
    return connection.execute(sa.select(t.version.c.number)).scalar() or 0
