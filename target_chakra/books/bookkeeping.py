"""The journal's entries of rows that ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chakra_api.wire.wire_json import encode
from target_chakra.books.claims import Claims
from target_chakra.books.confirmations import (
    confirmation,
    confirmed_again,
    rejection,
    taken_back,
    tells_news,
)
from target_chakra.books.reasons import Reasons
from target_chakra.books.unknown_rows import UnknownRows
from target_chakra.changes import Reject, is_looked_up_again, names_of, text_key
from target_chakra.journal.codec import encode_outcomes
from target_chakra.journal.records import Confirmation, Entry, KeptFields, StreamKey, Unknown
from target_chakra.lifecycle import WROTE, Outcome
from target_chakra.mapping.destination_names import DELETED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_chakra.batches import Batch, Settlement
    from target_chakra.books.rejects_file import RejectsFile
    from target_chakra.changes import Change, Done, Fields, Key, Known
    from target_chakra.context import RunContext
    from target_chakra.journal.records import Owned, UnknownRow
    from target_chakra.moments import Moment

ROWS_A_STORING = 500
"""Rows; what ends without being sent is stored before a STATE passes in any case."""


class Bookkeeping:
    """Keeps what ended until it is stored, in few transactions.

    Args:
        context: Of the run.
        rejects: Where rejected rows are written, beside the journal; None for nowhere.
    """

    def __init__(self, context: RunContext, rejects: RejectsFile | None) -> None:
        self._context = context
        self._journal = context.journal
        self._rejects = rejects
        # Rows that were found as they should be are what later rows are compared with, too.
        self._confirms_all = context.settings.compare == "journal"
        self._noted: list[Entry] = []
        self.unknown = UnknownRows(context.now)
        """Rows of which nobody knows."""
        self._claims = Claims(self._journal.owners, self._stored)
        self._came: list[Owned] = []
        self._rejected: set[StreamKey] = set()
        self._noted_rejects: set[StreamKey] = set()
        self._noted_known: set[Key] = set()
        self._uncovered: dict[tuple[str, bytes], list[int]] = {}
        self.kept_fields: Counter[str] = Counter()
        """Fields that were left as others changed them, by stream."""
        self.why = {Outcome.REJECTED: Reasons(), Outcome.UNKNOWN: Reasons()}
        """Reasons of rows that ended so."""

    def recall(self, unknowns: Iterable[UnknownRow]) -> None:
        """Take in what earlier runs left."""
        self._rejected = self._journal.rejected_keys()
        self._uncovered = self._journal.uncovered_rejects()
        self.unknown.recall(unknowns)

    def came_in(self, came: Change | Reject) -> None:
        """A row came: its process is present from here on, whatever becomes of it."""
        change = came.change if isinstance(came, Reject) else came
        self._came += self._claims.came(change)
        if self._uncovered and change.key is None and not change.origin:
            self._close_uncovered(change)

    def _close_uncovered(self, change: Change) -> None:
        """Close the reject of a row without a key that no STATE had passed: here it is again."""
        numbers = self._uncovered.get((change.stream, encode(change.row)))
        if numbers:
            self._journal.close_rejects([numbers.pop(0)], "came again")

    def expect_none_again(self) -> None:
        """The input is no repetition: rejects are sent again, each known by its number."""
        self._uncovered.clear()

    def known(self, keys: Sequence[Key]) -> dict[Key, Known]:
        """What is confirmed of keys, up to the last row."""
        if self._noted_known and not self._noted_known.isdisjoint(map(text_key, keys)):
            self.flush()
        return self._journal.known(keys)

    # Rows that end without being sent

    def note_done(self, done: Done) -> None:
        """Nothing was to be sent."""
        change = done.change
        if change.undoes is not None:
            self._note_undone(done)
            return
        confirms = (self._confirms_all or done.is_whole or done.learned) and tells_news(done)
        follows = confirms or done.kept or self._claims.concern(change)
        if not (follows or self._rejected or self.unknown):
            return
        again: tuple[Confirmation, ...] = ()
        if change.key and done.process_id and (confirms or done.created):
            again = (confirmed_again(done, change.key, done.created or done.known),)
            self._noted_known.add(text_key(change.key))
        entry = Entry(
            0,
            confirmations=again,
            owned=self._claims.of(
                change, Outcome.CREATED if done.created else done.outcome, done.process_id
            ),
            overtaken=self._overtakes(change),
            resolved=self._resolves(change, done.process_id, done.outcome),
            kept=self._kept(change, done.process_id, done.kept),
        )
        if entry != Entry(0):
            self._noted.append(entry)

    def _note_undone(self, done: Done) -> None:
        """Nothing of a process was to be taken back, or nothing may be."""
        change = done.change
        holds = {name: value for name, value in change.fields.items() if name not in done.kept}
        entry = Entry(
            0,
            confirmations=self._taken_back(change, holds),
            resolved=self._resolves(change, done.process_id, done.outcome),
            kept=self._kept(change, done.process_id, done.kept),
        )
        if entry != Entry(0):
            self._noted.append(entry)

    def _taken_back(self, change: Change, holds: Fields) -> tuple[Confirmation, ...]:
        """What is known of the keys of a process that an undo wrote, or found to be so."""
        comparable = self._context.procedure(change.procedure).destinations.comparable
        return tuple(
            Confirmation(key, taken_back(known, holds, comparable))
            for key, known in self._journal.known(change.undoes or ()).items()
        )

    def _kept(self, change: Change, process_id: str | None, held: Fields) -> tuple[KeptFields, ...]:
        """What is told of fields that were left as others changed them, once a row."""
        if not held or change.asked_by.may_come_again:
            return ()
        self.kept_fields[change.stream] += len(held)
        return (KeptFields(change, process_id, held),)

    def note_reject(self, reject: Reject) -> None:
        """A row can't be written."""
        change = reject.change
        overtaken = self._overtakes(change)
        resolved = () if reject.is_hidden else self._resolves(change, None, Outcome.REJECTED)
        self._noted.append(Entry(0, rejects=(reject,), overtaken=overtaken, resolved=resolved))
        if change.key is not None:
            key = StreamKey(change.stream, text_key(change.key))
            self._rejected.add(key)
            self._noted_rejects.add(key)

    def _overtakes(self, change: Change) -> tuple[StreamKey, ...]:
        """The key, if its stream has rejects of it that this newer row has overtaken.

        A row of another stream may hold other fields: what was rejected is not in it.
        """
        if not self._rejected or change.key is None:
            return ()
        key = text_key(change.key)
        found = {StreamKey(each.stream, key) for each in change.singles} & self._rejected
        if not found.isdisjoint(self._noted_rejects):
            self.flush()  # to be closed, they must be stored
        self._rejected -= found
        return tuple(found)

    def _resolves(
        self, change: Change, process_id: str | None, outcome: Outcome
    ) -> tuple[int, ...]:
        """The unknown rows that are unknown no longer, since a row of their process is settled."""
        names = names_of(change.procedure, change.key, process_id)
        return self.unknown.settled(names, outcome)

    def _stored(self, key: Key) -> Key:
        return self._context.procedure(key.procedure).spelling(key.attribute).stored(key)

    # Rows of a batch

    def store(self, batch: Batch, done: Mapping[int, Settlement], ended: int | None) -> None:
        """Store outcomes of a batch's rows and what follows from them, in one transaction."""
        entry = self._entry(batch, done, ended)
        numbers = self._journal.settle(batch, entry)
        for number, unknown in zip(numbers, entry.unknowns, strict=True):
            self.unknown.add(number, unknown)
        self._note_writes(batch, done.values())
        for reject in entry.rejects:
            self.why[Outcome.REJECTED].note(reject.change, reject.reason, reject.brief)
        for unknown in entry.unknowns:
            self.why[Outcome.UNKNOWN].note(unknown.action.change, unknown.reason)
        self._write_rejects(entry)

    def _note_writes(self, batch: Batch, done: Iterable[Settlement]) -> None:
        """Lists may lag behind what was written now."""
        procedure = self._context.procedure(batch.procedure)
        until = self._context.clock.monotonic() + self._context.settings.patience.lag
        for each in done:
            if each.outcome in WROTE:
                procedure.recent.note(each, batch.server, until, procedure.key_attributes)

    def _entry(self, batch: Batch, done: Mapping[int, Settlement], ended: int | None) -> Entry:
        confirmations: list[Confirmation] = []
        rejects: list[Reject] = []
        unknowns: list[Unknown] = []
        owned: list[Owned] = []
        overtaken: list[StreamKey] = []
        kept: list[KeptFields] = []
        resolved: list[int] = []
        refused = [at for at, each in done.items() if each.outcome is Outcome.REJECTED]
        for each in done.values():
            change = each.action.change
            if each.outcome is Outcome.UNKNOWN:
                unknown = Unknown(each.action, each.reason, self._free(batch, each))
                unknowns.append(unknown)
                if each.is_hidden and change.key and (made := unknown.created):
                    # Its fields are forgotten with that of all unknown rows; not that it was made.
                    confirmations.append(Confirmation(change.key, made))
                resolved += self.unknown.unknown_again(unknown.names)
                process_id = each.process_id or each.action.process_id
                owned += self._claims.of(change, each.outcome, process_id)
                continue
            if each.outcome is Outcome.REJECTED:
                # Parts of a combined change are tried singly; rows of an earlier run come again;
                # what may exist is looked up once more.
                if len(change.parts) > 1 or change.asked_by.may_come_again:
                    continue
                if is_looked_up_again(each.action):
                    continue
                rejects.append(rejection(each, batch.job))
                owned += self._claims.of(change, each.outcome, each.action.process_id)
            elif change.undoes is not None:
                holds = {DELETED: True} if change.deletes else each.action.fields
                confirmations += self._taken_back(change, holds)
                owned += self._claims.of_undo(change, each.outcome, each.process_id)
                kept += self._kept(change, each.process_id, each.action.kept)
            elif change.key is not None:
                whole = self._confirms_all
                known = confirmation(each, change.key, batch.server, ended, whole=whole)
                confirmations.append(known)
                owned += self._claims.of(change, each.outcome, each.process_id)
                kept += self._kept(change, each.process_id, each.action.kept)
            overtaken += self._overtakes(change)
            resolved += self._resolves(change, each.process_id, each.outcome)
        self._rejected.update(
            StreamKey(r.change.stream, text_key(r.change.key)) for r in rejects if r.change.key
        )
        now = self._context.stamp()
        return Entry(
            now.ours,
            encode_outcomes(done),
            tuple(confirmations),
            tuple(rejects),
            tuple(unknowns),
            tuple(owned),
            tuple(overtaken),
            tuple(resolved),
            tuple(refused),
            now.server,
            tuple(kept),
        )

    def _free(self, batch: Batch, unknown: Settlement) -> Moment:
        """When no job can write an unknown row any more, and lists show what one has written."""
        patience, now = self._context.settings.patience, self._context.stamp()
        if unknown.is_over:
            return now.after(patience.lag)
        return (batch.sent or now).after(max(patience.horizon, patience.job_timeout) + patience.lag)

    # Storing

    def flush(self, least: int = 1) -> None:
        """Store what was noted, if there are so many of it, in one transaction."""
        if len(self._noted) + len(self._came) < least:
            return
        noted, came = self._noted, self._came
        joined = Entry(
            self._context.now_ms(),
            None,
            tuple(c for e in noted for c in e.confirmations),
            tuple(r for e in noted for r in e.rejects),
            (),
            (*came, *(o for e in noted for o in e.owned)),
            tuple(k for e in noted for k in e.overtaken),
            tuple(n for e in noted for n in e.resolved),
            kept=tuple(k for e in noted for k in e.kept),
        )
        self._journal.record(joined)
        # Not before: what the journal did not take is not forgotten.
        self._noted, self._came = [], []
        self._noted_rejects.clear()
        self._noted_known.clear()
        for reject in joined.rejects:
            self.why[Outcome.REJECTED].note(reject.change, reject.reason, reject.brief)
        self._write_rejects(joined)

    @property
    def unstored(self) -> list[Change]:
        """Rejected rows that the journal has not taken."""
        return [reject.change for each in self._noted for reject in each.rejects]

    def _write_rejects(self, entry: Entry) -> None:
        if self._rejects is not None and entry.rejects:
            self._rejects.write(entry.rejects)
