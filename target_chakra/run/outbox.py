"""What becomes of an action that planning decided on: it is sent, found, or only noted.

Deletes are counted here, and one that crosses the limit of its user stops the run.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from target_chakra.books.dry_run import DryRun
from target_chakra.books.limits import CallLimits, DeleteLimit
from target_chakra.changes import Kind
from target_chakra.planning.foreseen import Foreseen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chakra_api.errors import LimitCrossed
    from target_chakra.call_settings.call_mapping import CallKind
    from target_chakra.changes import Action, Change, Reject
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.settings import Settings


class Notes(Protocol):
    """Who is told what a run that writes nothing would do."""

    def note(self, action: Action) -> None:
        """An action would be sent."""

    def note_reject(self, reject: Reject) -> None:
        """A row would be rejected."""


class Way(Enum):
    """What becomes of an action."""

    SENT = "sent"
    FOUND = "found"
    """It was only looked for."""
    NOTED = "noted"
    """The run sends nothing."""


class Outbox:
    """The last place before actions are sent.

    Args:
        settings: What the user set.
        procedure: A procedure by its shortId.
        notes: Who is told, besides the dry run's own account, what would be done.

    Attributes:
        dry_run: Of a run that writes nothing: what would be sent, and rejected.
        deletes: How many there were, and what the user allows.
        calls: The same of calls, by stream.
        foreseen: Of such a run: what it would have done so far; None of one that writes.
    """

    def __init__(
        self,
        settings: Settings,
        procedure: Callable[[str], OpenProcedure],
        notes: Sequence[Notes] = (),
    ) -> None:
        self._writes_nothing = settings.writes_nothing
        self.dry_run = DryRun()
        self.deletes = DeleteLimit(settings.limits.max_deletes, dry=self._writes_nothing)
        self.calls = CallLimits(dry=self._writes_nothing)
        self.foreseen = (
            Foreseen(lambda name: procedure(name).key_attributes) if self._writes_nothing else None
        )
        self._notes: tuple[Notes, ...] = (self.dry_run, *notes)
        self._found: list[Change] | None = None

    @property
    def crossed(self) -> LimitCrossed | None:
        """In a run that writes nothing, which limit would stop the real one."""
        return self.deletes.crossed or self.calls.crossed

    def look_only(self) -> None:
        """From here on what no row asks for is not sent, but found."""
        self._found = []

    def found(self) -> list[Change]:
        """What was found since; from here on such actions are sent again."""
        found, self._found = self._found or [], None
        return found

    def way_of(self, action: Action) -> Way:
        """What becomes of an action."""
        if self._found is not None and not action.change.asked_by.is_row:
            self._found.append(action.change)
            return Way.FOUND
        return Way.NOTED if self._writes_nothing else Way.SENT

    def refused(self, action: Action) -> LimitCrossed | None:
        """Count an action that is to be sent; what stops the run instead, None if nothing does."""
        return self.deletes.counted(action.change) if action.kind is Kind.DELETE else None

    def take_back(self, action: Action) -> None:
        """An action was not sent after all, and is planned anew."""
        self.deletes.count -= action.kind is Kind.DELETE

    def show_call(self, action: Action, kind: CallKind) -> None:
        """A call would be made: there is nothing to foresee for later rows."""
        self.dry_run.calls[kind.noun] += 1
        self._show(action)

    def show_single(self, action: Action) -> None:
        """What is no process would be written, by a request of its own."""
        self.dry_run.single[action.kind] += 1
        self._show(action)

    def _show(self, action: Action) -> None:
        for each in self._notes:
            each.note(action)

    def note(self, action: Action) -> None:
        """An action would be sent."""
        self._show(action)
        if self.foreseen is not None:
            self.foreseen.note(action)

    def close(self) -> None:
        """Forget what was noted."""
        if self.foreseen is not None:
            self.foreseen.close()

    def note_reject(self, reject: Reject) -> None:
        """A row is rejected; of no interest where the run writes."""
        for each in self._notes if self._writes_nothing else ():
            each.note_reject(reject)
