"""A phone number as WhatsApp takes it: country code and number, digits alone. Pure.

Whose country it is of is never guessed: a number that does not name one is none.
"""

from __future__ import annotations

import re
from typing import Final

from chakra_api.values.writing import Unfit, write_text

LEAST_DIGITS: Final = 7
"""The shortest numbers in the world, their country code among them."""
MOST_DIGITS: Final = 15
"""The longest ones (ITU-T E.164)."""
_BETWEEN: Final = re.compile(r"[\s.\-\u2010-\u2014()/]")
"""What people write between digits: blanks, points, dashes, brackets, strokes."""
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_TRUNK: Final = "(0)"


def write_phone(value: object) -> object:
    """The digits of a phone number with its country code, or `Unfit`.

    A plus, or two zeros, before the country code go; a number without either is taken to begin
    with its country code, as long as it does not begin with a zero.
    """
    text = write_text(value)
    if not isinstance(text, str):
        return Unfit("is no phone number")
    if _TRUNK in text:
        return Unfit("is no phone number to dial from abroad: it holds (0)")
    bare = _BETWEEN.sub("", text) if text.strip()[:1] != "-" else ""  # a number below zero
    names_country = bare.startswith(("+", "00"))
    digits = bare.removeprefix("+") if bare.startswith("+") else bare.removeprefix("00")
    problem = _problem(digits, names_country=names_country)
    return Unfit(problem) if problem else digits


def _problem(digits: str, *, names_country: bool) -> str:
    """What is wrong with a number without what stands between its digits; empty for nothing."""
    if not _DIGITS.fullmatch(digits):
        return "is no phone number"
    if digits.startswith("0"):
        why = "no country code begins with 0" if names_country else "it begins with 0"
        return f"is no phone number with its country code: {why}"
    if not LEAST_DIGITS <= len(digits) <= MOST_DIGITS:
        extent = "short" if len(digits) < LEAST_DIGITS else "long"
        return f"is too {extent} for a phone number with its country code: {len(digits)} digits"
    return ""
