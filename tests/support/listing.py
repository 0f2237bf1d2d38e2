"""A procedure that lists its rows in process: small, honest, and as awkward as it is told to be.

It evaluates only the filters that a scan sends, written independently of `chakra_sandbox`.
"""

from __future__ import annotations

import operator
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from chakra_api.client import ProcessPage
from chakra_api.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, Any]
NOW = 1_790_000_000_000
OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@lru_cache(maxsize=4096)
def _instant(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def make_rows(instants: list[int], seed: int = 0) -> list[Row]:
    """Rows created at these instants, epoch milliseconds."""
    rng = random.Random(seed)
    return [
        {
            "id": str(uuid.UUID(int=rng.getrandbits(128))),
            "createdAt": at,
            "updatedAt": at + rng.randrange(1, 1000),
            "status": rng.choice(["OPEN", "COMPLETED", "CANCELLED"]),
            "state": rng.choice(["NEW", "WON", None]),
        }
        for at in instants
    ]


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
    churn: Callable[[Listing], None] | None = None
    seed: int = 0
    requests: int = 0
    log: list[tuple[Any, int, int]] = field(default_factory=list)

    def __call__(self, where: Any, *, skip: int = 0, limit: int = 100) -> ProcessPage:
        self.requests += 1
        self.log.append((where, skip, limit))
        hits = self._sorted([row for row in self.rows if self._matches(row, where or {})])
        page = hits[skip : skip + min(limit, 100)]
        more = len(hits) > skip + len(page)
        if self.churn is not None:
            self.churn(self)
        says = {"exact": more, "absent": None, "always": bool(page)}[self.has_more]
        return ProcessPage([dict(row) for row in page], says, NOW + self.requests)

    def _sorted(self, rows: list[Row]) -> list[Row]:
        if self.order == "unstable":
            return random.Random(self.seed + self.requests).sample(rows, len(rows))
        if self.order == "random":
            return sorted(rows, key=lambda row: hash((row["id"], self.seed)))
        key = "id" if self.order == "id" else "createdAt"
        return sorted(rows, key=lambda row: row[key], reverse=self.order == "created_desc")

    def _matches(self, row: Row, where: dict[str, Any]) -> bool:
        return all(self._matches_key(row, key, rhs) for key, rhs in where.items())

    def _matches_key(self, row: Row, key: str, rhs: Any) -> bool:
        if key == "and":
            return all(self._matches(row, part) for part in rhs)
        if key == "or":
            return any(self._matches(row, part) for part in rhs)
        if key in self.refuses:
            raise BadRequest(f"unknown filter {key}", status=400)
        if not self.honours(key):
            return True
        tests = rhs if isinstance(rhs, dict) else {"=": rhs}
        return all(self._compare(row.get(key), op, value, key) for op, value in tests.items())

    def _compare(self, held: Any, op: str, value: Any, key: str) -> bool:
        if held is None:
            return False  # as SQL has it: a comparison with NULL is never true
        if key == "createdAt":
            held = held // self.precision
            value = _instant(value) // self.precision
            if self.gte_is_gt and op == ">=":
                op = ">"
        return bool(OPERATORS[op](held, value))
