"""The overrides of singer-sdk's plugin that tap and target share."""

from __future__ import annotations

import logging
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import click
from singer_sdk.cli import plugin_cli
from singer_sdk.plugin_base import JSONSchemaValidator, PluginBase, _ConfigInput

from chakra_api.errors import ChakraError, SettingsError
from chakra_api.exit_codes import ExitCode
from chakra_api.redaction import Secret, redact_logs
from chakra_api.setting_values import shown
from chakra_plugin.about_text import about_text
from chakra_plugin.interrupts import heed_hangup
from chakra_plugin.json_files import json_file
from chakra_plugin.settings.fault import fault_of
from chakra_plugin.settings.sources import (
    ENVIRONMENT,
    Declared,
    Gathered,
    Source,
    environment_source,
    gathered,
    speaks_to_meltano,
)
from chakra_plugin.settings.verbosity import verbosity_options
from chakra_plugin.stream_maps import ChakraMapper, check_stream_maps
from chakra_plugin.telling import tell_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

_CONFIG_HELP: Final = (
    "A settings file (JSON), or ENV for the variables {prefix}*. Given more than once, a later file"
    " overrides an earlier one, and every file the variables. Without --config the variables"
    " alone are read; with files alone they are not."
)

_SHORTEST_SECRET: Final = 6
"""Characters of a secret that is masked before its setting is known to be well: fewer are words."""
_LEVELS: Final = "DEBUG, INFO, WARNING, ERROR, CRITICAL"


OPTIONS: Final = "chakra.settings"
"""Where click's context holds settings that options of the command line name."""


def setting_option(flag: str, setting: str, **attributes: Any) -> click.Option:  # noqa: ANN401 - click's own
    """An option of the command line that sets a setting, above all files and variables.

    Args:
        flag: As it is typed, `--plan`.
        setting: The setting.
        attributes: Of click's option.
    """

    def keep(ctx: click.Context, _option: click.Parameter, value: object) -> None:
        if value is not None:
            ctx.meta.setdefault(OPTIONS, {})[setting] = value

    return click.Option([flag], callback=keep, expose_value=False, **attributes)


class ReaderGone(ChakraError):
    """The reader of a command's output has ended."""

    exit_code = ExitCode.STOPPED


class SettingsInput(_ConfigInput):
    """What `--config` names, read once it is asked for: `--about` and `--help` need none.

    Args:
        read: Reads it.
        given: The values of `--config`.
    """

    def __init__(self, read: Callable[[], Gathered], given: tuple[str, ...]) -> None:
        self._read = read
        self.given = given
        self.parse_env = False  # it was, where it counts

    @cached_property
    def config(self) -> dict[str, Any]:  # type: ignore[override]  # the SDK keeps it, we read it late
        """The settings.

        Raises:
            SettingsError: A file can't be read, or a text spells nothing that is declared.
        """
        return self._read()


class _NoNoise(logging.Filter):
    """Drops what singer-sdk says of each start, or beside an error that says it better."""

    _MESSAGES: Final = frozenset(
        {"Skipping parse of env var settings...", "Error initializing target sink '%s'"}
    )

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record passes."""
        return record.msg not in self._MESSAGES


_NO_NOISE: Final = _NoNoise()


class ChakraPlugin(PluginBase):
    """A plugin of ours: faults of its settings are told as all our faults are.

    It stands before `Tap` or `Target` among the bases of a class.

    Attributes:
        command_help: What `--help` says first.
        command_epilog: What `--help` says last: examples and exit codes.
        closed_records: Whether no record holds a column that its schema does not name.
    """

    package_name = "chakra-connectors"
    command_help: ClassVar[str]
    command_epilog: ClassVar[str]
    closed_records: ClassVar[bool] = False

    def setup_mapper(self) -> None:
        """Make the mapper of stream maps and flattening, whose faults are the user's.

        Raises:
            SettingsError: A map means nothing.
        """
        self._mapper = ChakraMapper(self.config, self.logger, closed=self.closed_records)

    def __init__(
        self,
        *,
        config: Any = None,  # noqa: ANN401 - handed to the SDK unless it is an object
        parse_env_config: bool = False,
        **options: Any,  # noqa: ANN401 - handed to the SDK as they are
    ) -> None:
        self.logger.addFilter(_NO_NOISE)
        if config is None or (isinstance(config, dict) and not isinstance(config, Gathered)):
            config = self._gathered([Source(config or {})], reads_variables=parse_env_config)
        heed_hangup(self._handle_termination)  # for the other signals the SDK does so, within
        super().__init__(config=config, parse_env_config=False, **options)

    @classmethod
    def declared(cls) -> Declared:
        """The settings that the command declares, the SDK's own among them."""
        cls.append_builtin_config(cls.config_jsonschema)
        return Declared(cls.name, cls.config_jsonschema)

    @classmethod
    def user_agent(cls) -> str:
        """The user agent of requests where the settings name none: the command and its version."""
        return f"{cls.name}/{cls.get_plugin_version()}"

    # Settings

    @classmethod
    def configured(cls, config: _ConfigInput, **options: Any) -> Self:  # noqa: ANN401 - handed to the SDK as they are
        """A plugin with the settings that `--config` names: of files, of the environment."""
        return cls(config=config.config, **options)

    @classmethod
    def cb_config(
        cls,
        ctx: click.Context,
        param: click.Option,  # noqa: ARG003 - click's signature
        value: tuple[str, ...],
    ) -> _ConfigInput:
        """What the values of `--config` name."""

        def read() -> Gathered:
            paths = [path for path in value if path != ENVIRONMENT]
            managed = speaks_to_meltano(os.environ)
            files = [
                Source(json_file(path, "settings"), path, of_meltano=managed) for path in paths
            ]
            files += [Source(ctx.meta[OPTIONS])] if OPTIONS in ctx.meta else []
            return cls._gathered(files, reads_variables=not value or ENVIRONMENT in value)

        return SettingsInput(read, value)

    @classmethod
    def _gathered(cls, given: list[Source], *, reads_variables: bool) -> Gathered:
        """The settings of sources, and of the environment below them; says what is unknown."""
        declared, sources = cls.declared(), list(given)
        if reads_variables or speaks_to_meltano(os.environ):
            # Meltano puts them into the file, too, but for names that its project does not know.
            names_only = not reads_variables
            sources.insert(0, environment_source(declared, os.environ, names_only=names_only))
        for secret in {each for source in sources for each in declared.secrets_in(source.values)}:
            if len(secret) >= _SHORTEST_SECRET:
                redact_logs(Secret(secret))
        found = gathered(declared, sources)
        for warning in found.warnings:
            cls.logger.warning("%s", warning)
        return found

    @classmethod
    def check_settings(cls, config: dict[str, Any]) -> None:
        """Check settings against their declaration, and add the defaults.

        Raises:
            SettingsError: Naming each fault, without the key.
        """
        check_stream_maps(config)
        declared = cls.declared()
        if found := list(JSONSchemaValidator(declared.schema).iter_errors(config)):
            raise fault_of(found, config, declared)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings against their declaration, and add the defaults.

        Raises:
            SettingsError: Naming each fault, without the key.
        """
        try:
            self.check_settings(self._config)
        except ChakraError as error:
            if raise_errors:
                raise
            return [str(error)]
        return []

    # The command line

    @plugin_cli
    def cli(cls) -> click.Command:  # noqa: N805 - as the SDK declares it
        """The command, with its logging set up.

        Raises:
            SettingsError: A variable names a level of logging that does not exist.
        """
        for variable in (f"{cls.declared().prefix}LOGLEVEL", "LOGLEVEL"):
            level = os.environ.pop(variable, "").strip()
            if level and not isinstance(logging.getLevelName(level.upper()), int):
                raise SettingsError(f"{variable} is {shown(level)}", f"Use one of: {_LEVELS}")
            if level:
                os.environ[variable] = level  # the SDK reads it again, blanks and all
        command = super().cli
        redact_logs(None)
        return command

    @classmethod
    def print_about(cls, output_format: str | None = None) -> None:
        """Print the settings with what they mean; as JSON and Markdown the SDK does."""
        if output_format is None:
            tell_page(about_text(cls._get_about_info()))
        else:
            super().print_about(output_format)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The command line, with help of our own."""
        command = super().get_singer_command()
        command.help, command.epilog = cls.command_help, cls.command_epilog
        command.params += verbosity_options(cls.name)
        for option in command.params:
            if isinstance(option, click.Option) and option.name == "config":
                option.help = _CONFIG_HELP.format(prefix=cls.declared().prefix)
                option.metavar = "FILE|ENV"
        return command
