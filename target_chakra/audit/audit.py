"""One audit: looks up what was written, and says what became of it. Writes nothing anywhere."""

from __future__ import annotations

import logging
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Final

from target_chakra.audit.verdicts import RowVerdict, Verdict, counted_fields, judged
from target_chakra.changes import text_key
from target_chakra.history.written import known_now
from target_chakra.lookups.key_lookups import PAGE, Spellings, Way
from target_chakra.planning.plan import Rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from chakra_api.clock import Clock
    from target_chakra.changes import Key, Known
    from target_chakra.history.reports import Reports
    from target_chakra.history.written import Written, WrittenRows
    from target_chakra.lookups.open_account import OpenAccount
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.lookups.snapshot import Snapshot

_log = logging.getLogger("target-chakra")
EXAMPLES: Final = 10
_EVERY: Final = 5.0
"""Seconds between two lines of the log."""


class Summary:
    """The sum of an audit.

    Attributes:
        counts: Processes by verdict.
        fields: Fields that others changed, by destination.
        examples: The first processes of each verdict that is worth a look.
        not_compared: How much was written that is no process, by kind.
    """

    def __init__(self, not_compared: Mapping[str, int]) -> None:
        self.not_compared = not_compared
        self.counts: Counter[Verdict] = Counter()
        self.fields: Counter[str] = Counter()
        self.examples: dict[Verdict, list[RowVerdict]] = {}

    def add(self, found: RowVerdict) -> None:
        """Count a process."""
        self.counts[found.verdict] += 1
        self.fields.update(counted_fields(found))
        shown = self.examples.setdefault(found.verdict, [])
        if found.verdict is not Verdict.KEPT and len(shown) < EXAMPLES:
            shown.append(found)


class Audit:
    """Looks up what was written.

    Args:
        account: The account, as a run knows it.
        reports: The journal, to look into.
        concurrency: How many look-ups are asked at a time.
        clock: Times the lines of the log.
    """

    def __init__(
        self, account: OpenAccount, reports: Reports, concurrency: int, clock: Clock
    ) -> None:
        self._account = account
        self._reports = reports
        self._concurrency = concurrency
        self._clock = clock

    def verdicts(self, written: WrittenRows) -> Iterator[RowVerdict]:
        """What became of each process, procedure by procedure.

        Raises:
            ChakraError: ChakraHQ or the journal could not be asked.
        """
        total, done, said = written.count, 0, self._clock.monotonic()
        executor = ThreadPoolExecutor(self._concurrency, thread_name_prefix="audit")
        try:
            for procedure in written.procedures:
                opened = self._account.procedure(procedure)
                looks = _ProcedureLooks(self._account.id, self._reports, opened)
                for found in looks.judged(written.of(procedure), executor, self._concurrency):
                    done += 1
                    if self._clock.monotonic() - said >= _EVERY:
                        said = self._clock.monotonic()
                        _log.info("%s of %s processes looked up", f"{done:,}", f"{total:,}")
                    yield found
        finally:
            executor.shutdown(wait=False, cancel_futures=True)  # a signal waits for no answer


class _ProcedureLooks:
    """Looks up the processes of one procedure."""

    def __init__(self, account: str, reports: Reports, opened: OpenProcedure) -> None:
        self._account = account
        self._reports = reports
        self._opened = opened
        self._rules = Rules(opened.destinations.comparable)

    def judged(
        self, rows: Iterator[Written], executor: ThreadPoolExecutor, at_once: int
    ) -> Iterator[RowVerdict]:
        """What became of each, in order; at most so many look-ups wait at a time."""
        under_way: deque[Future[list[RowVerdict]]] = deque()
        while some := list(islice(rows, PAGE)):
            self._prove(some)
            known = known_now(self._reports, self._account, some)
            under_way.append(executor.submit(self._look_up, some, known))
            if len(under_way) >= at_once:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()

    def _prove(self, rows: Sequence[Written]) -> None:
        """Find the ways of looking up that are needed; each is proven once."""
        for attribute in dict.fromkeys(map(_looked_up_by, rows)):
            if attribute and attribute not in self._opened.ways:
                self._opened.ways[attribute] = self._opened.lookups(attribute).prove()

    def _look_up(self, rows: Sequence[Written], known: dict[Key, Known]) -> list[RowVerdict]:
        attributes = dict.fromkeys(map(_looked_up_by, rows))
        held = {each: self._held(each, rows, known) for each in attributes if each}
        return [self._judged(row, held, _known(row, known)) for row in rows]

    def _held(
        self, attribute: str, rows: Sequence[Written], known: dict[Key, Known]
    ) -> dict[str, tuple[Snapshot, ...]]:
        """The processes that some are named by, by the text of the name."""
        way = self._opened.ways[attribute]
        named = [row for row in rows if _looked_up_by(row) == attribute]
        if way is Way.NONE:
            return {}
        spelled = [self._spellings(row, _known(row, known)) for row in named]
        return dict(self._opened.lookups(attribute).find_spelled(way, spelled).snapshots)

    def _spellings(self, row: Written, known: Known | None) -> Spellings:
        if row.process_id or row.key is None:
            return Spellings(row.process_id, process_id=row.process_id)
        return self._opened.spellings_of(row.key, known)

    def _judged(
        self,
        row: Written,
        held: dict[str, dict[str, tuple[Snapshot, ...]]],
        known: Known | None,
    ) -> RowVerdict:
        attribute = _looked_up_by(row)
        if not attribute or self._opened.ways[attribute] is Way.NONE:
            return RowVerdict(Verdict.NAMELESS, row, "")
        text = self._opened.key_text(attribute)
        spelled = self._spellings(row, known)
        found = [
            snapshot
            for each in (spelled.own, *spelled.others)
            for snapshot in held[attribute].get(text(each), ())
        ]
        return judged(row, found[0] if found else None, known, self._rules)


def _looked_up_by(row: Written) -> str:
    """The attribute that a process is looked up by: its id, where that is known."""
    if row.process_id:
        return "id"
    return row.key.attribute if row.key else ""


def _known(row: Written, known: dict[Key, Known]) -> Known | None:
    return known.get(text_key(row.key)) if row.key else None
