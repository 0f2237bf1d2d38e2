"""Rejects by reason, with a few examples each, and nothing in them that a row holds but its key.

A reason names values. Two that differ in nothing else are one; and what is shown of it has a mark
where a value stood, so that the groups may be passed around where rows may not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_chakra.history.reports import RejectLine

MOST_GROUPS: Final = 500
"""Reasons that are told apart; rows of further ones count together."""
EXAMPLES: Final = 3
SHORTEST: Final = 2
"""Characters of a value from which on it is looked for in a reason."""
LEFT_OUT: Final = "…"
OTHERS: Final = "Other reasons"
_SPELLED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\S*\d\S*")


@dataclass(frozen=True, slots=True)
class RejectExample:
    """One of the rejects of a group.

    Attributes:
        stream: Its stream.
        line: The input line.
        key: What names its process; empty without one.
        job: The job that refused it.
        closed: Why it needs no more attention; None while it is open.
    """

    stream: str
    line: int
    key: str
    job: str | None
    closed: str | None


@dataclass(frozen=True, slots=True)
class RejectGroup:
    """Rejects that have one reason.

    Attributes:
        reason: What is wrong, without the values.
        next_step: What to do.
        count: How many there are.
        open: Of those, how many need attention still.
        examples: The first of them.
    """

    reason: str
    next_step: str
    count: int
    open: int
    examples: tuple[RejectExample, ...]


class RejectGroups:
    """Takes rejects one by one, and groups them.

    Attributes:
        total: How many were taken.
    """

    def __init__(self) -> None:
        self.total = 0
        self._groups: dict[tuple[str, str], RejectGroup] = {}

    def note(self, reject: RejectLine) -> None:
        """Take one."""
        self.total += 1
        name = (without_values(reject.reason, reject), without_values(reject.next_step, reject))
        if name not in self._groups and len(self._groups) >= MOST_GROUPS:
            name = (OTHERS, "See them with target-chakra rejects")
        before = self._groups.get(name) or RejectGroup(*name, 0, 0, ())
        examples = before.examples
        if len(examples) < EXAMPLES:
            examples = (*examples, _example(reject))
        is_open = reject.closed is None
        self._groups[name] = RejectGroup(*name, before.count + 1, before.open + is_open, examples)

    def all(self) -> tuple[RejectGroup, ...]:
        """The groups, the largest first."""
        return tuple(sorted(self._groups.values(), key=lambda each: -each.count))


def _example(reject: RejectLine) -> RejectExample:
    return RejectExample(reject.stream, reject.line, reject.key, reject.job, reject.closed)


def without_values(text: str, reject: RejectLine) -> str:
    """A reason without what its row holds, its key among that."""
    held = {reject.key, reject.key.partition("=")[2], *_texts(reject.row)}
    for value in sorted((each for each in held if len(each) >= SHORTEST), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", LEFT_OUT, text)
    return _SPELLED.sub(LEFT_OUT, text)


def _texts(value: object) -> Iterator[str]:
    """Every value of a row as a text, in whatever it lies."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
