"""Tries the settings: whether ChakraHQ answers, and what of it this key may read.

What role a key has is told by no endpoint (contract Q2). A key of role type User lists the
processes that are assigned to one user, without any sign of the others; so it is told from the
rows: where each that is looked at is assigned to one and the same, and there are other users.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError, NotSent
from chakra_api.exit_codes import ExitCode
from tap_chakra.reading.listing_length import listing_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from chakra_api.account.account import Procedure
    from chakra_api.endpoints.client import Row, UserList
    from tap_chakra.run.source import Source

REACH_SECONDS: Final = 3.0
"""Seconds in which a server has to answer anything at all."""

FEWEST_ROWS: Final = 5
"""Rows from which on their assignees tell of a role."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of what was found.

    Attributes:
        line: What is said.
        code: The exit code that follows from it.
    """

    line: str
    code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Seen:
    """The rows of a procedure that were looked at."""

    procedure: Procedure
    rows: Sequence[Row]

    @property
    def assignees(self) -> Counter[str]:
        """By id or username; empty for rows that are assigned to nobody."""
        return Counter(str(row.get("assignedTo") or "") for row in self.rows)


def check(source: Source) -> Iterator[Finding]:
    """Ask once for all that a run would read: the configuration, the users, each procedure.

    Raises:
        ChakraError: The server or its configuration is not reached: no run can be.
    """
    _reach(source)
    source.client = source.client.impatient()
    count = len(source.procedures)
    yield Finding(f"ok: configuration ({count} procedures)")
    users = source.executor.submit(source.client.users, version=1)
    asked = [(each, source.executor.submit(_look, source, each)) for each in source.procedures]
    people, finding = _users(users)
    yield finding
    seen = []
    for procedure, future in asked:
        try:
            seen.append(future.result())
            yield Finding(f"ok: processes of '{procedure.short_id}'")
        except ChakraError as error:
            yield Finding(f"failed: processes of '{procedure.short_id}': {error}", error.exit_code)
    yield from _role(source, seen, people)


def _reach(source: Source) -> None:
    """Have the server answer anything, in a thread: nothing else bounds a look-up of its name.

    Raises:
        ChakraError: It does not.
    """
    failed: list[ChakraError] = []

    def knock() -> None:
        try:
            source.client.reach()
        except ChakraError as error:
            failed.append(error)

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(REACH_SECONDS)
    if failed:
        raise failed[0]
    if thread.is_alive():
        raise NotSent(
            f"{source.settings.connection.api_url} gave no answer within {REACH_SECONDS:g} s",
            "Check the setting api_url and that this machine may reach it",
        )


def _look(source: Source, procedure: Procedure) -> _Seen:
    return _Seen(procedure, source.lister(procedure)(None).rows)


def _users(asked: Future[UserList]) -> tuple[list[Row], Finding]:
    try:
        found = asked.result()
    except ChakraError as error:
        return [], Finding(f"failed: users: {error}", error.exit_code)
    users = found.rows
    if found.unsure:
        return users, Finding(f"failed: users: {'; '.join(found.unsure)}", ExitCode.INCOMPLETE)
    return users, Finding(f"ok: users ({len(users)})")


def _role(source: Source, seen: Sequence[_Seen], users: Iterable[Row]) -> Iterator[Finding]:
    """What the rows tell of the role of the key, and of rows that it does not see."""
    assignees = sum((each.assignees for each in seen), Counter[str]())
    if assignees.total() < FEWEST_ROWS:
        yield Finding(
            "note: too few rows to tell whether this key's role hides some: one of role type User"
            " lists only what is assigned to it"
        )
        return
    if len(assignees) > 1 or "" in assignees:
        whose = len(assignees - Counter({"": assignees[""]}))
        yield Finding(
            f"ok: rows of {whose} users are seen, so this is likely no key of role type User, which"
            " lists only what is assigned to it"
        )
        return
    (only,) = assignees
    others = sum(user.get("isActive") is not False for user in users) - 1
    yield Finding(
        f"warning: each row that was looked at is assigned to '{_username(only, users)}': likely"
        " the role type of this key is User, which lists only what is assigned to it. What is"
        " assigned to others or to nobody is missing then, without any sign; for all rows use a"
        " key of role type Manager or Admin"
    )
    for each in seen:
        yield from _missing(source, each, others)


def _missing(source: Source, seen: _Seen, others: int) -> Iterator[Finding]:
    """How many rows may be missing of a procedure, if each user has as many."""
    name = seen.procedure.short_id
    rows = listing_length(source.lister(seen.procedure)) if seen.rows else 0
    if rows is None or others < 1:
        yield Finding(f"note: how many rows of '{name}' are missing can't be told")
        return
    yield Finding(
        f"note: of '{name}' {rows:,} rows are seen; if the {others} other active users have as many"
        f" each, about {rows * others:,} are missing, beside those assigned to nobody"
    )


def _username(assignee: str, users: Iterable[Row]) -> str:
    names = {user.get("id"): user.get("username") for user in users}
    return str(names.get(assignee) or assignee)
