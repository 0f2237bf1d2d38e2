"""The commonest reasons of rows that were rejected, or of which nobody knows.

Reasons name keys and values, so that hardly two are alike: they are counted by what is left
without those, and told by their first example.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from chakra_api.values.counts import counted
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_chakra.changes import Change

MOST_KINDS: Final = 1000
"""Kinds of reasons that are told apart; further ones count as others."""
COMMONEST: Final = 3
SHOWN: Final = 140
"""Characters of an example."""
LEFT_OUT: Final = "…"
_VALUES: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\S*\d\S*")


class Reasons:
    """Reasons of one kind of outcome, by how many rows have them."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}
        self._various: set[str] = set()
        self._others = 0
        self._briefs: Counter[str] = Counter()

    def note(self, change: Change, reason: str, brief: str = "") -> None:
        """A row ended for a reason.

        Args:
            change: What it asked for.
            reason: Why, with the values that it is about.
            brief: Why, without any value; empty if that is not to be known.
        """
        if brief:
            is_known = brief in self._briefs or len(self._briefs) < MOST_KINDS
            self._briefs[brief if is_known else RejectKind.OTHER.value] += 1
        kind = without_values(reason, str(change.key) if change.key else "")
        if kind not in self._counts and len(self._counts) >= MOST_KINDS:
            self._others += 1
            return
        self._counts[kind] += 1
        if self._examples.setdefault(kind, reason) != reason:
            self._various.add(kind)

    @property
    def briefs(self) -> tuple[tuple[str, int], ...]:
        """Why, without any value, and how many rows; the commonest first."""
        return tuple(self._briefs.most_common())

    def said(self) -> str:
        """The commonest, each with its rows; empty if there are none."""
        told = self._counts.most_common(COMMONEST)
        parts = [f"{self._example(kind)} ({counted(count)})" for kind, count in told]
        left = self._counts.total() + self._others - sum(count for _, count in told)
        if left:
            parts.append(f"other reasons ({counted(left)})")
        return "; ".join(parts)

    def _example(self, kind: str) -> str:
        """The first of a kind, said to be one where others have other values."""
        return f"{'such as ' if kind in self._various else ''}{_cut(self._examples[kind])}"


def without_values(reason: str, key: str = "") -> str:
    """What is left of a reason without what differs from row to row: alike for rows of one kind.

    Args:
        reason: Why a row ended so.
        key: What names its process, as a reason has it; empty without one.
    """
    return _VALUES.sub("", reason.replace(key, "") if key else reason)


def told_of_all(reasons: Sequence[tuple[str, str]]) -> str:
    """What reasons of one kind have in common, with a mark where their values stand.

    Args:
        reasons: Each with the key of its row; if all are the same, that is it.
    """
    bare = [reason.replace(key, LEFT_OUT) if key else reason for reason, key in reasons]
    first = reasons[0][0]
    if all(each == first for each, _ in reasons):
        return first
    held = [_VALUES.findall(each) for each in bare]
    alike = [
        place < min(map(len, held)) and len({values[place] for values in held}) == 1
        for place in range(len(held[0]))
    ]
    kept = iter(alike)
    return _VALUES.sub(lambda found: found[0] if next(kept) else LEFT_OUT, bare[0])


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 3]}..."
