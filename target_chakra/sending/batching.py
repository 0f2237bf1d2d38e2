"""The actions that wait to be sent, by procedure and kind, and the batches formed of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_chakra.batches import Batch
from target_chakra.lifecycle import BatchState

if TYPE_CHECKING:
    from target_chakra.changes import Action, Kind
    from target_chakra.sending.dispatcher import Dispatcher
    from target_chakra.settings import Settings


class Batching:
    """The actions of a run that no batch holds yet.

    Args:
        dispatcher: Takes the batches.
        settings: How many rows a batch holds, and how many batches may wait.
    """

    def __init__(self, dispatcher: Dispatcher, settings: Settings) -> None:
        self._dispatcher = dispatcher
        self._settings = settings
        self._actions: dict[tuple[str, Kind], list[Action]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no action waits."""
        return not any(self._actions.values())

    def add(self, action: Action) -> None:
        """An action is to be sent."""
        self._actions.setdefault((action.change.procedure, action.kind), []).append(action)

    def form(self, server: int | None, *, flush: bool) -> None:
        """Hand batches over while the dispatcher has room.

        Args:
            server: A time of the server that has passed, epoch milliseconds; None if not known.
            flush: Whether batches need not be full.
        """
        self._dispatcher.advance()
        for (procedure, kind), actions in self._actions.items():
            while actions and self._dispatcher.waiting < self._settings.concurrency:
                size = self._dispatcher.size_for(procedure, kind, self._settings.batch_size)
                if size == 0 or (len(actions) < size and not flush):
                    break
                part = tuple(actions[:size])
                self._dispatcher.add(
                    Batch(0, procedure, kind, part, BatchState.INTENDED, server=server)
                )
                del actions[:size]

    def drain(self, procedure: str | None = None) -> list[Action]:
        """Take everything (of a procedure) that waits: it will not be sent."""
        left: list[Action] = []
        for (name, _), actions in self._actions.items():
            if procedure in (None, name):
                left += actions
                actions.clear()
        return left
