"""Runs the selected streams one after another: one that fails does not keep the others from it."""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from singer_sdk.helpers._state import StateWriter

from chakra_api.errors import ChakraError, SettingsError
from chakra_api.exit_codes import ExitCode, gravest
from tap_chakra.by_id.id_run import named_streams
from tap_chakra.run.failures import Failure, after_doubts, code_of, is_own, summary
from tap_chakra.run.procedure_run import ScanIncomplete

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from singer_sdk import Stream
    from singer_sdk.helpers.types import TapState
    from singer_sdk.singerlib.encoding.base import GenericSingerWriter

    from tap_chakra.facts.run_record import RunRecord
    from tap_chakra.run.source import Source

MOST_NAMED: Final = 20

_log = logging.getLogger("tap-chakra")


class WrittenState(StateWriter):
    """Writes STATE as singer-sdk does, and knows what it wrote last.

    Args:
        writer: Writes messages.
        kept: The STATE that stays, whatever streams say; None where they move it.
    """

    def __init__(self, writer: GenericSingerWriter[Any, Any], kept: TapState | None = None) -> None:
        super().__init__(writer)
        self._kept = deepcopy(kept)

    def write_state(self, state: TapState) -> None:
        """Write a STATE message, if there is anything new to say."""
        if self._kept is None:
            super().write_state(state)

    def write_kept(self) -> None:
        """Write the STATE that stays, behind all else; none where none was given."""
        if self._kept:
            super().write_state(self._kept)

    def put_back(self, stream: str, state: TapState) -> None:
        """Make a stream's entry in STATE what was written of it last."""
        bookmarks = state.get("bookmarks", {})
        bookmarks.pop(stream, None)
        last = (self._last_emitted_state or {}).get("bookmarks", {}).get(stream)
        if last is not None:
            bookmarks[stream] = deepcopy(last)


class StreamRuns:
    """The runs of the selected streams, and what became of them.

    Args:
        written: What was written of STATE.
        state: The STATE of all streams, as it is.
        answers: Whether ChakraHQ still answers what every run asks for first.
        record: Keeps what there is to tell of them.
    """

    def __init__(
        self,
        written: WrittenState,
        state: TapState,
        answers: Callable[[], bool],
        record: RunRecord,
    ) -> None:
        self._written = written
        self._state = state
        self._answers = answers
        self._record = record
        self._streams = 0
        self._failures: list[Failure] = []
        self._incomplete: list[tuple[str, tuple[str, ...]]] = []

    def run(self, streams: Sequence[Stream]) -> None:
        """Read the selected streams.

        Raises:
            SettingsError: None is selected.
            ChakraError: An error that concerns all streams.
        """
        selected = [stream for stream in streams if stream.selected]
        if not selected:
            names = [stream.name for stream in streams]
            more = ", …" if len(names) > MOST_NAMED else ""
            raise SettingsError(
                "Nothing is selected, so there is nothing to read",
                "Select streams in the catalog (metadata selected: true), in Meltano with select:"
                f" {', '.join(names[:MOST_NAMED])}{more}",
            )
        self._streams = len(selected)
        for stream in streams:
            if stream.selected:
                self._run(stream)
            else:
                _log.info("Skipping deselected stream '%s'.", stream.name)
        for stream in streams:
            stream.log_sync_costs()

    def _run(self, stream: Stream) -> None:
        self._record.begin(stream.name)
        try:
            stream.sync()
            stream.finalize_state_progress_markers()
            self._record.end(stream.name)
        except ChakraError as error:
            self._record.end(stream.name, str(error))
            if not is_own(error, self._answers):
                self._tell_failures()
                raise
            # What it had kept for a file that was never written is not to be said.
            self._written.put_back(stream.name, self._state)
            self._failures.append(Failure(stream.name, error))
            _log.warning("%s: failed (%s); the other streams go on", stream.name, error.brief)

    def run_named(self, streams: Sequence[Stream], source: Source) -> None:
        """Read the selected streams; where processes are named, those of these processes alone.

        Raises:
            SettingsError: None is selected, or not one whose processes are named.
            ChakraError: An error that concerns all streams.
        """
        named = named_streams(source)
        if named is None:
            self.run(streams)
            return
        chosen = [stream for stream in streams if stream.selected and stream.name in named]
        if missing := sorted(named - {stream.name for stream in chosen}):
            raise SettingsError(
                f"Processes are named to be read, and their stream {missing[0]} is not selected",
                "Select it in the catalog, or leave these processes out",
            )
        if chosen:
            self.run(chosen)
        else:
            _log.warning("No process is named: nothing is read")
        self._written.write_kept()

    def note_incomplete(self, stream: str, reasons: tuple[str, ...]) -> None:
        """Remember a scan that was not complete, for the end of the run."""
        self._incomplete.append((stream, reasons))

    def conclude(self, *, allow_incomplete: bool) -> ExitCode:
        """Say what failed and what was not complete, and why.

        Args:
            allow_incomplete: Whether a scan that was not complete is no failure.

        Returns:
            The gravest exit code.
        """
        codes = [code_of(self._failures)]
        self._tell_failures()
        if self._failures:
            _log.error("%s", summary(self._failures, self._streams))
        if self._incomplete and allow_incomplete:
            _log.warning("Not complete, as allow_incomplete allows; no bookmark moved")
        elif self._incomplete:
            _log.error("%s", self._not_complete)
            codes.append(ScanIncomplete.exit_code)
        return gravest(codes)

    def _tell_failures(self) -> None:
        for failure in self._failures:
            _log.error("%s", failure.line)

    @property
    def _not_complete(self) -> ScanIncomplete:
        details = "; ".join(f"{name}: {', '.join(why)}" for name, why in self._incomplete)
        return ScanIncomplete(
            f"Not every row can be vouched for ({details})",
            "All other rows that were read are emitted and no bookmark moved: "
            + after_doubts(each for _, why in self._incomplete for each in why),
        )
