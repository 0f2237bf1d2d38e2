"""What dlt is told where a load can't go on: will it ever work as it is?"""

from __future__ import annotations

from dlt.common.configuration import known_sections
from dlt.common.configuration.resolve import resolve_configuration
from dlt.common.destination.exceptions import (
    DestinationTerminalException,
    DestinationTransientException,
)
from dlt.load.configuration import LoaderConfiguration

from chakra_api.errors import ChakraError, LimitCrossed, Refused, SettingsError


def refuse_to_drop() -> None:
    """The files of a dry run must stay, so that the run after it writes them.

    Raises:
        DestinationTerminalException: dlt is told to let go of files that can't be loaded.
    """
    loader = resolve_configuration(
        LoaderConfiguration(), sections=(known_sections.LOAD,), accept_partial=True
    )
    name, value = "raise_on_failed_jobs", "false"
    if loader.raise_on_failed_jobs:
        name, value = "auto_abort_on_terminal_error", "true"
        if not getattr(loader, name, False):
            return
    raise translated(
        SettingsError(
            f"dry_run is set, and with load.{name} {value} dlt would let go of what a dry run does"
            " not write",
            f"Take load.{name} away for the dry run",
        )
    )


def translated(error: ChakraError, more: str = "") -> Exception:
    """An error as dlt sorts them: will it ever work as it is?

    Args:
        error: What happened, and the next step.
        more: What is to be said behind that.
    """
    said = f"{error} {more}".rstrip()
    if isinstance(error, (SettingsError, LimitCrossed, Refused)):
        return DestinationTerminalException(said)
    return DestinationTransientException(said)
