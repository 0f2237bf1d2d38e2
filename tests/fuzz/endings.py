"""How every run must end, whatever came in; and how many steps were tried."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.support.in_process import KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.errors import ChakraError
    from tests.support.in_process import Told

BUG = 1
TAP_CODES = {0, 2, 3, 4, 5, 6}
TARGET_CODES = {0, 2, 3, 4, 5, 7, 8, 10}
"""The documented exit codes, without that of a bug and of a signal."""
STEPS: Counter[str] = Counter()
"""Wrong things that were tried, by kind."""


def ends_in_order(told: Told, codes: set[int]) -> None:
    """With a documented code, no traceback, no key; what is wrong is said."""
    assert told.code in codes, told.stderr
    assert "Traceback" not in told.stderr
    assert KEY not in told.stdout + told.stderr
    if told.code:
        assert any(mark in told.stderr for mark in ("| ERROR", "Error:", '{"run"')), told.stderr


def refuses_in_order(parse: Callable[[], object], refusal: type[ChakraError]) -> bool:
    """Whether it is refused; then with a next step, and without the key."""
    try:
        parse()
    except refusal as error:
        said = error
    else:
        return False
    assert said.next_step
    assert KEY not in str(said)
    return True
