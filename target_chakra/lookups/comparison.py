"""Whether a value that ChakraHQ holds means the same as one that was wanted. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.values.coercion import MISFIT, json_text
from chakra_api.values.spelled import NulText, holds_nul
from chakra_api.values.writing import OnlyHeld

if TYPE_CHECKING:
    from collections.abc import Callable

Comparable: TypeAlias = "Callable[[str, object], object]"
"""(destination, value of the wire) → a value that equals where ChakraHQ means the same."""

EMPTY: Final[tuple[object, ...]] = (None, "", [], {})
"""Values of a field that holds nothing."""
_MAY_HOLD_NUL: Final = (dict, list, NulText)


def same(name: str, wanted: object, shown: object, comparable: Comparable) -> bool:
    """Whether two values of a destination mean the same."""
    if wanted is None and shown == "":
        return True
    if isinstance(wanted, OnlyHeld):
        wanted = wanted.value
    if type(shown) in _MAY_HOLD_NUL and holds_nul(shown) and json_text(wanted) == json_text(shown):
        return True  # what a reader makes of U+0000 is another matter
    left, right = comparable(name, wanted), comparable(name, shown)
    if left is MISFIT or right is MISFIT:
        return json_text(wanted) == json_text(shown)
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def canonical(name: str, value: object, comparable: Comparable) -> object:
    """A form of a value that equals where ChakraHQ means the same; itself if it has none."""
    found = comparable(name, value)
    return value if found is MISFIT else found
