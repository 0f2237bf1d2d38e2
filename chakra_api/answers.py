"""What the client's methods return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Row: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class ProcessPage:
    """One answer of the list endpoint (contract 4.3).

    Attributes:
        rows: The processes as they came.
        has_more: `_meta.hasMore`; None if it is absent (Q15).
        server_time: Of the `Date` header, epoch milliseconds; None if there is none.
    """

    rows: list[Row]
    has_more: bool | None
    server_time: int | None


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A background job (contract 4.20).

    Attributes:
        row: The job as it came.
        counts: How many entries have each status.
    """

    row: Row
    counts: Mapping[str, int]


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
class RequestStats:
    """What a client has sent so far.

    Attributes:
        requests: Requests, the repeated ones among them.
        retries: Repeated requests.
        waited: Seconds that all threads together waited for the pace.
    """

    requests: int = 0
    retries: int = 0
    waited: float = 0.0
