"""The word that a user likely meant, where the one that was written is none."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


LIKE: Final = 0.6
"""How like two words must be, of 1, if nothing else is said: as difflib has it."""


def nearest(word: str, words: Iterable[str], like: float = LIKE) -> str | None:
    """The one of some words that is likest to another, in any case; None where none is like it.

    Args:
        word: The word that was written.
        words: Those that there are.
        like: How like it must be, from 0 to 1.
    """
    spelled = {each.lower(): each for each in words}
    close = difflib.get_close_matches(word.lower(), spelled, 1, like)
    return spelled[close[0]] if close else None


def did_you_mean(word: str, words: Iterable[str], like: float = LIKE) -> str:
    """A sentence that asks for the nearest word, with a blank behind it; empty without one."""
    found = nearest(word, words, like)
    return "" if found is None else f"Did you mean '{found}'? "
