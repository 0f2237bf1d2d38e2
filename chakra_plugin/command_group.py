"""A Singer command with subcommands beside it, all of which take its `--config`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.plugin_base import _ConfigInput

    from chakra_plugin.singer_plugin import ChakraPlugin


class _LateGroup(click.Group):
    """A group that imports a subcommand once it is asked for: the plain command starts fast.

    Args:
        places: Where each subcommand is, by name: `package.module:function`.
        options: As for `click.Group`.
    """

    def __init__(self, places: Mapping[str, str], **options: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(**options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of the subcommands, as `--help` lists them."""
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """A subcommand; None if there is none of that name."""
        module, _, attribute = self._places.get(cmd_name, "").partition(":")
        if not module:
            return None
        found = getattr(import_module(module), attribute)
        return found if isinstance(found, click.Command) else None


def command_group(plugin: type[ChakraPlugin], places: Mapping[str, str]) -> click.Group:
    """The group of a plugin: without a subcommand it is the plain Singer command.

    Args:
        plugin: The tap or the target.
        places: Where its subcommands are, by name: `package.module:function`. The settings reach
            each as the object of click's context.
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

    return _LateGroup(
        places,
        name=plugin.name,
        params=singer.params,
        callback=run,
        invoke_without_command=True,
        help=singer.help,
        epilog=singer.epilog,
    )
