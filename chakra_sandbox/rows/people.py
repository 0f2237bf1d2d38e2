"""The made team: users, their roles, and how both versions of the API show them (contract 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox.rows.model import TEAM_ID, User, uid
from chakra_sandbox.rows.moments import iso_offset

if TYPE_CHECKING:
    from chakra_sandbox.messages import Row

TEAM_SHORT_ID = "acme"
_JOINED_MS = 1_700_000_000_000
_ZONE_MINUTES = 330

ROLE_TYPES = {
    "admin": "ADMIN",
    "manager": "MANAGER",
    "inside_sales": "USER",
    "field_agent": "USER",
}

USERS: tuple[User, ...] = (
    User("asha.k", "Asha", "K", "inside_sales"),
    User("ivo.lang", "Ivo", "Lang", "inside_sales"),
    User("mira.rao", "Mira", "Rao", "inside_sales"),
    User("noor.a", "Noor", "A", "field_agent"),
    User("zoë.müller", "Zoë", "Müller", "field_agent"),
    User("tomas.ek", "Tomáš", "Ek", "inside_sales"),
    User("li.wei", "Wei", "李", "field_agent"),
    User("sara@example.com", "Sara", "Okafor", "manager"),
    User("dev.patel", "Dev", "Patel", "inside_sales"),
    User("ana.silva", "Ana", "Silva", "field_agent"),
    User("root", "Rita", "Admin", "admin"),
    User("old.hand", "Otto", "Hand", "inside_sales", is_active=False, is_deleted=True),
)
BY_ID = {user.id: user for user in USERS}
BY_USERNAME = {user.username: user for user in USERS}


class UserEdits:
    """What was changed of users since the account was made."""

    def __init__(self) -> None:
        self._names: dict[str, Row] = {}
        self._at_ms: dict[str, int] = {}

    def edit(self, user_id: str, names: Row, now_ms: int) -> None:
        """Change names of a user."""
        self._names.setdefault(user_id, {}).update(names)
        self._at_ms[user_id] = now_ms

    def shown(self, row: Row, version: int) -> Row:
        """A user as the account has it now."""
        at_ms = self._at_ms.get(row["id"])
        if at_ms is None:
            return row
        updated: object = at_ms if version == 1 else iso_offset(at_ms, _ZONE_MINUTES)
        return {**row, **self._names[row["id"]], "updatedAt": updated}


def user_json(user: User, version: int) -> Row:
    """Show a user in a list: v1 with ids and milliseconds, v2 readable with ISO times."""
    old = version == 1
    joined: object = _JOINED_MS if old else iso_offset(_JOINED_MS, _ZONE_MINUTES)
    left: object = _JOINED_MS + 1 if old else iso_offset(_JOINED_MS + 1, _ZONE_MINUTES)
    mail = _email(user)
    return {
        "id": user.id,
        "createdAt": joined,
        "updatedAt": joined,
        "username": user.username,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "middleName": "",
        "displayName": f"{user.first_name} {user.last_name}",
        "gender": "",
        "dob": 0,
        "bio": "",
        "profileImageUrl": "",
        "coverImageUrl": "",
        "timezone": "+0530",
        "data": None,
        "onboardingData": None,
        "isActive": user.is_active,
        "isDeleted": user.is_deleted,
        "deletedAt": left if user.is_deleted else None,
        "availabilityStatus": "AVAILABLE",
        "team": TEAM_ID if old else TEAM_SHORT_ID,
        "role": uid("role", user.role) if old else user.role,
        "primaryEmail": mail if old else mail["email"],
        "primaryPhone": None,
        "profile": None,
    }


def single_user_json(user: User, version: int) -> Row:
    """Show a user alone: as in the list, with phones, emails and reportees."""
    return {**user_json(user, version), "phones": [], "emails": [_email(user)], "reportees": []}


def _email(user: User) -> Row:
    address = f"{user.username.split('@')[0]}@example.com"
    return {
        "id": uid("email", user.username),
        "createdAt": _JOINED_MS,
        "updatedAt": _JOINED_MS,
        "email": address,
        "normalizedEmail": address.lower(),
        "type": "",
        "isVerified": False,
        "user": user.id,
    }
