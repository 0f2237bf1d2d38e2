"""The marked process of a write probe, as ChakraHQ shows it: found by its mark and by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.endpoints.where import equals
from chakra_api.errors import NoAccess, NotFound, Refused, ReportedErrors
from target_chakra.changes import Key
from target_chakra.lookups.key_spelling import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.write_probe.workbench import Workbench

_FIRST, _MOST = 0.1, 1.0
"""Seconds between two looks: the first pause, and the longest."""


class Marked:
    """The process that holds a mark.

    Args:
        bench: What it is asked for with.
        attribute: ShortId of the marked attribute.
        mark: What it holds.

    Attributes:
        process_id: As far as it is known; empty if it is not.
        stored: The mark, as far as it is known in the spelling in which it is stored.
        patience: Seconds that are waited for a list to show a write.
        is_certain: Whether it is known whether it was created: nothing of it can come any more.
    """

    def __init__(self, bench: Workbench, attribute: str, mark: str | int) -> None:
        self._bench = bench
        self.attribute = attribute
        self.mark = mark
        self.process_id = ""
        self.stored = str(mark)
        self.patience = bench.patience
        self.is_certain = True

    def by(self, bench: Workbench) -> Marked:
        """The same process, asked for with another workbench."""
        other = Marked(bench, self.attribute, self.mark)
        other.process_id, other.patience = self.process_id, self.patience
        other.is_certain = self.is_certain
        return other

    def wait_to_come(self, seconds: float) -> None:
        """Wait for a process of which nobody knows whether it was created."""
        self.patience = seconds
        seen, _ = self.until(bool)
        self.is_certain = bool(seen)

    @property
    def key(self) -> Key:
        """What names it in an item: its id where that is known, else its mark."""
        if self.process_id:
            return Key(self._bench.name, "id", self.process_id)
        return self.key_by_mark

    @property
    def key_by_mark(self) -> Key:
        """What names it by its marked attribute."""
        return Key(self._bench.name, self.attribute, self.mark)

    def seen(self, snapshot: Snapshot) -> None:
        """It is there: what it shows is it."""
        self.process_id, self.is_certain = snapshot.process_id, True
        self.stored = str(snapshot.data.get(self.attribute) or self.mark)

    def is_mine(self, seen: Snapshot) -> bool:
        """Whether a process that was found holds the mark, in whatever spelling."""
        held = seen.data.get(self.attribute)
        return held is not None and folded(str(held)) == folded(str(self.mark))

    def listed(self) -> tuple[Snapshot, ...]:
        """The processes that a list shows by the mark, asked for in each likely spelling.

        Raises:
            ChakraError: ChakraHQ could not be asked.
        """
        found: dict[str, Snapshot] = {}
        for spelled in self._spelled():
            where = equals(self.attribute, spelled)
            page = self._bench.client.list_processes(self._bench.name, where)
            mine = filter(self.is_mine, map(self._bench.procedure.read, page.rows))
            found |= {each.process_id: each for each in mine}
            if found:
                break
        return tuple(found.values())

    def _spelled(self) -> Sequence[str | int]:
        if isinstance(self.mark, int):
            return (self.mark,)
        forms = (self.mark, self.mark.lower(), self.mark.upper(), self.mark.removeprefix("+"))
        return tuple(dict.fromkeys(forms))

    def fetched(self, process_id: str = "") -> Snapshot | None:
        """The process as its id shows it; None if that shows nothing of ours.

        Raises:
            ChakraError: ChakraHQ could not be asked.
        """
        wanted = process_id or self.process_id
        if not wanted:
            return None
        try:
            row = self._bench.client.fetch_process(self._bench.name, wanted)
        except (NotFound, NoAccess):
            return None
        seen = self._bench.procedure.read(row)
        return seen if seen.process_id and self.is_mine(seen) else None

    def until(
        self, shows: Callable[[Sequence[Snapshot]], bool]
    ) -> tuple[Sequence[Snapshot], float | None]:
        """Look at the list until it shows something: what it shows, and how long that took.

        Returns:
            Seconds; None if it never did.
        """
        clock = self._bench.clock
        began, pause = clock.monotonic(), _FIRST
        while True:
            try:
                seen = self.listed()
            except (Refused, ReportedErrors):
                seen = ()
            took = clock.monotonic() - began
            if shows(seen):
                return seen, took
            if took > self.patience:
                return seen, None
            self._bench.pause(pause)
            pause = min(pause * 2, _MOST)

    def goes(self, process_id: str, seconds: float) -> bool:
        """Whether a process is gone, by now or soon."""
        self.patience = min(self.patience, seconds)
        _, took = self.until(lambda _: is_gone(self.fetched(process_id)))
        return took is not None

    def holds(self, destination: str, wanted: object) -> bool:
        """Whether the process holds a value, by now or soon, as a list or its id shows it."""
        comparable = self._bench.procedure.destinations.comparable

        def alike(held: object) -> bool:
            texts = isinstance(held, str) and isinstance(wanted, str)
            if texts and folded(str(held)) == folded(str(wanted)):
                return True  # in another spelling it had its effect all the same
            return comparable(destination, held) == comparable(destination, wanted)

        def shows(seen: Sequence[Snapshot]) -> bool:
            also = self.fetched()
            every = (*seen, *([] if also is None else [also]))
            return any(alike(each.value(destination)) for each in every)

        _, took = self.until(shows)
        return took is not None


def is_gone(seen: Snapshot | None) -> bool:
    """Whether what an id shows is no living process."""
    return seen is None or seen.deleted
