"""What a case leaves for its judges: the input, the server's own rows, and what was printed.

Plain values: a judge reads these alone, and a test of a judge writes them by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.simulated import Sent

Name = tuple[str, str]
"""Procedure and key: names a process."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a row of the input asks for.

    Attributes:
        stream: Its stream.
        row: As the source brings it.
        name: The process that it is about; without a key, that of the row's own name.
        data: The attributes that ChakraHQ should hold.
        deletes: Whether it asks for a delete.
        keyed: Whether its process can be looked up.
        fits: Whether it can be written at all.
    """

    stream: str
    row: Mapping[str, Any]
    name: Name
    data: Mapping[str, Any]
    deletes: bool = False
    keyed: bool = True
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Kept:
    """A process as the server has it, living or dead.

    Attributes:
        id: Its id.
        name: What names it.
        data: Its attributes.
        born_ms: When it was created.
        lives: Whether it lives.
    """

    id: str
    name: Name
    data: Mapping[str, Any]
    born_ms: int
    lives: bool = True


@dataclass(frozen=True, slots=True)
class Passed:
    """A STATE as it was printed, and how the world was at that moment.

    Attributes:
        run: Of which run.
        rows: How many rows it covers.
        kept: The living processes of each name among the rows that no earlier STATE covered.
        rejected: Rows on record as rejected, by their place in the input.
        fed: How many rows of the input any run had taken by then.
    """

    run: int
    rows: int
    kept: Mapping[Name, tuple[Kept, ...]]
    rejected: frozenset[int]
    fed: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A row that `unknown` lists.

    Attributes:
        run: The run that it is of.
        line: Its place in the input, from 1.
        key: What names its process; empty without one.
    """

    run: int
    line: int
    key: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Attributes:
        run: Its number.
        first: The first row of the input that it was given.
        fed: How many rows it took.
        code: Its exit code; None if it died.
        receipt: What it printed of itself; empty if it died.
        covered: Rows that its last STATE, or that of an earlier run, covers.
        listed: The rows that `unknown` lists once it has ended; None if nobody looked.
    """

    run: int
    first: int
    fed: int
    code: int | None
    receipt: Mapping[str, Any]
    covered: int
    listed: tuple[Listed, ...] | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """A job that ChakraHQ took.

    Attributes:
        id: Its id.
        taken_ms: When it was accepted.
        until_ms: When it was done with each process that its items name or wrote, by id.
    """

    id: str
    taken_ms: int
    until_ms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row on record.

    Attributes:
        line: Its place in the input, from 1.
        stream: Its stream.
        row: As it is kept.
        reason: Why it was rejected.
        closed: Why it needs no more attention; None while it is open.
    """

    line: int
    stream: str
    row: Mapping[str, Any]
    reason: str
    closed: str | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """The rejects sent again, at the end.

    Attributes:
        open: The rejects that were open before.
        receipt: Of the run that sent them.
        sent: The names that its requests carried.
    """

    open: tuple[Rejected, ...]
    receipt: Mapping[str, Any]
    sent: frozenset[str]


@dataclass
class History:
    """All that a judge may read.

    Attributes:
        wishes: The input.
        before: The processes before the first run.
        kept: The processes at the end, living and dead.
        merges: Whether the server merges creates into processes of other keys.
        passed: The STATEs.
        ended: The runs.
        requests: All that was sent.
        jobs: All that were carried out.
        rejects: The rows on record at the end.
        replay: The rejects sent again; None if there were none.
        output: Everything that was printed or stored, as text.
        secret: What must not be in it.
        job_timeout: Seconds.
    """

    wishes: list[Wish]
    before: list[Kept] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    merges: bool = False
    passed: list[Passed] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    requests: list[Sent] = field(default_factory=list)
    jobs: list[Carried] = field(default_factory=list)
    rejects: list[Rejected] = field(default_factory=list)
    replay: Replay | None = None
    output: list[str] = field(default_factory=list)
    secret: str = "sandbox-admin-key"  # noqa: S105 - the sandbox's own
    job_timeout: float = 1800.0
