"""A stream that fails: whether that is its own affair, and what is said of it at the end.

The others go on (decision record 15). What concerns all of them ends the run at once: a wrong key,
a host that is not reached, a setting, a complaint about the pace, and whatever is no answer while
nothing else is answered either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.answers import Contradiction
from chakra_api.errors import (
    AnswerLost,
    ChakraError,
    Refused,
    ReportedErrors,
    SettingsError,
    WrongKey,
)
from chakra_api.exit_codes import gravest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chakra_api.exit_codes import ExitCode

MOST_NAMED: Final = 10


class StreamSettingsError(SettingsError):
    """A setting can't be heeded for one stream; the others are not concerned."""


class Named(str):
    """Why a run is not complete, where processes that its user named can't be had."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A stream that failed.

    Attributes:
        stream: Its name.
        error: What ended it.
    """

    stream: str
    error: ChakraError

    @property
    def line(self) -> str:
        """What is said of it at the end."""
        return f"{self.stream} failed: {self.error}"


def is_own(error: ChakraError, answers: Callable[[], bool]) -> bool:
    """Whether an error concerns the one stream that was read, and no other.

    Args:
        error: What ended the stream.
        answers: Whether ChakraHQ still answers what every run asks for; asked where the error
            itself does not tell.
    """
    if isinstance(error, StreamSettingsError):
        return True
    if isinstance(error, Refused):
        return not isinstance(error, WrongKey)
    return isinstance(error, (AnswerLost, ReportedErrors)) and answers()


def after_doubts(doubts: Iterable[str]) -> str:
    """What to do about lists that could not be proven complete.

    Args:
        doubts: Why not.
    """
    doubts = tuple(doubts)
    if any(isinstance(each, Contradiction) for each in doubts):
        return (
            "answers that contradict themselves will do so again, so look at what answers (the"
            " setting api_url, a proxy between), and report it to ChakraHQ if it is ChakraHQ"
        )
    if doubts and all(isinstance(each, Named) for each in doubts):
        return (
            "they were deleted for good, or are of another procedure, or this key does not see"
            " them: leave them out, or look for them in ChakraHQ"
        )
    return "run it again, at a quieter time if this repeats"


def code_of(failures: Sequence[Failure]) -> ExitCode:
    """The exit code of a run in which these streams failed."""
    return gravest(failure.error.exit_code for failure in failures)


def summary(failures: Sequence[Failure], streams: int) -> str:
    """What is said of a run in which these streams failed, behind the line of each.

    Args:
        failures: The streams that failed.
        streams: How many streams were to be read.
    """
    names = [failure.stream for failure in failures]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (
        f"{len(names)} of {streams} streams failed: {', '.join(names[:MOST_NAMED])}{more}."
        " The others were read; no bookmark of those that failed moved."
        " Run it again once they are fixed, or deselect them."
    )
