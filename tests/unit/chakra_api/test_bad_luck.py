"""What a machine refuses is told in words, with a next step and a code of the table."""

from __future__ import annotations

import errno

import pytest

from chakra_api.bad_luck import told_by_machine
from chakra_api.exit_codes import ExitCode

TOLD = [
    (MemoryError(), ExitCode.STOPPED, "The memory does not suffice"),
    (OSError(errno.ENOMEM, "x"), ExitCode.STOPPED, "The memory does not suffice"),
    (RuntimeError("can't start new thread"), ExitCode.STOPPED, "No further process or thread"),
    (BlockingIOError(errno.EAGAIN, "x"), ExitCode.STOPPED, "No further process or thread"),
    (OSError(errno.EMFILE, "x", "f"), ExitCode.STOPPED, "This process may open no further file"),
    (OSError(errno.ENFILE, "x"), ExitCode.STOPPED, "The machine may open no further file"),
    (OSError(errno.ENOSPC, "x", "f"), ExitCode.STOPPED, "'f' can't be used: No space left"),
    (OSError(errno.EDQUOT, "x", "f"), ExitCode.STOPPED, "'f' can't be used: Disk quota exceeded"),
    (PermissionError(errno.EACCES, "x", "f"), ExitCode.SETTINGS, "'f' can't be used: Permission"),
    (OSError(errno.EROFS, "x", "f"), ExitCode.SETTINGS, "'f' can't be used: Read-only file"),
]


@pytest.mark.parametrize(("error", "code", "cause"), TOLD, ids=lambda value: str(value)[:40])
def test_it_has_a_cause_a_code_and_a_next_step(
    error: BaseException, code: ExitCode, cause: str
) -> None:
    made = told_by_machine(error)
    assert made is not None
    assert made.cause.startswith(cause)
    assert made.exit_code == code
    assert made.next_step


@pytest.mark.parametrize(
    "error",
    [ZeroDivisionError(), RuntimeError("x"), FileNotFoundError(errno.ENOENT, "x", "f"), OSError()],
    ids=repr,
)
def test_what_may_be_a_fault_of_ours_stays_one(error: BaseException) -> None:
    assert told_by_machine(error) is None
