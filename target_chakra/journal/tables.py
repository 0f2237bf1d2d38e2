"""The journal's tables and their migrations, from the first version on."""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from chakra_api.errors import JournalError
from target_chakra.storage.cells import CellText

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class TwinKind(str, Enum):
    """What a row of `twins` is, and so what its column `twin` holds."""

    ROW = "row"
    """A row without a key; the hash of its values."""
    DELETE = "delete"
    """A delete; the JSON of its key, [attribute, value]."""


metadata = sa.MetaData()
_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

version = sa.Table("version", metadata, sa.Column("number", sa.Integer, primary_key=True))

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("account", CellText, nullable=False),
    sa.Column("holder", CellText, nullable=False),
    sa.Column("began_ms", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger),
    sa.Column("exit_code", sa.Integer),
    sa.Column("receipt", CellText),
    sa.Column("load", CellText),
    sa.Column("dry", sa.Boolean, nullable=False, server_default=sa.false()),
)

arrivals = sa.Table(
    "arrivals",
    metadata,
    sa.Column("account", CellText, primary_key=True),
    sa.Column("load", CellText, primary_key=True),
    sa.Column("file", CellText, primary_key=True),
    sa.Column("settled", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("run", _Id, nullable=False),
    sa.Column("account", CellText, nullable=False),
    sa.Column("procedure", CellText, nullable=False),
    sa.Column("kind", CellText, nullable=False),
    sa.Column("state", CellText, nullable=False),
    sa.Column("shape", CellText, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("job", CellText),
    sa.Column("intended_ms", sa.BigInteger, nullable=False),
    sa.Column("sent_ms", sa.BigInteger),
    sa.Column("server_ms", sa.BigInteger),
    sa.Column("settled_ms", sa.BigInteger),
    sa.Column("actions", sa.LargeBinary, nullable=False),
    sa.Column("outcomes", sa.LargeBinary),
    sa.Column("sent_server_ms", sa.BigInteger),
    sa.Column("settled_server_ms", sa.BigInteger),
    sa.Index("batches_by_state", "account", "state"),
    sa.Index("batches_by_settlement", "account", "settled_ms", "settled_server_ms"),
)

confirmed = sa.Table(
    "confirmed",
    metadata,
    sa.Column("account", CellText, primary_key=True),
    sa.Column("procedure", CellText, primary_key=True),
    sa.Column("attribute", CellText, primary_key=True),
    sa.Column("key", CellText, primary_key=True),
    sa.Column("process_id", CellText, nullable=False),
    sa.Column("fields", sa.LargeBinary, nullable=False),
    sa.Column("learned", sa.LargeBinary),
    sa.Column("stream", CellText, nullable=False),
    sa.Column("created", sa.Boolean, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("began_ms", sa.BigInteger),
    sa.Column("ended_ms", sa.BigInteger),
    sqlite_with_rowid=False,
)

owned = sa.Table(
    "owned",
    metadata,
    sa.Column("account", CellText, primary_key=True),
    sa.Column("procedure", CellText, primary_key=True),
    sa.Column("stream", CellText, primary_key=True),
    sa.Column("attribute", CellText, primary_key=True),
    sa.Column("key", CellText, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
    sa.Column("seen_run", _Id, nullable=False),
    sa.Column("process_id", CellText),
    sa.Column("written", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Index("owned_by_process", "account", "stream", "process_id"),
    sqlite_with_rowid=False,
)

statements = sa.Table(
    "statements",
    metadata,
    sa.Column("account", CellText, primary_key=True),
    sa.Column("stream", CellText, primary_key=True),
    sa.Column("name", CellText, nullable=False),
    sa.Column("runs", CellText, nullable=False),
    sa.Column("passed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("ended", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_with_rowid=False,
)

unknowns = sa.Table(
    "unknowns",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("run", _Id, nullable=False),
    sa.Column("account", CellText, nullable=False),
    sa.Column("procedure", CellText, nullable=False),
    sa.Column("stream", CellText, nullable=False),
    sa.Column("line", _Id, nullable=False),
    sa.Column("attribute", CellText),
    sa.Column("key", sa.LargeBinary),
    sa.Column("process_id", CellText),
    sa.Column("kind", CellText, nullable=False),
    sa.Column("reason", CellText, nullable=False),
    sa.Column("twin", CellText),
    sa.Column("fields", sa.LargeBinary, nullable=False),
    sa.Column("free_ms", sa.BigInteger, nullable=False),
    sa.Column("resolved", CellText),
    sa.Column("free_server_ms", sa.BigInteger),
)

rejects = sa.Table(
    "rejects",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("run", _Id, nullable=False),
    sa.Column("account", CellText, nullable=False),
    sa.Column("procedure", CellText, nullable=False),
    sa.Column("stream", CellText, nullable=False),
    sa.Column("line", _Id, nullable=False),
    sa.Column("attribute", CellText),
    sa.Column("key", CellText),
    sa.Column("reason", CellText, nullable=False),
    sa.Column("next_step", CellText, nullable=False),
    sa.Column("job", CellText),
    sa.Column("row", sa.LargeBinary, nullable=False),
    sa.Column("closed", CellText),
    sa.Column("origin", CellText),
    sa.Column("seq", _Id),
    sa.Column("passing", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("rejects_by_key", "account", "procedure", "attribute", "key"),
)

findings = sa.Table(
    "findings",
    metadata,
    sa.Column("account", CellText, primary_key=True),
    sa.Column("procedure", CellText, primary_key=True),
    sa.Column("name", CellText, primary_key=True),
    sa.Column("value", CellText, nullable=False),
)

twins = sa.Table(
    "twins",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("account", CellText, nullable=False),
    sa.Column("procedure", CellText, nullable=False),
    sa.Column("stream", CellText, nullable=False),
    sa.Column("twin", CellText, nullable=False),
    sa.Column("run", _Id, nullable=False),
    sa.Column("seq", _Id, nullable=False),
    sa.Column("batch", _Id, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("kind", CellText, nullable=False, server_default=TwinKind.ROW.value),
    sa.Column("passing", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("twins_by_batch", "batch"),
    sa.Index("twins_by_hash", "account", "stream", "twin"),
)

fence = sa.Table(
    "fence",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
)
"""One row: the number of the run that took the journal last. It only grows."""


def _add_loads(connection: sa.Connection) -> None:
    """Loads whose files may come again: which run worked on which, and what is settled."""
    _add_column(connection, runs, "load TEXT")
    _add_column(connection, rejects, "origin TEXT")
    arrivals.create(connection, checkfirst=True)


def _add_places(connection: sa.Connection) -> None:
    """Which rejects without a key no STATE has passed: their rows come again."""
    _add_column(connection, rejects, "seq BIGINT")


_DELETED: Final = "deleted "
"""Began the twin of a delete, up to version 3."""


def _add_kinds(connection: sa.Connection) -> None:
    """Columns for what was hidden before: in the text of a delete's twin, in a number's sign.

    The number of a row was negative while a STATE behind it was about to be passed on.
    """
    _add_column(connection, twins, f"kind TEXT NOT NULL DEFAULT '{TwinKind.ROW.value}'")
    bare = sa.func.substr(twins.c.twin, len(_DELETED) + 1)
    deletes = twins.update().where(twins.c.twin.startswith(_DELETED))
    connection.execute(deletes.values(kind=TwinKind.DELETE.value, twin=bare))
    for each in (twins, rejects):
        _add_column(connection, each, "passing BOOLEAN NOT NULL DEFAULT false")
        negative = each.update().where(each.c.seq < 0)
        connection.execute(negative.values(passing=True, seq=-each.c.seq))


def _add_dry(connection: sa.Connection) -> None:
    """Which runs were dry: nothing follows from them."""
    _add_column(connection, runs, "dry BOOLEAN NOT NULL DEFAULT false")
    ended = connection.execute(sa.select(runs.c.id, runs.c.receipt))
    dry = [row.id for row in ended if row.receipt and _is_of_dry_run(row.receipt)]
    for number in dry:
        connection.execute(runs.update().where(runs.c.id == number).values(dry=True))


def _add_server_times(connection: sa.Connection) -> None:
    """What was known by our clock alone, by ChakraHQ's, too; and what was settled last."""
    _add_column(connection, batches, "sent_server_ms BIGINT")
    _add_column(connection, batches, "settled_server_ms BIGINT")
    _add_column(connection, unknowns, "free_server_ms BIGINT")
    for index in batches.indexes:
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
    fence.create(connection, checkfirst=True)
    if connection.execute(sa.select(fence.c.number)).first() is None:
        connection.execute(fence.insert().values(number=0))


def _add_processes(connection: sa.Connection) -> None:
    """Which process a stream has written by a key, and whether that is certain."""
    _add_column(connection, owned, "process_id TEXT")
    _add_column(connection, owned, "written BOOLEAN NOT NULL DEFAULT true")
    for index in owned.indexes:
        index.create(connection, checkfirst=True)
    names = ("account", "procedure", "attribute", "key")
    same = (owned.c[name] == confirmed.c[name] for name in names)
    process_id = sa.func.nullif(confirmed.c.process_id, "")
    found = sa.select(process_id).where(*same).scalar_subquery()
    connection.execute(owned.update().where(owned.c.process_id.is_(None)).values(process_id=found))


def _add_statements(connection: sa.Connection) -> None:
    """What mirrored streams said last of what exists: the runs that brought it."""
    statements.create(connection, checkfirst=True)
    ended = connection.execute(
        sa.select(runs.c.id, runs.c.account, runs.c.load, runs.c.receipt)
        .where(runs.c.receipt.is_not(None), runs.c.dry.is_(False))
        .order_by(runs.c.id)
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
        connection.execute(statements.insert(), list(made.values()))


def _mirrored(receipt: str) -> list[str]:
    try:
        found = json.loads(receipt)
    except ValueError:
        return []  # whoever reads it is told that it is damaged
    names = found.get("mirrored") if isinstance(found, dict) else None
    return [str(name) for name in names] if isinstance(names, list) else []


def _add_column(connection: sa.Connection, table: sa.Table, column: str) -> None:
    """Add a column, given as name and type, to a journal that was not made with it."""
    held = {each["name"] for each in sa.inspect(connection).get_columns(table.name)}
    if column.partition(" ")[0] not in held:
        connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column}")


MIGRATIONS: Final[tuple[Callable[[sa.Connection], None], ...]] = (
    metadata.create_all,
    _add_loads,
    _add_places,
    _add_kinds,
    _add_dry,
    _add_version_6,
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
            "Restore it from a copy, or set journal to another place",
        )
    if found > len(MIGRATIONS):
        raise JournalError(
            f"The journal has version {found}, which is newer than this connector's"
            f" {len(MIGRATIONS)}",
            "Update chakra-connectors, or set journal to another place",
        )
    for step in MIGRATIONS[found:]:
        step(connection)
    if found < len(MIGRATIONS):
        connection.execute(version.delete())
        connection.execute(version.insert().values(number=len(MIGRATIONS)))


_LATER: Final[Mapping[str, frozenset[str]]] = {
    "runs": frozenset({"load", "dry"}),
    "batches": frozenset({"sent_server_ms", "settled_server_ms"}),
    "unknowns": frozenset({"free_server_ms"}),
    "rejects": frozenset({"origin", "seq", "passing"}),
    "twins": frozenset({"kind", "passing"}),
    "arrivals": frozenset(c.name for c in arrivals.c),
    "fence": frozenset(c.name for c in fence.c),
    "owned": frozenset({"process_id", "written"}),
    "statements": frozenset(c.name for c in statements.c),
}
"""Columns that the first version did not have."""
SHAPES: Final[Mapping[str, frozenset[str]]] = {
    table.name: frozenset(c.name for c in table.c) - _LATER.get(table.name, frozenset())
    for table in metadata.sorted_tables
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
    return connection.execute(sa.select(version.c.number)).scalar() or 0
