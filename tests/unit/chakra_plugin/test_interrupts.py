"""Ctrl-C during an import is heeded behind it."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from chakra_plugin.interrupts import heed_hangup, interrupts_kept

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_in_a_terminal() -> Iterator[None]:
    """What a shell starts in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_it_waits_for_the_end_of_the_block() -> None:
    reached: list[str] = []

    def import_slowly() -> None:
        with interrupts_kept():
            os.kill(os.getpid(), signal.SIGINT)
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        import_slowly()
    assert reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_one_nothing_comes() -> None:
    with interrupts_kept():
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_is_not_hidden_by_it() -> None:
    def import_badly() -> None:
        with interrupts_kept():
            os.kill(os.getpid(), signal.SIGINT)
            raise ImportError

    with pytest.raises(ImportError):
        import_badly()


def test_who_ignores_it_goes_on_ignoring_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_kept():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_other_threads_have_nothing_to_do_with_it() -> None:
    seen: list[object] = []

    def look() -> None:
        with interrupts_kept():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


def test_a_terminal_that_is_closed_is_heeded_unless_it_is_ignored() -> None:
    before, came = signal.getsignal(signal.SIGHUP), []
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        heed_hangup(lambda number, _: came.append(number))
        signal.raise_signal(signal.SIGHUP)
        assert came == []
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        heed_hangup(lambda number, _: came.append(number))
        signal.raise_signal(signal.SIGHUP)
        assert came == [signal.SIGHUP]
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_leave_it_as_it_is() -> None:
    before = signal.getsignal(signal.SIGHUP)
    thread = threading.Thread(target=heed_hangup, args=(print,))
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGHUP) is before
