"""A signal that comes while the journal is being opened ends the run, without a traceback."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from target_chakra.singer.target import TargetChakra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def target() -> Iterator[TargetChakra]:
    made = TargetChakra.__new__(TargetChakra)
    made.session, made.stop_signal = None, None
    before = signal.signal(signal.SIGTERM, made._handle_termination)  # noqa: SLF001 - what is tested
    yield made
    signal.signal(signal.SIGTERM, before)


def as_code_of(module: str, done: list[str]) -> Callable[[], None]:
    """A function of a module that is stopped in its midst."""
    namespace: dict[str, Any] = {"__name__": module, "done": done, "signal": signal}
    exec("def work():\n    signal.raise_signal(15)\n    done.append('whole')", namespace)  # noqa: S102 - in a module of another name
    work: Callable[[], None] = namespace["work"]
    return work


def test_outside_of_the_journals_library_it_ends_the_run_at_once(target: TargetChakra) -> None:
    done: list[str] = []
    with pytest.raises(SystemExit) as ended:
        as_code_of("requests.adapters", done)()
    assert (ended.value.code, done, target.stop_signal) == (ExitCode.STOPPED, [], signal.SIGTERM)


def test_within_it_the_run_ends_when_it_is_out(target: TargetChakra) -> None:
    done: list[str] = []
    as_code_of("sqlalchemy.pool.base", done)()
    assert done == ["whole"]
    with pytest.raises(SystemExit) as ended:
        time.sleep(5)
    assert (ended.value.code, target.stop_signal) == (ExitCode.STOPPED, signal.SIGTERM)


def test_a_module_is_not_taken_for_one_whose_name_begins_alike(target: TargetChakra) -> None:
    with pytest.raises(SystemExit):
        as_code_of("sqlalchemy_of_others", [])()
    assert target.stop_signal is not None
