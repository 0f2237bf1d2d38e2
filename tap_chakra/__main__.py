"""The command `tap-chakra`: the one boundary at which errors become messages and exit codes."""

from __future__ import annotations

import gc
import logging
import os
import sys
from typing import TextIO

from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_plugin.interrupts import interrupts_kept

BUG = "This is a fault of tap-chakra. Please report it with the traceback above."


def main(args: list[str] | None = None) -> None:
    """Run the command and exit with a code of the documented table."""
    code = run(args)
    _flush(sys.stdout)
    _flush(sys.stderr)
    # Readers may be waiting for answers that nobody wants any more; and a signal that came while
    # Python takes itself apart would make a run that ended well look as if it had been killed.
    os._exit(code)


def _flush(stream: TextIO) -> None:
    try:
        stream.flush()
    except BrokenPipeError:
        # The reader is gone: nothing may be written to it on the way out either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def run(args: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    if (sys.argv[1:] if args is None else args) == ["--version"]:
        sys.stdout.write(f"{_version()}\n")
        return ExitCode.DONE
    # Rows live for a moment and hold no cycles: looking for some among them costs time.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        with interrupts_kept():  # they are slow to import, click among them
            from tap_chakra.singer.tap import TapChakra  # noqa: PLC0415

        command = TapChakra.cli
        result = command.main(args, prog_name="tap-chakra", standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.BUG
    except BaseException as error:  # noqa: BLE001 - the one boundary
        return _told(error)
    return result if isinstance(result, int) else ExitCode.DONE


def _version() -> str:
    """As singer-sdk says it, which takes long to import."""
    from importlib.metadata import version  # noqa: PLC0415 - see `run`

    ours, sdk = version("chakra-connectors"), version("singer-sdk")
    return f"tap-chakra v{ours}, Meltano SDK v{sdk}"


def _told(error: BaseException) -> int:
    """Tell the user what happened; the exit code."""
    import click  # noqa: PLC0415 - see `run`

    log = logging.getLogger("tap-chakra")
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
