"""The command line: a Singer target, and beside it what an operator needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_plugin.command_group import command_group
from target_chakra.cli.audit import audit
from target_chakra.cli.doctor import doctor
from target_chakra.cli.init import init
from target_chakra.cli.mirrors import mirror_commit
from target_chakra.cli.plans import apply, plan
from target_chakra.cli.rejects import rejects, retry
from target_chakra.cli.report import report
from target_chakra.cli.runs import runs
from target_chakra.cli.sync import sync
from target_chakra.cli.undo import kept, undo
from target_chakra.cli.unknown import unknown
from target_chakra.singer.target import TargetChakra

if TYPE_CHECKING:
    import click

COMMANDS: tuple[click.Command, ...] = (
    runs,
    report,
    rejects,
    retry,
    unknown,
    kept,
    plan,
    apply,
    audit,
    undo,
    doctor,
    mirror_commit,
    sync,
    init,
)


def command() -> click.Group:
    """The group: without a subcommand it is the plain Singer target."""
    return command_group(TargetChakra, COMMANDS)
