"""Every error of this project, sorted by what the caller may do next.

::

    ChakraError
    ├── NotSent                 the request never left: sending it again is safe
    │   └── Barred              nothing gets through before its user has mended something
    ├── Throttled               429: nothing was done; wait, then send it again
    ├── Refused                 ChakraHQ said no: the same request never will work
    │   ├── WrongKey            401: the key itself
    │   ├── NoAccess            403: the key's role
    │   ├── NotFound            404: no such procedure, process or job
    │   ├── Conflict            409: likely a primary key that exists already
    │   ├── TooLarge            413: the body; a smaller one may pass
    │   ├── NoFile              a photo whose file lies nowhere, or where none is fetched from
    │   ├── RefusedByMeta       WhatsApp's own refusal, with its code
    │   └── BadRequest          400, 422 and every other 4xx
    ├── ReportedErrors          a 2xx whose `_errors` is not empty: the call failed
    ├── AnswerLost              it may have been applied: a read may be repeated,
    │   │                       a write must be read back and never sent again blindly
    │   ├── ServerFault         408, 425, 5xx
    │   │   └── Unavailable     503: as ServerFault, and it asks us to slow down
    │   └── Unreadable          an answer came, but not ChakraHQ's (HTML, a cut or garbled body)
    │       └── Boundless       larger than any of ChakraHQ's: to ask again is no use
    ├── AnswerTooLarge          more bytes came than were wanted: ask for fewer rows
    ├── SettingsError           a setting, catalog, state or input is wrong
    ├── JournalError            the journal can't be used: nothing that it does not know was sent
    ├── LimitCrossed            a limit that the user set stops the run
    ├── HeldBack                the user's quiet hours keep messages back: run it again after them
    ├── OutputFault             what the command prints can't be written: its disk is full
    ├── MachineFault            the machine refuses: no memory, no process, no open file more
    └── IllegalTransition       a bug of ours: stop, change nothing

Foreign exceptions (those of requests) are translated in `wire/translation.py` and nowhere else.
Each error is built from fields: `cause` says what happened, `next_step` what to do about it;
`str()` joins the two, for a person to read. Neither ever holds the API key.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import ClassVar, Final

from chakra_api.exit_codes import ExitCode
from chakra_api.printable import printable

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO})
"""What the system answers a write with that finds no room."""
_GIVE_ONE: Final = "Give standard output a place to go, then run it again"
_MAKE_ROOM: Final = "Make room where standard output goes, then run it again to go on"


class ChakraError(Exception):
    """An error of this project: what happened, and what its reader can do next.

    Attributes:
        cause: One sentence without a full stop: what happened, naming the row, job or setting.
        next_step: One sentence without a full stop: what the reader can do. May be empty.
        brief: Two or three words, for a list of attempts ("502", "connection reset").
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    brief: str = "failed"

    def __init__(self, cause: str, next_step: str = "") -> None:
        super().__init__(cause, next_step)
        self.cause = cause
        self.next_step = next_step

    def __str__(self) -> str:
        said = f"{self.cause}. {self.next_step}." if self.next_step else f"{self.cause}."
        return printable(said)


class NotSent(ChakraError):
    """The request never left (refused, unresolved, no TLS): sending it again is safe."""

    exit_code = ExitCode.UNREACHABLE
    brief = "no connection"


class Barred(NotSent):
    """No request gets through: a certificate or a proxy that refuses. To try again is no use."""

    brief = "no way through"


class Throttled(ChakraError):
    """429: nothing was done.

    Attributes:
        retry_after: Seconds from now that ChakraHQ asked us to wait; None if it did not say.
    """

    exit_code = ExitCode.UNREACHABLE
    brief = "429"

    def __init__(
        self, cause: str, next_step: str = "", *, retry_after: float | None = None
    ) -> None:
        super().__init__(cause, next_step)
        self.retry_after = retry_after


class Refused(ChakraError):
    """ChakraHQ said no; the same request never will work.

    Attributes:
        status: The HTTP status.
    """

    exit_code = ExitCode.SETTINGS

    def __init__(self, cause: str, next_step: str = "", *, status: int) -> None:
        super().__init__(cause, next_step)
        self.status = status
        self.brief = str(status)


class WrongKey(Refused):
    """401: the key is not known."""

    exit_code = ExitCode.NO_ACCESS


class NoAccess(Refused):
    """403: the key is known, its role may not do this."""

    exit_code = ExitCode.NO_ACCESS


class NotFound(Refused):
    """404: no such procedure, process or job."""


class Conflict(Refused):
    """409: likely a primary key that exists already."""


class TooLarge(Refused):
    """413: the body is too large; a smaller one may pass."""


class BadRequest(Refused):
    """400, 422 and every other 4xx."""


class NoFile(Refused):
    """A photo whose file can't be had: it lies nowhere, or where nothing is fetched from."""

    def __init__(self, cause: str, next_step: str = "", *, status: int = 200) -> None:
        super().__init__(cause, next_step, status=status)
        self.brief = "no file"


@dataclass(frozen=True, slots=True)
class MetaError:
    """What Meta says of a call that it refuses.

    Attributes:
        code: Its number: 132001 is a template that is not there, or not approved.
        message: Its name in words.
        details: What is wrong with this very call; empty if it does not say.
        for_user: What its user is to read; empty if there is nothing.
        subcode: A second number; None if there is none.
    """

    code: int
    message: str = ""
    details: str = ""
    for_user: str = ""
    subcode: int | None = None


class RefusedByMeta(Refused):
    """WhatsApp's own refusal, which ChakraHQ passed on: nothing was sent.

    Attributes:
        error: What Meta says.
    """

    def __init__(self, cause: str, next_step: str = "", *, status: int, error: MetaError) -> None:
        super().__init__(cause, next_step, status=status)
        self.error = error
        self.brief = f"error {error.code}"


class ReportedErrors(ChakraError):
    """A 2xx whose `_errors` is not empty: that call failed (contract 1.4).

    Attributes:
        messages: The errors as text, in the order given.
    """

    exit_code = ExitCode.UNREACHABLE
    brief = "errors in the answer"

    def __init__(self, cause: str, next_step: str = "", *, messages: tuple[str, ...] = ()) -> None:
        super().__init__(cause, next_step)
        self.messages = messages


class AnswerLost(ChakraError):
    """The request left and no usable answer came: it may have been applied."""

    exit_code = ExitCode.UNREACHABLE
    brief = "no answer"


class ServerFault(AnswerLost):
    """408, 425 and 5xx.

    Attributes:
        status: The HTTP status.
        retry_after: Seconds that the server asked us to wait; None if it did not say.
    """

    def __init__(
        self, cause: str, next_step: str = "", *, status: int, retry_after: float | None = None
    ) -> None:
        super().__init__(cause, next_step)
        self.status = status
        self.brief = str(status)
        self.retry_after = retry_after


class Unavailable(ServerFault):
    """503: it may have been applied, and the server asks us to slow down."""


class Unreadable(AnswerLost):
    """An answer came that is not ChakraHQ's: HTML, a cut body, garbage, no envelope."""

    brief = "unreadable answer"


class Boundless(Unreadable):
    """An answer larger than any of ChakraHQ's: not read to its end, and not asked for again."""

    brief = "endless answer"


class AnswerTooLarge(ChakraError):
    """The answer to a read is larger than was wanted: it was not read to its end.

    Attributes:
        size: Bytes that it would have had, as far as it told; None if it did not.
    """

    exit_code = ExitCode.UNREACHABLE
    brief = "large answer"

    def __init__(self, cause: str, next_step: str = "", *, size: int | None = None) -> None:
        super().__init__(cause, next_step)
        self.size = size


class SettingsError(ChakraError):
    """A setting, catalog, state or input is wrong.

    A setting is found wrong before anything is changed. Where an input breaks off, what was sent
    before stays sent, and the receipt says what became of each row.
    """

    exit_code = ExitCode.SETTINGS


class Redirected(SettingsError):
    """A redirect: what was asked for lies elsewhere.

    Of a write it does not say that it was not done: a form that was taken is answered so, too.
    """


class JournalError(ChakraError):
    """The journal is locked, newer, damaged or full; nothing that it does not know was sent."""

    exit_code = ExitCode.JOURNAL


class LimitCrossed(ChakraError):
    """A limit that the user set (rejects, deletes) stops the run; what follows is not sent."""

    exit_code = ExitCode.REJECTS


class HeldBack(ChakraError):
    """Messages may not leave now: its user set quiet hours. They may once those are over."""

    exit_code = ExitCode.STOPPED


class OutputFault(ChakraError):
    """What the command prints can't be written: the disk is full that it goes to."""

    exit_code = ExitCode.STOPPED
    brief = "output"

    @classmethod
    def of(cls, number: int | None) -> OutputFault:
        """The error for a number that the system gave, `errno.ENOSPC`; None where none is open."""
        if not number:
            return cls("The output can't be written: it is closed", _GIVE_ONE)
        return cls(f"The output can't be written: {os.strerror(number)}", _MAKE_ROOM)


class MachineFault(ChakraError):
    """The machine refuses: no memory, no further process, thread or open file."""

    exit_code = ExitCode.STOPPED
    brief = "machine"


class IllegalTransition(ChakraError):
    """A bug of ours: something happened that the table of transitions does not allow."""
