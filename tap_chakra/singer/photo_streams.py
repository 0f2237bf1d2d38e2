"""The Singer stream of photos: written while the streams of processes are read that name them."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from tap_chakra.photos.photo_records import PHOTO_KEYS, PHOTO_SCHEMA, PHOTOS
from tap_chakra.singer.streams import NarrowStream

if TYPE_CHECKING:
    from collections.abc import Collection

    from chakra_api.account.account import Procedure
    from chakra_api.endpoints.client import Row
    from tap_chakra.photos.photo_run import PhotoRun
    from tap_chakra.run.procedure_run import Delivery
    from tap_chakra.singer.streams import StreamTap


class PhotosBeside:
    """The stream of photos, if there is one, as the streams of processes write it.

    Args:
        tap: The tap.
        is_wanted: Whether there is one.
    """

    def __init__(self, tap: StreamTap, *, is_wanted: bool) -> None:
        self._tap = tap
        self._run: PhotoRun | None = None
        self._mask = tap.source.masks.listed(PHOTOS)
        schema = PHOTO_SCHEMA if self._mask is None else self._mask.schema(PHOTO_SCHEMA)
        made = NarrowStream(tap, PHOTOS, schema, PHOTO_KEYS) if is_wanted else None
        self.streams = () if made is None else (made,)
        if is_wanted:
            _ = tap.source.photos  # checks the setting against the account

    @cached_property
    def _is_emitted(self) -> bool:
        """Whether photos are fetched; a warning if they are not, and were to be."""
        unemitted = any(not each.is_emitted for each in self.streams)
        if unemitted:
            self._tap.logger.warning(
                "The setting photos is on, but the stream photos is not selected: none is fetched."
                " Run tap-chakra --discover again and select it"
            )
        return bool(self.streams) and not unemitted

    def begin(
        self, procedure: Procedure, deselected: Collection[tuple[str, ...]], state: Row
    ) -> None:
        """The rows of a procedure are read from now on.

        Args:
            procedure: Under its mask.
            deselected: Paths of its properties that are not read.
            state: Of its stream, which names what earlier runs have lost.
        """
        self._run = None
        if self._is_emitted:
            self._run = self._tap.source.photos.run(procedure, deselected)
        if self._run is not None:
            self._emit(self._run.begin(state))

    def note(self, delivery: Delivery) -> None:
        """Have the photos fetched that rows name."""
        if self._run is not None:
            self._emit(self._run.note(delivery.whole_rows))

    def finish(self, state: Row) -> None:
        """Wait for all of them; what is lost stands in the state of their stream then."""
        if self._run is not None:
            self._emit(self._run.finish())
            self._run.keep(state)

    def conclude(self, stream: str, state: Row) -> None:
        """As `finish`, and say what came of it.

        Args:
            stream: Whose processes name them.
            state: Of that stream.
        """
        self.finish(state)
        run = self._run
        if run is not None:
            level = logging.WARNING if run.is_short else logging.INFO
            self._tap.logger.log(level, "%s: %s", stream, run.line)

    def write_held(self) -> None:
        """Write what is kept for a file."""
        for stream in self.streams:
            stream.write_held()

    def _emit(self, records: list[Row]) -> None:
        for stream in self.streams:
            stream.emit(records if self._mask is None else map(self._mask.leaves, records))
