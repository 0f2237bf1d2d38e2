"""One case of the target's campaigns: run after run of the writer against one simulated server.

A run gets the input from the last STATE that was printed. When it died, the next one finds the
files that the crash left; when it ended, an operator does what the exit code asks for.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import random
import sqlite3
import traceback
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from chakra_api.endpoints.client import ChakraClient
from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from target_chakra.history.reports import Reports
from target_chakra.journal.journal import Journal
from target_chakra.run.hooks import Hooks
from target_chakra.run.session import Session
from target_chakra.run.wiring import StandIns
from target_chakra.settings import parse_settings
from tests.campaigns.simulated.history import (
    Carried,
    Ended,
    History,
    Kept,
    Listed,
    Passed,
    Rejected,
    Replay,
)
from tests.campaigns.simulated.kinds import Step
from tests.support.disk import Disk, FaultyDatabase, FaultyRejects, empty_journal
from tests.support.simulated import KEY, Edit, Server, Wire
from tests.support.turns import Crash, Turns, TurnsClock, TurnsCrew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chakra_api.wire.transport import Request
    from chakra_sandbox.rows.account import Shelf
    from chakra_sandbox.world import World
    from tests.campaigns.simulated.history import Wish
    from tests.support.simulated import Sent

NAMED_BY = "name"
"""Rows without a key are told apart by this attribute."""
ROOTS = ("state", "assignedTo", "nextActionAt")
TICK, PAUSE_TICKS = 0.2, 20
"""Seconds after which the input is found to rest, and how long it does."""
NEVER = 1 << 60
"""When an item is done that no job has begun."""
UNTIL_FREE = 1840.0
"""Seconds after which no unknown row holds its process any more."""


class Plan(Protocol):
    """Says which faults come. From a step's number and family follows all of it."""

    def at(self, step: Step) -> str | None:
        """The kind of fault that hits a step; None for none."""

    def near(self, number: int) -> bool:
        """Whether one may hit that step or one of the next few."""


@dataclass(frozen=True)
class Scenario:
    """What is run.

    Attributes:
        seed: Of latencies, jitter and ids.
        world: Makes the server's rules and rows, at a time in epoch milliseconds.
        wishes: The input.
        columns: Of each stream.
        states: After which rows a STATE comes, by count of rows.
        pauses: After which rows the input rests a while.
        settings: Of the target, beside the ones that every case has.
        rests: Seconds between runs, in turn.
        ahead: Seconds by which the target's clock is ahead of the server's, in a run (from 1) that
            has lasted so many seconds.
        suspends: For how many seconds the machine sleeps, by run and row before which it does.
        dates: What an answer's `Date` says, given the run, the number of the answer in it and the
            true time, epoch seconds; None for no `Date`.
        most_runs: After so many the case is given up.
        calm_after: Runs after which no more faults come.
        beside: Share of the reads that go on while others do.
        journal_exists: Whether an earlier run has made the journal.
        replays_all: Whether rejects are sent again that are bad rows and no more.
        until_free: Seconds that an operator waits after a run that ended with 8.
        edits: What others do: seconds after the beginning, key of a lead, attributes; in order.
    """

    seed: int
    world: Callable[[int], World]
    wishes: Sequence[Wish]
    columns: Mapping[str, tuple[str, ...]]
    states: frozenset[int]
    pauses: frozenset[int] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)
    rests: tuple[float, ...] = (1.0,)
    ahead: Callable[[int, float], float] = lambda _run, _seconds: 0.0
    suspends: Mapping[tuple[int, int], float] = field(default_factory=dict)
    dates: Callable[[int, int, float], float | None] = lambda _run, _number, now: now
    most_runs: int = 12
    calm_after: int = 12
    beside: float = 0.1
    journal_exists: bool = False
    replays_all: bool = True
    until_free: float = UNTIL_FREE
    edits: tuple[tuple[float, str, Mapping[str, object]], ...] = ()


BEGAN = 1_790_000_000.0


class Simulation:
    """A case on its way.

    Args:
        scenario: What is run.
        plan: Says which faults come.
    """

    def __init__(self, scenario: Scenario, plan: Plan) -> None:
        self._scenario = scenario
        self._plan = plan
        self._coin = random.Random(f"{scenario.seed}:beside")
        self.turns = Turns(BEGAN)
        self.world = scenario.world(int(BEGAN * 1000))
        self.server = Server(self.world, self.turns)
        began = int(BEGAN * 1000)
        self.server.edits += [
            Edit(began + int(at * 1000), "lead", key, data) for at, key, data in scenario.edits
        ]
        self.disk = Disk(_opened_once() if scenario.journal_exists else None)
        self.history = History(list(scenario.wishes))
        self.trace: list[Step] = []
        self.steps_of_input = 0
        self.faults: list[tuple[Step, str]] = []
        self._run = 0
        self._fed = self._most_fed = 0
        self._covered = 0
        self._journal: Journal | None = None
        self._calm = False
        self._clock = TurnsClock(self.turns, scenario.seed)
        self.history.before = list(self._kept())
        self.history.merges = bool(self.world.knobs.phone_merge)

    # Faults

    def _step(self, family: str, what: str) -> str | None:
        step = Step(len(self.trace) + 1, family, what)
        self.trace.append(step)
        kind = None if self._calm else self._plan.at(step)
        if kind is not None:
            self.faults.append((step, kind))
        return kind

    def _goes_beside(self, task: Callable[[], Any]) -> bool:
        """Whether a task goes on beside others: a submit, one that may fail, some of the rest."""
        name = getattr(getattr(task, "func", task), "__name__", "")
        return (
            name == "submit"
            or self._plan.near(len(self.trace) + 1)
            or self._coin.random() < self._scenario.beside
        )

    def _request(self, request: Request) -> str | None:
        path = request.path.partition("?")[0].rsplit("/", 1)[-1]
        if request.repeatable:
            job = "background-job" in request.path
            what = "job" if job and path != "entries" else path
            return self._step("read", what if len(what) < 12 else "process")
        return self._step("submit", f"{request.method} {path}")

    # Runs

    def play(self) -> History:
        """All runs, until the input is settled."""
        try:
            self._play()
            self.steps_of_input = len(self.trace)
            self._replay()
            self._collect()
        finally:
            self.turns.close()
            self.disk.close()
        return self.history

    def _play(self) -> None:
        rests = self._scenario.rests
        for number in range(self._scenario.most_runs):
            self._calm = number >= self._scenario.calm_after
            ended = self._once(self._feed)
            self.history.ended.append(ended)
            if ended.code in (ExitCode.DONE, ExitCode.REJECTS) and self._all_covered:
                return
            if ended.code == ExitCode.BUG:
                return
            self.turns.sleep(rests[number % len(rests)])
            if ended.code == ExitCode.UNKNOWN:
                self.turns.sleep(self._scenario.until_free)
                self._look_and_say()

    @property
    def _all_covered(self) -> bool:
        return self._covered >= len(self.history.wishes)

    def _once(self, take: Callable[[Session[Any]], None]) -> Ended:
        """One run of the process; a crash ends it wherever it is."""
        self._run += 1
        self.server.run = self._run
        self.disk.follow()
        first, self._fed = self._covered, 0
        with listening() as (stderr, told):
            try:
                code = self._session(take)
            except Crash:
                code = None
                self.disk.leave_if_unsaid()
            except ChakraError as error:
                code = int(error.exit_code)
                told.append(str(error))
            except Exception:  # noqa: BLE001 - what its user would see as a fault of ours
                code = int(ExitCode.BUG)
                told.append(traceback.format_exc())
            self.turns.close()
            self._let_go()
        receipt = _receipt(stderr.getvalue())
        self._keep_output([stderr.getvalue(), *told])
        if code == ExitCode.BUG:
            receipt = {"error": told[-1], **receipt}
        listed = self._listed() if "run" in receipt else None
        return Ended(self._run, first, self._fed, code, receipt, self._covered, listed)

    def _listed(self) -> tuple[Listed, ...]:
        reports = Reports(self.disk.journal)
        found = tuple(Listed(each.run, each.line, each.key) for each in reports.unknowns())
        reports.close()
        return found

    def _session(self, take: Callable[[Session[Any]], None]) -> int:
        session = self._begun(self._hooks())
        return session.run(lambda: take(session))

    def _hooks(self) -> Hooks[Any]:
        return Hooks(self._emit)

    def _begun(self, hooks: Hooks[Any]) -> Session[Any]:
        """A run that has begun, with the parts of this simulation in place of its own."""
        scenario = self._scenario
        seed = f"{scenario.seed}:{self._run}"
        run, began = self._run, self.turns.now
        self._clock = clock = TurnsClock(
            self.turns, seed, lambda now: scenario.ahead(run, now - began)
        )
        settings = parse_settings(
            {
                "api_key": KEY,
                "journal": self.disk.journal,
                "rejects_path": f"{self.disk.folder}/rejects.jsonl",
                **scenario.settings,
            },
            user_agent="simulated",
            journal="",
        )
        wire = Wire(self.server, self._request, seed, partial(scenario.dates, run))
        ins = StandIns(
            ChakraClient(wire, Pacer(clock), clock, RetryPolicy()),
            partial(TurnsCrew, self.turns, self._goes_beside),
            self._opened,
            self._rejects,
        )
        return Session(settings, clock, "simulated", hooks, ins)

    def _opened(self, url: str) -> Journal:
        self._journal = Journal(url, self._database)
        return self._journal

    def _database(self, url: str) -> FaultyDatabase:
        fault = partial(self._step, "journal")
        return FaultyDatabase(url, self.disk, self.turns, fault, self._idle)

    def _idle(self) -> None:
        """The transaction that just ended had nothing to write."""
        self.trace[-1] = replace(self.trace[-1], family="idle")

    def _rejects(self, path: Path) -> FaultyRejects:
        return FaultyRejects(path, self.disk, self.turns, partial(self._step, "reject"))

    def _let_go(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _feed(self, session: Session[Any]) -> None:
        """The input, from the row after the last STATE that was printed."""
        scenario, wishes = self._scenario, self.history.wishes
        for stream, columns in scenario.columns.items():
            session.open_stream(stream, dict.fromkeys(columns, False))
        for at in range(self._covered, len(wishes)):
            wish = wishes[at]
            self._most_fed = max(self._most_fed, at + 1)
            if asleep := scenario.suspends.get((self._run, at + 1)):
                self._clock.suspend(asleep)
            # One that comes when the run has failed is not taken.
            self._fed += session.failure is None
            session.row(wish.stream, at + 1, dict(wish.row), None)
            if at + 1 in scenario.states:
                session.state({"rows": at + 1})
            for _ in range(PAUSE_TICKS if at + 1 in scenario.pauses else 0):
                self.turns.sleep(TICK)
                session.tick()

    # What is seen from outside

    def _emit(self, state: dict[str, int]) -> None:
        kind = self._step("state", "STATE")
        if kind == "reader gone":
            raise ReaderGone("Nobody reads the STATE any more (simulated)")
        if kind == "crash before":
            self.turns.crash()
        self._keep_output([json.dumps(state)])
        self._note_state(state["rows"])
        if kind == "crash after":
            self.turns.crash()

    def _note_state(self, rows: int) -> None:
        self.server.catch_up()
        new = self.history.wishes[self._covered : rows]
        kept = {wish.name: tuple(self._living(wish)) for wish in new}
        rejected = frozenset(reject.line - 1 for reject in self._on_record())
        passed = Passed(self._run, rows, kept, rejected, self._most_fed)
        self.history.passed.append(passed)
        self._covered = max(self._covered, rows)

    def _living(self, wish: Wish) -> Iterator[Kept]:
        shelf = self.world.account.shelves[wish.name[0]]
        store = shelf.store
        if wish.keyed:
            slots: Iterable[int] = store.slots_of_key(wish.name[1])
        else:
            mark = wish.name[1].encode()
            slots = (s for s, cell in enumerate(store.cells) if store.alive[s] and mark in cell)
        for slot in slots:
            each = _kept(shelf, slot)
            if each.name == wish.name:
                yield each

    def _kept(self) -> Iterator[Kept]:
        for shelf in self.world.account.shelves.values():
            for slot in range(len(shelf.store)):
                yield _kept(shelf, slot)

    def _on_record(self) -> list[Rejected]:
        query = "SELECT line, stream, row, reason, closed FROM rejects"
        try:
            rows = self._asked(query)
        except sqlite3.OperationalError:
            return []
        return [Rejected(n, s, orjson.loads(row), why, closed) for n, s, row, why, closed in rows]

    def _asked(self, query: str) -> list[tuple[Any, ...]]:
        path = self.disk.folder / "journal.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def _keep_output(self, texts: Iterable[str]) -> None:
        self.history.output += texts

    # The operator

    def _look_and_say(self) -> None:
        """Look in ChakraHQ for rows without a key of which nobody knows, and say what is there."""
        self.server.catch_up()
        reports = Reports(self.disk.journal)
        confirmed = self._confirmed()
        by_name: dict[str, list[int]] = {}
        for each in reports.unknowns():
            if not each.key:
                by_name.setdefault(str(each.fields.get(f"data.{NAMED_BY}")), []).append(each.id)
        there = Counter(k.name[1] for k in self._kept() if k.lives)
        for name, numbers in by_name.items():
            written = there[name] - confirmed[name]
            for at, number in enumerate(numbers):
                reports.resolve([number], "written" if at < written else "not-written")
        reports.close()

    def _confirmed(self) -> Counter[str]:
        """Rows without a key that the journal knows were written, by name."""
        found: Counter[str] = Counter()
        query = "SELECT actions, outcomes FROM batches WHERE outcomes IS NOT NULL"
        for actions, outcomes in self._asked(query):
            fields = [action[6] for action in json.loads(actions)]
            for at, outcome, *_ in json.loads(outcomes):
                if outcome in ("created", "merged"):
                    found[str(fields[at].get(f"data.{NAMED_BY}"))] += 1
        return found

    def _replay(self) -> None:
        """Send the rejects again, without any fault."""
        self._calm = True
        last = self.history.ended[-1]
        if last.code is None:
            return
        reports = Reports(self.disk.journal)
        found = reports.rejects()
        reports.close()
        if not found:
            return
        opened = tuple(r for r in self._on_record() if r.closed is None)
        if not self._scenario.replays_all and not any(self._fits(each) for each in opened):
            return
        before = len(self.server.log)
        ended = self._once(lambda session: session.retry(found))
        sent = frozenset(self._names(r.body for r in self.server.log[before:] if _writes(r)))
        self.history.replay = Replay(opened, ended.receipt, sent)

    def _fits(self, reject: Rejected) -> bool:
        return self.history.wishes[reject.line - 1].fits

    def _names(self, bodies: Iterable[bytes]) -> Iterator[str]:
        """What the items of submits name their processes by."""
        for body in bodies:
            items = orjson.loads(body)
            if isinstance(items, dict):
                items = items.get("processes", [items])
            yield from map(self._name_of, items)

    def _name_of(self, item: Mapping[str, Any]) -> str:
        for shelf in self.world.account.shelves.values():
            slot = shelf.store.slot_of_id(str(item.get("id")))
            if slot is not None:
                return _kept(shelf, slot).name[1]
        named = {**item.get("data", {}), **item}
        return str(next(named[k] for k in ("lead_id", "ticket_id", NAMED_BY) if k in named))

    # The end

    def _collect(self) -> None:
        self.turns.sleep(UNTIL_FREE)
        self.server.catch_up()
        history = self.history
        history.kept = list(self._kept())
        history.requests = self.server.log
        history.jobs = [_carried(job) for job in self.world.jobs()]
        history.rejects = self._on_record()
        self._keep_output(body.decode(errors="replace") for body in self.disk.read().values())


class ReaderGone(ChakraError):
    """Whoever read our output has ended."""

    exit_code = ExitCode.STOPPED


def _writes(sent: Sent) -> bool:
    return sent.method != "GET" and not sent.path.endswith("/list")


def _kept(shelf: Shelf, slot: int) -> Kept:
    row = shelf.store.row(slot)
    data, key = row["data"], shelf.model.primary_key or ""
    name = str(data.get(key, data.get(NAMED_BY, row["id"])))
    lives = bool(shelf.store.alive[slot])
    data = {**data, **{f"@{root}": row[root] for root in ROOTS}}
    return Kept(row["id"], (shelf.model.short_id, name), data, row["createdAt"], lives)


def _carried(job: Any) -> Carried:
    until: dict[str, int] = {}
    for entry in job.entries:
        if entry.work is None:  # what was refused at once is in no job's hands
            continue
        done = NEVER if entry.outcome == "NOT_STARTED" else entry.updated_ms
        for name in {entry.process_id, entry.item.get("id")} - {None}:
            until[str(name)] = max(done, until.get(str(name), 0))
    return Carried(job.id, job.created_ms, until)


def _receipt(text: str) -> dict[str, Any]:
    lines = [line for line in text.splitlines() if line.startswith('{"run"')]
    return json.loads(lines[-1]) if lines else {}


@contextlib.contextmanager
def listening() -> Iterator[tuple[io.StringIO, list[str]]]:
    """What a run prints and logs."""
    stderr, told = io.StringIO(), []
    handler = _Teller(told)
    root, level = logging.getLogger(), logging.getLogger("target-chakra").level
    root.addHandler(handler)
    logging.getLogger("target-chakra").setLevel(logging.INFO)
    try:
        with contextlib.redirect_stderr(stderr):
            yield stderr, told
    finally:
        root.removeHandler(handler)
        logging.getLogger("target-chakra").setLevel(level)


class _Teller(logging.Handler):
    def __init__(self, told: list[str]) -> None:
        super().__init__()
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        self._told.append(record.getMessage())


_opened_once = lru_cache(maxsize=1)(empty_journal)
