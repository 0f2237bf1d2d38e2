"""Rejected rows that are sent again, each closed once it has an outcome."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from chakra_api.values.counts import counted
from target_chakra.journal.rejects import REJECTED_AGAIN
from target_chakra.lifecycle import SETTLED, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_chakra.history.reports import RejectLine
    from target_chakra.journal.journal import Journal
    from target_chakra.mapping.table_hints import Hints
    from target_chakra.run.streams import Streams
    from target_chakra.run.writer import Writer
    from target_chakra.settings import Settings

LOG = logging.getLogger("target-chakra")


class Retry:
    """Sends rejected rows again.

    Args:
        settings: What the user set.
        journal: Where the rejects stand.
        streams: The streams of the run.
        writer: Takes the rows.
    """

    def __init__(
        self, settings: Settings, journal: Journal, streams: Streams, writer: Writer[Any]
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._streams = streams
        self._writer = writer

    def send(self, found: Sequence[RejectLine], hints: Mapping[str, Hints]) -> None:
        """Send rejected rows again, in order, and wait for what becomes of them.

        Args:
            found: The rejects.
            hints: What streams say about themselves, where they do.
        """
        self._streams.say_nothing()
        found = self._mapped(found)
        skipped = [each for each in found if self._settings.mapping_for(each.stream).skip]
        if skipped:
            names = ", ".join(sorted({each.stream for each in skipped}))
            LOG.warning(
                "%d rejects are left: the setting streams skips their streams (%s)",
                len(skipped),
                names,
            )
            found = [each for each in found if each not in skipped]
        self._writer.books.expect_none_again()
        self._open_streams(found, hints)
        numbers, tally = dict[int, int](), self._writer.tally
        try:
            for each in found:
                numbers[tally.last_seq + 1] = each.id
                tally.watched[tally.last_seq + 1] = None
                self._writer.accept(each.stream, each.line, each.row)
            self._writer.finish()
        finally:
            self._close(numbers)

    def _mapped(self, found: Sequence[RejectLine]) -> Sequence[RejectLine]:
        """The rejects whose streams these settings map; all of them where they map none.

        Settings of another pipeline may share the journal: what it left is sent with those.
        """
        streams = dict.fromkeys(each.stream for each in found)
        others = [stream for stream in streams if not self._settings.maps(stream)]
        if not others or len(others) == len(streams):
            return found
        mapped = [each for each in found if each.stream not in others]
        LOG.warning(
            "%s left: these settings do not map their streams (%s). Send them again with the"
            " settings that do",
            counted(len(found) - len(mapped)),
            ", ".join(sorted(others)),
        )
        return mapped

    def _open_streams(self, found: Sequence[RejectLine], hints: Mapping[str, Hints]) -> None:
        columns: dict[str, set[str]] = {}
        for each in found:
            # A row need not carry every column that its mapping names.
            named = self._settings.mapping_for(each.stream).columns
            columns.setdefault(each.stream, set(named)).update(each.row)
        for stream, names in columns.items():
            self._streams.open(stream, dict.fromkeys(sorted(names), False), hints.get(stream))

    def _close(self, numbers: Mapping[int, int]) -> None:
        """Close the rejects whose rows have an outcome; `numbers` are theirs, by row."""
        watched = self._writer.tally.watched
        ended = {at: outcome for at, outcome in watched.items() if outcome in SETTLED}
        again = [numbers[at] for at, outcome in ended.items() if outcome is not Outcome.REJECTED]
        refused = [numbers[at] for at, outcome in ended.items() if outcome is Outcome.REJECTED]
        self._journal.close_rejects(again, "sent again")
        self._journal.close_rejects(refused, REJECTED_AGAIN)
        self._journal.let_rejects_stand(list(numbers.values()))
