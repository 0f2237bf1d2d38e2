"""Whatever ends a command, its user reads one message and a script one exit code."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

import click
import pytest

from chakra_api.errors import ChakraError, JournalError, LimitCrossed, SettingsError, WrongKey
from chakra_api.exit_codes import ExitCode
from chakra_plugin.boundary import run_command
from chakra_plugin.rare_gc import RARE_THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ERRORS = [
    (SettingsError("The setting x is 5", "Set it to 6"), ExitCode.SETTINGS),
    (WrongKey("ChakraHQ knows no such key", "Make one", status=401), ExitCode.NO_ACCESS),
    (LimitCrossed("2 rows were rejected", "See rejects"), ExitCode.REJECTS),
    (JournalError("The journal is held by another run", "Wait"), ExitCode.JOURNAL),
]


@pytest.fixture(autouse=True)
def _collector_as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def that(done: Callable[[], object]) -> Callable[[], click.Command]:
    """What loads a command that does this."""
    return lambda: click.Command("a-command", callback=done)


def raising(error: BaseException) -> Callable[[], click.Command]:
    def fail() -> None:
        raise error

    return that(fail)


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=lambda value: getattr(value, "name", ""))
def test_an_error_of_ours_is_one_line_and_its_own_code(
    error: ChakraError, code: ExitCode, caplog: pytest.LogCaptureFixture
) -> None:
    assert run_command("a-command", raising(error), []) == code
    (said,) = caplog.records
    assert (said.name, said.levelno, said.message) == ("a-command", logging.ERROR, str(error))
    assert said.exc_info is None


def test_any_other_error_is_a_bug_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    error = ZeroDivisionError("none")
    assert run_command("a-command", raising(error), []) == ExitCode.BUG
    (said,) = caplog.records
    assert said.message.startswith("This is a fault of a-command. Please report it")
    assert said.exc_info
    assert said.exc_info[1] is error


def test_an_error_while_the_command_is_loaded_is_told_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def load() -> click.Command:
        raise SettingsError("The setting x is 5", "Set it to 6")

    assert run_command("a-command", load, []) == ExitCode.SETTINGS
    assert caplog.messages == ["The setting x is 5. Set it to 6."]


def test_a_wrong_command_line_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("a-command", that(lambda: None), ["--nonsense"]) == ExitCode.USAGE
    assert "No such option" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()], ids=repr)
def test_ctrl_c_ends_it_without_a_word(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    assert run_command("a-command", raising(error), []) == ExitCode.STOPPED
    assert not caplog.records


@pytest.mark.parametrize(
    ("end", "code"),
    [(SystemExit(ExitCode.STOPPED), ExitCode.STOPPED), (SystemExit("no number"), ExitCode.BUG)],
    ids=["a code", "a text"],
)
def test_an_exit_keeps_its_code(end: SystemExit, code: ExitCode) -> None:
    assert run_command("a-command", raising(end), []) == code


@pytest.mark.parametrize(
    ("given", "code"), [(7, ExitCode.REJECTS), (None, ExitCode.DONE)], ids=["a code", "nothing"]
)
def test_what_a_command_gives_back_is_its_exit_code(given: object, code: ExitCode) -> None:
    assert run_command("a-command", that(lambda: given), []) == code


def test_the_version_is_said_before_anything_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    def load() -> click.Command:
        raise AssertionError("it takes a second")

    assert run_command("a-command", load, ["--version"]) == ExitCode.DONE
    said = capsys.readouterr().out
    assert said.startswith("a-command v")
    assert ", Meltano SDK v" in said


@pytest.mark.parametrize("package", ["tap_chakra", "target_chakra"])
def test_a_command_starts_without_what_is_slow_to_import(package: str) -> None:
    code = f"import sys, {package}.__main__; print(*sys.modules)"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = started.stdout.decode().split()
    assert f"{package}.__main__" in loaded
    assert "importlib.metadata" not in loaded
    assert not {"click", "singer_sdk", "requests", "sqlalchemy", "orjson"} & set(loaded)


@pytest.mark.parametrize("package", ["tap_chakra", "target_chakra"])
def test_a_plain_run_starts_without_what_other_runs_need(package: str) -> None:
    code = f"import sys; from {package}.cli.command import command; command(); print(*sys.modules)"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = started.stdout.decode().split()
    assert "singer_sdk" in loaded
    others = {"sqlalchemy.dialects.postgresql", "psycopg", "duckdb", "pyarrow", "dlt", "rich"}
    assert not others & set(loaded)


@pytest.mark.parametrize("package", ["tap_chakra", "target_chakra", "chakra_sandbox"])
def test_a_package_knows_its_version(package: str) -> None:
    module = import_module(package)
    assert module.__version__ == version("chakra-connectors")
    assert not hasattr(module, "__author__")


def test_a_command_collects_rarely() -> None:
    assert run_command("a-command", that(gc.get_threshold), []) == ExitCode.DONE
    assert gc.get_threshold() == RARE_THRESHOLDS
