"""Who makes the calls of one stream: asks ChakraHQ for a task, a message …, on a worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.values.writing import Unfit
    from target_chakra.call_settings.call_mapping import CallKind
    from target_chakra.changes import Fields


class CallMaker(Protocol):
    """Makes the calls of one stream.

    Attributes:
        kind: What is asked for.
        most: Calls that its user allows a run; None for any number.
    """

    @property
    def kind(self) -> CallKind:
        """What is asked for."""

    @property
    def most(self) -> int | None:
        """Calls that its user allows a run; None for any number."""

    def refused(self, fields: Fields) -> str:
        """Why a call of this content is not to be made; empty if it is. Asks nobody."""

    def shown(self, fields: Fields) -> Fields | Unfit:
        """What a dry run and a plan show of a call of this content; or why it can't be made."""

    def make(self, fields: Fields, leaving: Callable[[], None]) -> str:
        """Ask ChakraHQ, once; the id of what was made, empty if the answer names none.

        Args:
            fields: The content.
            leaving: Called whenever the request leaves; what it raises keeps it from leaving.

        Raises:
            ChakraError: It was not made, or whether it was is not known.
        """
