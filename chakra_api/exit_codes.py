"""The exit codes of every command of this distribution, one documented table.

A script may rely on them; `docs/exit-codes.md` is checked against this table by a test.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


class ExitCode(IntEnum):
    """What a command's end means to the script that ran it."""

    @property
    def words(self) -> str:
        """The name as people read it: `no access`."""
        return self.name.lower().replace("_", " ")

    @property
    def means(self) -> str:
        """A sentence for who reads of an end elsewhere, without a full stop."""
        return _MEANS[self]

    DONE = 0
    BUG = 1
    """A fault of ours: please report it."""
    USAGE = 2
    """The command line itself was wrong (click's own code for it)."""
    SETTINGS = 3
    """A setting, a catalog, a state or the input is wrong: nothing was sent because of it."""
    NO_ACCESS = 4
    """The key is wrong or its role may not do this."""
    UNREACHABLE = 5
    """ChakraHQ could not be reached, or kept failing, or something else answered."""
    INCOMPLETE = 6
    """A scan could not be proven complete: its rows were emitted, its bookmark did not move."""
    REJECTS = 7
    """More rows were rejected, or would be deleted or sent as messages, than the limit allows."""
    UNKNOWN = 8
    """Some rows have an unknown outcome."""
    STOPPED = 9
    """A signal, quiet hours, or an output that takes no more, stopped the run; run it again."""
    JOURNAL = 10
    """The journal can't be used: locked by another run, of a newer version, or its disk is full."""
    DIFFERS = 11
    """An audit found that two sides that should agree do not."""


_MEANS: Final = {
    ExitCode.DONE: "Everything asked for was done",
    ExitCode.BUG: "A fault of the connector: its log has a traceback, please report it",
    ExitCode.USAGE: "The command line itself is wrong: see --help",
    ExitCode.SETTINGS: "A setting, a catalog, a state or the input is wrong: the log names it",
    ExitCode.NO_ACCESS: "The API key is wrong, or its role may not do this",
    ExitCode.UNREACHABLE: "ChakraHQ could not be reached, kept failing, or something else answered",
    ExitCode.INCOMPLETE: "A scan could not be proven complete: its bookmark did not move",
    ExitCode.REJECTS: (
        "More rows were rejected, or would have been deleted or sent as messages, than the limit"
        " allows"
    ),
    ExitCode.UNKNOWN: "Some rows have an unknown outcome, or were not sent because of one",
    ExitCode.STOPPED: "The run was stopped in order; run it again to go on",
    ExitCode.JOURNAL: "The journal can't be used: locked by another run, newer, damaged or full",
    ExitCode.DIFFERS: "An audit found that two sides that should agree do not",
}

GRAVITY: Final = (
    ExitCode.DONE,
    ExitCode.DIFFERS,
    ExitCode.INCOMPLETE,
    ExitCode.REJECTS,
    ExitCode.UNREACHABLE,
    ExitCode.UNKNOWN,
    ExitCode.STOPPED,
    ExitCode.NO_ACCESS,
    ExitCode.SETTINGS,
    ExitCode.USAGE,
    ExitCode.JOURNAL,
    ExitCode.BUG,
)
"""All exit codes, the gravest last: what the next run may mend by itself comes before what a person
has to mend."""


def gravest(codes: Iterable[ExitCode]) -> ExitCode:
    """The gravest of some exit codes, with which a command ends to which all of them apply."""
    return max(codes, key=GRAVITY.index, default=ExitCode.DONE)
