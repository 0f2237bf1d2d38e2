"""`unknown` lists the rows that are unknown now: a naive model says which, in each database."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chakra_api.wire.server_clock import ServerClock
from target_chakra.batches import Batch, Settlement
from target_chakra.books.bookkeeping import Bookkeeping
from target_chakra.books.tally import Tally
from target_chakra.changes import Action, AskedBy, Change, Done, Key, Kind, Mode, Reject
from target_chakra.context import RunContext
from target_chakra.history.reports import Reports
from target_chakra.journal.journal import Journal
from target_chakra.lifecycle import BatchState, Outcome
from target_chakra.moments import Moment
from target_chakra.settings import parse_settings
from target_chakra.storage.engines import open_engine
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS = parse_settings({"api_key": "k"}, user_agent="test", journal="sqlite:///j.db")
LAG = 30.0
"""Seconds that lists may lag behind a write."""
HELD = 1800.0 + LAG
"""Seconds that an unknown row holds its process where its job may still be under way."""
KEYS = ("a", "b")
WRITTEN = (Outcome.CREATED, Outcome.UPDATED, Outcome.DELETED)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One database for all histories; each has an account of its own."""
    if request.param == "sqlite":
        folder: Path = tmp_path_factory.mktemp("unknown")
        yield f"sqlite:///{folder}/journal.db"
        return
    server = sa.make_url(request.getfixturevalue("postgres"))
    engine = open_engine(server.render_as_string(hide_password=False))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA unknown_list")
    inside = server.update_query_dict({"options": "-csearch_path=unknown_list"})
    yield inside.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA unknown_list CASCADE")
    engine.dispose()


@dataclass
class Listed:
    """An unknown row, as the model knows it.

    Attributes:
        key: Names its process.
        free: When that is free.
        own: Whether it is a row of the run that is under way.
    """

    key: str
    free: float
    own: bool


class History:
    """A journal under runs, and beside it the model."""

    accounts = count()

    def __init__(self, place: str) -> None:
        self.place, self.account = place, f"account {next(self.accounts)}"
        self.clock = FakeClock()
        recent = SimpleNamespace(note=lambda *_: None)
        self.procedure = SimpleNamespace(recent=recent, key_attributes=())
        self.listed: list[Listed] = []
        self.unknown_now = 0
        self.journal: Journal | None = None
        self.begin()

    def begin(self) -> None:
        """The next run begins, after the one before has ended."""
        self.end()
        self.journal = Journal(self.place)
        self.journal.begin_run(self.account, "here", 1000)
        context = RunContext(
            self.journal,
            cast("Any", None),
            self.clock,
            SETTINGS,
            lambda _name: cast(
                "Any",
                SimpleNamespace(recent=SimpleNamespace(note=lambda *_: None), key_attributes=()),
            ),
            ServerClock(self.clock),
        )
        self.books = Bookkeeping(context, None)
        self.books.recall(self.journal.unknowns())
        self.tally: Tally[int] = Tally()
        self.unknown_now = 0
        for each in self.listed:
            each.own = False

    def end(self) -> None:
        if self.journal is not None:
            self.journal.close()

    # What may become of a row

    def change(self, key: str, asked_by: AskedBy) -> Change:
        seq = self.tally.came_in("s") if asked_by.is_row else 0
        named = Key("lead", "lead_id", key)
        return Change(
            seq, 1, "s", "lead", named, Mode.UPSERT, deletes=False, fields={}, row={},
            asked_by=asked_by,
        )  # fmt: skip

    def send(self, key: str, outcome: Outcome, asked_by: AskedBy, *, is_over: bool) -> None:
        """A batch of one row; nothing is sent to a process that is held."""
        if self.journal is None or self.books.unknown.wait_for([Key("lead", "lead_id", key)]):
            return
        action = Action(self.change(key, asked_by), Kind.UPDATE, f"id of {key}", {}, {})
        now = int(self.clock.now() * 1000)
        batch = Batch(
            0, "lead", Kind.UPDATE, (action,), BatchState.SUBMITTED, sent=Moment(now, None)
        )
        stored = self.journal.intend(batch, now)
        self.books.store(stored, {0: Settlement(action, outcome, None, "x", is_over=is_over)}, None)
        self.tally.settle(action.change, outcome)
        if outcome is Outcome.UNKNOWN:
            self.gone(key, by_write=False)
            free = self.clock.now() + (LAG if is_over else HELD)
            self.listed.append(Listed(key, free, own=asked_by.is_row))
            self.unknown_now += asked_by.is_row
        elif outcome is not Outcome.REJECTED or asked_by.is_row:
            self.gone(key, by_write=outcome is not Outcome.REJECTED)

    def found_unchanged(self, key: str) -> None:
        if not self.books.unknown.wait_for([Key("lead", "lead_id", key)]):
            change = self.change(key, AskedBy.ROW)
            self.books.note_done(Done(change, Outcome.UNCHANGED, f"id of {key}"))
            self.tally.settle(change, Outcome.UNCHANGED)
            self.gone(key, by_write=True)

    def reject(self, key: str) -> None:
        """A bad row: it is never looked up, and may come while its process is held."""
        change = self.change(key, AskedBy.ROW)
        self.books.note_reject(Reject(change, "bad", "mend it"))
        self.tally.settle(change, Outcome.REJECTED)
        self.gone(key, by_write=False)

    def gone(self, key: str, *, by_write: bool) -> None:
        """The model: what a settled row of a process ends."""
        now = self.clock.now()
        ends = [
            e for e in self.listed if e.key == key and e.free <= now and (by_write or not e.own)
        ]
        self.listed = [e for e in self.listed if e not in ends]
        self.unknown_now -= sum(e.own for e in ends)

    # What is seen from outside

    def check(self) -> None:
        self.books.flush()
        self.tally.supersede(self.books.unknown.superseded())
        assert self.journal is not None
        shown = sorted(str(unknown.names[0]) for unknown in self.journal.unknowns())
        assert shown == sorted(f"lead_id={each.key}" for each in self.listed)
        assert self.tally.count(Outcome.UNKNOWN) == self.unknown_now
        assert sum(self.tally.outcomes["s"].values()) == self.tally.last_seq


KEY = st.sampled_from(KEYS)
STEPS = st.one_of(
    st.tuples(
        st.just("send"),
        KEY,
        st.sampled_from([*WRITTEN, Outcome.REJECTED, *[Outcome.UNKNOWN] * 3]),
        st.sampled_from([AskedBy.ROW, AskedBy.ROW, AskedBy.EARLIER_RUN]),
        st.booleans(),
    ),
    st.tuples(st.just("unchanged"), KEY),
    st.tuples(st.just("reject"), KEY),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 31.0, 1801.0])),
    st.tuples(st.just("run")),
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=2, max_size=10))
def test_receipt_and_list_agree_with_a_naive_model(place: str, steps: list[Any]) -> None:
    history = History(place)
    try:
        for name, *given_ in steps:
            if name == "send":
                key, outcome, asked_by, is_over = given_
                history.send(key, outcome, asked_by, is_over=is_over)
            elif name == "wait":
                history.clock.sleep(given_[0])
            elif name == "run":
                history.books.flush()
                history.begin()
            else:
                does = {"unchanged": history.found_unchanged, "reject": history.reject}
                does[name](given_[0])
            history.check()
    finally:
        history.end()


def test_a_users_word_that_a_create_was_written_makes_it_ours(place: str) -> None:
    """In mode insert the row was rejected when it came again: the key was there already."""
    history = History(place)
    assert history.journal is not None
    change = history.change("c", AskedBy.ROW)
    action = Action(change, Kind.CREATE, None, {"data.lead_id": "c", "data.score": 7}, {})
    stored = history.journal.intend(
        Batch(0, "lead", Kind.CREATE, (action,), BatchState.SUBMITTED, sent=Moment(1, None)), 1
    )
    history.books.store(stored, {0: Settlement(action, Outcome.UNKNOWN, None, "x")}, None)
    reports = Reports(place)
    (line,) = [each for each in reports.unknowns() if each.key == "lead_id=c"]
    reports.resolve([line.id], "written")
    assert line.id not in {each.id for each in reports.unknowns()}
    reports.close()
    known = history.journal.known([Key("lead", "lead_id", "c")])[Key("lead", "lead_id", "c")]
    assert (known.created, known.fields, known.stream) == (True, action.fields, "s")
    history.end()
