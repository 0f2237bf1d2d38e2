"""The context of one run: its journal, workers, clock, settings and procedures.

Made once, frozen, and handed to each stage when that is constructed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.clock import Clock
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
    """

    journal: Journal
    workers: Workers[Event]
    clock: Clock
    settings: Settings
    procedure: Callable[[str], OpenProcedure]

    def now_ms(self) -> int:
        """Our clock, epoch milliseconds."""
        return int(self.clock.now() * 1000)
