"""Compares a stored value with a filter's: the six operators, loose about numbers in strings.

Unset values equal only null; `!=` is the opposite of `=`; an order holds only between values that
have one. An array attribute equals a filter value that it contains.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from chakra_sandbox.messages import Rejection
from chakra_sandbox.rows.moments import parse_iso
from chakra_sandbox.rows.store import key_text

Kind = Literal["plain", "moment", "key"]
Test = Callable[[object], bool]

OPERATORS = ("=", "!=", ">", ">=", "<", "<=")
_ORDERS: dict[str, Callable[[float | Decimal, float | Decimal], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TEXT_ORDERS: dict[str, Callable[[str, str], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def comparisons(rhs: object) -> list[tuple[str, object]]:
    """Split the right-hand side of a condition: a scalar, an array ("in") or operators.

    Raises:
        Rejection: 400 for an operator that does not exist or an array of objects.
    """
    if isinstance(rhs, list):
        if any(isinstance(item, list | dict) for item in rhs):
            raise Rejection(400, "an array filter holds strings or numbers")
        return [("in", rhs)]
    if not isinstance(rhs, dict):
        return [("=", rhs)]
    if not rhs or any(name not in OPERATORS for name in rhs):
        raise Rejection(400, f"a filter takes the operators {' '.join(OPERATORS)}, not {list(rhs)}")
    return list(rhs.items())


def make_test(kind: Kind, op: str, wanted: object) -> Test:
    """Compile one comparison to a test of the stored value."""
    if op == "in":
        tests = [make_test(kind, "=", item) for item in wanted] if isinstance(wanted, list) else []
        return lambda actual: any(test(actual) for test in tests)
    if op == "=":
        return _equality(kind, wanted)
    if op == "!=":
        same = _equality(kind, wanted)
        return lambda actual: not same(actual)
    return _ordering(kind, op, wanted)


def _equality(kind: Kind, wanted: object) -> Test:
    if wanted is None:
        return lambda actual: actual is None
    if kind == "key":
        text = key_text(wanted)
        return lambda actual: text is not None and key_text(actual) == text
    if kind == "moment":
        moment = _moment(wanted)
        if moment is not None:
            return lambda actual: _moment(actual) == moment
    return lambda actual: _same(actual, wanted)


def _same(actual: object, wanted: object) -> bool:
    if isinstance(actual, list):
        return actual == wanted or any(_same(item, wanted) for item in actual)
    if isinstance(actual, bool) or isinstance(wanted, bool):
        return actual is wanted
    if isinstance(actual, str) and isinstance(wanted, str):
        return actual == wanted
    left, right = _number(actual), _number(wanted)
    return left is not None and left == right


def _ordering(kind: Kind, op: str, wanted: object) -> Test:
    reader = _moment if kind == "moment" else _number
    order, text_order = _ORDERS[op], _TEXT_ORDERS[op]
    bound = reader(wanted)

    def test(actual: object) -> bool:
        value = reader(actual)
        if value is not None and bound is not None:
            return order(value, bound)
        both_text = isinstance(actual, str) and isinstance(wanted, str)
        return both_text and text_order(str(actual), str(wanted))

    return test


def _number(value: object) -> float | Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        return value
    if not isinstance(value, str):
        return None
    try:
        return int(value) if value.isdigit() else Decimal(value)
    except (ValueError, ArithmeticError):
        return None


def _moment(value: object) -> float | Decimal | None:
    number = _number(value)
    return parse_iso(value) if number is None and isinstance(value, str) else number
