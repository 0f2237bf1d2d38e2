"""The streams of a run: their mappings, compiled as they come, and whether one is read whole."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from chakra_api.errors import SettingsError
from target_chakra.calls.compiled_call import compiled_call
from target_chakra.changes import Mode
from target_chakra.mapping.row_mapper import RowMapper
from target_chakra.mapping.table_hints import hinted
from target_chakra.mapping.unused_mappings import unused_said
from target_chakra.planning.edits import EditsKept
from target_chakra.planning.plan import Rules
from target_chakra.plans.metadata import PlannedStream, readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.calls.compiled_call import ComparedStream, CompiledCall
    from target_chakra.changes import Key
    from target_chakra.lookups.open_account import OpenAccount
    from target_chakra.mapping.call_mapper import CallMapper
    from target_chakra.mapping.table_hints import Hints
    from target_chakra.settings import Settings

LOG = logging.getLogger("target-chakra")


class Registry(Protocol):
    """Who is told of the streams that a run opens."""

    def register(self, mapper: RowMapper, rules: Rules) -> None:
        """A stream is about to come whose rows are processes."""

    def register_call(self, compiled: CompiledCall | ComparedStream) -> None:
        """A stream is about to come whose rows are no processes."""


class Streams:
    """The streams that a run writes.

    Args:
        settings: What the user set.
        account: The account that they are written to.
        registry: Told of each stream that was opened.

    Attributes:
        bookmarked: Streams whose rows are not all there should be.
        skipped: Rows of streams that go nowhere, by stream.
    """

    def __init__(
        self,
        settings: Settings,
        account: OpenAccount,
        registry: Registry,
    ) -> None:
        self._settings = settings
        self._account = account
        self._registry = registry
        self._calls: dict[str, CallMapper] = {}
        self._mappers: dict[str, RowMapper] = {}
        self._columns: dict[str, Mapping[str, bool]] = {}
        self._says_nothing = False
        self.bookmarked: set[str] = set()
        self.skipped: Counter[str] = Counter()
        self._came: set[str] = set()

    def stored(self, key: Key) -> Key:
        """A key as ChakraHQ stores it, as far as that is known."""
        return self._account.procedure(key.procedure).spelling(key.attribute).stored(key)

    def open(self, stream: str, columns: Mapping[str, bool], hints: Hints | None = None) -> None:
        """A stream is about to come: compile its mapping.

        Args:
            stream: Its name.
            columns: Its columns, each with whether it is declared to hold times; empty if it
                declares none.
            hints: What it says about itself, for where the mapping is silent.

        Raises:
            SettingsError: The mapping names what does not exist.
        """
        if stream in self._columns and columns == self._columns[stream]:
            return
        mapping = self._settings.mapping_for(stream)
        self._came.add(stream)
        if mapping.skip:
            if stream not in self.skipped:
                LOG.info("Stream '%s' is skipped, as the setting streams says", stream)
            self.skipped[stream] += 0
            return
        if mapping.call is not None:
            compiled = compiled_call(stream, mapping, tuple(columns), self._account)
            self._calls[stream], self._columns[stream] = compiled.mapper, columns
            self._registry.register_call(compiled)
            return
        if hints is not None:
            mapping = hinted(stream, mapping, hints)
        procedure = self._account.procedure(mapping.procedure or stream.removeprefix("process_"))
        timely = [column for column, is_time in columns.items() if is_time]
        mapper = RowMapper(stream, mapping, procedure.destinations, tuple(columns), timely)
        rules = rules_of(self._settings, mapper)
        self._mappers[stream], self._columns[stream] = mapper, columns
        self._registry.register(mapper, rules)
        if mapper.columns.attribute is None:
            LOG.warning(
                "Stream '%s' has no key: a row is known again by its mapped values alone, and what"
                " a lost answer leaves unknown is never sent again before you decide",
                stream,
            )

    def procedure_of(self, stream: str) -> str | None:
        """ShortId of the procedure that a stream is written to, or the scope of its calls.

        None if it is not open.
        """
        if stream in self._calls:
            return self._calls[stream].scope
        mapper = self._mappers.get(stream)
        return mapper.destinations.procedure.short_id if mapper else None

    def may_name(self, stream: str) -> bool:
        """Whether rows of a stream, open or not, may name a process that is there already."""
        if (mapper := self._mappers.get(stream)) is not None:
            return mapper.columns.attribute is not None
        try:
            mapping = self._settings.mapping_for(stream)
        except SettingsError:
            return True
        if mapping.call is not None:
            return True  # by the value that it is made once for, or the name of its thing
        return mapping.mode is not Mode.INSERT or mapping.key_attribute is not None

    def planned(self) -> dict[str, PlannedStream]:
        """The streams that came, as a plan tells of them."""
        mappings = {stream: mapper.mapping for stream, mapper in self._mappers.items()}
        mappings |= {stream: mapper.mapping for stream, mapper in self._calls.items()}
        return {
            stream: PlannedStream(readable(mapping), self._columns[stream])
            for stream, mapping in mappings.items()
        }

    def unused_mappings(self) -> str | None:
        """What is to be said of mappings that no stream has used; None if all were."""
        return unused_said(self._settings.streams, self._came)

    # What the streams say of what exists

    def is_mirror(self, stream: str) -> bool:
        """Whether a stream is open, in mode mirror."""
        mapper = self._mappers.get(stream)
        return mapper is not None and mapper.mapping.mode is Mode.MIRROR

    @property
    def mirrored(self) -> tuple[str, ...]:
        """The streams in mode mirror, if this run says anything of what exists."""
        if self._says_nothing:
            return ()
        return tuple(sorted(name for name in self._mappers if self.is_mirror(name)))

    def say_nothing(self) -> None:
        """This run says nothing of what exists: it only deletes, or sends rejects again."""
        self._says_nothing = True

    def narrowed(self, stream: str) -> None:
        """The rows of a stream are not all there should be: a mirror deletes nothing by them."""
        self.bookmarked.add(stream)

    def note_bookmarks(self, value: object) -> None:
        """Which streams of a STATE are read incrementally: a mirror must not take them as whole."""
        bookmarks = value.get("bookmarks") if isinstance(value, dict) else None
        for name, bookmark in bookmarks.items() if isinstance(bookmarks, dict) else ():
            since = isinstance(bookmark, dict) and bookmark.get("replication_key_value")
            if since is not None and since is not False:
                self.bookmarked.add(str(name))


def rules_of(settings: Settings, mapper: RowMapper) -> Rules:
    """The rules by which rows of a stream are planned.

    Raises:
        SettingsError: Its mapping names what does not exist, or can't work with the other settings.
    """
    _refuse_blind(settings, mapper)
    _refuse_idle_edits(mapper)
    mapping, into = mapper.mapping, mapper.destinations
    kept = [into.named(name, "only_if_empty").name for name in mapping.only_if_empty]
    keeps = EditsKept() if settings.overwrite_edits else _edits_kept(mapper)
    plans = settings.plan_path is not None
    return Rules(into.comparable, into.read_only, kept, mapping.revive, keeps, plans)


def _edits_kept(mapper: RowMapper) -> EditsKept:
    """Where the mapping of a stream keeps what people change."""
    mapping, into = mapper.mapping, mapper.destinations
    where = f"The mapping of stream '{mapper.stream}'"
    others = [
        (mapping.fields or {})[column]
        for column, options in mapping.options.items()
        if options.keeps_edits != mapping.keeps_edits
    ]
    return EditsKept(mapping.keeps_edits, frozenset(into.named(n, where).name for n in others))


def _refuse_idle_edits(mapper: RowMapper) -> None:
    """A mode that never updates leaves everything alone in any case.

    Raises:
        SettingsError: The mapping keeps edits all the same.
    """
    mode = mapper.mapping.mode
    if mapper.mapping.may_keep_edits and mode in (Mode.INSERT, Mode.DELETE):
        raise SettingsError(
            f"Stream '{mapper.stream}' has mode {mode.value}, which never changes a field, so"
            " that keep_edits means nothing",
            "Take keep_edits away, or use mode update, upsert or mirror",
        )


def _refuse_blind(settings: Settings, mapper: RowMapper) -> None:
    """Without a look-up a row can only be named by its id or its primary key.

    Raises:
        SettingsError: Nothing is compared, and the rows of a stream can't do without it.
    """
    attribute, mode = mapper.columns.attribute, mapper.mapping.mode
    if settings.compare != "never" or mode is Mode.INSERT:
        return
    primary_key = mapper.destinations.procedure.primary_key
    if attribute not in ("id", primary_key) or mode in (Mode.UPSERT, Mode.MIRROR):
        raise SettingsError(
            f"compare is never, and stream '{mapper.stream}' needs to look its rows up by"
            f" {attribute}",
            "Use compare always or journal, or mode update with the id or the primary key",
        )
