"""Who looks at the things of one stream, and writes them: users, message templates and the like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from target_chakra.changes import MEND

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.values.writing import Unfit
    from target_chakra.call_settings.call_mapping import CallKind
    from target_chakra.changes import Change, Fields


@dataclass(frozen=True, slots=True)
class Sight:
    """A thing as ChakraHQ holds it, beside what a row wants of it.

    Attributes:
        thing_id: Its id; empty where it is not there.
        holds: What it holds, by field; equal to what is wanted where it is as wanted.
        wants: What it is to hold, by field.
        problem: Why it can't be made so; empty if nothing speaks against it.
        next_step: What to do about that.
        beside: What else is told of what would be written, by field.
        is_missing: Whether the problem is that it is not shown: what was just written may not be.
    """

    thing_id: str
    holds: Fields
    wants: Fields = field(default_factory=dict)
    problem: str = ""
    next_step: str = MEND
    beside: Fields = field(default_factory=dict)
    is_missing: bool = False


class ThingWriter(Protocol):
    """Looks at the things of one stream, and writes them."""

    @property
    def kind(self) -> CallKind:
        """What they are."""

    def find(self, change: Change) -> str | Unfit:
        """What all rows of a thing share; or why a row names none. Asks nobody.

        Args:
            change: What the row asks for; its key names the thing as the row does.
        """

    def look(self, thing: str, change: Change) -> Sight:
        """Look at a thing, on a worker's thread.

        Args:
            thing: What `find` said.
            change: What a row asks for.

        Raises:
            ChakraError: It can't be seen.
        """

    def write(self, thing: str, sight: Sight, leaving: Callable[[], None]) -> Fields | None:
        """Make a thing hold what is wanted of it, on a worker's thread.

        Args:
            thing: What `find` said.
            sight: What it holds, and what is wanted of it.
            leaving: Called whenever the request leaves; what it raises keeps it from leaving.

        Returns:
            What it holds by the answer, by field; None if that does not tell.

        Raises:
            ChakraError: It was not written, or whether it was is not known.
        """
