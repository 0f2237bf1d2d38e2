"""The command line: a Singer tap, and beside it what an operator needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_plugin.command_group import command_group
from tap_chakra.singer.tap import TapChakra

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

COMMANDS: Final[Mapping[str, str]] = {
    "audit": "tap_chakra.cli.audit:audit",
    "doctor": "tap_chakra.cli.doctor:doctor",
    "listen": "tap_chakra.cli.listen:listen",
    "report": "tap_chakra.cli.report:report",
}
"""Where each subcommand is: imported once it is asked for."""


def command() -> click.Group:
    """The group: without a subcommand it is the plain Singer tap."""
    return command_group(TapChakra, COMMANDS)
