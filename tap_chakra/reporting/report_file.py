"""The file in which a run leaves what there is to tell of it, whole or not there.

Where it can't be is found before the run begins. That it can't be written in the end is a warning:
the rows are read all the same.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from typing import TYPE_CHECKING, Any, Final

import orjson

from chakra_api.errors import ChakraError, SettingsError
from chakra_api.exit_codes import ExitCode
from chakra_api.wire.wire_json import encode
from tap_chakra.reporting.told_run import VERSION, told_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chakra_api.clock import Clock
    from tap_chakra.facts.run_record import RunRecord
    from tap_chakra.run.source import Source

MOST_BYTES: Final = 64 << 20
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_MARK: Final = "tap_chakra_report"

_log = logging.getLogger("tap-chakra")


@contextlib.contextmanager
def reported(record: Callable[[], RunRecord], source: Source, clock: Clock) -> Iterator[None]:
    """A run of which is told in a file, however it ends, where the settings name one.

    Args:
        record: Gives the record of the run.
        source: The account that it reads.
        clock: Our clock.

    Raises:
        SettingsError: Something else is there, or it can't be written.
    """
    path = source.settings.report_path
    if path is None:
        yield
        return
    before = _readied(path)
    record()
    end: dict[str, object] = {"exit_code": int(ExitCode.DONE), "error": ""}
    try:
        yield
    except BaseException as error:
        end = {"exit_code": _code_of(error), "error": _said(error)}
        raise
    finally:
        end["ended_ms"] = int(clock.now() * 1000)
        connection = source.settings.connection
        account = {"api_url": connection.api_url, "team": source.account.team_id}
        told = encode(told_run(record(), account, before, end)).decode()
        _keep(path, connection.api_key.redact(told))


def _code_of(error: BaseException) -> int:
    if isinstance(error, ChakraError):
        return int(error.exit_code)
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        return error.code
    return int(ExitCode.STOPPED if isinstance(error, KeyboardInterrupt) else ExitCode.BUG)


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, ChakraError) else ""


def _keep(path: Path, content: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, _NEW, 0o600), "w") as file:
            file.write(content)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        _log.warning(
            "The report of this run can't be written to '%s': %s. The run is none the worse",
            path,
            error.strerror,
        )


def _readied(path: Path) -> dict[str, Any]:
    """What the run before told; empty if none did.

    Raises:
        SettingsError: The file is something else, or nothing can be written there.
    """
    folder = path.parent
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise SettingsError(
            f"The setting report_path is '{path}', and nothing can be written to its folder",
            "Make the folder, or name a file in another one",
        )
    return read_report(path) if os.path.lexists(path) else {}


def read_report(path: Path) -> dict[str, Any]:
    """What a run told.

    Raises:
        SettingsError: The file is none that a run of this version wrote, or can't be read.
    """
    try:
        found = path.lstat()
        content = path.read_bytes() if _is_plain(found) else b""
    except OSError as error:
        raise SettingsError(
            f"The report '{path}' can't be read: {error.strerror}",
            "Run tap-chakra once with report_path set to it, and it writes one",
        ) from None
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or told.get(_MARK) != VERSION:
        raise SettingsError(
            f"'{path}' is there, and is no report of this version of tap-chakra",
            "Set report_path to another name, or take that file away first",
        )
    return told


def _is_plain(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_size <= MOST_BYTES
