"""In what condition a journal is: its version and size, its last run, what in it is unsettled.

Read without the journal's lock and without changing it: one of an earlier version stays that.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from chakra_api.values.coercion import json_text
from target_chakra.history.reports import Reports
from target_chakra.journal.codec import value_of
from target_chakra.journal.records import RunKind
from target_chakra.journal_tables import tables as t
from target_chakra.journal_tables.migrations import MIGRATIONS
from target_chakra.lifecycle import OPEN, BatchState
from target_chakra.storage.engines import legible
from target_chakra.storage.journal_url import parse_url, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_chakra.history.reports import RunLine

NEWEST: Final = len(MIGRATIONS)
"""The version of a journal that this version of the connector writes."""
MOST_REASONS: Final = 1000
"""Open rejects whose reasons are read, the newest."""
MOST_LOOKS: Final = 100
"""Earlier looks that are read, the newest."""
_LEAST_MASKED: Final = 2
"""Characters of the shortest value that is masked in a reason: a single one tells nothing."""
_SPELLED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\S*\d\S*")
_LEFT: Final = [state.value for state in OPEN if state is not BatchState.INTENDED]
_LOOKS: Final = (RunKind.DOCTOR.value, RunKind.PROBE.value)


@dataclass(frozen=True, slots=True)
class EarlierLook:
    """What an earlier doctor kept.

    Attributes:
        at: When it looked, epoch milliseconds.
        receipt: What it kept.
    """

    at: int
    receipt: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition of a journal.

    Attributes:
        place: Its URL, without secrets.
        version: That it was left in; 0 where there is no journal yet.
        bytes: What it weighs; None if that can't be told.
        runs: How many there were, doctors not counted.
        last: The last of them; None if there was none.
        open_batches: Batches that were sent, or may have been, and are not settled.
        in_flight: Their rows without an outcome.
        unknown: Rows of which nobody knows whether they were written.
        rejects: Open ones.
        reasons: How many of the newest have which reason, without any value of a row.
        held: Whether a run holds the journal right now.
        findings: What earlier runs found out about an account, by procedure and name.
        look: The last look of a doctor at that account; None if there was none.
        probes: The last write probe of each of its procedures.
    """

    place: str
    version: int = 0
    bytes: int | None = None
    runs: int = 0
    last: RunLine | None = None
    open_batches: int = 0
    in_flight: int = 0
    unknown: int = 0
    rejects: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    held: bool = False
    findings: Mapping[tuple[str, str], str] = field(default_factory=dict)
    look: EarlierLook | None = None
    probes: Mapping[str, EarlierLook] = field(default_factory=dict)


def condition_of(journal: str, account: str | None) -> Condition:
    """The condition of a journal.

    Args:
        journal: SQLAlchemy URL.
        account: The team whose findings and looks are wanted; None for no team's.

    Raises:
        SettingsError: The URL names no database that a journal can be in.
        JournalError: The journal can't be read.
    """
    url = parse_url(journal)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return Condition(shown(url))
    reports = Reports(journal)
    try:
        version = reports.version()
        if not version:
            return Condition(shown(url))
        return _condition(reports, shown(url), version, account)
    finally:
        reports.close()


def _condition(reports: Reports, place: str, version: int, account: str | None) -> Condition:
    with reports.reading() as connection, legible(connection.engine.url):
        own = t.runs.c.kind.not_in(_LOOKS)
        query = sa.select(sa.func.count(), sa.func.max(t.runs.c.id)).where(own)
        runs, last = connection.execute(query).one()
        found = Condition(
            place,
            version,
            bytes=_weight(connection),
            runs=runs,
            open_batches=_count(connection, t.batches.c.state.in_(_LEFT)),
            unknown=_count(connection, t.unknowns.c.resolved.is_(None)),
            rejects=_count(connection, t.rejects.c.closed.is_(None)),
            reasons=_reasons(connection),
            findings=_findings(connection, account),
            look=next(iter(_looks(connection, account, RunKind.DOCTOR)), None),
            probes=_probes(_looks(connection, account, RunKind.PROBE)),
        )
    line = next(iter(reports.runs(last)), None) if last is not None else None
    return replace(found, last=line, in_flight=reports.in_flight(), held=reports.is_held())


def _weight(connection: sa.Connection) -> int | None:
    url = connection.engine.url
    if url.get_backend_name() == "sqlite":
        files = (Path(f"{url.database}{ending}") for ending in ("", "-wal"))
        return sum(each.stat().st_size for each in files if each.exists())
    names = ", ".join(f"to_regclass('{table.name}')" for table in t.metadata.sorted_tables)
    sizes = sa.text(f"SELECT sum(pg_total_relation_size(r)) FROM unnest(ARRAY[{names}]) AS r")  # noqa: S608 - our tables' names
    found = connection.execute(sizes).scalar()
    return None if found is None else int(found)


def _count(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    return connection.execute(sa.select(sa.func.count()).where(which)).scalar() or 0


def _reasons(connection: sa.Connection) -> tuple[tuple[str, int], ...]:
    cells = t.rejects.c
    query = sa.select(cells.reason, cells.key, cells.row).where(cells.closed.is_(None))
    newest = connection.execute(query.order_by(cells.id.desc()).limit(MOST_REASONS))
    counts = Counter(_without_values(reason, key, value_of(row)) for reason, key, row in newest)
    return tuple(counts.most_common())


def _without_values(reason: str, key: str | None, row: object) -> str:
    """A reason, and `…` for each value of its row in it."""
    held = sorted({*_texts(row), key or ""}, key=len, reverse=True)
    for text in held:
        if len(text) >= _LEAST_MASKED:
            reason = reason.replace(text, "…")
    return _SPELLED.sub("…", reason)


def _texts(value: object) -> Iterator[str]:
    """All values in a row, as a message may spell them."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
    elif value is not None:
        yield json_text(value)


def _findings(connection: sa.Connection, account: str | None) -> dict[tuple[str, str], str]:
    query = sa.select(t.findings).where(t.findings.c.account == account)
    return {(row.procedure, row.name): row.value for row in connection.execute(query)}


def _looks(connection: sa.Connection, account: str | None, kind: RunKind) -> list[EarlierLook]:
    """The looks of a kind, the last one first."""
    cells = t.runs.c
    ended = cells.kind == kind.value, cells.receipt.is_not(None), cells.account == account
    query = sa.select(cells.began_ms, cells.receipt).where(*ended).order_by(cells.id.desc())
    rows = connection.execute(query.limit(MOST_LOOKS))
    read = ((row.began_ms, value_of(row.receipt.encode())) for row in rows)
    return [EarlierLook(at, told) for at, told in read if isinstance(told, dict)]


def _probes(looks: list[EarlierLook]) -> dict[str, EarlierLook]:
    return {str(each.receipt.get("procedure")): each for each in reversed(looks)}
