"""One line of what a doctor found: what it is, what follows from it, and which setting decides.

A finding never holds a value of a row, only its shape: the page is shown to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from chakra_api.exit_codes import ExitCode

if TYPE_CHECKING:
    from chakra_api.errors import ChakraError


class Severity(str, Enum):
    """How much a finding concerns its user, the least first."""

    OK = "ok"
    """As it should be."""
    NOTE = "note"
    """Good to know: nothing has to be done."""
    WARNING = "warning"
    """Something may be missing, slow or wrong unless its user does something."""
    FAULT = "fault"
    """A pipeline does not work so."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one topic.

    Attributes:
        topic: What it is about, in words that stay the same: `order of lists`.
        found: What was found, a sentence without a full stop.
        follows: What follows for the user's pipeline, a sentence; empty if nothing does.
        setting: The setting that would change it; empty if none would.
        severity: How much it concerns the user.
        about: The procedure, attribute or collection that it is about; empty for the account.
        fact: What was found in a word or two that a later look is compared by; empty for what
            differs each time, as a latency does.
        code: The exit code that follows for the command.
    """

    topic: str
    found: str
    follows: str = ""
    setting: str = ""
    severity: Severity = Severity.OK
    about: str = ""
    fact: str = ""
    code: ExitCode = ExitCode.DONE


def fault(topic: str, error: ChakraError, about: str = "") -> Finding:
    """An error as a finding: its cause, its next step, and the exit code that follows.

    Args:
        topic: What could not be looked at.
        error: Why not.
        about: The procedure or attribute; empty for the account.
    """
    said, follows = error.cause, error.next_step
    return Finding(topic, said, follows, "", Severity.FAULT, about, code=error.exit_code)
