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
    sa.Column("kind", CellText, nullable=False, server_default="run"),
    sa.Column("course", CellText),
    sa.Column("api_url", CellText, nullable=False, server_default=""),
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
    sa.Column("replaced", sa.LargeBinary),
    sa.Column("of_job", sa.LargeBinary),
    sqlite_with_rowid=False,
)

kept = sa.Table(
    "kept",
    metadata,
    sa.Column("run", _Id, primary_key=True, autoincrement=False),
    sa.Column("account", CellText, primary_key=True),
    sa.Column("procedure", CellText, primary_key=True),
    sa.Column("attribute", CellText, primary_key=True),
    sa.Column("key", CellText, primary_key=True),
    sa.Column("field", CellText, primary_key=True),
    sa.Column("process_id", CellText),
    sa.Column("stream", CellText, nullable=False),
    sa.Column("line", _Id, nullable=False),
    sa.Column("held", sa.LargeBinary, nullable=False),
    sa.Column("wanted", sa.LargeBinary, nullable=False),
    sa.Column("written", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Fields that a run left as others changed them."""

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

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("account", CellText, nullable=False),
    sa.Column("scope", CellText, nullable=False),
    sa.Column("once", CellText, nullable=False),
    sa.Column("kind", CellText, nullable=False),
    sa.Column("state", CellText, nullable=False),
    sa.Column("run", _Id, nullable=False),
    sa.Column("stream", CellText, nullable=False),
    sa.Column("line", _Id, nullable=False),
    sa.Column("attribute", CellText, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("fields", sa.LargeBinary, nullable=False),
    sa.Column("made", CellText, nullable=False, server_default=""),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Index("calls_by_once", "account", "scope", "once", unique=True),
)
"""Tasks, messages and the like, each made once for its value of `once_by`: never cleared."""

watermarks = sa.Table(
    "watermarks",
    metadata,
    sa.Column("account", CellText, primary_key=True),
    sa.Column("stream", CellText, primary_key=True),
    sa.Column("place", CellText, primary_key=True),
    sa.Column("value", CellText, nullable=False),
    sa.Column("run", _Id, nullable=False),
)

fence = sa.Table(
    "fence",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
)
"""One row: the number of the run that took the journal last. It only grows."""
