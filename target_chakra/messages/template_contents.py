"""What columns become in a message template, and whether Meta lists it as it is wanted. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values.writing import Unfit, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

CATEGORY: Final = "category"
COMPONENTS: Final = "components"
CATEGORIES: Final = ("UTILITY", "MARKETING", "AUTHENTICATION")
"""What a template may be for."""
_IN_ANY_CASE: Final = frozenset({"type", "format"})


def write_category(value: object) -> object:
    """What a template is for, as Meta spells it."""
    text = write_text(value)
    found = text.strip().upper() if isinstance(text, str) else text
    return found if found in CATEGORIES else Unfit(f"is none of {', '.join(CATEGORIES)}")


def write_components(value: object) -> object:
    """The header, text, footer and buttons of a template, as Meta takes them."""
    found = write_json(value)
    is_whole = isinstance(found, list) and all(
        isinstance(each, dict) and isinstance(each.get("type"), str) for each in found
    )
    return found if is_whole and found else Unfit('is no JSON list of objects with a "type"')


def is_listed(wanted: object, listed: object) -> bool:
    """Whether Meta lists components, or a part of them, as they are wanted.

    It lists them in an order of its own, in capitals, and adds what was not said.
    """
    if isinstance(wanted, list):
        if not isinstance(listed, (list, tuple)) or len(wanted) != len(listed):
            return False
        return all(map(is_listed, _in_order(wanted), _in_order(listed)))
    if isinstance(wanted, dict):
        return isinstance(listed, dict) and all(
            _is_named(name, value, listed.get(name)) for name, value in wanted.items()
        )
    return wanted == listed and isinstance(wanted, bool) == isinstance(listed, bool)


def _is_named(name: str, wanted: object, listed: object) -> bool:
    if name in _IN_ANY_CASE and isinstance(wanted, str) and isinstance(listed, str):
        return wanted.upper() == listed.upper()
    return is_listed(wanted, listed)


def _in_order(parts: Sequence[object]) -> list[object]:
    """Components by their type; what are none (buttons, examples) stay in their order."""
    order = ("HEADER", "BODY", "FOOTER", "BUTTONS")
    types = [str(each.get("type")).upper() if isinstance(each, dict) else "" for each in parts]
    if not set(types) <= set(order):
        return list(parts)
    return [each for _, each in sorted(zip(types, parts, strict=True), key=lambda of: of[0])]
