"""How a plan lies in its parquet file: columns, and the digest that shows any edit.

The digest is of the bytes before the file's footer and of what the footer says of the plan. It is
no signature: it finds what was edited or cut short, not who did it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from chakra_api.values import exact_json
from chakra_api.wire.wire_json import encode
from target_chakra.changes import Key, Mode
from target_chakra.plans.entries import Entry, PlannedField
from target_chakra.plans.undo import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FACTS: Final = b"chakra.plan"
"""What the footer says of the plan, one JSON object."""
DIGEST: Final = b"chakra.plan.digest"
BODY: Final = b"chakra.plan.bytes"
"""How many bytes come before the footer."""
FORMAT: Final = 1
"""The format of the files that this version writes."""
FORMAT_NAME: Final = b"chakra.plan.format"
ROWS_A_GROUP: Final = 4_000
"""Rows that are in memory at a time."""


def schema() -> Any:  # noqa: ANN401 - pyarrow ships no types
    """The columns, as pyarrow knows them."""
    import pyarrow as pa  # noqa: PLC0415 - a plain run starts without it

    named = pa.dictionary(pa.int32(), pa.string())
    one = pa.struct([("field", pa.string()), ("before", pa.string()), ("after", pa.string())])
    return pa.schema(
        [
            ("number", pa.int64()),
            ("kind", named),
            ("procedure", named),
            ("key_attribute", named),
            ("key", pa.string()),
            ("process_id", pa.string()),
            ("stream", named),
            ("line", pa.int64()),
            ("mode", named),
            ("fields", pa.list_(one)),
            ("reason", pa.string()),
            ("next_step", pa.string()),
            ("row", pa.string()),
            ("key_json", pa.string()),
            ("undo", pa.string()),
            ("seen", pa.string()),
        ]
    )


def cells_of(entry: Entry) -> dict[str, object]:
    """The row of an entry."""
    key = entry.key
    return {
        "number": entry.number,
        "kind": entry.kind,
        "procedure": entry.procedure,
        "key_attribute": key.attribute if key else None,
        "key": str(key.value) if key else None,
        "process_id": entry.process_id,
        "stream": entry.stream,
        "line": entry.line or None,
        "mode": entry.mode.value,
        "fields": [
            {"field": each.name, "before": _text(each.before), "after": _text(each.after)}
            for each in entry.fields
        ],
        "reason": entry.reason or None,
        "next_step": entry.next_step or None,
        "row": _text(dict(entry.row)),
        "key_json": _text(key.value) if key else None,
        "undo": _text(to_json(entry.undone)) if entry.undone else None,
        "seen": None if entry.seen is None else _text(dict(entry.seen)),
    }


def entry_of_cells(cells: Mapping[str, Any]) -> Entry:
    """The entry of a row.

    Raises:
        KeyError, TypeError, ValueError: It is no row of a plan.
    """
    attribute, procedure = cells["key_attribute"], cells["procedure"]
    value: Any = _value(cells["key_json"])
    row: Any = _value(cells["row"])
    undone: Any = _value(cells["undo"])
    seen: Any = _value(cells["seen"])
    return Entry(
        number=cells["number"],
        kind=cells["kind"],
        procedure=procedure,
        stream=cells["stream"],
        line=cells["line"] or 0,
        mode=Mode(cells["mode"]),
        key=Key(procedure, attribute, value) if attribute else None,
        process_id=cells["process_id"],
        fields=tuple(
            PlannedField(each["field"], _value(each["before"]), _value(each["after"]))
            for each in cells["fields"]
        ),
        row=row,
        reason=cells["reason"] or "",
        next_step=cells["next_step"] or "",
        undone=None if undone is None else from_json(undone, procedure),
        seen=seen,
    )


def _text(value: object) -> str | None:
    return None if value is None else encode(value).decode()


def _value(text: str | None) -> object:
    return None if text is None else exact_json.loads(text.encode(), constants=True)


def columns_of(entries: Sequence[Entry]) -> Any:  # noqa: ANN401 - pyarrow ships no types
    """Entries as a table."""
    import pyarrow as pa  # noqa: PLC0415 - a plain run starts without it

    return pa.Table.from_pylist([cells_of(each) for each in entries], schema=schema())


def facts_text(facts: Mapping[str, object]) -> bytes:
    """What a plan says of itself, as its digest takes it."""
    return json.dumps(facts, ensure_ascii=False).encode()


def digest_of(body: hashlib.blake2b, facts: bytes) -> str:
    """The digest of a plan.

    Args:
        body: What the bytes before the footer have come to.
        facts: What the plan says of itself.
    """
    whole = body.copy()
    whole.update(b"%d\n" % FORMAT)
    whole.update(facts)
    return whole.hexdigest()


def body_hash() -> hashlib.blake2b:
    """What takes in the bytes before the footer."""
    return hashlib.blake2b(digest_size=16)
