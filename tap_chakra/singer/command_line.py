"""The tap's command line: what its help says, and the option that checks the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from chakra_plugin.singer_plugin import setting_option

if TYPE_CHECKING:
    from collections.abc import Callable

HELP = """Read ChakraHQ as a Singer tap: processes, users and the configuration.

Records, schemas and states go to standard output, everything else to standard error."""

EPILOG = """Examples:

\b
  tap-chakra --config config.json --discover > catalog.json
  tap-chakra --config config.json --catalog catalog.json --state state.json
  tap-chakra --config config.json --catalog catalog.json --only-ids ids.txt
  TAP_CHAKRA_API_KEY=... tap-chakra --test

\b
Exit codes: 0 done, 1 a fault of ours, 2 usage, 3 settings or input, 4 no access,
5 ChakraHQ unreachable, 6 a scan was not complete, 9 stopped in order,
11 an audit found differences."""


ONLY_IDS: Final = setting_option(
    "--only-ids",
    "only_ids",
    type=click.STRING,
    metavar="FILE",
    help="Read the processes of a file alone: one ID per line, lead<TAB>id, or"
    ' {"procedure": "lead", "id": ...}. The state stays as it is.',
)


class CheckOption(click.Option):
    """`--test`, or `--test=schema`.

    Args:
        check: What it does.
    """

    def __init__(self, check: Callable[..., None]) -> None:
        super().__init__(
            ["--test"],
            is_flag=False,
            flag_value="all",
            default=None,
            type=click.Choice(["all", "schema"]),
            help="Check the settings: ask once for the configuration, the users and each"
            " procedure, and say what this key may not see. --test=schema writes the schemas.",
            callback=check,
            expose_value=False,
        )

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:  # noqa: ARG002 - click's signature
        """Its line of `--help`."""
        return "--test[=schema]", self.help or ""
