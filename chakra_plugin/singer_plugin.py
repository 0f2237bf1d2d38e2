"""The overrides of singer-sdk's plugin that tap and target share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.plugin_base import PluginBase, _ConfigInput

from chakra_api.errors import ChakraError, SettingsError
from chakra_api.exit_codes import ExitCode
from chakra_plugin.json_files import json_file

if TYPE_CHECKING:
    import click
    from typing_extensions import Self


class ReaderGone(ChakraError):
    """The reader of a command's output has ended."""

    exit_code = ExitCode.STOPPED


class ChakraPlugin(PluginBase):
    """A plugin of ours: faults of its settings are told as all our faults are.

    It stands before `Tap` or `Target` among the bases of a class.

    Attributes:
        command_help: What `--help` says first.
        command_epilog: What `--help` says last: examples and exit codes.
    """

    package_name = "chakra-connectors"
    command_help: ClassVar[str]
    command_epilog: ClassVar[str]

    @classmethod
    def user_agent(cls) -> str:
        """The user agent of requests where the settings name none: the command and its version."""
        return f"{cls.name}/{cls.get_plugin_version()}"

    @classmethod
    def configured(cls, config: _ConfigInput | None, **options: Any) -> Self:  # noqa: ANN401 - handed to the SDK as they are
        """A plugin with the settings that `--config` names: of files, of the environment."""
        given = config or _ConfigInput()
        return cls(config=given.config, parse_env_config=given.parse_env, **options)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings against their declaration, as the SDK does.

        Raises:
            SettingsError: Naming each fault, without the key.
        """
        errors = super()._validate_config(raise_errors=False)
        if errors and raise_errors:
            said = "; ".join(errors)
            if key := str(self.config.get("api_key") or ""):
                said = said.replace(repr(key), "***").replace(key, "***")
            raise SettingsError(
                f"The settings are not valid: {said}", f"See {self.name} --about for each setting"
            )
        return errors

    @classmethod
    def cb_config(
        cls,
        ctx: click.Context,  # noqa: ARG003 - click's signature
        param: click.Option,  # noqa: ARG003 - click's signature
        value: tuple[str, ...],
    ) -> _ConfigInput:
        """Read the settings files in order; a later one overrides an earlier one."""
        merged: dict[str, Any] = {}
        for path in value:
            if path != "ENV":
                merged |= json_file(path, "settings")
        return _ConfigInput(config=merged, parse_env="ENV" in value)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The command line, with help of our own."""
        command = super().get_singer_command()
        command.help, command.epilog = cls.command_help, cls.command_epilog
        return command
