"""Threads that hand files over share one run, and each hears what became of its own file."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.errors import ChakraError, JournalError, LimitCrossed, SettingsError
from chakra_api.exit_codes import ExitCode
from target_chakra.books.tally import Tally
from target_chakra.changes import Change, Mode
from target_chakra.lifecycle import Outcome
from target_chakra.loads.arrivals import Delivery, Unfinished
from target_chakra.loads.open_runs import OpenRuns
from target_chakra.loads.shared_run import RunStopped
from target_chakra.mapping.table_hints import Hints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_chakra.run.hooks import Hooks

LOAD = "push/1"


@dataclass
class Journal:
    """Keeps what a test wants to see."""

    marked: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    untold: int = 0
    closed: list[str] = field(default_factory=list)

    def mark(self, load: str, settled: Mapping[str, Any]) -> None:
        assert load == LOAD
        self.marked.update({file: ranges.pairs for file, ranges in settled.items()})

    def close_load(self, load: str) -> None:
        self.closed.append(load)

    def untold_rejects(self, load: str) -> int:
        assert load == LOAD
        return self.untold


class Session:
    """A session as far as a shared run knows it: settles each row as it says, at the next tick."""

    def __init__(self, account: Account, hooks: Hooks[object]) -> None:
        self.settings = SimpleNamespace(dry_run=False, limits=SimpleNamespace(max_rejects=1))
        self.tally: Tally[object] = Tally()
        self.tally.heard = hooks.heard
        self.error: ChakraError | None = None
        self.failure: ChakraError | None = None
        self.load_complete = False
        self._hooks = hooks
        self._account = account
        self._waiting: list[Change] = []
        account.sessions.append(self)

    def skips(self, stream: str) -> bool:
        return stream == "skipped"

    def row(self, stream: str, line: int, row: Mapping[str, object], *, origin: str = "") -> None:
        assert threading.current_thread().name == "chakra-run"
        if self.skips(stream):
            return
        seq = self.tally.came_in(stream)
        change = Change(seq, line, stream, "lead", None, Mode.INSERT, False, {}, row, origin=origin)  # noqa: FBT003 - a record
        self._waiting.append(change)

    def tick(self, patience: float) -> None:
        assert patience <= 1
        waiting, self._waiting = self._waiting, []
        for change in waiting:
            self.tally.settle(change, Outcome(change.row.get("outcome", "created")))
        if not waiting:
            threading.Event().wait(0.005)

    def flush(self) -> None:
        """Everything is stored at once here."""

    def mark(self, settled: Mapping[str, Any]) -> None:
        self._account.journal.mark(LOAD, settled)

    def close_load(self) -> int:
        self._account.journal.close_load(LOAD)
        return self.tally.count(Outcome.REJECTED) + self._account.journal.untold_rejects(LOAD)

    def complete_load(self, *, whole: bool) -> None:
        self.load_complete = whole

    def serve(self, load: str) -> dict[str, Any]:
        assert load == LOAD
        return {}

    def open_stream(self, stream: str, _columns: object, _hints: object) -> None:
        if stream == "nowhere":
            raise SettingsError("There is no mapping for 'nowhere'", "Add one")

    def narrowed(self, _stream: str) -> None:
        """Nothing here is a mirror."""

    def why_unsent(self, _stream: str) -> None:
        """Nothing speaks against it."""

    def wake(self) -> None:
        """It looks often enough."""

    def run(self, take: Callable[[], None]) -> int:
        try:
            take()
        except ChakraError as error:
            self.error = error
        self._hooks.ending()
        self._account.ended += 1
        return ExitCode.STOPPED if self._hooks.stopped() else 0

    def close(self) -> None:
        self._account.ended += 1


@dataclass
class Account:
    """What outlives a run."""

    journal: Journal = field(default_factory=Journal)
    sessions: list[Session] = field(default_factory=list)
    ended: int = 0
    stop: bool = False
    refuses: Exception | None = None

    def __post_init__(self) -> None:
        self.runs = OpenRuns(lambda: self.stop)

    def begin(self, hooks: Hooks[object]) -> Any:
        if self.refuses is not None:
            raise self.refuses
        return Session(self, hooks)

    def deliver(self, name: str, *outcomes: str, stream: str = "leads") -> None:
        def rows() -> Iterator[dict[str, object]]:
            return ({"outcome": outcome} for outcome in outcomes)

        given = Delivery(name, stream, {"outcome": False}, Hints(), rows)
        self.runs.deliver(LOAD, self.begin, given)

    def complete(self, *, whole: bool = True) -> None:
        self.runs.complete(LOAD, self.begin, lambda: self.journal.untold > 1, whole=whole)


@pytest.fixture
def loader() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_files_of_one_load_share_one_run(loader: ThreadPoolExecutor) -> None:
    account = Account()
    files = [loader.submit(account.deliver, f"leads.{n}", *["created"] * 900) for n in range(8)]
    for file in files:
        file.result(30)
    assert account.ended == 0
    account.complete()
    (session,) = account.sessions
    assert session.load_complete
    assert session.tally.count(Outcome.CREATED) == 7200
    assert account.journal.marked == {f"leads.{n}": ((1, 900),) for n in range(8)}
    assert (account.ended, account.journal.closed) == (1, [LOAD])


def test_a_file_that_can_not_be_finished_is_answered_when_its_run_has_ended(
    loader: ThreadPoolExecutor,
) -> None:
    account = Account()
    bad = loader.submit(account.deliver, "leads.1", "created", "unknown", "not sent", "created")
    with pytest.raises(Unfinished, match="1 have an unknown outcome and 1 were not sent"):
        bad.result(30)
    assert account.ended == 1
    assert account.journal.marked == {"leads.1": ((1, 1), (4, 4))}
    loader.submit(account.deliver, "leads.1", "created").result(30)
    account.complete()
    assert len(account.sessions) == 2


def test_a_file_of_a_skipped_table_is_done_at_once(loader: ThreadPoolExecutor) -> None:
    account = Account()
    loader.submit(account.deliver, "skipped.1", *["created"] * 9, stream="skipped").result(30)
    account.complete()
    (session,) = account.sessions
    assert session.load_complete
    assert account.journal.marked == {}


def test_another_file_is_finished_beside_one_that_is_refused(loader: ThreadPoolExecutor) -> None:
    account = Account()
    good = loader.submit(account.deliver, "leads.1", *["created"] * 5000)
    bad = loader.submit(account.deliver, "nowhere.1", "created", stream="nowhere")
    good.result(30)
    with pytest.raises(SettingsError, match="nowhere"):
        bad.result(30)
    # Whoever reads the receipt must not take that run for a good one.
    assert isinstance(account.sessions[0].error, SettingsError)


def test_a_load_of_which_a_file_was_given_up_is_not_the_whole(loader: ThreadPoolExecutor) -> None:
    account = Account()
    loader.submit(account.deliver, "leads.1", "created").result(30)
    account.complete(whole=False)
    assert not account.sessions[0].load_complete


def test_what_keeps_a_run_from_beginning_reaches_everybody(loader: ThreadPoolExecutor) -> None:
    account = Account(refuses=JournalError("The journal is held by another run: run 7"))
    for n in range(2):
        with pytest.raises(JournalError, match="run 7"):
            loader.submit(account.deliver, f"leads.{n}", "created").result(30)
    account.refuses = None
    loader.submit(account.deliver, "leads.0", "created").result(30)
    account.complete()


def test_a_fault_of_ours_reaches_everybody_and_lets_go_of_the_journal(
    loader: ThreadPoolExecutor,
) -> None:
    account = Account()
    with pytest.raises(ValueError, match="no-such-outcome"):
        loader.submit(account.deliver, "leads.1", "no-such-outcome").result(30)
    assert account.ended == 1


@pytest.mark.parametrize(("rejected", "untold"), [(2, 0), (1, 1), (0, 2)])
def test_a_load_fails_for_rejects_over_the_limit_when_all_of_it_is_settled(
    loader: ThreadPoolExecutor, rejected: int, untold: int
) -> None:
    account = Account(Journal(untold=untold))
    rows = ["rejected"] * rejected + ["created"]
    loader.submit(account.deliver, "leads.1", *rows).result(30)
    with pytest.raises(LimitCrossed, match="2 rows were rejected, and max_rejects allows 1"):
        account.complete()
    assert not account.sessions[0].load_complete
    account.journal.untold = 0
    account.complete()
    assert len(account.sessions) == 1


def test_rejects_that_a_killed_run_could_not_tell_of_fail_the_load(
    loader: ThreadPoolExecutor,
) -> None:
    account = Account(Journal(untold=2))
    with pytest.raises(LimitCrossed):
        loader.submit(account.complete).result(30)


def test_a_run_whose_loader_gave_up_ends_by_itself() -> None:
    account = Account()
    thread = threading.Thread(target=account.deliver, args=("leads.1", "created"))
    thread.start()
    thread.join(30)
    for _ in range(2000):
        if account.ended:
            break
        threading.Event().wait(0.005)
    assert account.ended == 1
    assert not account.sessions[0].load_complete


def test_a_request_to_stop_ends_the_run(loader: ThreadPoolExecutor) -> None:
    account = Account(stop=True)
    with pytest.raises(RunStopped):
        loader.submit(account.deliver, "leads.1", "created").result(30)
    assert account.ended == 1
