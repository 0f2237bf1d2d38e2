"""What follows for a call, and for its row, from the error that it ended with. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from chakra_api.errors import (
    AnswerLost,
    AnswerTooLarge,
    NoAccess,
    Refused,
    RefusedByMeta,
    ReportedErrors,
    SettingsError,
    WrongKey,
)
from target_chakra.call_settings.call_mapping import REPEATABLE, CallKind
from target_chakra.changes import MEND, Reject, why_refused
from target_chakra.messages.meta_codes import refuses_all
from target_chakra.reject_kind import RejectKind

if TYPE_CHECKING:
    from chakra_api.errors import ChakraError
    from target_chakra.changes import Change

_OTHER_METHOD: Final = 405


class CallVerdict(Enum):
    """What is known of a call that brought an error."""

    REFUSED = "refused"
    """It was not made, and never will be as it is: the row is a reject."""
    UNKNOWN = "unknown"
    """It may have been made: it is not made again without a word of its user."""
    NOT_MADE = "not made"
    """It was not made, nor would another one be: the run stops."""


def call_verdict(error: ChakraError, kind: CallKind, *, made_before: bool) -> CallVerdict:
    """What is known of a call.

    Args:
        error: What it ended with.
        kind: What was asked for.
        made_before: Whether a call of its stream was made in this run: then it is not the key, or
            its role, that is refused.
    """
    if isinstance(error, WrongKey) or (isinstance(error, NoAccess) and not made_before):
        return CallVerdict.NOT_MADE
    if isinstance(error, Refused) and error.status == _OTHER_METHOD:
        return CallVerdict.NOT_MADE
    one_template = kind is CallKind.TEMPLATE_MESSAGE
    if isinstance(error, RefusedByMeta) and refuses_all(error.error, one_template=one_template):
        return CallVerdict.NOT_MADE
    if isinstance(error, (Refused, ReportedErrors, SettingsError)):
        return CallVerdict.REFUSED
    if isinstance(error, (AnswerLost, AnswerTooLarge)) and kind not in REPEATABLE:
        return CallVerdict.UNKNOWN
    return CallVerdict.NOT_MADE


def hidden_reject(change: Change, why: str, kind: RejectKind, next_step: str = MEND) -> Reject:
    """The reject of a row that a desk does not carry out: it says nothing of an unknown one."""
    return Reject(change, why, next_step, is_hidden=True, kind=kind)


def refused_reject(change: Change, error: ChakraError) -> Reject:
    """The reject of a row that was refused: by ChakraHQ, or by what its user has set."""
    why = error.cause if isinstance(error, SettingsError) else why_refused(error)
    return hidden_reject(change, why, RejectKind.REFUSED)
