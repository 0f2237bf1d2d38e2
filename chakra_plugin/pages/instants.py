"""Instants as people read them on a page."""

from __future__ import annotations

from chakra_api.values.timestamps import iso_ms


def utc(ms: int) -> str:
    """An instant to the second: `2026-01-31 09:30:00 UTC`.

    Args:
        ms: Epoch milliseconds.
    """
    day, _, time = iso_ms(ms).partition("T")
    return f"{day} {time[:8]} UTC"
