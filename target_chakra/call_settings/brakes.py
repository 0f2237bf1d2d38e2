"""What holds messages back: how many, to whom, how fast, and when. Closed by default."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import MOST, is_set, number, shown, whole
from target_chakra.call_settings.quiet_hours import QuietHours, parse_quiet_hours

if TYPE_CHECKING:
    from collections.abc import Mapping

BRAKES: Final = frozenset({"max_messages", "allowed_numbers", "rate", "quiet_hours"})
"""The options that all mappings of messages have."""
_PATTERN: Final = re.compile(r"[0-9*?]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Brakes:
    """What holds calls back.

    Attributes:
        most: Calls that a run may make.
        allowed: Patterns of the numbers that messages may go to, `9199*`; None for any.
        rate: Calls a minute; None for as fast as they come.
        quiet: Hours in which none leaves; None for none.
    """

    most: int = 0
    allowed: tuple[str, ...] | None = None
    rate: float | None = None
    quiet: QuietHours | None = None

    def allows(self, digits: str) -> bool:
        """Whether a message may go to a number."""
        if self.allowed is None:
            return True
        return any(fnmatch.fnmatchcase(digits, pattern) for pattern in self.allowed)


def parse_brakes(given: Mapping[str, object], where: str) -> Brakes:
    """Give the brakes of a mapping their meaning.

    Raises:
        SettingsError: One means nothing.
    """
    rate = given.get("rate")
    try:
        return Brakes(
            most=whole(given, "max_messages", 0, 0),
            allowed=_allowed(given.get("allowed_numbers"), where),
            rate=number(given, "rate", 0, 1 / 60, MOST) if is_set(rate) else None,
            quiet=parse_quiet_hours(given.get("quiet_hours"), where),
        )
    except SettingsError as error:
        if where in error.cause:
            raise
        raise SettingsError(f"In {where}: {error.cause}", error.next_step) from None


def _allowed(value: object, where: str) -> tuple[str, ...] | None:
    if not is_set(value):
        return None
    given = value if isinstance(value, list) else [value]
    patterns = [each.removeprefix("+") if isinstance(each, str) else each for each in given]
    for each in patterns:
        if not isinstance(each, str) or not _PATTERN.fullmatch(each):
            raise SettingsError(
                f"In {where} allowed_numbers holds {shown(each)}",
                'Write numbers with their country code, digits alone, as ["9199*", "15550100017"]:'
                " * stands for any digits, ? for one",
            )
    return tuple(str(each) for each in patterns)
