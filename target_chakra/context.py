"""The context of one run: its journal, workers, clock, settings and procedures.

Made once, frozen, and handed to each stage when that is constructed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_chakra.moments import Moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.clock import Clock
    from chakra_api.wire.server_clock import ServerClock
    from target_chakra.batches import Event
    from target_chakra.journal.journal import Journal
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.settings import Settings
    from target_chakra.workers import Workers


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the stages of one run work with.

    Attributes:
        journal: Where each step is stored first; locked, with its run begun.
        workers: Where requests are made.
        clock: Now.
        settings: What the user set.
        procedure: Opens a procedure by its shortId, once a run.
        server_clock: ChakraHQ's time.
    """

    journal: Journal
    workers: Workers[Event]
    clock: Clock
    settings: Settings
    procedure: Callable[[str], OpenProcedure]
    server_clock: ServerClock

    def now_ms(self) -> int:
        """Our clock, epoch milliseconds."""
        return int(self.clock.now() * 1000)

    def stamp(self) -> Moment:
        """This moment, to be noted: by ChakraHQ's clock at the latest that it may be."""
        return Moment(self.now_ms(), self.server_clock.latest)

    def now(self) -> Moment:
        """This moment, to judge an age by: by ChakraHQ's clock at the earliest that it may be."""
        return Moment(self.now_ms(), self.server_clock.earliest)
