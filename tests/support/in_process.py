"""The real commands in this process, against the sandbox's rules without a server or a clock.

What the target would do on threads is done at once, and waiting costs nothing; everything else is
the commands' own: settings, catalog, state, lines, journal, exit code, and what they print.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import logging
import signal
import threading
from dataclasses import dataclass, replace
from email.utils import formatdate
from itertools import count
from typing import TYPE_CHECKING, Any

import tap_chakra.__main__ as tap_command
import target_chakra.__main__ as target_command
from chakra_api.endpoints.client import ChakraClient
from chakra_api.transcripts.watched import WatchedTransport
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_api.wire.transport import Response
from chakra_sandbox.knobs import Knobs
from chakra_sandbox.rows.access import default_tokens
from chakra_sandbox.rows.account import Account, MadeSizes, made_account
from chakra_sandbox.rows.moments import Span
from chakra_sandbox.world import World
from tap_chakra.cli import doctor as tap_doctor
from tap_chakra.run import source as tap_source
from tap_chakra.singer import tap
from target_chakra.cli import doctor as target_doctor
from target_chakra.run import session as target_session
from target_chakra.singer import target
from target_chakra.workers import Workers
from tests.support.clock import FakeClock
from tests.support.one_hand import OneHand
from tests.support.received import WorldLinks, received
from tests.support.strict_singer import messages_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from chakra_api.clock import Clock
    from chakra_api.connection import Connection
    from chakra_api.redaction import ApiKey
    from chakra_api.transcripts.watched import Watcher
    from chakra_api.wire.transport import Request
    from target_chakra.workers import Crew
    from tests.support.full_disk import FullOutput

    Spoil = Callable[[Request, Response], Response]

KEY = "sandbox-key-that-never-leaves"
MOST_REQUESTS = 3_000
_RUNS = count(1)


class Endless(BaseException):
    """A run that never ends; nobody catches it."""


def world_of(rows: int, **knobs: object) -> World:
    """A small account, with jobs that take no time."""
    now = int(FakeClock().now() * 1000)
    sizes = MadeSizes(leads=rows, tickets=0, orders=0)
    account = Account(made_account(sizes, Span.before(now), 1, "bursts"), default_tokens(KEY))
    return World(account, Knobs().change({"job_duration_ms": 0, **knobs}))


class Wire:
    """Carries requests to a world, and may spoil its answers."""

    def __init__(self, world: World, clock: Clock, key: ApiKey, spoil: Spoil | None) -> None:
        self._world = world
        self._clock = clock
        self._key = key
        self._spoil = spoil
        self._lock = threading.Lock()
        self._count = 0

    def send(self, request: Request) -> Response:
        """Have it answered."""
        with self._lock:
            self._count += 1
            if self._count > MOST_REQUESTS:
                raise Endless
            return self._answered(request)

    def _answered(self, request: Request) -> Response:
        asked = received(request, self._key.reveal())
        now = self._clock.now()
        answer = self._world.receive(asked, int(now * 1000)).response
        headers = {**answer.headers, "date": formatdate(int(now), usegmt=True)}
        response = Response(answer.status, headers, answer.body, self._key.redact)
        return response if self._spoil is None else self._spoil(request, response)

    def close(self) -> None:
        """Nothing is open."""


class Refuses:
    """Takes the key's access away after so many answers of the list endpoint."""

    def __init__(self, answers: int | None) -> None:
        self._left = answers

    def __call__(self, request: Request, response: Response) -> Response:
        if self._left is None or "list" not in request.path:
            return response
        self._left -= 1
        return response if self._left >= 0 else replace(response, status=403, body=b"{}")


class AtOnce(Workers[Any]):
    """Does each task when it is started, and jumps over the time until a step is due."""

    def __init__(self, clock: Clock, crew: Crew) -> None:
        crew.close()
        super().__init__(clock, OneHand())
        self._jumps = clock

    def pump(self, patience: float) -> Generator[Any, None, bool]:
        """Do what is due, or jump to the time when something is."""
        if (yield from super().pump(0)):
            return True
        if patience > 0 and self._timers:
            self._jumps.sleep(max(0.0, self._timers[0][0] - self._jumps.monotonic()))
        return (yield from super().pump(0))


@dataclass(frozen=True)
class Told:
    """What a run said.

    Attributes:
        code: Its exit code.
        stdout: What it printed.
        stderr: What it said to a person.
    """

    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The Singer messages that it printed."""
        return [json.loads(line) for line in self.stdout.splitlines()]


def run_tap(
    world: World,
    args: Sequence[str],
    spoil: Spoil | None = None,
    *,
    clock: FakeClock | None = None,
    out: FullOutput | None = None,
) -> Told:
    """Run `tap-chakra`, at the time of a clock; what it prints is read strictly.

    Args:
        world: What it reads.
        args: Its options.
        spoil: Changes answers.
        clock: The only clock of the run.
        out: Takes what it prints, in the place of what is given back.
    """
    clock = clock or FakeClock()
    swaps = [
        (tap_source, "connect", _connect(world, spoil)),
        (tap, "SystemClock", lambda: clock),
        (tap_doctor, "SystemClock", lambda: clock),
    ]
    told = _run(tap_command.run, args, swaps, out)
    if not {"--discover", "doctor", "audit"}.intersection(args) and out is None:
        messages_of(told.stdout, ended=told.code == 0)
    return told


def run_target(
    world: World,
    args: Sequence[str],
    spoil: Spoil | None = None,
    *,
    clock: FakeClock | None = None,
    out: FullOutput | None = None,
) -> Told:
    """Run `target-chakra`, at the time of a clock; `out` as for `run_tap`."""
    clock = clock or FakeClock(chance=0.5)
    swaps = [
        (target_session, "connect", _connect(world, spoil)),
        (target_session, "Workers", AtOnce),
        (target, "SystemClock", lambda: clock),
        (target_doctor, "SystemClock", lambda: clock),
        (target_doctor, "connect", _connect(world, spoil)),
    ]
    return _run(target_command.run, args, swaps, out)


def _connect(world: World, spoil: Spoil | None) -> Callable[..., ChakraClient]:
    def connect(
        connection: Connection, clock: Clock, _pool_size: int = 0, watchers: Sequence[Watcher] = ()
    ) -> ChakraClient:
        wire = WatchedTransport(
            Wire(world, clock, connection.api_key, spoil),
            watchers,
            monotonic=clock.monotonic,
            now=clock.now,
        )
        pacer, links = Pacer(clock, connection.max_rps), WorldLinks(world, clock)
        return ChakraClient(wire, pacer, clock, RetryPolicy(), links)

    return connect


def _run(
    command: Callable[[list[str]], int],
    args: Sequence[str],
    swaps: list[tuple[Any, str, Any]],
    raw: FullOutput | None = None,
) -> Told:
    kept = io.BytesIO()
    out = io.TextIOWrapper(kept if raw is None else io.BufferedWriter(raw), encoding="utf-8")
    err = io.StringIO()
    printed = contextlib.ExitStack()
    printed.enter_context(contextlib.redirect_stdout(out))
    printed.enter_context(contextlib.redirect_stderr(err))
    with _swapped(swaps), _signals_kept(), printed:
        code = command(list(args))
    if raw is not None:
        raw.end()
    out.flush()
    if raw is not None:
        out.detach().detach()  # type: ignore[attr-defined]  # what it holds back is lost, as with a process
    return Told(int(code), kept.getvalue().decode(), err.getvalue())


@contextlib.contextmanager
def _swapped(swaps: list[tuple[Any, str, Any]]) -> Iterator[None]:
    before = [(module, name, getattr(module, name)) for module, name, _ in swaps]
    for module, name, value in swaps:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Signals, the collector and logging as they were: the commands take them for themselves."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers, thresholds = [signal.getsignal(number) for number in numbers], gc.get_threshold()
    root = logging.getLogger()
    logged, level = list(root.handlers), root.level
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        if next(_RUNS) % 20 == 0:
            gc.collect()  # a command ends with its process; thousands in one fill the memory
        root.handlers[:], root.level = logged, level
        for number, handler in zip(numbers, handlers, strict=True):
            signal.signal(number, handler)


def written(folder: Path, name: str, content: object) -> str:
    """A file of JSON, of text or of bytes; its path."""
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)
