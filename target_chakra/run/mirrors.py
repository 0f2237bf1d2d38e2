"""When what a mirrored stream no longer brings may be deleted, and the deleting.

Only a whole statement says what exists: its last run ended well, nothing narrowed it, and, where
its rows came in files of a load, the load is complete. A statement may take several runs; a row
that one of them brought, or a later run, is not absent, whatever became of it. Where a row was
rejected and may name any process, nobody knows what is absent, and nothing is deleted.

Whichever stream brings a row, its process is present. Another stream may bring it further down in
the input, so that nothing is deleted before that has come to its end.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from chakra_api.errors import SettingsError
from chakra_api.values.counts import counted
from chakra_api.wire.wire_json import encode
from target_chakra.books.limits import beyond_rejects
from target_chakra.changes import deletion_of
from target_chakra.journal.codec import statement_name
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.key_spelling import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from target_chakra.changes import Key
    from target_chakra.history.reports import RunLine
    from target_chakra.journal.journal import Journal
    from target_chakra.journal.records import Statement
    from target_chakra.mapping.table_hints import Hints
    from target_chakra.run.streams import Streams
    from target_chakra.run.writer import Writer
    from target_chakra.settings import Settings

LOG = logging.getLogger("target-chakra")
_LEFT = (Outcome.UNKNOWN, Outcome.IN_FLIGHT, Outcome.NOT_SENT)


class Mirrors:
    """Deletes of one run that no row asks for.

    Args:
        settings: What the user set.
        journal: Knows which stream wrote what, and in which run it came.
        streams: The streams of the run.
        writer: Carries the deletes out.
        command: What its user types for a subcommand.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        streams: Streams,
        writer: Writer[Any],
        command: Callable[[str], str],
    ) -> None:
        self._command = command
        self._settings = settings
        self._journal = journal
        self._streams = streams
        self._writer = writer
        self._versions: dict[str, object] = {}
        self._due: dict[str, Statement] = {}

    # What streams say of what exists

    def came(self, stream: str, version: object, load: str) -> None:
        """A row came: with the first one of a version, a statement begins or goes on.

        Args:
            stream: Its stream.
            version: The version of its rows; None if there is none.
            load: The load that it came in; empty if there is none.
        """
        if stream in self._versions and self._versions[stream] == version:
            return
        self._versions[stream] = version
        self._begin(stream, version, load)

    def came_to_an_end(self, load: str) -> None:
        """All rows came: what was said to be whole is carried out.

        A mirrored stream that brought no row says that nothing exists.

        Raises:
            LimitCrossed: There is more to delete than max_deletes allows.
        """
        for stream in self._streams.mirrored:
            if stream not in self._versions:
                self._begin(stream, None, load)
        for stream, statement in self._due.items():
            if not self._is_barred(stream):
                self._delete_absent(stream, statement)

    def _begin(self, stream: str, version: object, load: str) -> None:
        if stream in self._streams.mirrored:
            said = None if version is None else encode(version).decode()
            self._journal.statements.begin(stream, statement_name(load, said))

    # ACTIVATE_VERSION

    def activate(self, stream: str, version: object) -> None:
        """A tap says that all rows of a version have come: what a mirror misses is to be deleted.

        Args:
            stream: The stream.
            version: Of its rows.
        """
        if not self._streams.is_mirror(stream):
            return
        if version is None or self._versions.get(stream) != version:
            LOG.info(
                "ACTIVATE_VERSION of '%s' came before its rows: it says nothing about deletes;"
                " %s does, once tap and target have both ended well",
                stream,
                self._command("mirror-commit"),
            )
            return
        self._writer.finish()
        # Otherwise its source goes on behind the last STATE, with rows of the same version.
        if not self._is_barred(stream):
            self._due[stream] = self._journal.statements.all()[stream]
            self._journal.statements.end(stream)

    def _is_barred(self, stream: str) -> bool:
        if unsettled := self._unsettled():
            LOG.warning("Nothing of '%s' is deleted: %s", stream, unsettled)
        return bool(unsettled)

    def _unsettled(self) -> str:
        """Why the run says nothing about deletes so far; empty if it does."""
        writer, limits = self._writer, self._settings.limits
        if writer.failure is not None or writer.halted or writer.tally.open:
            return "not every row of it is settled"
        left = [(writer.tally.count(each), each.value) for each in _LEFT]
        if any(count for count, _ in left) and not self._settings.writes_nothing:
            counts = " and ".join(f"{count:,} {name}" for count, name in left if count)
            return f"not every row of this run is settled ({counts})"
        rejected = writer.tally.count(Outcome.REJECTED)
        if rejected > limits.max_rejects:
            return beyond_rejects(rejected, limits.max_rejects)
        return ""

    # Deleting

    def _delete_absent(self, stream: str, statement: Statement) -> int:
        """Delete what a stream has written and a statement did not bring; how many.

        Raises:
            LimitCrossed: There is more than max_deletes allows.
        """
        first, procedure = statement.first, self._streams.procedure_of(stream) or ""
        absent = self._journal.absent(stream, procedure, first)
        certain = self._certain(stream, procedure, statement, absent)
        gone = self._gone(stream, first, certain)
        # A process that rows have named in several ways is deleted once.
        processes: dict[object, Key] = {}
        for key in gone:
            processes.setdefault(absent[key] or key, key)
        keys = processes.values()
        # Counted as what is there: what others deleted is no delete of ours.
        outbox = self._writer.outbox
        outbox.look_only()
        self._writer.delete([deletion_of(stream, key, absent[key]) for key in keys])
        found = outbox.found()
        if refused := outbox.deletes.refused(len(found)):
            raise refused
        self._writer.delete(found)
        return len(found)

    def _certain(
        self, stream: str, procedure: str, statement: Statement, absent: Mapping[Key, str | None]
    ) -> list[Key]:
        """The absent keys that no rejected row, of whichever stream, may have named otherwise."""
        found = self._journal.rejected_rows(procedure, statement) if absent else []
        rejected = [row[1:] for row in found if self._streams.may_name(row[0])]
        if not rejected:
            return list(absent)
        texts = {(attribute, folded(key or "")) for attribute, key in rejected}
        attributes = {attribute for attribute, _ in rejected}
        certain = [
            key
            for key in absent
            if attributes == {key.attribute}
            and (key.attribute, folded(str(key.value))) not in texts
        ]
        if left := len(absent) - len(certain):
            LOG.warning(
                "Of '%s' %s: rows that were rejected may name them. Correct those in the source, or"
                " leave them out of it (%s)",
                stream,
                f"{counted(left, 'process')} {'is' if left == 1 else 'are'} not deleted",
                self._command("rejects"),
            )
        return certain

    def _gone(self, stream: str, first: int, absent: Sequence[Key]) -> list[Key]:
        """The absent keys, each process once, without those that came in another spelling."""
        stored = {key: self._streams.stored(key) for key in absent}
        spelled = {key for key in absent if stored[key] != key}
        if not spelled:
            return list(absent)
        came = self._journal.came(stream, first)
        twice = {stored[key] for key in spelled}
        return [
            key
            for key in absent
            if (stored[key].attribute, str(stored[key].value)) not in came
            and not (key in twice and key not in spelled)
        ]

    # mirror-commit

    def commit(
        self, runs: Sequence[RunLine], wanted: str | None, hints: Mapping[str, Hints]
    ) -> Iterator[tuple[str, int, int]]:
        """Delete what the last mirrored run did not bring; stream, how many, and the run, each.

        Args:
            runs: The runs of the account before this one, oldest first.
            wanted: The only stream to look at; None for all of that run.
            hints: What streams say about themselves, where they do.

        Raises:
            SettingsError: That run says nothing about deletes.
            LimitCrossed: There is more to delete than max_deletes allows.
        """
        self._streams.say_nothing()
        by_number = {run.id: run for run in runs if not run.dry}
        chosen = _chosen(self._journal.statements.all(), by_number, wanted)
        for stream, statement in chosen.items():
            _refuse_part(stream, by_number[statement.last])
        for stream, statement in chosen.items():
            self._streams.open(stream, {}, hints.get(stream))
            if self._streams.is_mirror(stream):
                yield stream, self._delete_absent(stream, statement), statement.last
                self._journal.statements.end(stream)


def _chosen(
    made: Mapping[str, Statement], runs: Mapping[int, RunLine], wanted: str | None
) -> dict[str, Statement]:
    """The statements whose absent rows may be deleted, by stream: one, or those of the last run.

    Raises:
        SettingsError: There are none.
    """
    found = {stream: each for stream, each in sorted(made.items()) if each.last in runs}
    if not found:
        raise SettingsError(
            "No run has written a stream in mode mirror", "Write the rows first, all of them"
        )
    if wanted is None:
        newest = max(each.last for each in found.values())
        return {stream: each for stream, each in found.items() if each.last == newest}
    if wanted not in found:
        raise SettingsError(
            f"No run has written '{wanted}' in mode mirror",
            f"Those that were written so are: {', '.join(found)}",
        )
    return {wanted: found[wanted]}


def _refuse_part(stream: str, run: RunLine) -> None:
    """A run that did not end well, or brought only changes, says nothing about deletes.

    Raises:
        SettingsError: It is such a run.
    """
    if run.exit_code != 0:
        how = f"ended with {'no receipt' if run.exit_code is None else run.exit_code}"
        raise SettingsError(
            f"Run {run.id}, the last one that brought rows of '{stream}', {how}, so it says"
            " nothing about deletes",
            "Run it again until it ends with 0",
        )
    if run.load and run.receipt.get("load_complete") is not True:
        raise SettingsError(
            f"The load {run.load} is not complete, so it says nothing about deletes",
            "Run the pipeline again until it is",
        )
    if stream in _names(run.receipt.get("bookmarked")):
        raise SettingsError(
            f"'{stream}' was read incrementally: run {run.id} holds only the changes",
            "Read it in full (FULL_TABLE; in dlt the write disposition replace), or use"
            " delete_when in place of mirror",
        )


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []
