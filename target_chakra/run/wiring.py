"""Stand-ins for the network, threads and disk of a run, as a simulation puts them in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_chakra.books.rejects_file import RejectsFile
from target_chakra.journal.journal import Journal
from target_chakra.workers import Threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chakra_api.endpoints.client import ChakraClient
    from target_chakra.workers import Crew


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
