"""A thing ends as its last row wants it, whatever crashes or is lost; none is written in vain."""

from __future__ import annotations

import tempfile
from collections import Counter, deque
from dataclasses import dataclass, field, replace
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
from chakra_api.values.writing import Unfit
from target_chakra.call_settings.call_mapping import CallKind
from target_chakra.calls.compared_desk import ComparedDesk
from target_chakra.calls.compiled_call import ComparedStream
from target_chakra.calls.thing_writer import Sight
from target_chakra.changes import Action, Change, Done, Ended, Failed, Key, Kind, Mode, Reject
from target_chakra.guards import Guard
from target_chakra.lifecycle import Outcome
from target_chakra.settings import LAG_SECONDS
from tests.support.clock import FakeClock
from tests.support.desks import Died, begun, named_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_chakra.batches import Event
    from target_chakra.changes import Fields

SCOPE = "user names"


SAID = ("answered", "mute")
"""What becomes of writes that are answered, and are made."""


@dataclass
class Shelf:
    """Things by name, each with a colour; and what becomes of the next writes of each.

    A thing has two names, `a` and `A`.

    Attributes:
        lag: Looks at a thing after a lost write that show it as it was.
        late: The same after a write that was answered.
        hides: Whether they show nothing instead.
    """

    holds: dict[str, str] = field(default_factory=dict)
    fates: dict[str, deque[str]] = field(default_factory=dict)
    writes: list[tuple[str, str]] = field(default_factory=list)
    lag: int = 0
    late: int = 0
    hides: bool = False
    stale: dict[str, deque[str | None]] = field(default_factory=dict)
    kind: CallKind = CallKind.USER

    def find(self, change: Change) -> str | Unfit:
        name = named_by(change)
        return name.lower() if name.isalpha() else Unfit("names nothing")

    def look(self, thing: str, change: Change) -> Sight:
        held = self.holds.get(thing)
        if stale := self.stale.get(thing):
            held = stale.popleft()
            if self.hides:
                return Sight("", {}, change.fields, "There is none", is_missing=True)
        id_ = f"id-{thing}" if held is not None else ""
        return Sight(id_, {} if held is None else {"colour": held}, change.fields)

    def write(self, thing: str, sight: Sight, leaving: Callable[[], None]) -> Fields | None:
        left = self.fates.get(thing)
        fate = left.popleft() if left else "answered"
        if fate == "not sent":
            raise NotSent("No connection")
        if fate == "dies before it leaves":
            raise Died
        leaving()
        colour = str(sight.wants["colour"])
        # After a fault, what is shown late may be written once more: that does no harm.
        assert self.late or self.holds.get(thing) != colour, "written though it was as wanted"
        self.writes.append((thing, colour))
        late = self.lag if fate.startswith("lost") else self.late if fate in SAID else 0
        self.stale[thing] = deque([self.holds.get(thing)] * late)
        if fate in ("answered", "mute", "lost, and made", "dies, and made"):
            self.holds[thing] = colour
        if fate.startswith("lost"):
            raise AnswerLost("The answer was lost")
        if fate.startswith("dies"):
            raise Died
        if fate == "refused":
            raise BadRequest("No such colour", status=400)
        if fate == "other method":
            raise BadRequest("PUT is not allowed here", status=405)
        return None if fate in ("mute", "mute, and ignored") else {"colour": self.holds.get(thing)}


class Run:
    """One run: a desk that knows nothing of earlier ones."""

    def __init__(self, url: str, shelf: Shelf, *, dry: bool = False) -> None:
        self.clock = FakeClock()
        context = begun(url, self.clock)
        self.journal, self.workers = context.journal, context.workers
        self.noted: list[Action] = []
        self.desk = ComparedDesk(context, self.noted.append if dry else None)
        mapper: Any = SimpleNamespace(stream="things", scope=SCOPE)
        self.desk.register(ComparedStream(mapper, shelf))
        self.ended: list[tuple[str, Outcome]] = []
        self.reasons: list[str] = []
        self.failure: ChakraError | None = None

    def bring(self, *changes: Change) -> list[tuple[str, Outcome]]:
        """Bring rows, and wait for their outcomes."""
        for change in changes:
            self.desk.add(change)
        while self.desk.busy if self.failure is None else self.desk.asked:
            for event in self._events():
                self._take(event)
            self.clock.sleep(1.0)
        return self.ended

    def _events(self) -> Iterator[Event]:
        if self.failure is None:
            yield from self.desk.advance()
        yield from self.workers.pump(0)

    def _take(self, event: Event) -> None:
        if isinstance(event, (Done, Ended)):
            self.ended.append((named_by(event.change), event.outcome))
        elif isinstance(event, Reject):
            self.reasons.append(event.reason)
            self.ended.append((named_by(event.change), Outcome.REJECTED))
        elif isinstance(event, Failed):
            self.failure = self.failure or event.error
            for each in self.desk.stop():
                self._take(each)
        else:
            pytest.fail(f"{event} is no event of things")

    def end(self) -> None:
        self.journal.close()


def row(name: str, colour: str, seq: int = 1) -> Change:
    key = Key(SCOPE, "who", name)
    fields = {"colour": colour}
    return Change(seq, seq, "things", SCOPE, key, Mode.INSERT, deletes=False, fields=fields, row={})


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'journal.db'}"


def run(url: str, shelf: Shelf, *changes: Change, dry: bool = False) -> Run:
    made = Run(url, shelf, dry=dry)
    try:
        made.bring(*changes)
    finally:
        made.end()
    return made


def test_what_is_as_wanted_is_not_written_and_what_is_not_there_is_created(url: str) -> None:
    shelf = Shelf({"a": "red", "b": "red"})
    done = run(url, shelf, row("a", "red"), row("b", "blue"), row("c", "green"), row("1", "red"))
    assert sorted(done.ended) == [
        ("1", Outcome.REJECTED),
        ("a", Outcome.UNCHANGED),
        ("b", Outcome.UPDATED),
        ("c", Outcome.CREATED),
    ]
    assert sorted(shelf.writes) == [("b", "blue"), ("c", "green")]
    assert done.desk.written == {"user": 2}


def test_rows_of_a_thing_follow_each_other_by_whichever_name(url: str) -> None:
    shelf = Shelf({"a": "red"})
    run(url, shelf, *(row("aA"[n % 2], f"colour {n}") for n in range(6)), row("b", "blue"))
    assert [colour for name, colour in shelf.writes if name == "a"] == [
        f"colour {n}" for n in range(6)
    ]


@pytest.mark.parametrize("lag", [0, 1, 3])
def test_a_lost_write_is_looked_for_until_lists_have_caught_up(url: str, lag: int) -> None:
    shelf = Shelf({"a": "old"}, {"a": deque(["lost, and made"])}, lag=lag)
    done = run(url, shelf, row("a", "red"), row("a", "blue"))
    assert done.ended == [("a", Outcome.UPDATED)] * 2
    assert shelf.writes == [("a", "red"), ("a", "blue")]


LATE = pytest.mark.parametrize("late", [1, 4])
HIDES = pytest.mark.parametrize("hides", [False, True])


@LATE
@HIDES
def test_a_look_that_does_not_show_our_own_write_yet_is_not_believed(
    url: str, late: int, *, hides: bool
) -> None:
    shelf = Shelf({"a": "red"}, late=late, hides=hides)
    done = run(url, shelf, row("a", "blue"), row("a", "red"), row("a", "red"))
    assert shelf.holds == {"a": "red"}
    assert shelf.writes == [("a", "blue"), ("a", "red")], "none is written in vain"
    assert [outcome for _, outcome in done.ended] == [
        Outcome.UPDATED,
        Outcome.UPDATED,
        Outcome.UNCHANGED,
    ]


def test_a_write_that_was_refused_leaves_the_one_before_known(url: str) -> None:
    shelf = Shelf({"a": "red"}, {"a": deque(["answered", "refused"])}, late=3)
    done = run(url, shelf, row("a", "blue"), row("a", "green"), row("a", "red"))
    assert shelf.holds == {"a": "red"}
    assert [outcome for _, outcome in done.ended] == [
        Outcome.UPDATED,
        Outcome.REJECTED,
        Outcome.UPDATED,
    ]


@LATE
@HIDES
def test_nor_is_one_that_does_not_show_the_write_of_the_run_before(
    url: str, late: int, *, hides: bool
) -> None:
    shelf = Shelf({"a": "red"}, late=late, hides=hides)
    run(url, shelf, row("a", "blue"))
    again = run(url, shelf, row("a", "red"))
    assert (shelf.holds, again.ended) == ({"a": "red"}, [("a", Outcome.UPDATED)])


def test_what_others_wrote_since_is_believed_once_looks_have_caught_up(url: str) -> None:
    shelf = Shelf({"a": "red"})
    run(url, shelf, row("a", "blue"))
    shelf.holds["a"] = "red"  # somebody else's word
    again = Run(url, shelf)
    began = again.clock.monotonic()
    again.bring(row("a", "blue"))
    again.end()
    assert (shelf.holds, again.ended) == ({"a": "blue"}, [("a", Outcome.UPDATED)])
    assert LAG_SECONDS <= again.clock.monotonic() - began < LAG_SECONDS + 5


def test_what_was_written_lately_leaves_the_journal_in_time(url: str) -> None:
    shelf = Shelf({})
    named = [f"n{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(300)]
    at_work = Run(url, shelf)
    at_work.bring(*(row(name, "blue") for name in named))
    assert len(at_work.journal.findings()) < 200, "a run of half an hour keeps half a minute"
    at_work.end()


def test_a_lost_write_that_is_not_there_stops_the_run_and_its_row_comes_again(url: str) -> None:
    shelf = Shelf({"a": "red"}, {"a": deque(["lost, and not made"])})
    stopped = run(url, shelf, *(row(name, "blue") for name in "abcd"))
    assert isinstance(stopped.failure, AnswerLost)
    assert ("a", Outcome.NOT_SENT) in stopped.ended
    assert len(stopped.ended) == 4
    again = run(url, shelf, *(row(name, "blue") for name in "abcd"))
    assert again.failure is None
    assert shelf.holds == dict.fromkeys("abcd", "blue")


@pytest.mark.parametrize("fate", ["ignored", "mute, and ignored"])
def test_what_is_said_to_be_done_and_is_not_is_a_reject(url: str, fate: str) -> None:
    shelf = Shelf({"a": "red"}, {"a": deque([fate])})
    done = run(url, shelf, row("a", "blue"))
    assert done.ended == [("a", Outcome.REJECTED)]
    assert done.reasons == ["ChakraHQ says that it was done, and it was not: colour is 'red'"]


def test_an_answer_that_does_not_tell_is_looked_up(url: str) -> None:
    shelf = Shelf({"a": "red"}, {"a": deque(["mute"])})
    assert run(url, shelf, row("a", "blue")).ended == [("a", Outcome.UPDATED)]


@pytest.mark.parametrize(
    ("fate", "stops"), [("refused", False), ("other method", True), ("not sent", True)]
)
def test_a_refusal_is_a_reject_and_what_refuses_all_stops_the_run(
    url: str, fate: str, *, stops: bool
) -> None:
    shelf = Shelf({}, {"a": deque([fate])})
    done = run(url, shelf, row("a", "blue"), row("a", "green"))
    assert (done.failure is not None) == stops
    if stops:
        assert done.ended == [("a", Outcome.NOT_SENT)] * 2
    else:
        assert done.ended == [("a", Outcome.REJECTED), ("a", Outcome.CREATED)]


@pytest.mark.parametrize(
    "error", [WrongKey("No such key", status=401), NoAccess("Its role may not", status=403)]
)
def test_a_key_that_may_not_look_stops_the_run(url: str, error: ChakraError) -> None:
    class Closed(Shelf):
        def look(self, _thing: str, _change: Change) -> Sight:
            raise error

    stopped = run(url, Closed(), row("a", "red"), row("b", "red"), row("c", "red"))
    assert stopped.failure is error
    assert {outcome for _, outcome in stopped.ended} == {Outcome.NOT_SENT}
    assert len(stopped.ended) == 3


def test_a_run_that_writes_nothing_shows_before_and_after_as_rows_follow(url: str) -> None:
    shelf = Shelf({"a": "red"})
    dry = run(
        url,
        shelf,
        row("a", "blue"),
        row("A", "blue"),
        row("a", "green"),
        row("b", "blue"),
        row("b", "red"),
        dry=True,
    )
    assert shelf.writes == []
    shown = {
        thing: [each for each in dry.noted if named_by(each.change) == thing] for thing in "ab"
    }
    assert [(each.kind, each.before, each.fields) for each in shown["a"]] == [
        (Kind.UPDATE, {"colour": "red"}, {"colour": "blue"}),
        (Kind.UPDATE, {"colour": "blue"}, {"colour": "green"}),
    ]
    assert [(each.kind, each.before) for each in shown["b"]] == [
        (Kind.CREATE, {"colour": None}),
        (Kind.UPDATE, {"colour": "blue"}),
    ]
    assert Counter(outcome for _, outcome in dry.ended) == {
        Outcome.NOT_SENT: 4,
        Outcome.UNCHANGED: 1,
    }


@pytest.mark.parametrize(
    ("held", "guard", "process_id", "outcome"),
    [
        ("red", Guard("the plan", {"colour": "red"}), "id-a", Outcome.UPDATED),
        ("blue", Guard("the plan", {"colour": "red"}), "id-a", Outcome.UNCHANGED),
        ("green", Guard("the plan", {"colour": "red"}), "id-a", Outcome.REJECTED),
        ("red", Guard("the plan", {"colour": "red"}), "id-of-another", Outcome.REJECTED),
        (None, Guard("the plan", {"colour": "red"}), "id-a", Outcome.REJECTED),
        (None, Guard("the plan", creates=True), None, Outcome.CREATED),
        ("red", Guard("the plan", creates=True), None, Outcome.REJECTED),
        ("blue", Guard("the plan", creates=True), None, Outcome.UNCHANGED),
    ],
)
def test_what_was_decided_on_before_is_done_over_just_that(
    url: str, held: str | None, guard: Guard, process_id: str | None, outcome: Outcome
) -> None:
    shelf = Shelf({} if held is None else {"a": held})
    change = replace(row("a", "blue"), guard=guard, process_id=process_id)
    done = run(url, shelf, change)
    assert done.ended == [("a", outcome)]
    assert all("Changed since the plan" in reason for reason in done.reasons)
    if outcome is Outcome.REJECTED:
        assert shelf.writes == []


FATES = (
    "answered",
    "mute",
    "refused",
    "ignored",
    "not sent",
    "lost, and made",
    "lost, and not made",
    "dies before it leaves",
    "dies, and not made",
    "dies, and made",
)
ROWS = st.lists(
    st.tuples(st.sampled_from("aAbc"), st.sampled_from(["red", "blue"]), st.sampled_from(FATES)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROWS, min_size=1, max_size=4), ROWS, st.sampled_from([0, 0, 1, 3]))
def test_runs_that_crash_end_with_what_the_last_row_wants(
    runs: list[list[tuple[str, str, str]]], last: list[tuple[str, str, str]], late: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url, shelf = f"sqlite:///{Path(folder) / 'journal.db'}", Shelf({"a": "red"}, late=late)
        for rows in runs:
            shelf.fates = {}
            for name, _, fate in rows:
                shelf.fates.setdefault(name.lower(), deque()).append(fate)
            before, shelf.writes = dict(shelf.holds), []
            at_work = Run(url, shelf)
            try:
                at_work.bring(*(row(name, colour) for name, colour, _ in rows))
            except Died:
                continue
            finally:
                at_work.end()
            judge(at_work, rows, before, shelf)
        # Without any fault all ends as the last row of each thing says, in at most a write a row.
        shelf.fates, shelf.writes = {}, []
        done = run(url, shelf, *(row(name, colour) for name, colour, _ in last))
        wanted = {name.lower(): colour for name, colour, _ in last}
        assert {name: shelf.holds[name] for name in wanted} == wanted
        assert len(shelf.writes) == sum(
            outcome is not Outcome.UNCHANGED for _, outcome in done.ended
        )


def judge(
    done: Run, rows: list[tuple[str, str, str]], before: dict[str, str], shelf: Shelf
) -> None:
    """Each row has one outcome, and where all was carried out things are as the last row says."""
    assert Counter(name for name, _ in done.ended) == Counter(name for name, _, _ in rows)
    settled = {Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED}
    for thing in {name.lower() for name, _, _ in rows}:
        outcomes = [outcome for name, outcome in done.ended if name.lower() == thing]
        wanted = [colour for name, colour, _ in rows if name.lower() == thing]
        assert outcomes.count(Outcome.NOT_SENT) == 0 or done.failure is not None
        if outcomes[-1] in settled and Outcome.NOT_SENT not in outcomes:
            assert shelf.holds[thing] == wanted[-1]
        if set(outcomes) == {Outcome.REJECTED}:
            assert shelf.holds.get(thing) == before.get(thing)


def test_nothing_leaves_a_journal_that_is_not_this_runs_any_more(url: str) -> None:
    shelf = Shelf({"a": "red"})
    first = Run(url, shelf)
    first.journal._database._lock.release()  # noqa: SLF001 - as a lease that ran out
    second = Run(url, shelf)
    with pytest.raises(JournalError):
        first.bring(row("a", "blue"), row("b", "blue"))
    second.end()
    assert (shelf.writes, shelf.holds) == ([], {"a": "red"})
