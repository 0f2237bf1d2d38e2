"""The word that a user likely meant, where the one that was written is none."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of some words that is likest to another; None where none is like it."""
    spelled = {each.lower(): each for each in words}
    close = difflib.get_close_matches(word.lower(), spelled, 1)
    return spelled[close[0]] if close else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A sentence that asks for the nearest word, with a blank behind it; empty without one."""
    found = nearest(word, words)
    return "" if found is None else f"Did you mean '{found}'? "
