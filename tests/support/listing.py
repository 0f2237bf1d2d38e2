"""A procedure that lists its rows in process: small, honest, and as awkward as it is told to be.

It evaluates only the filters that a scan sends, written independently of `chakra_sandbox`. Rows
are kept sorted by `createdAt`, so that a window costs what it holds; all else is looked at row by
row. Rows without a `createdAt` are in no window, and are sorted behind all others.
"""

from __future__ import annotations

import operator
import random
import threading
import uuid
import zlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from chakra_api.endpoints.client import ProcessPage
from chakra_api.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Row = dict[str, Any]
NOW = 1_790_000_000_000
LATEST = 10**16
"""Stands for the `createdAt` of a row without one, to sort by."""
ORDERS = (
    "created_asc",
    "created_desc",
    "loose_asc",
    "loose_desc",
    "id",
    "updated",
    "updated_desc",
    "insertion",
    "random",
    "unstable",
)
"""Loose: sorted by `createdAt`, but rows of one instant differently on each request."""
HAS_MORE = ("exact", "absent", "always", "false_positive")
OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@lru_cache(maxsize=65_536)
def instant_of(text: str) -> int:
    """The instant of a timestamp, epoch milliseconds."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def make_rows(instants: Iterable[int | None], seed: int = 0, touched: float = 1.0) -> list[Row]:
    """Rows created at these instants, epoch milliseconds; that share of them was changed later."""
    rng = random.Random(seed)
    rows = []
    for at in instants:
        changed = rng.randrange(1, 1000) if rng.random() < touched else 0
        rows.append(
            {
                "id": str(uuid.UUID(int=rng.getrandbits(128))),
                "createdAt": at,
                "updatedAt": (at or NOW) + changed,
                "status": rng.choice(["OPEN", "COMPLETED", "CANCELLED"]),
                "state": rng.choice(["NEW", "WON", None]),
            }
        )
    return rows


@dataclass
class Listing:
    """Lists rows as ChakraHQ documents it, but for the awkwardness that is switched on."""

    rows: list[Row]
    order: str = "created_asc"
    precision: int = 1
    gte_is_gt: bool = False
    honours: Callable[[str], bool] = lambda _key: True
    refuses: frozenset[str] = frozenset()
    has_more: str = "exact"
    max_skip: int | None = None
    churn: Callable[[Listing], None] | None = None
    holds: Callable[[], int] | None = None
    seed: int = 0
    requests: int = 0
    log: list[tuple[Any, int, int]] = field(default_factory=list)
    served: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._came = {row["id"]: number for number, row in enumerate(self.rows)}
        self.rows = sorted(self.rows, key=_created)
        self._created = [_created(row) for row in self.rows]
        self._answering = threading.Lock()

    # Changes

    def insert(self, row: Row) -> None:
        """Add a row, in its place."""
        at = bisect_right(self._created, _created(row))
        self._came[row["id"]] = len(self._came)
        self._created.insert(at, _created(row))
        self.rows.insert(at, row)

    def place_of(self, row: Row) -> int | None:
        """The place of a row that was served; None if it is gone."""
        at = bisect_left(self._created, _created(row))
        while at < len(self.rows) and self._created[at] == _created(row):
            if self.rows[at]["id"] == row["id"]:
                return at
            at += 1
        return None

    def delete(self, at: int) -> Row:
        """Remove the row at a place."""
        del self._created[at]
        return self.rows.pop(at)

    # Requests

    def __call__(self, where: Any, *, skip: int = 0, limit: int = 100) -> ProcessPage:
        # An answer is what is there at one instant, whoever else asks meanwhile.
        with self._answering:
            return self._answer(where, skip, limit)

    def _answer(self, where: Any, skip: int, limit: int) -> ProcessPage:
        self.requests += 1
        self.log.append((where, skip, limit))
        if self.max_skip is not None and skip > self.max_skip:
            raise BadRequest(f"skip is at most {self.max_skip}", status=400)
        hits = self._sorted(self._found(where or {}))
        limit = min(limit, 100)
        if self.holds is not None and limit > 1:  # rows are large: fewer are asked for
            limit = min(limit, self.holds())
        page = [dict(row) for row in hits[skip : skip + limit]]
        more = len(hits) > skip + len(page)
        self.served = page
        if self.churn is not None:
            self.churn(self)
        says = {
            "exact": more,
            "absent": None,
            "always": bool(page),
            "false_positive": more or len(page) == limit,
        }
        return ProcessPage(page, says[self.has_more], NOW + self.requests, limit=limit)

    def _found(self, where: dict[str, Any]) -> list[Row]:
        tests = list(_tests(where))
        for refused in (key for key, _, _ in tests if key in self.refuses):
            raise BadRequest(f"unknown filter {refused}", status=400)
        tests = [test for test in tests if self.honours(test[0])]
        first, last = 0, len(self.rows)
        for key, op, value in tests:
            if key == "createdAt":
                lower, upper = self._range(op, value)
                first = max(first, bisect_left(self._created, lower))
                last = min(last, bisect_left(self._created, upper))
        rest = [test for test in tests if test[0] != "createdAt"]
        hits = self.rows[first:last]
        return [row for row in hits if all(_holds(row, *test) for test in rest)] if rest else hits

    def _range(self, op: str, text: str) -> tuple[int, int]:
        """The instants that a comparison of `createdAt` finds: from, and up to without it."""
        if self.gte_is_gt and op in {">=", "<="}:
            op = op[0]
        begin = instant_of(text) // self.precision * self.precision
        end = begin + self.precision
        return {
            ">=": (begin, LATEST),
            ">": (end, LATEST),
            "<": (-LATEST, begin),
            "<=": (-LATEST, end),
            "=": (begin, end),
        }[op]

    def _sorted(self, rows: list[Row]) -> list[Row]:
        order = self.order
        rng = random.Random(self.seed * 1_000_003 + self.requests)
        if order in {"unstable", "loose_asc", "loose_desc"}:
            rows = rng.sample(rows, len(rows))
        if order in {"unstable", "created_asc"}:
            return rows
        if order == "created_desc":
            return rows[::-1]
        keys: dict[str, Callable[[Row], Any]] = {
            "loose_asc": _created,
            "loose_desc": _created,
            "id": operator.itemgetter("id"),
            "updated": operator.itemgetter("updatedAt"),
            "updated_desc": operator.itemgetter("updatedAt"),
            "insertion": lambda row: self._came[row["id"]],
            "random": lambda row: zlib.crc32(f"{self.seed} {row['id']}".encode()),
        }
        return sorted(rows, key=keys[order], reverse=order.endswith("_desc"))


def _created(row: Row) -> int:
    at = row.get("createdAt")
    return LATEST if at is None else int(at)


def _tests(where: dict[str, Any]) -> Iterable[tuple[str, str, Any]]:
    """The comparisons of a `where`, all of which must hold; a scan sends no `or`."""
    for key, rhs in where.items():
        if key == "and":
            for part in rhs:
                yield from _tests(part)
        elif isinstance(rhs, dict):
            yield from ((key, op, value) for op, value in rhs.items())
        else:
            yield key, "=", rhs


def _holds(row: Row, key: str, op: str, value: Any) -> bool:
    held = row.get(key)
    # As SQL has it: a comparison with NULL is never true.
    return held is not None and bool(OPERATORS[op](held, value))
