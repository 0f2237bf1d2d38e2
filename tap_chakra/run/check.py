"""Tries the settings: whether ChakraHQ answers, and what of it this key may read."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.account.role import Seen, other_users, role_of
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


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A line of what was found.

    Attributes:
        line: What is said.
        code: The exit code that follows from it.
    """

    line: str
    code: ExitCode = ExitCode.DONE


def check(source: Source) -> Iterator[CheckLine]:
    """Ask once for all that a run would read: the configuration, the users, each procedure.

    Raises:
        ChakraError: The server or its configuration is not reached: no run can be.
    """
    reach(source)
    source.client = source.client.impatient()
    count = len(source.procedures)
    yield CheckLine(f"ok: configuration ({count} procedures)")
    users = source.executor.submit(source.client.users, version=1)
    asked = [(each, source.executor.submit(_look, source, each)) for each in source.procedures]
    people, finding = _users(users)
    yield finding
    seen = []
    for procedure, future in asked:
        try:
            seen.append(future.result())
            yield CheckLine(f"ok: processes of '{procedure.short_id}'")
        except ChakraError as error:
            yield CheckLine(
                f"failed: processes of '{procedure.short_id}': {error}", error.exit_code
            )
    yield from _role(source, seen, people)


def reach(source: Source) -> None:
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
            "Check the setting api_url and that this machine may reach it; where it is only slow,"
            " doctor waits longer and says how slow",
        )


def _look(source: Source, procedure: Procedure) -> Seen:
    return Seen(procedure, source.lister(procedure)(None).rows)


def _users(asked: Future[UserList]) -> tuple[list[Row], CheckLine]:
    try:
        found = asked.result()
    except ChakraError as error:
        return [], CheckLine(f"failed: users: {error}", error.exit_code)
    users = found.rows
    if found.unsure:
        return users, CheckLine(f"failed: users: {'; '.join(found.unsure)}", ExitCode.INCOMPLETE)
    return users, CheckLine(f"ok: users ({len(users)})")


def _role(source: Source, seen: Sequence[Seen], users: Iterable[Row]) -> Iterator[CheckLine]:
    """What the rows tell of the role of the key, and of rows that it does not see."""
    role = role_of(seen)
    if not role.told:
        yield CheckLine(
            "note: too few rows to tell whether this key's role hides some: one of role type User"
            " lists only what is assigned to it"
        )
        return
    if not role.only:
        yield CheckLine(
            f"ok: rows of {role.users} users are seen, so this is likely no key of role type User,"
            " which lists only what is assigned to it"
        )
        return
    yield CheckLine(
        f"warning: each row that was looked at is assigned to '{_username(role.only, users)}':"
        " likely the role type of this key is User, which lists only what is assigned to it. What"
        " is assigned to others or to nobody is missing then, without any sign; for all rows use a"
        " key of role type Manager or Admin"
    )
    for each in seen:
        yield from _missing(source, each, other_users(users))


def _missing(source: Source, seen: Seen, others: int) -> Iterator[CheckLine]:
    """How many rows may be missing of a procedure, if each user has as many."""
    name = seen.procedure.short_id
    rows = listing_length(source.lister(seen.procedure)) if seen.rows else 0
    if rows is None or others < 1:
        yield CheckLine(f"note: how many rows of '{name}' are missing is not known")
        return
    yield CheckLine(
        f"note: of '{name}' {rows:,} rows are seen; if the {others} other active users have as many"
        f" each, about {rows * others:,} are missing, beside those assigned to nobody"
    )


def _username(assignee: str, users: Iterable[Row]) -> str:
    names = {user.get("id"): user.get("username") for user in users}
    return str(names.get(assignee) or assignee)
