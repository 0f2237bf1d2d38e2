"""Judges of a day: the server's rows against the book of what was brought and done.

They share no code with tap or target: they read the rows of the server, the tables of the
warehouse, the source's book, what people did, and what the runs printed.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.campaigns.soak.office import Act, Office
    from tests.campaigns.soak.sources import Brought
    from tests.campaigns.soak.tap_runs import Ran
    from tests.campaigns.soak.target_runs import Run
    from tests.campaigns.soak.warehouse import Warehouse

LOOKBACK_MS = 600_000
LATE_MS = 250_000
"""A request that was given up may still arrive, so much later."""
KEPT_DAYS = 7
"""Retention of the journal in half of the weeks."""
KNOWN_CODES = frozenset({0, 2, 3, 4, 5, 6, 7, 8, 9, 10})


@dataclass
class Day:
    """What a day leaves for its judges.

    Attributes:
        office: The server.
        books: Every row that any run took, by name of its process, in order.
        table: Keys that the mirrored table holds now.
        mirrored: Whether the day's last mirror ended well, with the word that it is whole.
        warehouse: Where the tap's rows went.
        taps: The tap's runs; the last one met no fault.
        targets: The target's runs; the last ones met no fault.
        rejects: Rows on record: stream, row, reason, and why they are closed.
        unknown: Rows that `unknown` lists, with what it says.
        output: What was printed.
    """

    office: Office
    books: Mapping[tuple[str, str], Sequence[Brought]]
    table: frozenset[str]
    mirrored: bool
    warehouse: Warehouse
    taps: list[Ran] = field(default_factory=list)
    targets: list[Run] = field(default_factory=list)
    rejects: list[tuple[str, Any, str, str | None]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)


def alike(one: Any, other: Any) -> bool:
    """Whether two values are one, whatever type they were given."""
    return _plain(one) == _plain(other)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return f"{float(value):.9g}"
    except (TypeError, ValueError):
        return str(value).strip().lower()


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


# The warehouse


def warehouse_is_the_server(day: Day) -> Iterator[str]:
    """After a run that met no fault, every living row is in the warehouse as it is."""
    last = day.taps[-1]
    if last.code != 0:
        yield f"wrong: the tap's last run of the day ended with {last.code}: {last.told}"
        return
    for procedure in day.office.world.account.shelves:
        held = day.warehouse.tables.get(f"process_{procedure}", {})
        living = {row["id"]: row for row in day.office.living(procedure)}
        for row_id, row in living.items():
            yield from _loaded(procedure, row, held.get(row_id))
        if last.full:
            shown = {row_id for row_id, record in held.items() if not record["isDeleted"]}
            for row_id in shown - living.keys():
                yield f"wrong: {procedure} {row_id} is deleted, and a full read left it"


def _loaded(
    procedure: str, row: Mapping[str, Any], record: Mapping[str, Any] | None
) -> Iterator[str]:
    if record is None:
        yield f"lost: {procedure} {row['id']} ({row['data']}) never came"
        return
    if _ms(record["updatedAt"]) != row["updatedAt"]:
        yield f"lost: {procedure} {row['id']} was changed, and came as it was before"
        return
    data = record.get("data") or {}
    extra = str(record.get("_extra_data") or "")
    for name, value in row["data"].items():
        if not alike(data.get(name), value) and json.dumps(value) not in extra:
            came = data.get(name)
            yield f"lost: {procedure} {row['id']}: {name} is {value!r}, and came as {came!r}"


def states_are_not_ahead(day: Day) -> Iterator[str]:
    """Every row that was changed before a bookmark that is kept is in the warehouse."""
    for stream, bookmark in day.warehouse.state.get("bookmarks", {}).items():
        since = bookmark.get("replication_key_value")
        procedure = stream.removeprefix("process_")
        if since is None or procedure not in day.office.world.account.shelves:
            continue
        held = day.warehouse.tables.get(stream, {})
        for row in day.office.living(procedure):
            if row["updatedAt"] < _ms(since) - LOOKBACK_MS:
                record = held.get(row["id"])
                if record is None or _ms(record["updatedAt"]) != row["updatedAt"]:
                    yield f"lost: STATE of {stream} says {since}, ahead of {row['id']}"


# What the target wrote


def rows_are_as_sent(day: Day) -> Iterator[str]:
    """Each process is as the last row about it says, or as somebody made it after that."""
    kept = _by_name(day.office)
    acts = _acts(day.office)
    noted = _on_record(day.rejects)
    for name, rows in day.books.items():
        yield from _as_sent(name, rows, kept.get(name, []), acts.get(name, []), noted)


def _by_name(office: Office) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for procedure in ("lead", "ticket", "visit", "product"):
        model = office.shelf(procedure).model
        for row in office.living(procedure):
            key = str(row["data"].get(model.primary_key or "name", row["id"]))
            found[procedure, key].append(row)
    return found


def _acts(office: Office) -> dict[tuple[str, str], list[Act]]:
    found: dict[tuple[str, str], list[Act]] = defaultdict(list)
    for act in office.acts:
        found[act.procedure, act.key].append(act)
    return found


def _on_record(rejects: Iterable[tuple[str, Any, str, str | None]]) -> set[tuple[str, str]]:
    return {
        (stream, _canonical(row)) for stream, row, _, closed in rejects if closed != "sent again"
    }


def _canonical(row: Any) -> str:
    return json.dumps(row, sort_keys=True)


def _as_sent(
    name: tuple[str, str],
    rows: Sequence[Brought],
    kept: Sequence[Mapping[str, Any]],
    acts: Sequence[Act],
    noted: set[tuple[str, str]],
) -> Iterator[str]:
    deleted = [act.at_ms for act in acts if act.what == "delete"]
    if deleted:
        # What was known when somebody deleted it stays deleted; else it is a new one.
        known = [row.last_ms or 0 for row in rows if row.fits and not row.deletes]
        if kept and known and known[0] + LATE_MS < deleted[0] and rows[0].stream != "owners":
            yield f"doubled: {name} was deleted by a person, and lives: {kept[0]['data']}"
        return
    if len(kept) > 1:
        yield f"doubled: {name} is there {len(kept)} times"
        return
    fitting = [row for row in rows if row.fits]
    open_rows = [row for row in fitting if (row.stream, _canonical(dict(row.row))) not in noted]
    if any(row.deletes for row in fitting):
        if kept and any(row.deletes for row in open_rows):
            yield f"lost: {name} was to be deleted, and lives: {kept[0]['data']}"
        return
    if not kept:
        if [row for row in open_rows if row.stream not in ("owners", "products")]:
            yield f"lost: {name} is not there: {open_rows[-1].data}"
        return
    yield from _values(name, fitting, open_rows, kept[0]["data"], acts)


def _values(
    name: tuple[str, str],
    rows: Sequence[Brought],
    open_rows: Sequence[Brought],
    held: Mapping[str, Any],
    acts: Sequence[Act],
) -> Iterator[str]:
    for attribute in sorted({each for row in rows for each in row.data}):
        about = [row for row in rows if attribute in row.data]
        last = next((row for row in reversed(about) if row in open_rows), None)
        if last is None or last.first_ms is None or last.last_ms is None:
            continue
        allowed = [row.data[attribute] for row in about[about.index(last) :]]
        edits = [act for act in acts if attribute in act.fields and act.at_ms >= last.first_ms]
        # One that is on record, too, was refused once, and may have come again since.
        after = [act for act in edits if act.at_ms > last.last_ms + LATE_MS and len(allowed) == 1]
        wanted = (
            [after[-1].fields[attribute]]
            if after
            else [
                *allowed,
                *(act.fields[attribute] for act in edits),
            ]
        )
        if not any(alike(value, held.get(attribute)) for value in wanted):
            whose = "a person's" if after else "the source's"
            yield f"lost: {name}: {attribute} is {held.get(attribute)!r}, {whose} is {wanted[0]!r}"


def nothing_is_doubled(day: Day) -> Iterator[str]:
    """No process that a source made was ever made a second time."""
    for procedure, start in (("lead", "new-"), ("product", "sku-"), ("visit", "visit ")):
        shelf = day.office.shelf(procedure)
        store, key = shelf.store, shelf.model.primary_key or "name"
        names = Counter(str(store.row(slot)["data"].get(key)) for slot in range(len(store)))
        for name, times in names.items():
            if times > 1 and name.startswith(start):
                yield f"doubled: {procedure} {name} was made {times} times"


def nobody_else_is_touched(day: Day) -> Iterator[str]:
    """Processes that no source brought live, unless a person deleted them."""
    deleted = {act.id for act in day.office.acts if act.what == "delete"}
    for procedure in ("lead", "ticket", "product"):
        shelf = day.office.shelf(procedure)
        store = shelf.store
        for slot in range(len(store)):
            if store.alive[slot] or store.ids[slot] in deleted:
                continue
            name = (procedure, str(store.row(slot)["data"].get(shelf.model.primary_key)))
            about = day.books.get(name, ())
            if not any(row.deletes or row.stream == "products" for row in about):
                yield f"lost: {name} is deleted, and nobody asked for it"


def mirrors_hold_the_table(day: Day) -> Iterator[str]:
    """Of what the mirror wrote, what the last whole table holds lives, and nothing else does."""
    if not day.mirrored:
        return
    kept, acts = _by_name(day.office), _acts(day.office)
    noted = _on_record(day.rejects)
    for name, rows in day.books.items():
        if name[0] != "product":
            continue
        by_people = any(act.what == "delete" for act in acts.get(name, ()))
        refused = (rows[-1].stream, _canonical(dict(rows[-1].row))) in noted
        if name[1] in day.table and not kept.get(name) and not by_people and not refused:
            yield f"lost: the mirror brings {name}, and it is not there"
        if name[1] not in day.table and kept.get(name) and not refused:
            yield f"wrong: the mirror no longer brings {name}, and it lives"


# The accounts


def rows_add_up(day: Day) -> Iterator[str]:
    """Each run that could still speak accounts for every row that it took."""
    for run in day.targets:
        if run.code is None or "rows_in" not in run.receipt:
            continue
        outcomes = run.receipt["outcomes"]
        if sum(outcomes.values()) != run.receipt["rows_in"]:
            yield f"wrong: {run.receipt['rows_in']} rows in, and outcomes {outcomes}"
        if run.took and run.receipt["rows_in"] != len(run.took):
            yield f"wrong: a run took {len(run.took)} rows and tells of {run.receipt['rows_in']}"
        left = [outcomes.get(each) for each in ("unknown", "in flight", "not sent")]
        if run.code == 0 and any(left):
            yield f"wrong: a run ended with 0 and leaves rows: {outcomes}"


def exits_are_documented(day: Day) -> Iterator[str]:
    """No run ends in a fault of its own."""
    for run in (*day.taps, *day.targets):
        if run.code is not None and run.code not in KNOWN_CODES:
            yield f"wrong: a run ended with {run.code}: {run.told}"


_SERVER_S_OWN = ("Internal error", "Something went wrong")
"""Reasons of refusals that a server gives by mistake: faults of the campaign."""


def rejects_have_a_cause(day: Day) -> Iterator[str]:
    """What is on record is bad, refused, or about a process that is gone; no row else is."""
    kept = _by_name(day.office)
    for stream, row, reason, closed in day.rejects:
        if closed is not None or any(each in reason for each in _SERVER_S_OWN):
            continue
        procedure = {"tickets": "ticket", "products": "product"}.get(stream, "lead")
        key = str(row.get("lead_id") or row.get("ticket_id") or row.get("sku"))
        bad = isinstance(row.get("score"), str)
        if stream == "visits" or (not bad and kept.get((procedure, key))):
            yield f"wrong: {stream} {row} is on record, and nothing is wrong with it: {reason}"


def bad_rows_are_on_record(day: Day) -> Iterator[str]:
    """A row that can't be written is on record, until the journal's retention is over."""
    since = day.office.now_ms - (KEPT_DAYS - 1) * 86_400_000
    noted = {(stream, _canonical(row)) for stream, row, _, _ in day.rejects}
    for rows in day.books.values():
        for row in rows:
            recent = (row.first_ms or 0) > since
            if not row.fits and recent and (row.stream, _canonical(dict(row.row))) not in noted:
                yield f"lost: {row.row} can't be written, and is not on record"


def what_is_settled_is_not_unknown(day: Day) -> Iterator[str]:
    """At the end of a day on which all was settled, `unknown` lists nothing."""
    for each in day.unknown:
        yield f"wrong: `unknown` lists what is settled: {each}"


def no_secret_is_told(day: Day) -> Iterator[str]:
    """The key is in nothing that was printed."""
    if any("sandbox-admin-key" in text for text in day.output):
        yield "wrong: the key is in an output"


JUDGES = (
    warehouse_is_the_server,
    states_are_not_ahead,
    rows_are_as_sent,
    nothing_is_doubled,
    nobody_else_is_touched,
    mirrors_hold_the_table,
    rows_add_up,
    exits_are_documented,
    rejects_have_a_cause,
    bad_rows_are_on_record,
    what_is_settled_is_not_unknown,
    no_secret_is_told,
)


def verdict(day: Day) -> list[str]:
    """Everything that any judge condemns: `lost`, `doubled` or `wrong`, and why."""
    return [f"{fault} ({judge.__name__})" for judge in JUDGES for fault in judge(day)]
