"""What follows for a call from the error that it ended with. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from chakra_api.errors import (
    AnswerLost,
    AnswerTooLarge,
    NoAccess,
    Refused,
    ReportedErrors,
    SettingsError,
    WrongKey,
)

if TYPE_CHECKING:
    from chakra_api.errors import ChakraError


class CallVerdict(Enum):
    """What is known of a call that brought an error."""

    REFUSED = "refused"
    """It was not made, and never will be as it is: the row is a reject."""
    UNKNOWN = "unknown"
    """It may have been made: it is not made again without a word of its user."""
    NOT_MADE = "not made"
    """It was not made, nor would another one be: the run stops."""


def call_verdict(error: ChakraError, *, made_before: bool, repeatable: bool) -> CallVerdict:
    """What is known of a call.

    Args:
        error: What it ended with.
        made_before: Whether a call of its stream was made in this run: then it is not the key, or
            its role, that is refused.
        repeatable: Whether a call may be made again, since it does the same.
    """
    if isinstance(error, WrongKey) or (isinstance(error, NoAccess) and not made_before):
        return CallVerdict.NOT_MADE
    if isinstance(error, (Refused, ReportedErrors, SettingsError)):
        return CallVerdict.REFUSED
    if isinstance(error, (AnswerLost, AnswerTooLarge)) and not repeatable:
        return CallVerdict.UNKNOWN
    return CallVerdict.NOT_MADE
