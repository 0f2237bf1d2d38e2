"""The mapping of a stream whose rows each say how a user of the account is called (4.16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import shown
from target_chakra.call_settings.call_mapping import CallKind, CallMapping, required_option
from target_chakra.mapping_options import refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final = ("firstName", "lastName", "middleName", "displayName")
"""The names of a user. Of which of them an account takes the documents show the first two (Q6)."""
_KEYS: Final = frozenset({"stream", "kind", "user", "fields"})


@dataclass(frozen=True, slots=True)
class UserMapping(CallMapping):
    """What of a row becomes a name of a user.

    Attributes:
        user: The column that names the user, by id, username or email.
        fields: Column → name: `firstName`, `lastName`, `middleName` or `displayName`.
    """

    user: str
    fields: Mapping[str, str]

    @property
    def kind(self) -> CallKind:
        """The names of a user."""
        return CallKind.USER

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        return frozenset({self.user, *self.fields})

    @property
    def named_by(self) -> Mapping[str, str]:
        """The user."""
        return {"user": self.user}

    @property
    def naming_step(self) -> str:
        """What to do about a row that names nobody."""
        return "Name a user there, by id, username or email"


def parse_user(given: Mapping[str, object], where: str) -> UserMapping:
    """Give a mapping of kind `user` its meaning.

    Raises:
        SettingsError: It means nothing.
    """
    refuse_unknown(given, _KEYS, where)
    return UserMapping(
        user=required_option(
            given, "user", where, "Name the column that holds a user's id, username or email"
        ),
        fields=_fields(given.get("fields"), where),
    )


def _fields(value: object, where: str) -> Mapping[str, str]:
    example = 'Write it as {"first_name": "firstName", "surname": "lastName"}'
    if not isinstance(value, dict) or not value:
        raise SettingsError(f"In {where} fields is {shown(value)}", example)
    for name in value.values():
        if name not in NAMES:
            raise SettingsError(
                f"In {where} fields names {shown(name)}, which is no name of a user",
                f"Use: {', '.join(NAMES)}",
            )
    named = list(value.values())
    twice = next((name for name in NAMES if named.count(name) > 1), None)
    if twice is not None:
        raise SettingsError(f"In {where} two columns of fields go to {twice}", "Leave one out")
    return {str(column): str(name) for column, name in value.items()}
