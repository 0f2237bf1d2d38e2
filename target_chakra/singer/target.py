"""The Singer target: settings, messages, and what singer-sdk asks of a plugin."""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import click
from singer_sdk import Target
from singer_sdk.exceptions import InvalidJSONSchema, RecordsWithoutSchemaException
from singer_sdk.helpers._batch import BaseBatchFileEncoding
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from singer_sdk.mapper import RemoveRecordTransform

from chakra_api.clock import SystemClock
from chakra_api.errors import OutputFault, SettingsError
from chakra_api.exit_codes import ExitCode
from chakra_api.values.counts import counted
from chakra_plugin.interrupts import is_within, send_again
from chakra_plugin.singer_plugin import (
    ChakraPlugin,
    ReaderGone,
    SettingsInput,
    setting_option,
)
from chakra_plugin.stream_maps import ChakraMapper
from chakra_plugin.surroundings import run_owner, surroundings
from target_chakra.run.hooks import Hooks
from target_chakra.run.session import Session
from target_chakra.settings import beside_default, parse_settings
from target_chakra.singer.batch_places import SETTING as BATCH_ROOT
from target_chakra.singer.batch_places import BatchRoot, batch_root_of
from target_chakra.singer.command_line import EPILOG, HELP
from target_chakra.singer.input import LineReader
from target_chakra.singer.settings import SETTINGS
from target_chakra.singer.sinks import ChakraSink, SinkTarget
from target_chakra.storage.place import default_journal
from target_chakra.telling.receipt_table import tell_end
from target_chakra.telling.watching import told_to, watch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import IO

    from singer_sdk.plugin_base import _ConfigInput

    from target_chakra.books.run_end import RunEnd
    from target_chakra.settings import Settings

_LOADER_SETTINGS = (
    "process_activate_version_messages",
    "add_record_metadata",
    "batch_config",
    "batch_size_rows",
    "load_method",
)
"""Settings of the SDK for loaders of warehouses, which mean nothing here."""


class TargetChakra(ChakraPlugin, Target, SinkTarget):
    """Makes ChakraHQ agree with rows from any source, and says what became of each."""

    name = "target-chakra"
    command_help = HELP
    command_epilog = EPILOG
    config_jsonschema: ClassVar[dict[str, Any]] = SETTINGS.to_dict()
    default_sink_class = ChakraSink
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.BATCH,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - handed to the SDK as they are
        self.clock = SystemClock()
        self.session: Session[dict[str, Any]] | None = None
        self.stop_signal: int | None = None
        self._has_told_of_stop = False
        self.command = typed_command()
        self.ended: Callable[[RunEnd], None] = tell_end
        self._lines = LineReader(self._idle)
        super().__init__(message_reader=self._lines, **options)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the settings of the SDK that mean something here: stream maps and flattening."""
        super().append_builtin_config(config_jsonschema)
        for name in _LOADER_SETTINGS:
            config_jsonschema["properties"].pop(name, None)

    # A run

    def open_session(self) -> Session[dict[str, Any]]:
        """Begin the run: journal, account, and what earlier runs left in flight."""
        if self.session is None:
            settings = parsed_settings(self.config)
            hooks = Hooks(
                self._pass_on,
                self._is_stopped,
                ending=self._say_what_was_unused,
                ended=self.ended,
                command=self.command,
            )
            self.session = Session(settings, self.clock, run_owner(), hooks)
        return self.session

    def _say_what_was_unused(self) -> None:
        session = self.session
        if session is None or session.error is not None or self.stop_signal is not None:
            return  # what did not come may have been on its way
        if said := session.unused_mappings():
            self.logger.warning("%s", said)

    def _pass_on(self, state: dict[str, Any]) -> None:
        try:
            self._write_state_message(state)
        except BrokenPipeError:
            raise ReaderGone(
                "Nobody reads the STATE any more: what started this run has ended",
                "What was written is in the journal; run it again to go on",
            ) from None
        except OSError as error:
            raise OutputFault.of(error.errno) from None

    def _idle(self) -> bool:
        if self.session is not None:
            self.session.tick()
        return self._is_stopped()

    def _is_stopped(self) -> bool:
        """Whether a signal came; it is told here, since its handler may interrupt a message."""
        session, number = self.session, self.stop_signal
        if number is not None and session is not None and not self._has_told_of_stop:
            self._has_told_of_stop = True
            jobs = len(session.writer.dispatcher.in_flight)
            self.logger.info(
                "Stopped by signal %d: takes no more rows; waits for %s in flight",
                number,
                counted(jobs, "job"),
            )
        return number is not None

    # Messages

    @property
    def line(self) -> int:
        """Number of the line that is being worked on."""
        return self._lines.line

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        schema = message_dict.get("schema")
        columns = schema.get("properties") if isinstance(schema, dict) else None
        if not isinstance(message_dict.get("stream"), str) or not isinstance(columns, dict):
            raise SettingsError(
                f"The SCHEMA in line {self.line} lacks a stream, or a schema with properties",
                "See what the tap wrote there",
            )
        try:
            self._register(message_dict)
        except InvalidJSONSchema as error:
            said = str(error.__cause__ or error).partition("\n")[0]
            raise SettingsError(
                f"The SCHEMA in line {self.line} is no JSON schema: {said:.200}",
                "See what the tap wrote there; the receipt says what became of the rows before it",
            ) from None

    def _register(self, message: dict[str, Any]) -> None:
        """Apply the stream maps to a SCHEMA; a stream that they remove has no sink."""
        name, schema = message["stream"], message["schema"]
        keys = message.get("key_properties")
        known = self.mapper.stream_maps.get(name)
        same_keys = known and (self._is_removed(name) or known[0].raw_key_properties == keys)
        if known and same_keys and known[0].raw_schema == schema:
            return
        self.mapper.register_raw_stream_schema(name, schema, keys)
        for stream_map in self.mapper.stream_maps[name]:
            if not isinstance(stream_map, RemoveRecordTransform):
                self.get_sink(
                    stream_map.stream_alias,
                    schema=stream_map.transformed_schema,
                    key_properties=stream_map.transformed_key_properties,
                )

    def _is_removed(self, stream: str) -> bool:
        """Whether the stream maps remove a stream: `null`, or `__NULL__`."""
        maps = self.mapper.stream_maps[stream]
        return all(isinstance(each, RemoveRecordTransform) for each in maps)

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        if self._is_stopped():
            raise Stopped
        stream = message_dict.get("stream")
        if not isinstance(message_dict.get("record"), dict):
            raise SettingsError(
                f"The RECORD in line {self.line} has no record", "See what the tap wrote there"
            )
        if not isinstance(stream, str) or stream not in self.mapper.stream_maps:
            raise RowBeforeSchema(
                f"Line {self.line} is a row of the stream '{stream}', whose SCHEMA has not come",
                "A tap sends the SCHEMA before the rows: see what wrote this input",
            )
        for stream_map in self.mapper.stream_maps[stream]:
            record = stream_map.transform(message_dict["record"])
            if record is not None:
                sink = self.get_sink(stream_map.stream_alias)
                sink.process_record(record, {"version": message_dict.get("version")})

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        stream = message_dict.get("stream")
        if not isinstance(stream, str) or stream not in self.mapper.stream_maps:
            raise RowBeforeSchema(
                f"The BATCH in line {self.line} is of a stream whose SCHEMA has not come",
                "A tap sends the SCHEMA before the rows: see what wrote this input",
            )
        if not _is_batch(message_dict):
            raise SettingsError(
                f"The BATCH in line {self.line} lacks an encoding, or a manifest of files",
                "See what the tap wrote there",
            )
        encoding = BaseBatchFileEncoding.from_dict(message_dict["encoding"])
        for stream_map in self.mapper.stream_maps[stream]:
            if not isinstance(stream_map, RemoveRecordTransform):
                sink = cast("ChakraSink", self.get_sink(stream_map.stream_alias))
                sink.take_files(encoding, message_dict["manifest"], stream_map.transform)

    def batch_root(self) -> BatchRoot:
        """Where files of a BATCH may lie."""
        return batch_root_of(self.config.get(BATCH_ROOT), surroundings().project or Path.cwd())

    @classmethod
    def check_settings(cls, config: dict[str, Any]) -> None:
        """Check settings against their declaration, and where BATCH files may lie.

        Raises:
            SettingsError: Naming each fault, without the key.
        """
        super().check_settings(config)
        if config.get(BATCH_ROOT) is not None:
            batch_root_of(config[BATCH_ROOT], Path())

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        if "value" not in message_dict:
            raise SettingsError(
                f"The STATE in line {self.line} has no value", "See what the tap wrote there"
            )
        self.open_session().state(message_dict["value"])

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        stream = str(message_dict.get("stream"))
        for stream_map in self.mapper.stream_maps.get(stream, ()):
            if isinstance(stream_map, RemoveRecordTransform):
                continue
            self.open_session().activate(stream_map.stream_alias, message_dict.get("version"))

    def process_endofpipe(self) -> None:
        """All input was read: write it, wait for what becomes of it, and account for it.

        Raises:
            ChakraError: What stopped the run.
        """
        session = self.open_session()
        session.run(lambda: None)
        if session.error is not None:
            raise session.error

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Stop taking input; batches in flight are finished or recorded."""
        self.stop_signal = signum
        if self.session is not None:
            return
        if is_within(frame, "sqlalchemy"):
            # The journal is being opened. What is raised in the midst of that, SQLAlchemy logs.
            send_again(signum)
        else:
            # The run has not begun: reaching ChakraHQ may take minutes, which are not waited for.
            self.logger.info("Stopped by signal %d; run it again", signum)
            sys.exit(ExitCode.STOPPED)

    def listen_to(self, file_input: IO[bytes] | None) -> int:
        """Take all input, write it, and say what became of it; the exit code."""
        signal.signal(signal.SIGTERM, self._handle_termination)
        signal.signal(signal.SIGINT, self._handle_termination)
        session = self.open_session()
        return session.run(lambda: self._take(file_input))

    def _take(self, file_input: IO[bytes] | None) -> None:
        try:
            self._process_lines(file_input)
            self._say_unmatched()
        except Stopped:
            return
        except OSError as error:
            raise SettingsError(
                f"The input can't be read any further: {error.strerror}",
                "The receipt says what became of the rows before it; run it again to go on",
            ) from None

    def _say_unmatched(self) -> None:
        """All streams are known by now: tell of stream maps that were for none of them."""
        if isinstance(self.mapper, ChakraMapper):
            for warning in self.mapper.unmatched():
                self.logger.warning("%s", warning)

    def _process_lines(self, file_input: Any) -> Any:  # noqa: ANN401 - the SDK's signature
        return self.message_reader.process_lines(
            file_input,
            callbacks={
                "RECORD": self._process_record_message,
                "SCHEMA": self._process_schema_message,
                "STATE": self._process_state_message,
                "ACTIVATE_VERSION": self._process_activate_version_message,
                "BATCH": self._process_batch_message,
            },
        )

    # The command line

    @classmethod
    def invoke(  # type: ignore[override]  # as the SDK's own override
        cls,
        *,
        config: _ConfigInput,
        about: bool = False,
        about_format: str | None = None,
        file_input: IO[bytes] | None = None,
    ) -> int:
        """Run the target from the command line; the exit code."""
        super(Target, cls).invoke(about=about, about_format=about_format)
        with watch_of(config.config) as watch:
            target = cls.configured(config)
            target.command, target.ended = typed_command(config), told_to(watch)
            return target.listen_to(file_input)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The command line, with help of our own."""
        command = super().get_singer_command()
        for option in command.params:
            if option.name == "file_input":
                option.type = click.File("rb")
        command.params.append(
            setting_option(
                "--plan",
                "plan_path",
                metavar="FILE",
                help="Write nothing, and leave a plan of what would be written in this file.",
            )
        )
        return command


def journal_of(config: Mapping[str, Any]) -> str:
    """The URL of the journal: what the settings say, or the default place."""
    around = surroundings()
    return str(config.get("journal") or default_journal(around.project, around.environment))


def parsed_settings(config: Mapping[str, Any]) -> Settings:
    """The settings of a run.

    Raises:
        SettingsError: A value is missing or means nothing.
    """
    around, agent = surroundings(), TargetChakra.user_agent()
    settings = parse_settings(config, user_agent=agent, journal=journal_of(config))
    return beside_default(settings, around.project, around.environment)


def typed_command(config: _ConfigInput | None = None) -> Callable[[str], str]:
    """What to type for a subcommand, by what started this one, and with which `--config`."""
    given = config.given if isinstance(config, SettingsInput) else ()
    return partial(surroundings().command, TargetChakra.name, settings=given)


class RowBeforeSchema(SettingsError, RecordsWithoutSchemaException):
    """A row came before the SCHEMA of its stream."""


class Stopped(Exception):
    """A signal ended the input."""


def _is_batch(message: dict[str, Any]) -> bool:
    encoding, manifest = message.get("encoding"), message.get("manifest")
    if not isinstance(encoding, dict) or not isinstance(manifest, list):
        return False
    try:
        BaseBatchFileEncoding.from_dict(dict(encoding))
    except (KeyError, TypeError, ValueError):
        return False
    return all(isinstance(each, str) for each in manifest)
