"""A tally of values that were not as their type has them; see `row_typer.Counts`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of odd values, by column.

    Attributes:
        misfits: Values that went to `_extra_data`.
        coerced: Values that were spelled otherwise than their type.
        zoneless: Times that named no zone.
        nul: Texts that lost U+0000.
    """

    misfits: Counter[str] = field(default_factory=Counter)
    coerced: Counter[str] = field(default_factory=Counter)
    zoneless: Counter[str] = field(default_factory=Counter)
    nul: Counter[str] = field(default_factory=Counter)
