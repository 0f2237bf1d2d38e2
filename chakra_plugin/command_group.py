"""A Singer command with subcommands beside it, all of which take its `--config`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.plugin_base import _ConfigInput

    from chakra_plugin.singer_plugin import ChakraPlugin


def command_group(plugin: type[ChakraPlugin], commands: Sequence[click.Command]) -> click.Group:
    """The group of a plugin: without a subcommand it is the plain Singer command.

    Args:
        plugin: The tap or the target.
        commands: Its subcommands; the settings reach each as the object of click's context.
    """
    singer = plugin.cli

    def run(config: _ConfigInput, **options: Any) -> object:  # noqa: ANN401 - click's values
        context = click.get_current_context()
        if context.invoked_subcommand is not None:
            context.obj = config
            return None
        if singer.callback is None:
            raise click.UsageError("no command")
        return singer.callback(config=config, **options)

    return click.Group(
        name=plugin.name,
        params=singer.params,
        callback=run,
        invoke_without_command=True,
        help=singer.help,
        epilog=singer.epilog,
        commands=list(commands),
    )
