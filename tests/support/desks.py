"""A run of desks without a server: a journal, a crew of one hand, and what came of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chakra_api.connection import parse_connection
from chakra_api.wire.server_clock import ServerClock
from target_chakra.context import RunContext
from target_chakra.journal.journal import Journal
from target_chakra.settings import Settings
from target_chakra.workers import Workers
from tests.support.one_hand import OneHand

if TYPE_CHECKING:
    from chakra_api.clock import Clock
    from target_chakra.changes import Change


class Died(BaseException):
    """The process died: nothing that is not on disk is left."""


def _no_procedure(name: str) -> Any:
    raise AssertionError(name)


def begun(url: str, clock: Clock) -> RunContext:
    """A run that holds a journal, in which earlier ones may have left things; two at a time."""
    journal = Journal(url)
    journal.hold()
    journal.begin_run("acme", "here", 1_000)
    connection = parse_connection(
        {"api_key": "k", "api_url": "http://x"}, user_agent="u", variable="TARGET_CHAKRA"
    )
    settings = Settings(connection, url, concurrency=2)
    workers = Workers[Any](clock, OneHand())
    return RunContext(journal, workers, clock, settings, _no_procedure, ServerClock(clock))


def named_by(change: Change) -> str:
    """The value of a row's key."""
    assert change.key is not None
    return str(change.key.value)
