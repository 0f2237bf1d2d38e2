"""Names in snake case, letter for letter as dlt's naming convention `snake_case` makes them. Pure.

dlt/common/normalizers/naming/snake_case.py and naming.py of dlt 1.31.0 are the rule; a test holds
this against them. Names are not shortened: how long one may be only the destination knows.
"""

from __future__ import annotations

import re
from typing import Final

SEPARATOR: Final = "__"
"""Stands between an object and its member where a loader makes one column of both."""
_REDUCED: Final = str.maketrans("+-*@|", "x_xal")
_UNUSABLE: Final = re.compile(r"[^a-zA-Z\d_]+")
_BREAKS: Final = (re.compile(r"([^_])([A-Z][a-z]+)"), re.compile(r"([a-z0-9])([A-Z])"))
_DIGITS: Final = re.compile(r"^\d+")
_UNDERSCORES: Final = re.compile(r"__+")
_NAMELESS: Final = "x"
"""The name of what has none: dlt leaves such a part out, or refuses it."""


def snake_case(name: str) -> str:
    """`leadScore` → `lead_score`; `2ndPhone` → `_2nd_phone`; `score*` → `scorex`."""
    made = _UNUSABLE.sub("_", name.strip().translate(_REDUCED))
    for each in _BREAKS:
        made = each.sub(r"\1_\2", made)
    made = made.lower()
    if _DIGITS.match(made):
        made = f"_{made}"
    kept = made.rstrip("_")
    return _UNDERSCORES.sub("_", kept + "x" * (len(made) - len(kept))) or _NAMELESS


def snake_path(name: str) -> str:
    """The same of each part of a path: `data__leadScore` → `data__lead_score`."""
    parts = [part for part in name.split(SEPARATOR) if part.strip()]
    return SEPARATOR.join(map(snake_case, parts)) or _NAMELESS
