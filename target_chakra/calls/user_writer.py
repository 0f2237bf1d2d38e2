"""Writes the names of users (contract 4.16), found by id, username or email."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.errors import NotFound
from chakra_api.values.writing import Unfit, write_text
from target_chakra.calls.thing_writer import Sight
from target_chakra.mapping.call_mapper import ContentPart
from target_chakra.mapping.routes import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.account.people import Directory
    from chakra_api.endpoints.client import ChakraClient
    from target_chakra.call_settings.call_mapping import CallKind
    from target_chakra.call_settings.user import UserMapping
    from target_chakra.changes import Change, Fields


def user_scope(mapping: UserMapping) -> str:
    """Within which a name of a user counts: the account."""
    return f"{mapping.kind.value} names"


def user_parts(mapping: UserMapping) -> tuple[ContentPart, ...]:
    """The names that columns go to."""
    return tuple(
        ContentPart(column, Route(name, write_text, bare_name=name))
        for column, name in mapping.fields.items()
    )


class UserWriter:
    """Looks at users, and writes their names.

    Args:
        mapping: What its user wants.
        client: Talks to the account.
        directory: The users of the account; empty if they can't be listed.
    """

    def __init__(self, mapping: UserMapping, client: ChakraClient, directory: Directory) -> None:
        self._mapping = mapping
        self._client = client
        self._directory = directory

    @property
    def kind(self) -> CallKind:
        """The names of a user."""
        return self._mapping.kind

    def find(self, change: Change) -> str | Unfit:
        """The id of the user; or why nobody, or more than one, is named."""
        named = str(change.key.value) if change.key else ""
        if not self._directory.usernames:
            return named  # nobody can be listed: it is taken for an id
        people = self._directory.search(named)
        if not people:
            return Unfit("names no user of the account")
        if len(people) > 1:
            names = ", ".join(sorted(each.username for each in people))
            return Unfit(f"may mean several users: {names}")
        return people[0].id

    def look(self, thing: str, change: Change) -> Sight:
        """The names of a user, beside those that are wanted."""
        try:
            row = self._client.user(thing)
        except NotFound:
            return Sight("", {}, change.fields, "The user is not there", is_missing=True)
        missing = sorted(name for name in change.fields if name not in row)
        if row.get("isDeleted") is True:
            problem = "The user is deleted"
        elif row.get("isActive") is False:
            problem = "The user is inactive"
        elif missing:
            problem = f"The users of this account have no {missing[0]}"
        else:
            problem = ""
        return Sight(thing, {name: row.get(name) for name in change.fields}, change.fields, problem)

    def write(self, thing: str, sight: Sight, leaving: Callable[[], None]) -> Fields | None:
        """Send the names that differ; those that the answer shows."""
        unlike = {name: v for name, v in sight.wants.items() if v != sight.holds.get(name)}
        row = self._client.update_user(thing, unlike, leaving)
        if not all(name in row for name in unlike):
            return None
        return {name: row[name] for name in unlike}
