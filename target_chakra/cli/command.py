"""The command line: a Singer target, and beside it what an operator needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from target_chakra.cli.operations import COMMANDS
from target_chakra.singer.target import TargetChakra

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput


def command() -> click.Group:
    """The group: without a subcommand it is the plain Singer target."""
    singer = TargetChakra.cli

    def run(config: _ConfigInput, **options: Any) -> object:  # noqa: ANN401 - click's values
        context = click.get_current_context()
        if context.invoked_subcommand is not None:
            context.obj = config
            return None
        if singer.callback is None:
            raise click.UsageError("no command")
        return singer.callback(config=config, **options)

    return click.Group(
        name="target-chakra",
        params=singer.params,
        callback=run,
        invoke_without_command=True,
        help=singer.help,
        epilog=singer.epilog,
        commands=list(COMMANDS),
    )
