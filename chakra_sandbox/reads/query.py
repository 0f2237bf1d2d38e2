"""Compiles a `where` object (contract 4.3) to slots to look at and a test of the rows in them.

Of the conditions that are ANDed at the top level, those on `createdAt` become a range, equalities
of `id` or the primary key a look-up, and ranges of `id` tests of ids, for which no row is read;
everything else, and everything nested, becomes a predicate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chakra_sandbox.messages import Rejection, Row
from chakra_sandbox.reads.comparing import Kind, comparisons, make_test
from chakra_sandbox.rows.moments import parse_iso
from chakra_sandbox.rows.store import key_text

if TYPE_CHECKING:
    from chakra_sandbox.knobs import Knobs
    from chakra_sandbox.rows.model import Model

Predicate = Callable[[Row], bool]

_MOMENT_TYPES = frozenset({"datetime", "datetimeISO8601", "date"})
_CUT_SHORT = 10
_BOUNDS = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Query:
    """What a list request selects.

    Attributes:
        lower_ms: Least `createdAt`, None for no bound.
        upper_ms: First `createdAt` beyond, None for no bound.
        ids: Only these process ids, None for all.
        keys: Only these primary key values, None for all.
        id_tests: Tests that every process id must pass.
        predicates: Tests that every row must pass.
    """

    lower_ms: int | None = None
    upper_ms: int | None = None
    ids: tuple[str, ...] | None = None
    keys: tuple[object, ...] | None = None
    id_tests: tuple[Callable[[object], bool], ...] = ()
    predicates: tuple[Predicate, ...] = ()

    def narrowed(self, lower_ms: int | None, upper_ms: int | None) -> Query:
        """Return it with a smaller range of `createdAt`."""
        lowers = [bound for bound in (self.lower_ms, lower_ms) if bound is not None]
        uppers = [bound for bound in (self.upper_ms, upper_ms) if bound is not None]
        return replace(self, lower_ms=max(lowers, default=None), upper_ms=min(uppers, default=None))

    def also(self, predicate: Predicate) -> Query:
        """Return it with one more test."""
        return replace(self, predicates=(*self.predicates, predicate))

    @property
    def is_tested(self) -> bool:
        """Whether some of what it looks at may not pass."""
        return bool(self.id_tests or self.predicates)

    def accepts_id(self, row_id: str) -> bool:
        """Say whether a process id passes the tests of ids."""
        return all(test(row_id) for test in self.id_tests)

    def accepts(self, row: Row) -> bool:
        """Say whether a row passes the predicates."""
        return all(predicate(row) for predicate in self.predicates)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a filter means on one procedure.

    Attributes:
        model: The procedure.
        knobs: The answers to Q13, Q14 and Q16, and what becomes of filters on ids and arrays.
        user_ids: Username to user id.
    """

    model: Model
    knobs: Knobs
    user_ids: Mapping[str, str]


def compile_where(where: object, dialect: Dialect) -> Query:
    """Compile a `where`; None selects everything.

    Raises:
        Rejection: 400, saying what is wrong.
    """
    if where is None:
        return Query()
    query = Query()
    for key, rhs in _conditions(where).items():
        query = _narrow(query, key, rhs, dialect)
    return query


def _conditions(where: object) -> Mapping[str, object]:
    if not isinstance(where, dict):
        raise Rejection(400, "where is an object of conditions")
    return where


def _narrow(query: Query, key: str, rhs: object, dialect: Dialect) -> Query:
    if key == "createdAt":
        return _narrow_created(query, rhs, dialect)
    by_id = key == "id" and dialect.knobs.id_filter == "works"
    by_key = key == dialect.model.primary_key
    wanted = _wanted(rhs, dialect) if by_id or by_key else None
    if wanted is None:
        if by_id and _are_bounds(compared := comparisons(rhs)):
            tests = tuple(make_test("key", op, value) for op, value in compared)
            return replace(query, id_tests=(*query.id_tests, *tests))
        return query.also(_condition(key, rhs, dialect))
    if by_id:
        return replace(query, ids=tuple(str(item) for item in wanted))
    texts = {key_text(item) for item in wanted}
    # The look-up finds what ever had the key; the test, what has it as lists show it.
    return replace(query, keys=wanted).also(lambda row: key_text(row["data"].get(key)) in texts)


def _are_bounds(compared: list[tuple[str, object]]) -> bool:
    return all(op in _BOUNDS for op, _ in compared)


def _wanted(rhs: object, dialect: Dialect) -> tuple[object, ...] | None:
    """Return the values of an equality or an array that works, None for other conditions."""
    found = (
        comparisons(rhs)
        if not isinstance(rhs, list) or dialect.knobs.array_filter == "works"
        else []
    )
    if len(found) != 1 or found[0][0] not in ("=", "in") or found[0][1] is None:
        return None
    value = found[0][1]
    values = tuple(value) if isinstance(value, list) else (value,)
    return None if None in values else values


def _narrow_created(query: Query, rhs: object, dialect: Dialect) -> Query:
    if dialect.knobs.created_at_filter == "ignored":
        return query
    for op, value in comparisons(rhs):
        if op in ("in", "!="):
            query = query.also(_created_test(op, value, dialect))
        else:
            query = query.narrowed(*_interval(op, _bound(value, dialect), dialect))
    return query


def _interval(op: str, bound: int, dialect: Dialect) -> tuple[int | None, int | None]:
    """Return the half-open range of stored `createdAt` that a comparison accepts (Q13)."""
    unit = 1000 if dialect.knobs.created_at_precision == "s" else 1
    here = bound // unit * unit
    beyond = here + unit
    if op == "=":
        return here, beyond
    if dialect.knobs.gte_is_gt:
        op = op.removesuffix("=")
    return {">=": (here, None), ">": (beyond, None), "<": (None, here), "<=": (None, beyond)}[op]


def _bound(value: object, dialect: Dialect) -> int:
    knobs = dialect.knobs
    if knobs.accept_epoch_filter and isinstance(value, int) and not isinstance(value, bool):
        return value
    ignore = knobs.filter_ignores_offset
    moment = parse_iso(value, ignore_offset=ignore) if isinstance(value, str) else None
    if moment is None:
        raise Rejection(400, f"createdAt takes an ISO 8601 timestamp, not {value!r}")
    return moment


def _created_test(op: str, value: object, dialect: Dialect) -> Predicate:
    if op == "!=":
        same = _created_test("=", value, dialect)
        return lambda row: not same(row)
    if op == "in":
        items = value if isinstance(value, list) else []
        return _array(items, dialect, lambda item: _created_test("=", item, dialect))
    lower, upper = _interval(op, _bound(value, dialect), dialect)

    def test(row: Row) -> bool:
        at: int = row["createdAt"]
        return (lower is None or at >= lower) and (upper is None or at < upper)

    return test


def _condition(key: str, rhs: object, dialect: Dialect) -> Predicate:
    if key in ("or", "and"):
        return _group(key, rhs, dialect)
    if key == "createdAt":
        return _all([_created_test(op, value, dialect) for op, value in comparisons(rhs)])
    if key in ("id", "updatedAt"):
        return _optional_root(key, rhs, dialect)
    if key in ("status", "state", "assignedTo"):
        wanted = _users(rhs, dialect) if key == "assignedTo" else rhs
        return _tests(lambda row: row[key], "plain", wanted, dialect)
    return _attribute_condition(key, rhs, dialect)


def _attribute_condition(key: str, rhs: object, dialect: Dialect) -> Predicate:
    attribute = dialect.model.attribute(key)
    if attribute is None:
        return _switch(dialect.knobs.unknown_where_key, key)
    kind: Kind = "moment" if attribute.type_name in _MOMENT_TYPES else "plain"
    kind = "key" if key == dialect.model.primary_key else kind
    return _tests(lambda row: row["data"].get(key), kind, rhs, dialect)


def _group(key: str, rhs: object, dialect: Dialect) -> Predicate:
    if not isinstance(rhs, list):
        raise Rejection(400, f"{key} takes an array of queries")
    parts = [_query_test(part, dialect) for part in rhs]
    if key == "and":
        return _all(parts)
    return lambda row: any(part(row) for part in parts)


def _query_test(where: object, dialect: Dialect) -> Predicate:
    return _all([_condition(key, rhs, dialect) for key, rhs in _conditions(where).items()])


def _optional_root(key: str, rhs: object, dialect: Dialect) -> Predicate:
    knobs = dialect.knobs
    setting = knobs.id_filter if key == "id" else knobs.updated_at_filter
    if setting in ("works", "honoured"):
        return _tests(lambda row: row[key], "key" if key == "id" else "moment", rhs, dialect)
    return _switch(setting, key)


def _switch(setting: str, key: str) -> Predicate:
    if setting == "error":
        raise Rejection(400, f"cannot filter by {key}")
    return lambda _row: setting == "ignored"


def _tests(get: Callable[[Row], object], kind: Kind, rhs: object, dialect: Dialect) -> Predicate:
    def one(op: str, value: object) -> Predicate:
        if op == "in" and isinstance(value, list):
            return _array(value, dialect, lambda item: one("=", item))
        test = make_test(kind, op, value)
        return lambda row: test(get(row))

    return _all([one(op, value) for op, value in comparisons(rhs)])


def _array(items: list[object], dialect: Dialect, make: Callable[[object], Predicate]) -> Predicate:
    setting = dialect.knobs.array_filter
    if setting == "ignored":
        return lambda _row: True
    if setting == "find_nothing":
        return lambda _row: False
    parts = [make(item) for item in (items[:_CUT_SHORT] if setting == "cut_short" else items)]
    return lambda row: any(part(row) for part in parts)


def _all(parts: list[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]
    return lambda row: all(part(row) for part in parts)


def _users(rhs: object, dialect: Dialect) -> object:
    """Turn usernames into the ids that rows hold; an unknown name matches no row."""
    if isinstance(rhs, list):
        return [_users(item, dialect) for item in rhs]
    if isinstance(rhs, dict):
        return {op: _users(item, dialect) for op, item in rhs.items()}
    return dialect.user_ids.get(rhs, f"no user {rhs}") if isinstance(rhs, str) else rhs
