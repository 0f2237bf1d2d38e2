"""The rows that writers are compared with, what ChakraHQ holds before, and what it must hold after.

Of ten rows six change a lead, two are as it is, two are new. What came of them is judged by the
sandbox's own rows alone.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from benchmarks.by_hand.target_rows import SCHEMA, held

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from chakra_sandbox.launch import OracleRow, Sandbox

    Row = dict[str, Any]

KEY = "lead_id"
STREAM = "leads"
STATE_EVERY = 500
FILL = 5000
UNWANTED = "do not call"
"""What ChakraHQ itself refuses, where a text holds it."""
BULK_CREATE = "/v1/ext/procedure/lead/process/bulk-create"


def keyed(count: int) -> list[Row]:
    """Rows with a key."""
    return [_wanted(n) for n in range(count)]


def _wanted(n: int) -> Row:
    changes = {"score": n % 100 + 1, "city": "delhi", "summary": "called back"}
    return held(n) | changes if n % 10 < 6 else held(n)


def with_bad(count: int) -> tuple[list[Row], set[str]]:
    """Rows of which one in a hundred is bad, and the keys of those.

    Half of them hold a word where a number goes, half a text that ChakraHQ refuses.
    """
    rows = keyed(count)
    for n in range(50, count, 100):
        rows[n] |= {"score": "many"} if n % 200 == 50 else {"summary": UNWANTED}
    return rows, {rows[n][KEY] for n in range(50, count, 100)}


def with_later(count: int) -> list[Row]:
    """Rows with a key, of which each tenth comes once more, a quarter later, with another score."""
    rows, again = keyed(count), []
    for n, row in enumerate(rows):
        again.append(row)
        if n >= count // 4 and n % 10 == 0:
            again.append({**rows[n - count // 4], "score": 1000 + n})
    return again


def keyless(count: int) -> list[Row]:
    """Rows without a key; each has a text of its own among its remarks."""
    rows = [{**held(n), "remarks": f"note {n}"} for n in range(count)]
    return [{name: value for name, value in row.items() if name != KEY} for row in rows]


def fill(sandbox: Sandbox, rows: Sequence[Row]) -> None:
    """Have the sandbox hold what it is to hold before: all rows but the new ones."""
    there = {row[KEY] for n, row in enumerate(rows) if n % 10 < 8}
    items = [{KEY: (row := held(n))[KEY], "data": row} for n in range(len(rows))]
    items = [item for item in items if item[KEY] in there]
    sandbox.knobs(job_duration_ms=0)
    for at in range(0, len(items), FILL):
        sandbox.post_json(BULK_CREATE, items[at : at + FILL])
    while sandbox.stats()["rows"]["lead"] < len(items):
        time.sleep(0.05)


def write_lines(rows: Iterable[Row], path: Path) -> None:
    """A file of JSON lines."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))


def write_singer(rows: Sequence[Row], path: Path, key: str | None, start: int) -> None:
    """A file of Singer messages, from a row on: what a tap sends that got this STATE."""
    keys = [key] if key else []
    schema = {"properties": {name: SCHEMA[name] for name in rows[0]}}
    first = {"type": "SCHEMA", "stream": STREAM, "schema": schema, "key_properties": keys}
    lines: list[Row] = [first]
    for n in range(start, len(rows)):
        lines.append({"type": "RECORD", "stream": STREAM, "record": rows[n]})
        if n % STATE_EVERY == STATE_EVERY - 1 or n == len(rows) - 1:
            lines.append({"type": "STATE", "value": {"rows": n + 1}})
    write_lines(lines, path)


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of rows, by the sandbox's own.

    Attributes:
        right: Rows that are there once, as they came last.
        missing: Rows that are not there.
        twice: Processes beyond one of a row.
        older: Rows that are there with another value than came last.
    """

    right: int = 0
    missing: int = 0
    twice: int = 0
    older: int = 0

    def __add__(self, other: Judged) -> Judged:
        """The sums."""
        return Judged(
            self.right + other.right,
            self.missing + other.missing,
            self.twice + other.twice,
            self.older + other.older,
        )


def judged(oracle: Iterable[OracleRow], rows: Iterable[Row], by: str) -> Judged:
    """What became of rows, each known by one of its attributes."""
    found: dict[str, list[Row]] = defaultdict(list)
    for each in oracle:
        if each.died_ms is None:
            found[str(each.data.get(by))].append(each.data)
    counts: Counter[str] = Counter()
    for name, row in {row[by]: row for row in rows}.items():
        there = found[name]
        counts["twice"] += max(0, len(there) - 1)
        if not there:
            counts["missing"] += 1
        elif any(each.get(field) != row[field] for each in there for field in row):
            counts["older"] += 1
        else:
            counts["right"] += len(there) == 1
    return Judged(**counts)


def touched(sandbox: Sandbox, keys: set[str], since_ms: int) -> int:
    """Of how many keys anything was written since then."""
    return len(
        {
            each.data[KEY]
            for each in sandbox.oracle()
            if each.data.get(KEY) in keys and each.updated_ms > since_ms
        }
    )
