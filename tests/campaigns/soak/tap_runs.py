"""Runs of the tap into the warehouse, one after the other, with one STATE."""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chakra_api.endpoints.client import ChakraClient
from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from tests.campaigns.simulated.kinds import Step
from tests.campaigns.simulated.tap import SimulatedTap, printing
from tests.campaigns.simulated.target import listening
from tests.campaigns.soak.warehouse import Warehouse
from tests.support.simulated import Wire
from tests.support.turns import Crash, TurnsClock

if TYPE_CHECKING:
    from chakra_api.wire.transport import Request
    from tests.campaigns.simulated.target import Plan
    from tests.campaigns.soak.office import Office


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that is over.

    Attributes:
        code: Its exit code; None if it was killed.
        began_ms: When it began, by the server's clock.
        ended_ms: When it ended.
        requests: That it sent.
        steps: That it took.
        told: What it said, if it failed.
        full: Whether all rows were read and emitted, with a version; a scan that was resumed has
            the version of its beginning, and what was deleted since stays.
        activated: Streams whose other rows were taken out.
        resumes: Whether it went on with a scan that was cut off: what changed since that began
            comes with the next run.
    """

    code: int | None
    began_ms: int
    ended_ms: int
    requests: int
    steps: int = 0
    told: str = ""
    full: bool = False
    activated: tuple[str, ...] = ()
    resumes: bool = False


class TapRuns:
    """The pipeline out of ChakraHQ.

    Args:
        office: Where the rows come from.

    Attributes:
        warehouse: Where they go.
        output: What was printed and logged, to look for the key in.
        faults: How many came.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self._number = 0
        self._plan: Plan | None = None
        self._steps = 0
        self.warehouse = Warehouse()
        self.output: list[str] = []
        self.faults = 0

    def run(self, plan: Plan, *, full: bool, ahead: float = 0.0) -> Ran:
        """One run.

        Args:
            plan: Says which faults come.
            full: Whether it is FULL_TABLE.
            ahead: Seconds by which the machine's clock is ahead.
        """
        office, self._plan = self._office, plan
        self._number += 1
        self._steps = 0
        office.run, before, began = self._number, len(office.log), office.now_ms
        told: list[str] = []
        self.warehouse.begin()
        resumes = any("scan" in each for each in bookmarks(self.warehouse.state).values())
        with listening() as (_, logged):
            try:
                code: int | None = self._sync(full=full, ahead=ahead)
            except Crash:
                code = None
            except LoaderDied:
                code = int(ExitCode.STOPPED)
            except ChakraError as error:
                code = int(error.exit_code)
                told.append(str(error))
            except Exception:  # noqa: BLE001 - what its user would see as a fault of ours
                code = int(ExitCode.BUG)
                told.append(traceback.format_exc())
        if code != ExitCode.STOPPED:
            self.warehouse.flush()  # a loader whose tap has died writes what came
        self.output += [*told, *logged]
        requests = len(office.log) - before
        del office.log[:]
        said = " | ".join((*told, *logged[-3:]))
        activated = tuple(self.warehouse.activated)
        whole, sent = full and not resumes, (requests, self._steps)
        return Ran(code, began, office.now_ms, *sent, said, whole, activated, resumes)

    def _sync(self, *, full: bool, ahead: float) -> int:
        office = self._office
        seed = f"tap:{self._number}"
        clock = TurnsClock(office.turns, seed, lambda _now: ahead)
        wire = Wire(office, self._request, seed)
        client = ChakraClient(wire, Pacer(clock), clock, RetryPolicy())
        state = json.loads(json.dumps(self.warehouse.state))
        tap = SimulatedTap(client, clock, state=state)
        for name, stream in tap.streams.items():
            stream.selected = name.startswith("process_")
            if full and stream.selected:
                stream.forced_replication_method = "FULL_TABLE"
        with printing(self._printed):
            tap.read_streams()
        return int(tap.runs.conclude(allow_incomplete=False))

    def _step(self, family: str, what: str) -> str | None:
        self._steps += 1
        kind = None if self._plan is None else self._plan.at(Step(self._steps, family, what))
        self.faults += kind is not None
        return kind

    def _request(self, request: Request) -> str | None:
        return self._step("read", request.path.rpartition("/")[2])

    def _printed(self, line: bytes) -> None:
        kind = line[:30]
        family = "record" if b'"RECORD"' in kind else "state"
        fault = self._step(family, family) if b'"SCHEMA"' not in kind else None
        if fault == "reader gone":
            raise LoaderDied
        if fault == "crash before":
            self._office.turns.crash()
        self.warehouse.take(line)
        if fault == "crash after":
            self._office.turns.crash()


class LoaderDied(BrokenPipeError):
    """Nobody reads what the tap prints any more."""


def bookmarks(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The bookmarks of a STATE, by stream."""
    found: dict[str, dict[str, Any]] = state.get("bookmarks", {})
    return found
