"""What rows tell of the role of the key that lists them: no endpoint tells it (contract Q2).

A key of role type User lists the processes that are assigned to one user, without any sign of the
others; so it is told from the rows: where each that is looked at is assigned to one and the same,
and there are other users.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chakra_api.account.account import Procedure

FEWEST_ROWS: Final = 5
"""Rows from which on their assignees tell of a role."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows of a procedure that were looked at."""

    procedure: Procedure
    rows: Sequence[dict[str, object]]

    @property
    def assignees(self) -> Counter[str]:
        """By id or username; empty for rows that are assigned to nobody."""
        return Counter(str(row.get("assignedTo") or "") for row in self.rows)


@dataclass(frozen=True, slots=True)
class Role:
    """What the assignees of rows tell.

    Attributes:
        rows: Rows that were looked at.
        users: Different users that they are assigned to.
        only: The user to whom each of them is assigned, by id or username; empty if there is no
            such one, or the rows are too few to tell.
    """

    rows: int
    users: int
    only: str

    @property
    def told(self) -> bool:
        """Whether the rows were enough to tell anything."""
        return self.rows >= FEWEST_ROWS


def role_of(seen: Iterable[Seen]) -> Role:
    """What the rows of several procedures tell of the key's role."""
    assignees = sum((each.assignees for each in seen), Counter[str]())
    rows, users = assignees.total(), len(assignees.keys() - {""})
    alone = rows >= FEWEST_ROWS and len(assignees) == 1 and users == 1
    return Role(rows, users, next(iter(assignees)) if alone else "")


def other_users(users: Iterable[dict[str, object]]) -> int:
    """Active users beside the one whose key is used."""
    return sum(user.get("isActive") is not False for user in users) - 1
