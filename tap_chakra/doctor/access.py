"""What this key may read, and how much of it its role likely hides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.account.role import other_users
from chakra_api.exit_codes import ExitCode
from chakra_plugin.findings.finding import Finding, Severity
from chakra_plugin.findings.role_findings import ROLE
from tap_chakra.reading.listing_length import listing_length

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_api.endpoints.answers import ProcessPage
    from chakra_api.endpoints.client import Row, UserList
    from chakra_api.errors import ChakraError
    from tap_chakra.reading.window_reader import Lister

ROUGHLY: Final = 0.1
"""Share of its rows by which a long listing may be told too short."""
_MOST_NAMED: Final = 12
"""Procedures that one line names."""


def procedure_findings(
    readable: Sequence[str], refused: Sequence[tuple[str, ChakraError]], unanswered: int
) -> Iterator[Finding]:
    """Which procedures can be read, and why others can't.

    Args:
        readable: ShortIds of those that were listed.
        refused: ShortIds of those that were not, each with the reason.
        unanswered: How many others were asked for, and did not come in time.
    """
    topic = "procedures"
    count = len(readable) + len(refused) + unanswered
    if not count:
        yield Finding(
            topic,
            "The configuration shows no procedures",
            "Only users and the configuration are read: check the role of the key",
            "api_key",
            Severity.WARNING,
            fact="none",
        )
    elif readable:
        yield Finding(topic, f"{len(readable)} of {count} can be read: {_listed(readable)}")
    if unanswered:
        yield Finding(
            topic,
            f"{unanswered} of {count} were not answered in the time of this look",
            "Whether they can be read is not known: a run waits longer",
            "request_timeout",
            Severity.WARNING,
        )
    for short_id, error in refused:
        yield Finding(
            topic,
            f"can't be read ({error.brief})",
            "Its stream fails, the others are read: use another key, or name those to read",
            "api_key, procedures",
            Severity.FAULT,
            about=short_id,
            fact=error.brief,
            code=error.exit_code,
        )


def user_finding(users: UserList | None, refusal: ChakraError | None) -> Finding:
    """Whether the users can be listed."""
    topic = "users"
    if users is None:
        brief = "no answer" if refusal is None else refusal.brief
        return Finding(
            topic,
            f"The users can't be listed ({brief})",
            "assignedToUsername stays empty, and the stream users fails",
            "api_key",
            Severity.WARNING if refusal is None else Severity.FAULT,
            fact="not listed",
            code=ExitCode.DONE if refusal is None else refusal.exit_code,
        )
    if users.unsure:
        return Finding(
            topic,
            f"The list of users contradicts itself: {'; '.join(users.unsure)}",
            "Users may be missing, and no bookmark of the stream moves",
            severity=Severity.FAULT,
            fact="unsure",
            code=ExitCode.INCOMPLETE,
        )
    return Finding(topic, f"{len(users.rows):,} users are listed", fact="listed")


def share_finding(
    short_id: str, lister: Lister, first: ProcessPage, users: Sequence[Row]
) -> Finding:
    """Which share of a procedure's rows a key of role type User likely sees.

    Args:
        short_id: Of the procedure.
        lister: Lists its processes.
        first: Its first page; where that is not full, it holds all that are seen.
        users: All users.
    """
    topic, others = ROLE, other_users(users)
    exact = not first.is_full
    rows = len(first.rows) if exact else listing_length(lister, roughly=ROUGHLY)
    if rows is None or others < 1:
        return Finding(
            topic,
            "How many rows are missing is not known",
            severity=Severity.NOTE,
            about=short_id,
        )
    return Finding(
        topic,
        f"{'' if exact else 'about '}{rows:,} rows are seen; if the {others} other active users"
        f" have as many each, that is about {100 / (others + 1):.0f} % of all",
        f"About {rows * others:,} rows are missing, beside those that are assigned to nobody",
        "api_key",
        Severity.WARNING,
        about=short_id,
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    told = ", ".join(names[:_MOST_NAMED])
    return f"{told} and {more} more" if more > 0 else told
