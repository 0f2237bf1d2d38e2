"""The rows that the target is measured with: 20 columns, of which some changed in most rows."""

from __future__ import annotations

from typing import Any, BinaryIO

import orjson

STATE_EVERY = 10_000
CITIES = ("pune", "goa", "mumbai", "chennai")


def held(n: int) -> dict[str, Any]:
    """What ChakraHQ holds for a key."""
    return {
        "lead_id": f"L-{n:07d}",
        "name": f"Person {n}",
        "phone_number": f"91555{n:07d}",
        "email": f"person{n}@example.com",
        "city": CITIES[n % 4],
        "source": "web",
        "score": n % 100,
        "budget": n * 1.5,
        "rating": (n % 50) / 10,
        "is_hot": n % 2 == 0,
        "consent": "yes",
        "tags": ["vip", "q1"],
        "last_contacted": 1_700_000_000_000 + n,
        "follow_up": "2026-01-05T09:15:00.000Z",
        "birth_date": 556_761_600_000,
        "call_time": 36_000_000,
        "renewal_month": "5",
        "website": f"https://example.com/{n}",
        "summary": "met at the fair",
        "remarks": "wants an invoice with tax number; prefers the evening",
    }


def wanted(n: int) -> dict[str, Any]:
    """The row of a key."""
    row = held(n)
    row["last_contacted"] = "2023-11-14T22:13:20.000Z" if n == 0 else row["last_contacted"]
    kind = n % 100
    if 20 <= kind < 80:
        row |= {"score": n % 100 + 1, "city": CITIES[(n + 1) % 4], "summary": "called back"}
    elif kind >= 95:
        row["score"] = "many"
    return row


TYPES: dict[str, Any] = {
    "lead_id": {"type": "string"},
    "score": {"type": ["integer", "string", "null"]},
    "budget": {"type": ["number", "null"]},
    "rating": {"type": ["number", "null"]},
    "is_hot": {"type": ["boolean", "null"]},
    "tags": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
    "last_contacted": {"type": ["integer", "string", "null"]},
    "follow_up": {"type": ["string", "null"], "format": "date-time"},
    "birth_date": {"type": ["integer", "null"]},
    "call_time": {"type": ["integer", "null"]},
}
"""The columns that are no plain texts, as a tap declares them."""
COLUMNS = tuple(held(0))
SCHEMA = {name: TYPES.get(name, {"type": ["string", "null"]}) for name in COLUMNS}


def is_there(n: int) -> bool:
    """Whether ChakraHQ holds it before the run."""
    return not 80 <= n % 100 < 95


def produce(rows: int, out: BinaryIO, *, fit: bool = False) -> None:
    """Write the input; of rows that all fit their types, where that is asked for."""
    dumps = orjson.dumps
    schema = {"type": "object", "properties": SCHEMA}
    message = {"type": "SCHEMA", "stream": "s", "schema": schema, "key_properties": ["lead_id"]}
    out.write(dumps(message) + b"\n")
    for n in range(rows):
        row = held(n) if fit and n % 100 >= 95 else wanted(n)
        out.write(dumps({"type": "RECORD", "stream": "s", "record": row}) + b"\n")
        if n % STATE_EVERY == STATE_EVERY - 1:
            out.write(dumps({"type": "STATE", "value": {"rows": n + 1}}) + b"\n")
    out.flush()


def produce_for_sandbox(rows: int, out: BinaryIO) -> None:
    """Rows on the sandbox's own keys: it holds other values, so that most are updates."""
    schema = {"type": "SCHEMA", "stream": "s", "schema": {"properties": SCHEMA}}
    out.write(orjson.dumps(schema) + b"\n")
    for n in range(rows):
        row = {**wanted(n), "lead_id": f"L-{n + 1:06d}" if is_there(n) else f"NEW-{n}"}
        out.write(orjson.dumps({"type": "RECORD", "stream": "s", "record": row}) + b"\n")
