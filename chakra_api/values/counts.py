"""So many of something, in words: one of a kind is named as one."""

from __future__ import annotations


def counted(count: int, noun: str = "row") -> str:
    """So many of something, in words: `1 row`, `1,488 rows`, `2 processes`.

    Args:
        count: How many.
        noun: What one of them is called.
    """
    ending = "" if count == 1 else "es" if noun.endswith(("s", "ch")) else "s"
    return f"{count:,} {noun}{ending}"
