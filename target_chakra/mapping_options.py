"""Options of a mapping as the setting `streams` gives them: one value each, its faults named."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from chakra_api.errors import SettingsError
from chakra_api.setting_values import flag_of, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_T = TypeVar("_T", bound=str)


def refuse_unknown(given: Mapping[str, object], known: Collection[str], where: str) -> None:
    """Refuse options that nobody knows.

    Raises:
        SettingsError: There is one; names those that exist.
    """
    unknown = sorted(set(given).difference(known))
    if unknown:
        raise SettingsError(
            f"In {where} there is no option {', '.join(unknown)}",
            f"The options are: {', '.join(sorted(known))}",
        )


def flag_option(given: Mapping[str, object], name: str, where: str) -> bool:
    """A flag; off where it is not given.

    Raises:
        SettingsError: It is neither true nor false.
    """
    value = given.get(name, False)
    found = flag_of(value)
    if found is None:
        raise SettingsError(f"In {where} {name} is {shown(value)}", "Use true or false")
    return found


def chosen_option(
    given: Mapping[str, object], name: str, allowed: tuple[_T, ...], where: str
) -> _T:
    """One of some words; the first where it is not given.

    Raises:
        SettingsError: It is none of them.
    """
    value = given.get(name) or allowed[0]
    for each in allowed:
        if value == each:
            return each
    words = ", ".join(each for each in allowed if each)
    raise SettingsError(f"In {where} {name} is {shown(value)}", f"Use one of: {words}")


def text_option(given: Mapping[str, object], name: str) -> str | None:
    """A text; None where it is empty or not given."""
    value = given.get(name)
    return str(value) if value else None
