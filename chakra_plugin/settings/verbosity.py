"""How much a command says: `-q` and `-v`."""

from __future__ import annotations

import logging
import os

import click

_QUIET, _VERBOSE = "quiet", "verbose"


def verbosity_options(command: str) -> list[click.Option]:
    """The options of a command, for the command itself and before its subcommands.

    Args:
        command: Its name, which is that of its log.
    """

    def heed(context: click.Context, option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
        if not value or context.resilient_parsing:
            return
        other = context.meta.setdefault(__name__, option.name)
        if other != option.name:
            raise click.UsageError("-q and -v do not go together")
        (be_quiet if option.name == _QUIET else be_verbose)(command)

    says = {
        _QUIET: "Print only warnings, errors and the receipt.",
        _VERBOSE: "Print in detail what the connector does, including each request.",
    }
    return [
        click.Option(
            [f"-{name[0]}", f"--{name}"],
            is_flag=True,
            expose_value=False,
            callback=heed,
            help=text,
        )
        for name, text in says.items()
    ]


def be_quiet(command: str) -> None:
    """Have the log begin at warnings, that of singer-sdk too, which reads its level again."""
    os.environ[f"{command.upper().replace('-', '_')}_LOGLEVEL"] = "WARNING"
    logging.getLogger().setLevel(logging.WARNING)


def be_verbose(command: str) -> None:
    """Have our own log begin at DEBUG; those of what stands below stay as they are."""
    logging.getLogger(command).setLevel(logging.DEBUG)
