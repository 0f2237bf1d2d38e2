"""The command line: a Singer target, and beside it what an operator needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_plugin.command_group import command_group
from target_chakra.singer.target import TargetChakra

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

COMMANDS: Final[Mapping[str, str]] = {
    "runs": "target_chakra.cli.runs:runs",
    "report": "target_chakra.cli.report:report",
    "jobs": "target_chakra.cli.sent:jobs",
    "copy-calls": "target_chakra.cli.sent:copy_calls_of",
    "rejects": "target_chakra.cli.rejects:rejects",
    "retry": "target_chakra.cli.rejects:retry",
    "unknown": "target_chakra.cli.unknown:unknown",
    "kept": "target_chakra.cli.undo:kept",
    "plan": "target_chakra.cli.plans:plan",
    "apply": "target_chakra.cli.plans:apply",
    "audit": "target_chakra.cli.audit:audit",
    "undo": "target_chakra.cli.undo:undo",
    "doctor": "target_chakra.cli.doctor:doctor",
    "mirror-commit": "target_chakra.cli.mirrors:mirror_commit",
    "sync": "target_chakra.cli.sync:sync",
    "init": "target_chakra.cli.init:init",
}
"""Where each subcommand is: imported once it is asked for."""


def command() -> click.Group:
    """The group: without a subcommand it is the plain Singer target."""
    return command_group(TargetChakra, COMMANDS)
