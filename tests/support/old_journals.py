"""Journals as 0.2.0 (version 1) and 0.3.0 (version 3) wrote them, in SQL for both databases.

A run died in each. In that of 0.3.0 a STATE behind row 4 was about to be passed on: the numbers of
the rows that it covers are negative. The twins of deletes begin with "deleted ".
"""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlalchemy as sa

SPELLED: Final = {
    "sqlite": {"id": "INTEGER", "number": "INTEGER", "blob": "BLOB", "end": " WITHOUT ROWID"},
    "postgresql": {"id": "BIGSERIAL", "number": "BIGINT", "blob": "BYTEA", "end": ""},
}
"""What differs between the databases."""
LATER: Final = (", load TEXT", ", origin TEXT, seq $number")
"""Columns that version 1 did not have, nor the table `arrivals`."""

ARRIVALS: Final = """
CREATE TABLE arrivals (account TEXT NOT NULL, load TEXT NOT NULL, file TEXT NOT NULL,
    settled $blob NOT NULL, PRIMARY KEY (account, load, file))$end
"""
TABLES: Final = """
CREATE TABLE version (number INTEGER NOT NULL, PRIMARY KEY (number));
CREATE TABLE runs (id $id NOT NULL, account TEXT NOT NULL, holder TEXT NOT NULL,
    began_ms BIGINT NOT NULL, ended_ms BIGINT, exit_code INTEGER, receipt TEXT, load TEXT,
    PRIMARY KEY (id));
CREATE TABLE batches (id $id NOT NULL, run $number NOT NULL, account TEXT NOT NULL,
    procedure TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, shape TEXT NOT NULL,
    size INTEGER NOT NULL, job TEXT, intended_ms BIGINT NOT NULL, sent_ms BIGINT,
    server_ms BIGINT, settled_ms BIGINT, actions $blob NOT NULL, outcomes $blob,
    PRIMARY KEY (id));
CREATE TABLE confirmed (account TEXT NOT NULL, procedure TEXT NOT NULL, attribute TEXT NOT NULL,
    "key" TEXT NOT NULL, process_id TEXT NOT NULL, fields $blob NOT NULL, learned $blob,
    stream TEXT NOT NULL, created BOOLEAN NOT NULL, deleted BOOLEAN NOT NULL, began_ms BIGINT,
    ended_ms BIGINT, PRIMARY KEY (account, procedure, attribute, "key"))$end;
CREATE TABLE owned (account TEXT NOT NULL, procedure TEXT NOT NULL, stream TEXT NOT NULL,
    attribute TEXT NOT NULL, "key" TEXT NOT NULL, value $blob NOT NULL, seen_run $number NOT NULL,
    PRIMARY KEY (account, procedure, stream, attribute, "key"))$end;
CREATE TABLE unknowns (id $id NOT NULL, run $number NOT NULL, account TEXT NOT NULL,
    procedure TEXT NOT NULL, stream TEXT NOT NULL, line $number NOT NULL, attribute TEXT,
    "key" $blob, process_id TEXT, kind TEXT NOT NULL, reason TEXT NOT NULL, twin TEXT,
    fields $blob NOT NULL, free_ms BIGINT NOT NULL, resolved TEXT, PRIMARY KEY (id));
CREATE TABLE rejects (id $id NOT NULL, run $number NOT NULL, account TEXT NOT NULL,
    procedure TEXT NOT NULL, stream TEXT NOT NULL, line $number NOT NULL, attribute TEXT,
    "key" TEXT, reason TEXT NOT NULL, next_step TEXT NOT NULL, job TEXT, "row" $blob NOT NULL,
    closed TEXT, origin TEXT, seq $number, PRIMARY KEY (id));
CREATE TABLE findings (account TEXT NOT NULL, procedure TEXT NOT NULL, name TEXT NOT NULL,
    value TEXT NOT NULL, PRIMARY KEY (account, procedure, name));
CREATE TABLE twins (id $id NOT NULL, account TEXT NOT NULL, procedure TEXT NOT NULL,
    stream TEXT NOT NULL, twin TEXT NOT NULL, run $number NOT NULL, seq $number NOT NULL,
    batch $number NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (id));
CREATE INDEX batches_by_state ON batches (account, state);
CREATE INDEX rejects_by_key ON rejects (account, procedure, attribute, "key");
CREATE INDEX twins_by_hash ON twins (account, stream, twin);
CREATE INDEX twins_by_batch ON twins (batch)
"""
ROWS: Final = """
INSERT INTO runs (account, holder, began_ms) VALUES ('acme', 'pid 1 on here', 1000);
INSERT INTO batches (run, account, procedure, kind, state, shape, size, job, intended_ms, sent_ms,
    server_ms, settled_ms, actions, outcomes) VALUES
    (1, 'acme', 'lead', 'create', 'settled', 'nested', 3, 'j-1', 1000, 1001, 1002, 1003, CAST(
    '[[1,1,"s",null,"insert",null,{"data.name":"n1"},{},"h1"],
      [3,3,"s",null,"insert",null,{"data.name":"n3"},{},"h3"],
      [6,6,"s",null,"insert",null,{"data.name":"n6"},{},"h6"]]' AS $blob),
    CAST('[[0,"created","p1",""],[1,"created","p3",""],[2,"created","p6",""]]' AS $blob));
INSERT INTO confirmed VALUES ('acme', 'lead', 'lead_id', 'L-2', 'p2',
    CAST('{"data.score":1}' AS $blob), NULL, 's', true, false, 5, 9);
INSERT INTO findings VALUES ('acme', 'lead', 'shape.update', 'flat');
INSERT INTO owned VALUES ('acme', 'lead', 's', 'lead_id', 'L-2', CAST('"L-2"' AS $blob), 1);
INSERT INTO unknowns (run, account, procedure, stream, line, attribute, "key", process_id, kind,
    reason, fields, free_ms) VALUES (1, 'acme', 'lead', 's', 10, 'lead_id', CAST('"L-5"' AS $blob),
    'p5', 'update', 'lost', CAST('{"data.score":2}' AS $blob), 9000);
INSERT INTO rejects (run, account, procedure, stream, line, attribute, "key", reason, next_step,
    job, "row") VALUES
    (1, 'acme', 'lead', 's', 2, NULL, NULL, 'no room', 'mend it', NULL,
     CAST('{"name":"full"}' AS $blob)),
    (1, 'acme', 'lead', 's', 5, NULL, NULL, 'no room', 'mend it', NULL,
     CAST('{"name":"fuller"}' AS $blob)),
    (1, 'acme', 'lead', 's', 9, 'lead_id', 'L-3', 'bad', 'mend it', 'j-7',
     CAST('{"lead_id":"L-3"}' AS $blob));
INSERT INTO twins (account, procedure, stream, twin, run, seq, batch, position) VALUES
    ('acme', 'lead', 's', 'h1', 1, 1, 1, 0), ('acme', 'lead', 's', 'h3', 1, 3, 1, 1),
    ('acme', 'lead', 's', 'h6', 1, 6, 1, 2);
INSERT INTO version VALUES (1)
"""
ROWS_OF_030: Final = """
INSERT INTO batches (run, account, procedure, kind, state, shape, size, job, intended_ms, sent_ms,
    server_ms, actions) VALUES
    (1, 'acme', 'lead', 'delete', 'submitted', 'nested', 4, 'j-2', 1000, 1001, 1002, CAST(
    '[[4,4,"s",["lead_id","L-1"],"upsert","p4",{},{},null],
      [7,7,"s",["lead_id",105],"upsert","p7",{},{},null],
      [0,8,"s",["lead_id","L-8"],"upsert","p8",{},{},null],
      [-1,0,"s",["lead_id","L-9"],"mirror","p9",{},{},null]]' AS $blob));
INSERT INTO arrivals VALUES ('acme', 'push/1', 's.a', CAST('[[1,4]]' AS $blob));
UPDATE twins SET seq = -seq WHERE seq <= 4;
INSERT INTO twins (account, procedure, stream, twin, run, seq, batch, position) VALUES
    ('acme', 'lead', 's', 'deleted ["lead_id","L-1"]', 1, -4, 2, 0),
    ('acme', 'lead', 's', 'deleted ["lead_id","105"]', 1, 7, 2, 1),
    ('acme', 'lead', 's', 'deleted ["lead_id","the \\"big\\" one"]', 1, 8, 2, 2);
UPDATE rejects SET seq = -2 WHERE line = 2;
UPDATE rejects SET seq = 5 WHERE line = 5;
UPDATE version SET number = 3
"""


def write_journal_of_030(connection: sa.Connection) -> None:
    """Make the tables of 0.3.0 in an empty database, and the entries of a run that died."""
    for script in (ARRIVALS, TABLES, ROWS, ROWS_OF_030):
        _execute(connection, script)


def write_journal_of_020(connection: sa.Connection) -> None:
    """Make the tables of 0.2.0 in an empty database, and the entries of a run that died."""
    tables = TABLES
    for columns in LATER:
        tables = tables.replace(columns, "")
    for script in (tables, ROWS):
        _execute(connection, script)


def _execute(connection: sa.Connection, script: str) -> None:
    for statement in Template(script).substitute(SPELLED[connection.dialect.name]).split(";"):
        connection.exec_driver_sql(statement)
