"""Which of Meta's codes refuse not one message alone, but all that would follow it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import NoAccess

if TYPE_CHECKING:
    from chakra_api.errors import MetaError, NotFound

_OF_ACCESS: Final = frozenset({0, 3, 10, 190, 131005, *range(200, 300)})
"""The sender's own access to WhatsApp: expired, withdrawn, or never given."""
_OF_ACCOUNT: Final = frozenset({368, 131031, 131042, 131045, 131048, 133010})
"""The account: blocked, locked, not paid for, its number not registered, its messages held for
spam."""
_OF_THE_MOMENT: Final = frozenset({2, 131016, 131057, 133004})
"""WhatsApp itself, for a while: overloaded, down, or being maintained."""
_FOR_ALL: Final = _OF_ACCESS | _OF_ACCOUNT | _OF_THE_MOMENT
_OF_TEMPLATE: Final = frozenset({132000, 132001, 132007, 132015, 132016})
"""The template: gone, changed, paused, disabled or against the rules."""
_NO_OBJECT: Final = (100, 33)
"""Code and second number of an id that is nobody's: that of the sender."""


def refuses_all(error: MetaError, *, one_template: bool) -> bool:
    """Whether a refusal is of all messages, so that another one is not to be tried.

    Args:
        error: What Meta says.
        one_template: Whether all of them are by one template.
    """
    if error.code in _FOR_ALL or (error.code, error.subcode) == _NO_OBJECT:
        return True
    return one_template and error.code in _OF_TEMPLATE


def next_step_of(error: MetaError) -> str:
    """What to do about a refusal of all messages; empty if there is nothing to say of it."""
    if (error.code, error.subcode) == _NO_OBJECT:
        return "Check sender of the setting whatsapp, or of the mapping, then run it again"
    return next((step for codes, step in _STEPS if error.code in codes), "")


_STEPS: Final = (
    (_OF_ACCESS, "Have ChakraHQ's access to WhatsApp renewed, then run it again"),
    (_OF_ACCOUNT, "See the account in WhatsApp Manager, then run it again"),
    (_OF_THE_MOMENT, "Run it again later: what was not sent is sent then"),
    (_OF_TEMPLATE, "See the template in WhatsApp Manager, then run it again"),
)


def no_plugin(error: NotFound) -> NoAccess:
    """A 404 of a message that names no process: it is the plugin that is not there.

    So it is with all messages, not with this one alone.
    """
    step = "Check plugin of the setting whatsapp, and the role of the key"
    return NoAccess(error.cause, step, status=error.status)
