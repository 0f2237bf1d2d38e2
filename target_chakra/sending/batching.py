"""The actions that wait to be sent, by procedure and kind, and the batches formed of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_chakra.batches import Batch
from target_chakra.lifecycle import BatchState
from target_chakra.weights import BATCH_BYTES, weight_of

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
        self._large: dict[tuple[str, Kind], int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no action waits."""
        return not any(self._actions.values())

    def add(self, action: Action) -> None:
        """An action is to be sent."""
        sort = action.change.procedure, action.kind
        self._actions.setdefault(sort, []).append(action)
        if weight := weight_of(action.change.fields):
            self._large[sort] = self._large.get(sort, 0) + weight

    def form(self, *, flush: bool) -> None:
        """Hand batches over while the dispatcher has room.

        Args:
            flush: Whether batches need not be full.
        """
        self._dispatcher.advance()
        for (procedure, kind), actions in self._actions.items():
            while actions and self._dispatcher.waiting < self._settings.concurrency:
                size = self._dispatcher.size_for(procedure, kind, self._settings.batch_size)
                large = self._large.get((procedure, kind), 0)
                full = len(actions) >= size or large >= BATCH_BYTES
                if size == 0 or not (full or flush):
                    break
                if large:
                    size = self._fits(procedure, kind, size)
                part = tuple(actions[:size])
                self._dispatcher.add(Batch(0, procedure, kind, part, BatchState.INTENDED))
                del actions[:size]

    def _fits(self, procedure: str, kind: Kind, most: int) -> int:
        """How many actions a batch holds, some of which are large; one at the least."""
        actions, weight = self._actions[procedure, kind][:most], 0
        weights = [weight_of(each.change.fields) for each in actions]
        fits = 0
        for each in weights:
            if fits and weight + each > BATCH_BYTES:
                break
            weight += each
            fits += 1
        self._large[procedure, kind] -= weight
        return fits

    def drain(self, procedure: str | None = None) -> list[Action]:
        """Take everything (of a procedure) that waits: it will not be sent."""
        left: list[Action] = []
        for (name, kind), actions in self._actions.items():
            if procedure in (None, name):
                left += actions
                actions.clear()
                self._large.pop((name, kind), None)
        return left
