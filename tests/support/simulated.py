"""A ChakraHQ in process, on a virtual clock, and the wire to it that breaks as it is told to.

The rules are the sandbox's own (`World`): only the connection, and what goes wrong on it, is here.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import TYPE_CHECKING

from chakra_api.errors import AnswerLost, NotSent
from chakra_api.wire.envelope import retry_after_of
from chakra_api.wire.transport import Response
from chakra_sandbox.faults import Fault, spoil
from chakra_sandbox.messages import ResponseOut
from chakra_sandbox.throttle import too_many
from tests.support.received import received

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_api.wire.transport import Request
    from chakra_sandbox.world import World
    from tests.support.turns import Turns

KEY = "sandbox-admin-key"
TIMEOUT = 60.0
"""Seconds after which an answer is given up."""
LATE = 250.0
"""Seconds after which a request arrives that was given up long ago: within the horizon."""
PAUSE, LONG_PAUSE = 7.3, 250.0
"""Seconds that a 429 asks for, before it rounds them."""

SPOILT = {
    "garbage": Fault("garbage"),
    "html": Fault("html"),
    "500": Fault("500"),
    "502 after": Fault("502_after"),
    "errors": Fault("errors_in_200"),
}
BEFORE = frozenset({"reset before", "timeout before", "html", "500", "errors"})
"""What keeps a request from being carried out."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that left, and the pause that its answer asked for.

    Attributes:
        run: Of which run of the process.
        left: When it left, epoch seconds.
        came: When its answer came.
        method: HTTP method.
        path: With its query.
        body: As sent.
        pause: Seconds that the answer asked to wait; None if it did not.
    """

    run: int
    left: float
    came: float
    method: str
    path: str
    body: bytes
    pause: float | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody else does to a process.

    Attributes:
        at_ms: When, epoch milliseconds.
        procedure: ShortId.
        key: Its key.
        data: The attributes that are changed.
    """

    at_ms: int
    procedure: str
    key: str
    data: Mapping[str, object]


class Server:
    """A ChakraHQ that goes on whatever becomes of those who talk to it.

    Args:
        world: Its rules and rows.
        turns: Time.
    """

    def __init__(self, world: World, turns: Turns) -> None:
        self.world = world
        self.turns = turns
        self.log: list[Sent] = []
        self.run = 0
        self._late: list[tuple[int, int, Request]] = []
        self.edits: list[Edit] = []

    @property
    def now_ms(self) -> int:
        return int(self.turns.now * 1000)

    def catch_up(self) -> None:
        """Do what is due by now, and take what arrives late."""
        while self._late and self._late[0][0] <= self.now_ms:
            due, _, request = heapq.heappop(self._late)
            self.world.handle(received(request, KEY), due)
        while self.edits and self.edits[0].at_ms <= self.now_ms:
            self._edit(self.edits.pop(0))
        self.world.advance(self.now_ms)

    def _edit(self, edit: Edit) -> None:
        """Somebody else changes a process, if it is there."""
        self.world.advance(edit.at_ms)
        store = self.world.account.shelves[edit.procedure].store
        for slot in store.slots_of_key(edit.key):
            row = store.row(slot)
            row["data"] = {**row["data"], **edit.data}
            row["updatedAt"] = max(edit.at_ms, row["updatedAt"])
            store.replace(slot, row, edit.at_ms)

    def answer(self, request: Request) -> ResponseOut:
        self.catch_up()
        return self.world.handle(received(request, KEY), self.now_ms)

    def take_late(self, request: Request) -> None:
        """The request is still on its way, though nobody waits for its answer any more."""
        due = self.now_ms + int(LATE * 1000)
        heapq.heappush(self._late, (due, len(self._late), request))

    def too_many(self, form: str) -> ResponseOut:
        is_long = form == "minutes"
        knobs = self.world.knobs.change({"retry_after": "seconds" if is_long else form})
        return too_many(knobs, self.now_ms, LONG_PAUSE if is_long else PAUSE)


class Wire:
    """The way from one process to the server.

    Args:
        server: The other end.
        fault: Says which kind of fault hits a request; None for none.
        seed: Of the latencies.
        date: What an answer's `Date` says, given its number and the true time; None for none.
    """

    def __init__(
        self,
        server: Server,
        fault: Callable[[Request], str | None],
        seed: object,
        date: Callable[[int, float], float | None] = lambda _number, now: now,
    ) -> None:
        self._server = server
        self._turns = server.turns
        self._fault = fault
        self._draw = random.Random(f"{seed}:wire")
        self._date = date
        self._answers = 0

    def send(self, request: Request) -> Response:
        kind = self._fault(request)
        if kind == "refused":
            self._turns.sleep(0.001)
            raise NotSent("No connection to the server (simulated)")
        if kind in ("crash", "crash before"):
            self._turns.crash()
        left = self._turns.now
        self._wait()
        response = self._delivered(request, kind, left)
        self._wait()
        self._note(request, left, retry_after_of(response.headers))
        return response

    def _wait(self) -> None:
        self._turns.sleep(self._draw.uniform(0.002, 0.08))

    def _note(self, request: Request, left: float, pause: float | None = None) -> None:
        server, body = self._server, request.body or b""
        sent = Sent(server.run, left, self._turns.now, request.method, request.path, body, pause)
        server.log.append(sent)

    def _delivered(self, request: Request, kind: str | None, left: float) -> Response:
        """What comes back.

        Raises:
            AnswerLost: Nothing does.
        """
        if kind is not None and kind.startswith("429 "):
            return self._response(self._server.too_many(kind[4:]))
        if kind is not None and kind.endswith("done later"):
            self._server.take_late(request)
        elif kind not in BEFORE:
            answer = self._server.answer(request)
        if kind is not None and kind.startswith("crash"):
            self._note(request, left)
            self._turns.crash()
        if kind is not None and kind.startswith(("reset", "timeout")):
            self._turns.sleep(TIMEOUT if kind.startswith("timeout") else 0.01)
            self._note(request, left)
            raise AnswerLost("The answer was lost (simulated)")
        if kind in BEFORE:
            answer = ResponseOut(500, b"")
        return self._response(_spoilt(answer, kind))

    def _response(self, answer: ResponseOut) -> Response:
        self._answers += 1
        at = self._date(self._answers, self._turns.now)
        headers = dict(answer.headers)
        if at is not None:
            headers["date"] = formatdate(int(at), usegmt=True)
        return Response(answer.status, headers, answer.body)

    def close(self) -> None:
        """Nothing is open."""


def _spoilt(answer: ResponseOut, kind: str | None) -> ResponseOut:
    if kind == "truncated":
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    return spoil(SPOILT[kind], answer) if kind in SPOILT else answer
