"""The boundary of both commands: each error becomes a message and an exit code here.

The modules of a command, click and singer-sdk among them, take seconds to import. They are
imported once they are needed, so that `--version` answers at once and Ctrl-C ends a start in order.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from chakra_api.bad_luck import told_by_machine
from chakra_api.errors import NO_ROOM, ChakraError, OutputFault
from chakra_api.exit_codes import ExitCode
from chakra_api.redaction import mask_likely, redact_logs
from chakra_plugin.interrupts import interrupts_kept
from chakra_plugin.rare_gc import collect_rarely
from chakra_plugin.standard_streams import prepare_streams

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

Command: TypeAlias = "click.Command"
"""What click runs."""


def main(run: Callable[[list[str] | None], int], args: list[str] | None = None) -> NoReturn:
    """Run a command as a process of its own, and exit with a code of the documented table.

    Args:
        run: Runs the command; gives its exit code.
        args: What follows the command's name; by default as the process was given it.
    """
    threading.excepthook = _thread_failed
    prepare_streams()
    code = run(args)
    for stream in (sys.stdout, sys.stderr):
        # Its reader may have ended before, or its disk be full: what is to be said is said.
        with contextlib.suppress(OSError, AttributeError):
            stream.flush()
    # Threads may be waiting for answers that are of no use any more; and a signal that came while
    # Python takes itself apart would make a run that ended well look as if it had been killed.
    os._exit(code)


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    """Have the log say what ended a thread: Python would print it as it is, and whatever is in it.

    Args:
        failed: What ended.
    """
    if failed.exc_value is not None:
        logging.getLogger("chakra").error("A thread ended with an error", exc_info=failed.exc_value)


def run_command(name: str, load: Callable[[], Command], args: list[str] | None = None) -> int:
    """Run a command; its exit code.

    Args:
        name: The command's own: `tap-chakra`.
        load: Imports what the command needs, and gives it.
        args: As for `main`.
    """
    code = _run(name, load, args)
    fault = _unwritten() if code == ExitCode.DONE else None
    if fault is None:
        return code
    logging.getLogger(name).error("%s", fault)
    return fault.exit_code


def _run(name: str, load: Callable[[], Command], args: list[str] | None) -> int:
    if sys.stdout is None:  # `>&-` in a shell: nothing is asked for that nobody would get
        return _told(name, OutputFault.of(None))
    if (sys.argv[1:] if args is None else args) == ["--version"]:
        try:
            sys.stdout.write(f"{_version(name)}\n")
        except OSError as error:
            return _told(name, error)
        return ExitCode.DONE
    collect_rarely()
    redact_logs(None)
    try:
        with interrupts_kept():
            command = load()
        result = command.main(args, prog_name=name, standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.BUG
    except BaseException as error:  # noqa: BLE001 - the one boundary
        return _told(name, error)
    return result if isinstance(result, int) else ExitCode.DONE


def _version(name: str) -> str:
    """A command's version, as singer-sdk says it."""
    from importlib.metadata import version  # noqa: PLC0415 - half of the time of a start

    return f"{name} v{version('chakra-connectors')}, Meltano SDK v{version('singer-sdk')}"


def _unwritten() -> OutputFault | None:
    """Why standard output does not take what was printed; None if it does, or nobody reads it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return None
    except OSError as error:
        return OutputFault.of(error.errno)
    return None


def _output_fault(error: BaseException) -> OutputFault | None:
    """What an error says of standard output, which click and singer-sdk write to, too."""
    if isinstance(error, OSError) and error.errno in NO_ROOM and error.filename is None:
        return OutputFault.of(error.errno)
    return None


def _told(name: str, error: BaseException) -> int:
    """Tell the user what ended a command; the exit code."""
    import click  # noqa: PLC0415 - see above

    from chakra_plugin.telling import tell  # noqa: PLC0415 - it imports click

    log = logging.getLogger(name)
    error = _output_fault(error) or told_by_machine(error) or error
    if isinstance(error, ChakraError):
        log.error("%s", error)
        return error.exit_code
    if isinstance(error, click.ClickException):
        said = io.StringIO()
        error.show(file=said)
        for line in said.getvalue().splitlines():
            tell(mask_likely(line), err=True)
        return ExitCode.USAGE
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return ExitCode.STOPPED
    log.error(
        "This is a fault of %s. Please report it with the traceback above.", name, exc_info=error
    )
    return ExitCode.BUG
