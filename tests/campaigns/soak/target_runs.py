"""Runs of the target, one after the other, with one journal and one STATE."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import traceback
from functools import partial
from typing import TYPE_CHECKING, Any

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
from tests.campaigns.simulated.kinds import Step
from tests.campaigns.simulated.target import ReaderGone, listening
from tests.campaigns.soak.sources import COLUMNS, STREAMS
from tests.support.disk import Disk, FaultyDatabase, FaultyRejects, empty_journal
from tests.support.simulated import KEY, Wire
from tests.support.turns import Crash, TurnsClock, TurnsCrew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from chakra_api.wire.transport import Request
    from target_chakra.history.reports import UnknownLine
    from tests.campaigns.simulated.target import Plan
    from tests.campaigns.soak.office import Office
    from tests.campaigns.soak.sources import Brought, Line

BUG = int(ExitCode.BUG)
_JOB = "/v1/ext/background-job/"


class Run:
    """A run that is over, or under way.

    Attributes:
        code: Its exit code; None if it was killed.
        receipt: What it printed of itself.
        took: The rows that it took.
        again: The rejected rows that it was to send again, each with its stream.
        began_ms: When it began, by the server's clock.
        ended_ms: When it ended.
        requests: That it sent, but for looks at jobs.
        steps: That it took.
        told: What it said, if it failed.
        versioned: Whether it said that a table is whole.
    """

    def __init__(self, began_ms: int) -> None:
        self.code: int | None = None
        self.receipt: dict[str, Any] = {}
        self.took: list[Brought] = []
        self.again: list[tuple[str, dict[str, Any]]] = []
        self.began_ms = self.ended_ms = began_ms
        self.requests = self.steps = 0
        self.told = ""
        self.versioned = False


class TargetRuns:
    """The pipeline into ChakraHQ.

    Args:
        office: Where the rows go.
        settings: Of the target, beside those that it always has.
        seed: Of latencies.

    Attributes:
        state: The last STATE that was printed.
        disk: Where the journal lies.
        output: What was printed and logged, to look for the key in.
        faults: How many came.
    """

    def __init__(self, office: Office, settings: Mapping[str, Any], seed: object) -> None:
        self._office = office
        self._settings = settings
        self._seed = seed
        self._number = 0
        self._plan: Plan | None = None
        self._journal: Journal | None = None
        self._run = Run(0)
        self.state: dict[str, Any] = {}
        self.disk = Disk(empty_journal())
        self.disk.follow()
        self.output: list[str] = []
        self.faults = 0

    def bring(self, plan: Plan, lines: Iterable[Line], *, ahead: float = 0.0) -> Run:
        """Write rows."""
        return self._once(plan, partial(self._feed, lines), ahead)

    def retry(self, plan: Plan) -> Run | None:
        """Send the open rejects again; None if there are none."""
        reports = Reports(self.disk.journal)
        found = reports.rejects()
        reports.close()
        if not found:
            return None
        run = self._once(plan, lambda session: session.retry(found), 0.0)
        run.again = [(each.stream, dict(each.row)) for each in found]
        return run

    def commit_mirrors(self, plan: Plan) -> Run:
        """Delete what the last run of a mirror did not bring."""
        reports = Reports(self.disk.journal)
        before = reports.runs()
        reports.close()
        return self._once(
            plan, lambda session: list(session.commit_mirrors(before, None)) and None, 0.0
        )

    def unknowns(self) -> tuple[UnknownLine, ...]:
        """What `unknown` lists."""
        reports = Reports(self.disk.journal)
        found = reports.unknowns()
        reports.close()
        return found

    def resolve(self, numbers: list[int], how: str) -> None:
        """Take an operator's word."""
        reports = Reports(self.disk.journal)
        reports.resolve(numbers, how)
        reports.close()

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        """What the journal's tables hold."""
        path = self.disk.folder / "journal.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def close(self) -> None:
        self.disk.close()

    # One run

    def _once(self, plan: Plan, take: Callable[[Session[Any]], Any], ahead: float) -> Run:
        office, self._plan = self._office, plan
        self._number += 1
        self.disk.follow()
        run = self._run = Run(office.now_ms)
        office.run, before = 1_000 + self._number, len(office.log)
        with listening() as (stderr, told):
            try:
                run.code = self._session(take, ahead)
            except Crash:
                self.disk.leave_if_unsaid()
            except ChakraError as error:
                run.code = int(error.exit_code)
                told.append(str(error))
            except Exception:  # noqa: BLE001 - what its user would see as a fault of ours
                run.code = BUG
                told.append(traceback.format_exc())
            office.turns.close()
            self._let_go()
        self.output += [stderr.getvalue(), *told]
        printed = [line for line in stderr.getvalue().splitlines() if line.startswith('{"run"')]
        run.receipt = json.loads(printed[-1]) if printed else {}
        asked = office.log[before:]
        # How often a job is looked at follows from how long it takes.
        run.requests = sum(not each.path.startswith(_JOB) for each in asked)
        run.ended_ms = office.now_ms
        run.told = " | ".join(told[-3:])
        del office.log[:]
        if run.code is None:
            self.disk.follow()
        return run

    def _session(self, take: Callable[[Session[Any]], Any], ahead: float) -> int:
        seed = f"{self._seed}:{self._number}"
        clock = TurnsClock(self._office.turns, seed, lambda _now: ahead)
        settings = parse_settings(
            {
                "api_key": KEY,
                "journal": self.disk.journal,
                "rejects_path": f"{self.disk.folder}/rejects.jsonl",
                "streams": STREAMS,
                **self._settings,
            },
            user_agent="simulated",
            journal="",
        )
        wire = Wire(self._office, self._request, seed)
        ins = StandIns(
            ChakraClient(wire, Pacer(clock), clock, RetryPolicy()),
            partial(TurnsCrew, self._office.turns, _goes_beside),
            self._opened,
            self._rejects,
        )
        session = Session(settings, clock, "simulated", Hooks(self._emit), ins)
        return session.run(lambda: take(session))

    def _feed(self, lines: Iterable[Line], session: Session[Any]) -> None:
        opened: set[str] = set()
        for number, line in enumerate(lines, 1):
            if line.stream and line.stream not in opened:
                opened.add(line.stream)
                session.open_stream(line.stream, dict.fromkeys(COLUMNS[line.stream], False))
            if line.kind == "state":
                session.state(line.value)
            elif line.kind == "activate":
                self._run.versioned = True
                session.activate(line.stream, line.value)
            elif line.brought is not None:
                if session.failure is None:
                    self._run.took.append(line.brought)
                session.row(line.stream, number, dict(line.brought.row), line.value)

    def _step(self, family: str, what: str) -> str | None:
        self._run.steps += 1
        kind = None if self._plan is None else self._plan.at(Step(self._run.steps, family, what))
        self.faults += kind is not None
        return kind

    def _request(self, request: Request) -> str | None:
        path = request.path.partition("?")[0].rsplit("/", 1)[-1]
        return self._step("read" if request.repeatable else "submit", path)

    def _opened(self, url: str) -> Journal:
        self._journal = Journal(url, self._database)
        return self._journal

    def _database(self, url: str) -> FaultyDatabase:
        fault = partial(self._step, "journal")
        return FaultyDatabase(url, self.disk, self._office.turns, fault, lambda: None)

    def _rejects(self, path: Path) -> FaultyRejects:
        return FaultyRejects(path, self.disk, self._office.turns, partial(self._step, "reject"))

    def _let_go(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _emit(self, state: dict[str, Any]) -> None:
        kind = self._step("state", "STATE")
        if kind == "reader gone":
            raise ReaderGone("Nobody reads the STATE any more (simulated)")
        if kind == "crash before":
            self._office.turns.crash()
        self.state = state
        if kind == "crash after":
            self._office.turns.crash()


def _goes_beside(task: Callable[[], Any]) -> bool:
    """Submits go on beside the rest."""
    return getattr(getattr(task, "func", task), "__name__", "") == "submit"
