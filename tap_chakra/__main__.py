"""The command `tap-chakra`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_plugin import boundary

if TYPE_CHECKING:
    from chakra_plugin.boundary import Command


def main(args: list[str] | None = None) -> None:
    """Run the command and exit with a code of the documented table."""
    boundary.main(run, args)


def run(args: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    return boundary.run_command("tap-chakra", _command, args)


def _command() -> Command:
    from tap_chakra.cli.command import command  # noqa: PLC0415 - see `boundary`

    return command()


if __name__ == "__main__":
    main()
