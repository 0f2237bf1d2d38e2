"""The answers that the client's methods return: pages, jobs, entries, counts of requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.errors import Boundless, Unreadable
from chakra_api.values.spelled import SpelledDecimal, SpelledFloat
from chakra_api.wire.bodies import CHECK_URL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.wire.envelope import Envelope

Row: TypeAlias = dict[str, object]

MOST_ROWS: Final = 20_000
"""Rows of an answer at the most, where a hundred are asked for: a server may have other limits."""

_SPELLED: Final = {"true": True, "1": True, "false": False, "0": False}

_NUMBERS: Final = frozenset({int, float, SpelledFloat, SpelledDecimal})


class Contradiction(str):
    """Why a list may not be complete, where its answers can't be true: it does not pass."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ProcessPage:
    """One answer of the list endpoint (contract 4.3).

    Attributes:
        rows: The processes as they came.
        has_more: `_meta.hasMore`; None if it is absent (Q15), or unclear.
        server_time: Of the `Date` header, epoch milliseconds; None if there is none.
        body: The answer itself, JSON; empty where it is not known.
        heads: Whether the rows may be without most of their fields, which are in the body.
        limit: Rows that were asked for at the most.
        unclear: Whether `_meta.hasMore` is a word that nobody knows.
    """

    rows: list[Row]
    has_more: bool | None
    server_time: int | None
    body: bytes = b""
    heads: bool = False
    limit: int = 100
    unclear: bool = False

    @property
    def is_full(self) -> bool:
        """Whether it holds as many rows as it may: then there may be more."""
        return len(self.rows) >= self.limit


def page_of(envelope: Envelope, limit: int) -> ProcessPage:
    """The page in the answer to a list request of that limit.

    Raises:
        Boundless: It holds far more rows.
        Unreadable: It holds none.
    """
    more, unclear = more_of(envelope.meta)
    rows, at = rows_of(envelope.data), envelope.server_time
    if len(rows) > MOST_ROWS:
        raise Boundless(
            f"An answer has {len(rows):,} rows, where {limit:,} were asked for", CHECK_URL
        )
    return ProcessPage(rows, more, at, envelope.body, limit=limit, unclear=unclear)


def more_of(meta: Mapping[str, object]) -> tuple[bool | None, bool]:
    """What `_meta.hasMore` says, and whether it says what nobody knows.

    It is a boolean (contract 4.3). What plainly means one is read as such: "true", "False", 1, 0.
    Null is absent.
    """
    said = meta.get("hasMore")
    if said is None or isinstance(said, bool):
        return said, False
    known = _SPELLED.get(str(said).strip().lower()) if isinstance(said, (str, int)) else None
    return known, known is None


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A background job (contract 4.20).

    Attributes:
        row: The job as it came.
        counts: How many entries have each status.
        server_time: Of the `Date` header, epoch milliseconds; None if there is none.
    """

    row: Row
    counts: Mapping[str, int]
    server_time: int | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A bulk call that was accepted, not yet carried out (contract 4.9, 4.10).

    Attributes:
        job_id: Of the background job.
        row: The job as it came.
        server_time: Of the `Date` header, epoch milliseconds; None if there is none.
    """

    job_id: str
    row: Row
    server_time: int | None


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """One page of a job's entries (contract 4.21, Q25).

    Attributes:
        entries: As they came.
        total: How many there are in all; None if the answer does not say.
        next_path: Path of the next page; None if this is the last, never another host's.
    """

    entries: list[Row]
    total: int | None
    next_path: str | None


@dataclass(frozen=True, slots=True)
class JobEntries:
    """All entries of a job that could be had (contract 4.21, Q25).

    Attributes:
        entries: As they came, each once. Fewer than `total` if the server gave no more.
        total: How many there are, by the last answer that said so; None if none did.
    """

    entries: list[Row]
    total: int | None


@dataclass(frozen=True, slots=True)
class UserList:
    """All users of the team that could be had (contract 4.12, 4.13, Q23).

    Attributes:
        rows: As they came, each id once; those without a usable id, too.
        unsure: Why users may be missing, or are not told apart; empty if nothing is in doubt.
    """

    rows: list[Row]
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """A task that was made (contract 3.3, 4.11).

    Attributes:
        task_id: Its id; None if the answer holds none (Q17).
        row: The task as it came; empty if the answer is.
    """

    task_id: str | None
    row: Row


@dataclass(frozen=True, slots=True)
class RequestStats:
    """The requests that a client has sent so far.

    Attributes:
        requests: Requests, the repeated ones among them.
        retries: Repeated requests.
        waited: Seconds that all threads together waited for the pace.
    """

    requests: int = 0
    retries: int = 0
    waited: float = 0.0


def rows_of(data: object) -> list[Row]:
    """`_data` as a list of objects.

    Raises:
        Unreadable: It is none.
    """
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise Unreadable("The answer is not a list of objects", "Check the setting api_url")
    return data


def has_id(row: Row) -> bool:
    """Whether a row has an id that can be used: a text of one line, or a number."""
    value = row.get("id")
    if isinstance(value, str):
        return value != "" and "\n" not in value
    return type(value) in _NUMBERS


def row_of(data: object) -> Row:
    """`_data` as an object; empty if it is none: ids are not always sent back (Q17)."""
    return data if isinstance(data, dict) else {}


def job_status(envelope: Envelope) -> JobStatus:
    """The job in an answer of 4.20; without counts these are empty (Q9)."""
    counts = envelope.meta.get("bjEntryCompletionStatusVsCount")
    counted = counts if isinstance(counts, dict) else {}
    numbers = {str(k): v for k, v in counted.items() if isinstance(v, int)}
    return JobStatus(row_of(envelope.data), numbers, envelope.server_time)


def id_of(row: Row, name: str = "id") -> str | None:
    """The id in a row, as text; None if there is none."""
    value = row.get(name)
    known = isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""
    return str(value) if known else None


def task_of(envelope: Envelope) -> Task:
    """The task in the answer to its creation."""
    row = row_of(envelope.data)
    return Task(id_of(row), row)


def submitted(envelope: Envelope, what: str) -> Submitted:
    """The job in the answer to a bulk call.

    Args:
        envelope: The answer.
        what: What was asked for, as a message names it.

    Raises:
        Unreadable: There is no job id; the call may have been carried out all the same.
    """
    row = row_of(envelope.data)
    job_id = id_of(row)
    if job_id is None:
        raise Unreadable(
            f"{what} was answered without a job id",
            "It may have been carried out: read the processes back before sending it again",
        )
    return Submitted(job_id, row, envelope.server_time)
