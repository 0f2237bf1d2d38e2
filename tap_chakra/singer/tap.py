"""The Singer tap: settings, discovery, and what singer-sdk asks of a plugin."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import click
from singer_sdk import Tap
from singer_sdk.singerlib import Catalog

from chakra_api.clock import SystemClock
from chakra_api.errors import MachineFault, OutputFault
from chakra_api.exit_codes import ExitCode, gravest
from chakra_api.redaction import redact_logs
from chakra_plugin.json_files import json_file
from chakra_plugin.monitoring.watch import watched
from chakra_plugin.singer_plugin import ChakraPlugin, ReaderGone
from chakra_plugin.stream_maps import ChakraMapper
from chakra_plugin.telling import tell
from tap_chakra import settings as defaults
from tap_chakra.by_id.named_changes import NamedChanges
from tap_chakra.catalogs.wishes import NOTHING_WISHED, heeded
from tap_chakra.doctor.known import without_updated_filter
from tap_chakra.doctor.place import usual_place
from tap_chakra.facts.run_record import RunRecord
from tap_chakra.lines.second_process_client import SecondProcess, can_hand_over
from tap_chakra.lists.wanted import wanted_lists
from tap_chakra.masking.rules import TINY_SALT
from tap_chakra.records.config_collections import Collection, collection_records
from tap_chakra.records.tally import Tally
from tap_chakra.records.users import user_records, users_schema
from tap_chakra.reporting.report_file import reported
from tap_chakra.run.check import check
from tap_chakra.run.progress import PushesDown, Screen, the_first
from tap_chakra.run.source import Source
from tap_chakra.second.python_process import END_SECONDS
from tap_chakra.singer.batch_files import FileNames
from tap_chakra.singer.batch_settings import batch_config_of
from tap_chakra.singer.catalog_account import matched, rename
from tap_chakra.singer.command_line import EPILOG, HELP, ONLY_IDS, CheckOption
from tap_chakra.singer.inbound_streams import inbound_streams
from tap_chakra.singer.message_writer import WholeLineWriter
from tap_chakra.singer.photo_streams import PhotosBeside
from tap_chakra.singer.process_stream import ProcessStream
from tap_chakra.singer.settings import SETTINGS
from tap_chakra.singer.state_input import refuse_other_accounts, state_file, state_of
from tap_chakra.singer.stream_runs import StreamRuns, WrittenState
from tap_chakra.singer.streams import (
    ChakraStream,
    ListedStream,
    ScanIdStreams,
)
from tap_chakra.telling.end_facts import with_streams
from tap_chakra.telling.reading_table import tell_streams

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import FrameType

    from singer_sdk.plugin_base import _ConfigInput

    from chakra_api.endpoints.client import Row
    from chakra_plugin.monitoring.run_facts import RunFacts


MANY_PROCEDURES: Final = 5_000
"""Procedures that are described without a word."""


class TapChakra(ChakraPlugin, Tap):
    """Reads ChakraHQ completely: processes, users and the account's configuration."""

    name = "tap-chakra"
    command_help = HELP
    command_epilog = EPILOG
    dynamic_catalog = True
    config_jsonschema: ClassVar[dict[str, Any]] = SETTINGS.to_dict()
    message_writer_class = WholeLineWriter
    closed_records = True

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - handed to the SDK as they are
        self.clock = SystemClock()
        self.screen = Screen(sys.stderr, lambda: shutil.get_terminal_size().columns)
        self._source: Source | None = None
        self._runs: StreamRuns | None = None
        self._stop_signal: int | None = None
        self._over = False
        self._rows = 0
        self._asked, self._matched = NOTHING_WISHED, False
        catalog = options.get("catalog")
        if isinstance(catalog, dict) and not isinstance(catalog, Catalog):
            self._asked = heeded(catalog)
            options["catalog"] = self._asked.catalog
        super().__init__(**options)
        for warning in self._asked.warnings:
            self.logger.warning("%s", warning)

    @classmethod
    def check_settings(cls, config: dict[str, Any]) -> None:
        """Check settings against their declaration, and where BATCH files would go.

        Raises:
            SettingsError: Naming each fault, without the key.
        """
        batch_config_of(config)
        super().check_settings(config)

    @property
    def source(self) -> Source:
        """The account behind the settings.

        Raises:
            SettingsError: A setting means nothing.
        """
        if self._source is None:
            now = int(self.clock.now() * 1000)
            settings = defaults.parse_settings(self.config, now=now, user_agent=self.user_agent())
            redact_logs(settings.connection.api_key)
            if (salt := settings.mask.salt) is not None and len(salt.reveal()) >= TINY_SALT:
                redact_logs(salt)
            for handler in logging.getLogger().handlers:
                handler.addFilter(PushesDown(self.screen))
            found = partial(without_updated_filter, usual_place(), settings.connection.api_url, now)
            self._source = Source(settings, self.clock, unfiltered=found)
        return self._source

    def setup_mapper(self) -> None:
        """Make the mapper, and register the streams of the account.

        Raises:
            SettingsError: A stream map means nothing, or does not fit its stream.
        """
        super().setup_mapper()
        self.mapper.register_raw_streams_from_catalog(self.catalog)
        rename(self.mapper.stream_maps, self._asked.entries.values())
        if isinstance(self.mapper, ChakraMapper):
            for warning in self.mapper.unmatched():
                self.logger.warning("%s", warning)

    def discover_streams(self) -> Sequence[ChakraStream]:
        """One stream per procedure, one per collection of the configuration, and users."""
        source = self.source
        found = (*source.account.warnings, *source.name_warnings, *source.masks.warnings)
        for warning in the_first(found):
            self.logger.warning("%s", warning)
        if not source.procedures:
            self.logger.warning(
                "The account shows no procedures: check the role of the key; only users and the"
                " configuration are read"
            )
        naive, masks = source.settings.naive_timezone, source.masks
        called = source.names.collections
        lists = collection_records(source.account, called, naive, masks.listed)
        lists |= wanted_lists(source.settings, source.client, masks.listed, source.times)
        listed = [ListedStream(self, name, each) for name, each in lists.items()]
        tally = Tally()
        schema = users_schema() if masks.users is None else masks.users.schema(users_schema())
        doubts: list[str] = []
        people = Collection(schema, ("id",), self._users(tally, doubts), tally, doubts)
        users = ListedStream(self, "users", people)
        processes = list(self._process_streams())
        # Streams that are written while processes are read announce their schemas first.
        beside = (*self.ids.streams, *self.photos.streams)
        return [*beside, *processes, users, *listed, *inbound_streams(self)]

    def _process_streams(self) -> Iterator[ProcessStream]:
        """The streams of the procedures; where they are many, a line now and then says how far."""
        procedures = self.source.procedures
        for number, each in enumerate(procedures):
            if len(procedures) > MANY_PROCEDURES and number % MANY_PROCEDURES == 0:
                self.logger.info(
                    "%s of %s procedures described; the setting procedures names fewer",
                    f"{number:,}",
                    f"{len(procedures):,}",
                )
            yield ProcessStream(self, each)

    @cached_property
    def ids(self) -> ScanIdStreams:
        """The streams of the ids that scans see."""
        return ScanIdStreams(self, is_wanted=self.source.settings.emit_scan_ids)

    @cached_property
    def changes(self) -> NamedChanges:
        """What change webhooks have named."""
        return NamedChanges(self.source.settings.webhooks, self.clock)

    @cached_property
    def photos(self) -> PhotosBeside:
        """The stream of the photos that rows name."""
        return PhotosBeside(self, is_wanted=bool(self.source.settings.photos.to))

    def _users(self, tally: Tally, doubts: list[str]) -> Iterable[Row]:
        """The users, fetched when the first one is wanted."""
        times = self.source.account.times(self.source.settings.naive_timezone)
        users = self.source.listed_users(doubts)
        yield from user_records(*users, times, tally, self.source.masks.users)

    @property
    def catalog(self) -> Catalog:
        """The working catalog: the user's selection on the account's schema of today."""
        given = self.input_catalog
        if given is None:
            return super().catalog
        if not self._matched:
            self._matched = True
            streams = cast("dict[str, ChakraStream]", self.streams)
            asked, procedures = self._asked.entries, self.source.streams
            for warning in matched(given, streams, asked, procedures):
                self.logger.warning("%s", warning)
        return given

    def load_state(self, state: dict[str, Any]) -> None:
        """Take in the state of an earlier run.

        Raises:
            SettingsError: It is not one that this tap wrote.
        """
        super().load_state(state_of(state))

    def write_lines(self, lines: bytes) -> None:
        """Write whole lines, which a stream has made."""
        writer = self.message_writer
        if isinstance(writer, WholeLineWriter):
            writer.write_lines(lines)

    def write_held(self) -> None:
        """Write what streams keep for files whose records come while others are read."""
        self.ids.write_held()
        self.photos.write_held()

    def second(self, rows: int) -> SecondProcess | None:
        """The second process, which types and writes; None until the run has enough rows for it.

        Args:
            rows: Rows that came since the last call.
        """
        self._rows += rows
        writer, begins = self.message_writer, self.source.settings.second_process_from
        due = 0 < begins <= self._rows
        if not (due and isinstance(writer, WholeLineWriter) and can_hand_over()):
            return None
        return writer.hand_over()

    @cached_property
    def run_record(self) -> RunRecord:
        """What there is to tell of the run."""
        return RunRecord(self.clock, lambda: self.source.client.stats)

    @cached_property
    def file_names(self) -> FileNames:
        """Names the BATCH files of the run."""
        return FileNames(f"{self.initialized_at}-{os.getpid()}")

    @property
    def runs(self) -> StreamRuns:
        """The runs of the streams."""
        if self._runs is None:
            kept = None if self.source.settings.process_ids is None else self.state
            written = self._state_writer = WrittenState(self.message_writer, kept)
            self._runs = StreamRuns(written, self.state, self.source.answers, self.run_record)
        return self._runs

    def note_incomplete(self, stream: str, reasons: tuple[str, ...]) -> None:
        """Remember a scan that was not complete, for the end of the run."""
        self.runs.note_incomplete(stream, reasons)

    def read_streams(self) -> None:
        """Read the selected streams, each on its own.

        Raises:
            SettingsError: None is selected, or the state is of another account.
            ChakraError: An error that concerns all streams.
        """
        refuse_other_accounts(self.state, self.source.account.team_id)
        runs = self.runs
        if self.state:
            self.state_writer.write_state(self.state)
        runs.run_named(list(self.streams.values()), self.source)

    def told(self, facts: RunFacts) -> RunFacts:
        """What is told of the run's end, with what it has read by then."""
        return facts if self._source is None else with_streams(facts, self.run_record, self.state)

    def read(self) -> None:
        """Read all that is selected; where not all of that is complete, exit with a code."""
        try:
            self.read_streams()
            self.written()
        except BrokenPipeError:
            # click would end the command without a word.
            raise ReaderGone(
                "Nobody reads the output any more: the loader ended before the tap",
                "See what the loader said, then run it again to go on",
            ) from None
        finally:
            self.end()
        tell_streams(self.run_record.streams)
        if code := self.runs.conclude(allow_incomplete=self.source.settings.allow_incomplete):
            sys.exit(code)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the SDK's signature
        """Stop the run at once, but not in the middle of a line."""
        self._stop_signal = signum
        if not getattr(self.message_writer, "writing", False):
            self.heed_signals()

    def end(self) -> None:
        """Close the output and the connections. All is printed by now: no signal changes that."""
        self._over = True
        self.screen.clear()
        with contextlib.suppress(BrokenPipeError, OutputFault, MachineFault, RuntimeError):
            # The stream that wrote last has said it.
            self.written(END_SECONDS)
        self.source.close()

    def written(self, patience: float | None = None) -> None:
        """Wait until all that was printed is written.

        Args:
            patience: Seconds to wait at most; None for as long as it takes.

        Raises:
            BrokenPipeError: The reader of the output has ended.
        """
        if isinstance(self.message_writer, WholeLineWriter):
            self.message_writer.close(patience)

    def heed_signals(self) -> None:
        """End the run in order if a signal asked for it: between two whole lines."""
        if self._stop_signal is not None and not self._over:
            self.logger.info("Stopped by signal %d; run it again to go on", self._stop_signal)
            sys.exit(ExitCode.STOPPED)

    @classmethod
    def invoke(  # type: ignore[override]  # as the SDK's own override
        cls,
        *,
        config: _ConfigInput,
        about: bool = False,
        about_format: str | None = None,
        state: str | None = None,
        catalog: str | None = None,
    ) -> None:
        """Run the tap from the command line."""
        super(Tap, cls).invoke(about=about, about_format=about_format)
        with watched(cls.logger, config.config, SystemClock()) as watch:
            tap = cls.configured(
                config,
                state=None if state is None else state_file(state),
                catalog=None if catalog is None else json_file(catalog, "catalog"),
            )
            watch.adds = tap.told
            with reported(lambda: tap.run_record, tap.source, tap.clock):
                tap.read()
            watch.ended(None)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The command line, with help of our own."""
        command = super().get_singer_command()
        command.params = [
            CheckOption(cls.cb_test) if option.name == "test" else option
            for option in command.params
        ]
        command.params.append(ONLY_IDS)
        for option in command.params:
            if option.name in {"state", "catalog"}:
                option.type = click.STRING  # read where its faults are told
                option.metavar = "FILE"
        return command

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str | None) -> None:
        """Check the settings, and say what of the account this key may read."""
        if value != "all":
            if value is not None:
                super().cb_test(ctx, param, value)
            return
        tap = cls.configured(ctx.params["config"], setup_mapper=False)
        codes = []
        for finding in check(tap.source):
            tell(finding.line, err=True)
            codes.append(finding.code)
        ctx.exit(gravest(codes))
