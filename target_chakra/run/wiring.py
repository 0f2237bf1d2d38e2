"""The hooks of a run, and what may stand in for its network, threads and disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from target_chakra.books.rejects_file import RejectsFile
from target_chakra.journal.journal import Journal
from target_chakra.workers import Threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chakra_api.endpoints.client import ChakraClient
    from target_chakra.changes import Change
    from target_chakra.lifecycle import Outcome
    from target_chakra.workers import Crew

State = TypeVar("State")


def _never() -> bool:
    return False


def _nothing() -> None:
    """Nothing is to be told."""


@dataclass(frozen=True, slots=True)
class Hooks(Generic[State]):
    """What the surroundings of a run are told, and what they are asked.

    Attributes:
        emit: Passes a STATE on.
        stopped: Whether an end of the run was asked for.
        beat: Called often while rows are on their way.
        heard: Called with each row and the outcome of the change that it went into.
    """

    emit: Callable[[State], None]
    stopped: Callable[[], bool] = _never
    beat: Callable[[], None] = _nothing
    heard: Callable[[Change, Outcome], None] | None = None


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
