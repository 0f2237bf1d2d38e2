"""The journal's tables."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa

from target_chakra.storage.cells import CellText


class TwinKind(str, Enum):
    """What a row of `twins` is, and so what its column `twin` holds."""

    ROW = "row"
    """A row without a key; the hash of its values."""
    DELETE = "delete"
    """A delete; the JSON of its key, [attribute, value]."""


metadata = sa.MetaData()
_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _keys(*names: str) -> list[sa.Column[str]]:
    """Columns of texts that together name a row."""
    return [sa.Column(name, CellText, primary_key=True) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    """Columns of texts that each row has."""
    return [sa.Column(name, CellText, nullable=False) for name in names]


def _ids(*names: str) -> list[sa.Column[int]]:
    """Columns of numbers of rows that each row has."""
    return [sa.Column(name, _Id, nullable=False) for name in names]


def _blobs(*names: str) -> list[sa.Column[bytes]]:
    """Columns of bytes that each row has."""
    return [sa.Column(name, sa.LargeBinary, nullable=False) for name in names]


version = sa.Table("version", metadata, sa.Column("number", sa.Integer, primary_key=True))

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    *_texts("account", "holder"),
    sa.Column("began_ms", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger),
    sa.Column("exit_code", sa.Integer),
    sa.Column("receipt", CellText),
    sa.Column("load", CellText),
    sa.Column("dry", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("kind", CellText, nullable=False, server_default="run"),
    sa.Column("course", CellText),
    sa.Column("api_url", CellText, nullable=False, server_default=""),
)

arrivals = sa.Table(
    "arrivals",
    metadata,
    *_keys("account", "load", "file"),
    *_blobs("settled"),
    sqlite_with_rowid=False,
)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    *_ids("run"),
    *_texts("account", "procedure", "kind", "state", "shape"),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("job", CellText),
    sa.Column("intended_ms", sa.BigInteger, nullable=False),
    sa.Column("sent_ms", sa.BigInteger),
    sa.Column("server_ms", sa.BigInteger),
    sa.Column("settled_ms", sa.BigInteger),
    *_blobs("actions"),
    sa.Column("outcomes", sa.LargeBinary),
    sa.Column("sent_server_ms", sa.BigInteger),
    sa.Column("settled_server_ms", sa.BigInteger),
    sa.Index("batches_by_state", "account", "state"),
    sa.Index("batches_by_settlement", "account", "settled_ms", "settled_server_ms"),
)

confirmed = sa.Table(
    "confirmed",
    metadata,
    *_keys("account", "procedure", "attribute", "key"),
    *_texts("process_id"),
    *_blobs("fields"),
    sa.Column("learned", sa.LargeBinary),
    *_texts("stream"),
    sa.Column("created", sa.Boolean, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("began_ms", sa.BigInteger),
    sa.Column("ended_ms", sa.BigInteger),
    sa.Column("replaced", sa.LargeBinary),
    sa.Column("of_job", sa.LargeBinary),
    sqlite_with_rowid=False,
)

kept = sa.Table(
    "kept",
    metadata,
    sa.Column("run", _Id, primary_key=True, autoincrement=False),
    *_keys("account", "procedure", "attribute", "key", "field"),
    sa.Column("process_id", CellText),
    *_texts("stream"),
    *_ids("line"),
    *_blobs("held", "wanted", "written"),
    sqlite_with_rowid=False,
)
"""Fields that a run left as others changed them."""

owned = sa.Table(
    "owned",
    metadata,
    *_keys("account", "procedure", "stream", "attribute", "key"),
    *_blobs("value"),
    *_ids("seen_run"),
    sa.Column("process_id", CellText),
    sa.Column("written", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Index("owned_by_process", "account", "stream", "process_id"),
    sqlite_with_rowid=False,
)

statements = sa.Table(
    "statements",
    metadata,
    *_keys("account", "stream"),
    *_texts("name", "runs"),
    sa.Column("passed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("ended", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_with_rowid=False,
)

unknowns = sa.Table(
    "unknowns",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    *_ids("run"),
    *_texts("account", "procedure", "stream"),
    *_ids("line"),
    sa.Column("attribute", CellText),
    sa.Column("key", sa.LargeBinary),
    sa.Column("process_id", CellText),
    *_texts("kind", "reason"),
    sa.Column("twin", CellText),
    *_blobs("fields"),
    sa.Column("free_ms", sa.BigInteger, nullable=False),
    sa.Column("resolved", CellText),
    sa.Column("free_server_ms", sa.BigInteger),
)

rejects = sa.Table(
    "rejects",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    *_ids("run"),
    *_texts("account", "procedure", "stream"),
    *_ids("line"),
    sa.Column("attribute", CellText),
    sa.Column("key", CellText),
    *_texts("reason", "next_step"),
    sa.Column("job", CellText),
    *_blobs("row"),
    sa.Column("closed", CellText),
    sa.Column("origin", CellText),
    sa.Column("seq", _Id),
    sa.Column("passing", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("rejects_by_key", "account", "procedure", "attribute", "key"),
)

findings = sa.Table(
    "findings",
    metadata,
    *_keys("account", "procedure", "name"),
    *_texts("value"),
)

twins = sa.Table(
    "twins",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    *_texts("account", "procedure", "stream", "twin"),
    *_ids("run", "seq", "batch"),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("kind", CellText, nullable=False, server_default=TwinKind.ROW.value),
    sa.Column("passing", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("twins_by_batch", "batch"),
    sa.Index("twins_by_hash", "account", "stream", "twin"),
)

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    *_texts("account", "scope", "once", "kind", "state"),
    *_ids("run"),
    *_texts("stream"),
    *_ids("line"),
    *_texts("attribute"),
    *_blobs("key", "fields"),
    sa.Column("made", CellText, nullable=False, server_default=""),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Index("calls_by_once", "account", "scope", "once", unique=True),
)
"""Tasks, messages and the like, each made once for its value of `once_by`: never cleared."""

watermarks = sa.Table(
    "watermarks",
    metadata,
    *_keys("account", "stream", "place"),
    *_texts("value"),
    *_ids("run"),
)

fence = sa.Table(
    "fence",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
)
"""One row: the number of the run that took the journal last. It only grows."""
