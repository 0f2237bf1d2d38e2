"""The users of the account, found by id, username, email or full name (contract 3.4, Q7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chakra_api.values.spelled import without_nul

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the account: the id and the names of a human being."""

    id: str
    username: str
    name: str
    email: str = ""
    is_active: bool = True
    is_deleted: bool = False


class Directory:
    """Users by id and by username."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._people: dict[str, Person] = {}
        for person in people:
            self._people.setdefault(person.username, person)
            self._people[person.id] = person
        self._people.pop("", None)
        self._by_other_name: dict[str, list[Person]] = {}
        for person in {each.id: each for each in self._people.values()}.values():
            others = (person.username, person.email, person.name)
            for other in {each.strip().casefold() for each in others} - {""}:
                self._by_other_name.setdefault(other, []).append(person)

    @classmethod
    def from_users(cls, rows: Iterable[Mapping[str, object]]) -> Directory:
        """A directory of the rows of the users endpoint, v1 or v2."""
        return cls(_person(row) for row in rows)

    def search(self, named: str) -> tuple[Person, ...]:
        """The users whom an id, a username, an email or a full name may mean, each once.

        An id or a username as it stands is one user; else case and outer blanks do not count.
        """
        exact = self.find(named)
        if exact is not None:
            return (exact,)
        return tuple(self._by_other_name.get(named.strip().casefold(), ()))

    def find(self, named: str) -> Person | None:
        """The user of that id or username."""
        return self._people.get(named)

    @property
    def usernames(self) -> tuple[str, ...]:
        """All usernames, sorted."""
        return tuple(sorted({person.username for person in self._people.values()} - {""}))


def _person(row: Mapping[str, object]) -> Person:
    parts = [_text(row.get(part)) for part in ("firstName", "middleName", "lastName")]
    name = _text(row.get("displayName")) or " ".join(part for part in parts if part)
    username = _text(row.get("username"))
    email = row.get("primaryEmail")
    address = _text(email.get("email") if isinstance(email, dict) else email)
    return Person(
        _text(row.get("id")),
        username,
        name or username,
        address,
        is_active=row.get("isActive") is not False,
        is_deleted=row.get("isDeleted") is True,
    )


def _text(value: object) -> str:
    return without_nul(value) if isinstance(value, str) else ""
