"""A call is made at most once for its value, whatever crashes, is lost, or comes again."""

from __future__ import annotations

import tempfile
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chakra_api.errors import (
    AnswerLost,
    BadRequest,
    ChakraError,
    JournalError,
    NoAccess,
    NotSent,
    WrongKey,
)
from target_chakra.books.limits import CallLimits
from target_chakra.books.reasons import Reasons
from target_chakra.call_settings.call_mapping import CallKind
from target_chakra.calls.call_desk import CallDesk
from target_chakra.calls.compiled_call import CompiledCall
from target_chakra.changes import Action, Change, Done, Ended, Failed, Key, Mode, Reject
from target_chakra.history.reports import Reports
from target_chakra.lifecycle import Outcome
from tests.support.clock import FakeClock
from tests.support.desks import Died, begun, named_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_chakra.batches import Event
    from target_chakra.changes import Fields

SCOPE = "task lead/CALL"


@dataclass
class Made:
    """What a server was asked to make, by value; and what becomes of its requests.

    Attributes:
        fates: What becomes of the next request of a value; it is answered where none is left.
        made: How often a value was made.
    """

    fates: dict[str, deque[str]] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    most: int | None = None
    kind: CallKind = CallKind.TASK

    def refused(self, _fields: Fields) -> str:
        return ""

    def shown(self, fields: Fields) -> Fields:
        return fields

    def make(self, fields: Fields, leaving: Callable[[], None]) -> str:
        value = str(fields["value"])
        left = self.fates.get(value)
        fate = left.popleft() if left else "answered"
        if fate == "not sent":
            raise NotSent("No connection")
        if fate == "dies before it leaves":
            raise Died
        leaving()
        if fate in ("answered", "lost, and made", "dies, and made"):
            self.made[value] += 1
        if fate.startswith("lost"):
            raise AnswerLost("The answer was lost")
        if fate.startswith("dies"):
            raise Died
        if fate == "refused":
            raise BadRequest("No such process", status=400)
        return f"task-{value}"


class Run:
    """One run: a desk at a journal that other runs may have left things in."""

    def __init__(
        self, url: str, server: Made, *, dry: bool = False, most: int | None = None
    ) -> None:
        context = begun(url, FakeClock())
        server.most = most
        self.journal, self.workers = context.journal, context.workers
        self.noted: list[Action] = []
        note = (lambda action, _kind: self.noted.append(action)) if dry else None
        self.limits = CallLimits(dry=dry)
        self.desk = CallDesk(context, Reasons(), self.limits, note)
        mapper: Any = SimpleNamespace(stream="calls", scope=SCOPE)
        self.desk.register(CompiledCall(mapper, server))
        self.desk.recover()
        self.outcomes: list[tuple[str, Outcome]] = []
        self.failure: ChakraError | None = None

    def bring(self, *values: str) -> list[tuple[str, Outcome]]:
        """Bring a row for each value, and wait for their outcomes."""
        for seq, value in enumerate(values, 1):
            self.desk.add(row(value, seq))
        while self.desk.busy and self.failure is None:
            for event in self._events():
                self._take(event)
        return self.outcomes

    def _events(self) -> Iterator[Event]:
        yield from self.desk.advance()
        yield from self.workers.pump(0)

    def _take(self, event: Event) -> None:
        if isinstance(event, (Done, Ended)):
            self.outcomes.append((named_by(event.change), event.outcome))
        elif isinstance(event, Reject):
            self.outcomes.append((named_by(event.change), Outcome.REJECTED))
        elif isinstance(event, Failed):
            self.failure = event.error
            for each in self.desk.stop():
                self._take(each)
        else:
            pytest.fail(f"{event} is no event of calls")

    def end(self) -> None:
        self.journal.close()


def row(value: str, seq: int) -> Change:
    fields = {"value": value}
    key = Key(SCOPE, "once", value)
    return Change(seq, seq, "calls", SCOPE, key, Mode.INSERT, deletes=False, fields=fields, row={})


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'journal.db'}"


def run(url: str, server: Made, *values: str) -> list[tuple[str, Outcome]]:
    made = Run(url, server)
    try:
        return made.bring(*values)
    finally:
        made.end()


def test_a_row_that_comes_again_is_called_for_once(url: str) -> None:
    server = Made()
    assert run(url, server, "a", "b", "a") == [
        ("a", Outcome.CREATED),
        ("b", Outcome.CREATED),
        ("a", Outcome.UNCHANGED),
    ]
    assert run(url, server, "b") == [("b", Outcome.UNCHANGED)]
    assert server.made == {"a": 1, "b": 1}


@pytest.mark.parametrize("fate", ["lost, and made", "lost, and not made"])
def test_a_lost_answer_is_unknown_until_its_user_says(url: str, fate: str) -> None:
    server = Made({"a": deque([fate])})
    assert run(url, server, "a", "a") == [("a", Outcome.UNKNOWN)] * 2
    assert run(url, server, "a") == [("a", Outcome.UNKNOWN)]
    reports = Reports(url)
    (unknown,) = reports.unknowns()
    assert (unknown.kind, unknown.key, unknown.fields) == ("task", "once=a", {"value": "a"})
    word = "written" if server.made["a"] else "not-written"
    reports.resolve([unknown.id], word)
    reports.close()
    after = Outcome.UNCHANGED if word == "written" else Outcome.CREATED
    assert run(url, server, "a") == [("a", after)]
    assert server.made == {"a": 1}


def test_what_is_refused_may_be_called_for_again(url: str) -> None:
    server = Made({"a": deque(["refused"])})
    assert run(url, server, "a") == [("a", Outcome.REJECTED)]
    assert run(url, server, "a") == [("a", Outcome.CREATED)]


def test_without_a_connection_the_run_stops_and_nothing_is_unknown(url: str) -> None:
    server = Made({"a": deque(["not sent"])})
    stopped = Run(url, server)
    outcomes = stopped.bring("a", "b", "c", "d")
    stopped.end()
    assert isinstance(stopped.failure, NotSent)
    assert dict(outcomes)["a"] is Outcome.NOT_SENT
    assert Outcome.UNKNOWN not in dict(outcomes).values()
    run(url, server, "a", "b", "c", "d")
    assert server.made == {"a": 1, "b": 1, "c": 1, "d": 1}


def test_no_more_are_made_than_are_allowed(url: str) -> None:
    server = Made()
    limited = Run(url, server, most=2)
    outcomes = limited.bring("a", "b", "c")
    limited.end()
    assert "max_messages" in str(limited.failure)
    assert sorted(outcome.value for _, outcome in outcomes) == ["created", "created", "not sent"]
    assert server.made.total() == 2


def test_a_dry_run_shows_each_call_once_and_makes_none(url: str) -> None:
    server = Made()
    run(url, server, "a")
    dry = Run(url, server, dry=True, most=1)
    outcomes = dry.bring("a", "b", "c", "b")
    dry.end()
    assert outcomes == [
        ("a", Outcome.UNCHANGED),
        ("b", Outcome.NOT_SENT),
        ("c", Outcome.NOT_SENT),
        ("b", Outcome.UNCHANGED),
    ]
    assert [each.fields for each in dry.noted] == [{"value": "b"}, {"value": "c"}]
    assert "The real run would stop" in str(dry.limits.crossed)
    assert server.made == {"a": 1}


FATES = (
    "answered",
    "refused",
    "not sent",
    "lost, and made",
    "lost, and not made",
    "dies before it leaves",
    "dies, and not made",
    "dies, and made",
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(FATES)), min_size=1, max_size=6),
        min_size=1,
        max_size=5,
    )
)
def test_never_twice_over_runs_that_crash(runs: list[list[tuple[str, str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url, server = f"sqlite:///{Path(folder) / 'journal.db'}", Made()
        for rows in runs:
            server.fates = {}
            for value, fate in rows:
                server.fates.setdefault(value, deque()).append(fate)
            at_work = Run(url, server)
            try:
                outcomes = at_work.bring(*(value for value, _ in rows))
            except Died:
                continue
            finally:
                at_work.end()
            judge(outcomes, server, [value for value, _ in rows])
        assert all(count == 1 for count in server.made.values())
        # Without any fault, what is not known to be made is made: nothing is lost either.
        server.fates = {}
        last = dict(run(url, server, "a", "b", "c"))
        for value, outcome in last.items():
            assert outcome in (Outcome.CREATED, Outcome.UNCHANGED, Outcome.UNKNOWN)
            assert server.made[value] == 1 or outcome is Outcome.UNKNOWN


def judge(outcomes: list[tuple[str, Outcome]], server: Made, values: list[str]) -> None:
    """Each row has one outcome, and what is said to be made was made."""
    assert Counter(value for value, _ in outcomes) == Counter(values)
    for value, outcome in outcomes:
        if outcome in (Outcome.CREATED, Outcome.UNCHANGED):
            assert server.made[value] == 1


@pytest.mark.parametrize(
    "error",
    [WrongKey("No such key", status=401), NoAccess("Its role may not", status=403)],
)
def test_a_key_that_may_not_call_stops_the_run(url: str, error: ChakraError) -> None:
    class Refuses(Made):
        def make(self, _fields: Fields, leaving: Callable[[], None]) -> str:
            leaving()
            raise error

    stopped = Run(url, Refuses())
    outcomes = stopped.bring("a", "b", "c")
    stopped.end()
    assert stopped.failure is error
    assert {outcome for _, outcome in outcomes} == {Outcome.NOT_SENT}


def test_nothing_leaves_a_journal_that_is_not_this_runs_any_more(url: str) -> None:
    server = Made()
    first = Run(url, server)
    first.desk.add(row("a", 1))
    first.journal._database._lock.release()  # noqa: SLF001 - as a lease that ran out
    second = Run(url, server)
    with pytest.raises(JournalError):
        first.bring("b")
    second.end()
    assert server.made == {}
