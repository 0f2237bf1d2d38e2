"""What all mappings share whose rows are no processes: tasks, messages, users."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from target_chakra.mapping_options import text_option

if TYPE_CHECKING:
    from collections.abc import Mapping


class CallKind(str, Enum):
    """What ChakraHQ is asked for by calls of a row's own; the option `kind` of a mapping."""

    TASK = "task"
    TEMPLATE_MESSAGE = "whatsapp_template_message"
    MESSAGE = "whatsapp_message"
    USER = "user"
    TEMPLATE = "whatsapp_template"
    PHOTO = "photo"

    @property
    def noun(self) -> str:
        """One of what is made, as people call it."""
        return _NOUNS[self]


_NOUNS: Final = {
    CallKind.TASK: "task",
    CallKind.TEMPLATE_MESSAGE: "message",
    CallKind.MESSAGE: "message",
    CallKind.USER: "user",
    CallKind.TEMPLATE: "template",
    CallKind.PHOTO: "photo",
}
REPEATABLE: Final[frozenset[CallKind]] = frozenset()
"""Kinds that do the same when they are asked for again, so that a lost answer leaves no doubt."""


@dataclass(frozen=True, slots=True)
class CallMapping:
    """What a row asks for by calls of its own."""

    @property
    def kind(self) -> CallKind:
        """What is asked for."""
        raise NotImplementedError

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        raise NotImplementedError

    @property
    def named_by(self) -> Mapping[str, str]:
        """What a row names what it asks for by: option → column, all of which it must fill."""
        raise NotImplementedError

    @property
    def naming_step(self) -> str:
        """What to do about a row that names nothing."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class OnceMapping(CallMapping):
    """What a row asks for by one call, at most once for a value.

    Attributes:
        once_by: The column whose value is called for once, whatever comes again.
    """

    once_by: str

    @property
    def named_by(self) -> Mapping[str, str]:
        """The value that is called for once."""
        return {"once_by": self.once_by}

    @property
    def naming_step(self) -> str:
        """What to do about a row without such a value."""
        return (
            "Give each row its own value there: it is what keeps a row from being called for twice"
        )


def once_by_option(given: Mapping[str, object], where: str) -> str:
    """The column by whose value a call is made once.

    Raises:
        SettingsError: It is missing.
    """
    return required_option(
        given,
        "once_by",
        where,
        "Name a column whose value is another one for each call that is to be made, and the same"
        " one whenever a row comes again",
    )


def required_option(given: Mapping[str, object], name: str, where: str, next_step: str) -> str:
    """A text that must be given.

    Raises:
        SettingsError: It is missing.
    """
    found = text_option(given, name)
    if found is None:
        raise SettingsError(f"In {where} {name} is missing", next_step)
    return found
