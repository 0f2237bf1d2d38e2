"""What a writer is made of, and what may stand in for network, threads and disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from target_chakra.books.rejects_file import RejectsFile
from target_chakra.journal.journal import Journal
from target_chakra.workers import Threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chakra_api.clock import Clock
    from chakra_api.endpoints.client import ChakraClient
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.workers import Crew, Workers

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Parts(Generic[State]):
    """What a writer is made of.

    Attributes:
        journal: Held, with its run begun.
        workers: Threads.
        clock: Now.
        desk: The desk of a procedure.
        emit: Passes a STATE on.
        rejects: Where rejected rows are written, beside the journal; None for nowhere.
    """

    journal: Journal
    workers: Workers
    clock: Clock
    desk: Callable[[str], OpenProcedure]
    emit: Callable[[State], None]
    rejects: RejectsFile | None


@dataclass(frozen=True, slots=True)
class StandIns:
    """The parts of a run that reach beyond it; a simulation puts its own in place.

    Attributes:
        client: Talks to the account; None to make one from the settings.
        crew: Of a number of tasks at a time.
        journal: Of an SQLAlchemy URL.
        rejects: Of a path.
    """

    client: ChakraClient | None = None
    crew: Callable[[int], Crew] = Threads
    journal: Callable[[str], Journal] = Journal
    rejects: Callable[[Path], RejectsFile] = RejectsFile
