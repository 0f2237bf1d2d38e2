"""When what a mirrored stream no longer brings may be deleted, and the deleting.

Only a whole run says what exists: it ended well, nothing narrowed it, and, where its rows came in
files of a load, the load is complete. A load may take several runs; a row that one of them
brought, or a later run, is not absent.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from chakra_api.errors import SettingsError
from target_chakra.changes import Mode, deletion_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from target_chakra.changes import Key
    from target_chakra.journal.journal import Journal
    from target_chakra.journal.reports import RunLine
    from target_chakra.mapping.table_hints import Hints
    from target_chakra.run.streams import Streams
    from target_chakra.run.writer import Writer
    from target_chakra.settings import Settings

LOG = logging.getLogger("target-chakra")


class Mirrors:
    """Deletes of one run that no row asks for.

    Args:
        settings: What the user set.
        journal: Knows which stream wrote what, and in which run.
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

    def note_version(self, stream: str, version: object) -> None:
        """A row of that version came on a stream."""
        self._versions[stream] = version

    def activate(self, stream: str, version: object, run: int) -> None:
        """A tap says that all rows of a version have come: what a mirror misses is deleted.

        Args:
            stream: The stream.
            version: Of its rows.
            run: The run that brought them.
        """
        if not self._streams.is_mirror(stream):
            return
        if self._versions.get(stream) != version:
            LOG.info(
                "ACTIVATE_VERSION of '%s' came before its rows: it says nothing about deletes;"
                " %s does, once tap and target have both ended well",
                stream,
                self._command("mirror-commit"),
            )
            return
        self._writer.finish()
        if not self._is_clean():
            LOG.warning("Nothing of '%s' is deleted: not every row of it is settled", stream)
            return
        self._delete_absent(stream, run)

    def _is_clean(self) -> bool:
        return self._writer.failure is None and not self._writer.halted

    def _delete_absent(self, stream: str, run: int) -> int:
        """Delete what a stream has written and a run did not bring; how many.

        Raises:
            LimitCrossed: There is more than max_deletes allows.
        """
        absent = self._journal.absent(stream, run)
        gone = self._gone(stream, run, absent)
        self._writer.delete_absent([deletion_of(stream, key) for key in gone])
        self._writer.finish()
        if self._is_clean():
            self._journal.disown(stream, absent)
        return len(gone)

    def _gone(self, stream: str, run: int, absent: Sequence[Key]) -> list[Key]:
        """The absent keys, each process once, without those that came in another spelling."""
        stored = {key: self._streams.stored(key) for key in absent}
        spelled = {key for key in absent if stored[key] != key}
        if not spelled:
            return list(absent)
        came = self._journal.came(stream, run)
        twice = {stored[key] for key in spelled}
        return [
            key
            for key in absent
            if (stored[key].attribute, str(stored[key].value)) not in came
            and not (key in twice and key not in spelled)
        ]

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
        runs = [run for run in runs if not run.dry]
        mirrored = [run for run in runs if run.receipt.get("mirrored")]
        if not mirrored:
            raise SettingsError(
                "No run has written a stream in mode mirror", "Write the rows first, all of them"
            )
        last = mirrored[-1]
        first = min(run.id for run in runs if run is last or (last.load and run.load == last.load))
        for stream in _whole(last, wanted):
            if self._settings.mapping_for(stream).mode is Mode.MIRROR:
                self._streams.open(stream, {}, hints.get(stream))
                yield stream, self._delete_absent(stream, first), last.id


def _whole(run: RunLine, wanted: str | None) -> list[str]:
    """The streams of a run whose absent rows may be deleted.

    Raises:
        SettingsError: It did not end well, or brought only changes.
    """
    if run.exit_code != 0:
        raise SettingsError(
            f"Run {run.id} ended with {run.exit_code}, so it says nothing about deletes",
            "Run it again until it ends with 0",
        )
    if run.load and run.receipt.get("load_complete") is not True:
        raise SettingsError(
            f"The load {run.load} is not complete, so it says nothing about deletes",
            "Run the pipeline again until it is",
        )
    streams = _names(run.receipt.get("mirrored"))
    chosen = [name for name in streams if wanted in (None, name)]
    if not chosen:
        raise SettingsError(
            f"Run {run.id} did not write '{wanted}' in mode mirror",
            f"It wrote: {', '.join(streams)}",
        )
    partial = [name for name in chosen if name in _names(run.receipt.get("bookmarked"))]
    if partial:
        raise SettingsError(
            f"'{partial[0]}' was read incrementally: run {run.id} holds only the changes",
            "Read it in full (FULL_TABLE; in dlt the write disposition replace), or use"
            " delete_when in place of mirror",
        )
    return chosen


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []
