"""The command `target-chakra`: the one boundary at which errors become messages and exit codes."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys

from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_plugin.interrupts import interrupts_kept

BUG = "This is a fault of target-chakra. Please report it with the traceback above."


def main(args: list[str] | None = None) -> None:
    """Run the command and exit with a code of the documented table."""
    code = run(args)
    for stream in (sys.stdout, sys.stderr):
        # Whoever read them may be gone.
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    # Threads may wait for answers that nobody wants any more.
    os._exit(code)


def run(args: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    # Rows live for a moment and hold no cycles: looking for some among them costs a sixth of a run.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        with interrupts_kept():  # they are slow to import, click among them
            from target_chakra.cli.command import command  # noqa: PLC0415

        result = command().main(args, prog_name="target-chakra", standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.BUG
    except BaseException as error:  # noqa: BLE001 - the one boundary
        return _told(error)
    return result if isinstance(result, int) else ExitCode.DONE


def _told(error: BaseException) -> int:
    """Tell the user what happened; the exit code."""
    import click  # noqa: PLC0415 - see `run`

    log = logging.getLogger("target-chakra")
    if isinstance(error, ChakraError):
        log.error("%s", error)
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return ExitCode.USAGE
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return ExitCode.STOPPED
    log.error(BUG, exc_info=error)
    return ExitCode.BUG


if __name__ == "__main__":
    main()
