"""The command line: a Singer tap, and beside it what an operator needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_plugin.command_group import command_group
from tap_chakra.cli.audit import audit
from tap_chakra.cli.doctor import doctor
from tap_chakra.cli.report import report
from tap_chakra.singer.tap import TapChakra

if TYPE_CHECKING:
    import click

COMMANDS: tuple[click.Command, ...] = (audit, doctor, report)


def command() -> click.Group:
    """The group: without a subcommand it is the plain Singer tap."""
    return command_group(TapChakra, COMMANDS)
