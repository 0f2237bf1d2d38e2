"""One case of the tap's campaign: run after run against one simulated server whose rows change.

What the tap prints is taken a line at a time, whatever it writes at once: each RECORD and each
STATE is a step, and a crash keeps the lines before it. A run begins with the last STATE printed.
"""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from chakra_api.endpoints.client import ChakraClient
from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_sandbox.writes.changes import Mutation
from tap_chakra.run.source import Source
from tap_chakra.settings import parse_settings
from tap_chakra.singer.tap import TapChakra
from tests.campaigns.simulated.kinds import Step
from tests.campaigns.simulated.scenarios import small_world
from tests.campaigns.simulated.target import BEGAN, listening
from tests.support.scanning import SameThread
from tests.support.simulated import KEY, Server, Wire
from tests.support.strict_singer import StrictReader
from tests.support.turns import Crash, Turns, TurnsClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chakra_api.wire.transport import Request
    from chakra_sandbox.world import World
    from tests.campaigns.simulated.target import Plan
    from tests.support.simulated import Sent

STREAM = "process_lead"
LEADS = 120
REST = 30.0
"""Seconds between two runs."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that the tap printed, and how the world was then.

    Attributes:
        run: Of which run.
        type: RECORD, STATE, ACTIVATE_VERSION …
        value: The record, the state, or the version.
        version: Of a record.
        living: At a STATE or an ACTIVATE_VERSION: `updatedAt` of each living process by id.
    """

    run: int
    type: str
    value: Any
    version: int | None = None
    living: Mapping[str, int] = field(default_factory=dict)


@dataclass
class TapHistory:
    """All that a judge of the tap may read.

    Attributes:
        lines: What was printed.
        codes: Exit codes; None of a run that died.
        living: `updatedAt` of each living process at the end, by id.
        requests: All that was sent.
        output: Everything that was printed or logged, as text.
        errors: What runs ended of.
    """

    lines: list[Line] = field(default_factory=list)
    codes: list[int | None] = field(default_factory=list)
    living: Mapping[str, int] = field(default_factory=dict)
    requests: list[Sent] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class TapSimulation:
    """A case on its way.

    Args:
        plan: Says which faults come.
        full_table: Whether the stream is read in full, and versions are sent.
        world: What is read; None for the one that most cases have.
    """

    streams: frozenset[str] = frozenset({STREAM})
    """What is read."""

    def __init__(self, plan: Plan, *, full_table: bool = False, world: World | None = None) -> None:
        self._plan = plan
        self._full_table = full_table
        self.turns = Turns(BEGAN)
        self.world = world or small_world(LEADS, 3, {}, 7, int(BEGAN * 1000))
        self.server = Server(self.world, self.turns)
        self.history = TapHistory()
        self.trace: list[Step] = []
        self.faults: list[tuple[Step, str]] = []
        self._run = 0
        self._calm = False
        self._state: dict[str, Any] = {}
        self._reader = StrictReader()
        self.steps_of_input = 0

    def play(self) -> TapHistory:
        """Runs until one came to its end, and one more after rows have changed."""
        for number in range(8):
            code = self._once()
            self.turns.sleep(REST)
            self._mutate(number)
            if code == ExitCode.DONE:
                break
        self.steps_of_input = len(self.trace)
        self._calm = True
        self._once()
        self.history.living = self._living()
        self.history.requests = self.server.log
        return self.history

    @property
    def config(self) -> dict[str, Any]:
        """Settings beside those that every case has."""
        return {}

    def condemned(self) -> list[str]:
        """What is wrong at the end beside what the judges of every case find."""
        return []

    def _mutate(self, number: int) -> None:
        self.server.catch_up()
        self.world.mutate("lead", Mutation(insert=2, update=5, delete=1), number)

    def _living(self) -> dict[str, int]:
        store = self.world.account.shelves["lead"].store
        return {store.ids[s]: store.updated[s] for s in range(len(store)) if store.alive[s]}

    def _step(self, family: str, what: str) -> str | None:
        step = Step(len(self.trace) + 1, family, what)
        self.trace.append(step)
        kind = None if self._calm else self._plan.at(step)
        if kind is not None:
            self.faults.append((step, kind))
        return kind

    def _request(self, request: Request) -> str | None:
        return self._step("read", request.path.rpartition("/")[2])

    def _once(self) -> int | None:
        self._run += 1
        self._reader = StrictReader()
        self.server.run = self._run
        code: int | None
        told: list[str] = []
        with listening() as (_, logged):
            try:
                code = self._sync()
            except Crash:
                code = None
            except ChakraError as error:
                code = int(error.exit_code)
                told.append(str(error))
            except BrokenPipeError:
                code = int(ExitCode.STOPPED)  # as `TapChakra.invoke` says it
            except Exception:  # noqa: BLE001 - what its user would see as a fault of ours
                code = int(ExitCode.BUG)
                told.append(traceback.format_exc())
        self.history.codes.append(code)
        self.history.errors += told
        self.history.output += [*told, *logged]
        return code

    def _sync(self) -> int:
        wire = Wire(self.server, self._request, f"tap:{self._run}")
        clock = TurnsClock(self.turns, self._run)
        client = ChakraClient(wire, Pacer(clock), clock, RetryPolicy())
        state = json.loads(json.dumps(self._state))
        tap = SimulatedTap(client, clock, config=self.config, state=state)
        for name, stream in tap.streams.items():
            stream.selected = name in self.streams
        if self._full_table:
            tap.streams[STREAM].forced_replication_method = "FULL_TABLE"
        with printing(self._printed):
            tap.read_streams()
        return int(tap.runs.conclude(allow_incomplete=False))

    def _printed(self, line: bytes) -> None:
        message = self._reader.take(line)
        kind = message["type"]
        fault = self._step("record", kind) if kind == "RECORD" else None
        if kind in ("STATE", "ACTIVATE_VERSION"):
            fault = self._step("state", kind)
        if fault == "reader gone":
            raise BrokenPipeError
        if fault == "crash before":
            self.turns.crash()
        self._note(message, line)
        if fault == "crash after":
            self.turns.crash()

    def _note(self, message: Mapping[str, Any], line: bytes) -> None:
        kind = message["type"]
        living = {} if kind in ("RECORD", "SCHEMA") else self._living()
        value = message.get("record") or message.get("value") or message.get("version")
        self.history.lines.append(Line(self._run, kind, value, message.get("version"), living))
        self.history.output.append(line.decode())
        if kind == "STATE":
            self._state = message["value"]


class SimulatedTap(TapChakra):
    """The tap, against a simulated server."""

    def __init__(
        self,
        client: ChakraClient,
        clock: TurnsClock,
        *,
        config: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self._client = client
        self._turns_clock = clock
        super().__init__(config={"api_key": KEY, "concurrency": 2, **(config or {})}, **options)
        self.clock = clock

    @property
    def source(self) -> Source:
        if self._source is None:
            now = int(self._turns_clock.now() * 1000)
            settings = parse_settings(self.config, now=now, user_agent="simulated")
            self._source = Source(settings, self._turns_clock)
            self._source.client = self._client
            self._source.__dict__["executor"] = SameThread()
        return self._source


class _Out:
    """Standard output that hands on each whole line."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._rest = b""
        self.buffer = self

    def write(self, body: bytes | str) -> int:
        text = body.encode() if isinstance(body, str) else bytes(body)
        *lines, self._rest = (self._rest + text).split(b"\n")
        for line in lines:
            self._take(line)
        return len(body)

    def flush(self) -> None:
        """Nothing is kept back."""


@contextlib.contextmanager
def printing(take: Callable[[bytes], None]) -> Iterator[None]:
    """What goes to standard output goes to a function, a line at a time."""
    before, sys.stdout = sys.stdout, _Out(take)  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.stdout = before


incremental = partial(TapSimulation, full_table=False)
full_table = partial(TapSimulation, full_table=True)
