"""The server that ChakraHQ calls: a call is answered with 200 once its events are on disk."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from aiohttp import web

from tap_chakra.webhooks.event_tables import EventStoreError
from tap_chakra.webhooks.group_writer import Busy, GroupWriter
from tap_chakra.webhooks.inbound import NotJson, change_event, whatsapp_events
from tap_chakra.webhooks.rate_limit import RateLimit
from tap_chakra.webhooks.signature import HEADER, is_signed, is_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chakra_api.clock import Clock
    from chakra_api.redaction import Secret
    from tap_chakra.webhooks.event_store import EventStore
    from tap_chakra.webhooks.inbound import InboundEvent

    Proven = Callable[[bytes], bool]

WHATSAPP: Final = "/whatsapp"
CHANGES: Final = "/changes"
MOST_CALLS: Final = 256
"""Calls whose bodies are in memory at a time."""
CLOSING_SECONDS: Final = 10
_LOOK_SECONDS: Final = 0.05
_TAKEN: Final = 200
_TELL_SECONDS: Final = 60
_log = logging.getLogger("tap-chakra")


class Address(NamedTuple):
    """Where the server listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What a call may be at most.

    Attributes:
        body: Bytes of its body. Meta's have up to 3 MB.
        rate: Calls a second from one address.
        seconds: Until all of its body has come.
    """

    body: int = 4 << 20
    rate: float = 500.0
    seconds: float = 10.0


class Refusal(Exception):
    """A call is not taken.

    Attributes:
        status: Of the answer.
        retry_after: Seconds after which it may come again; 0 for no word on that.
    """

    def __init__(self, status: int, said: str, retry_after: float = 0.0) -> None:
        super().__init__(said)
        self.status = status
        self.retry_after = retry_after


class Listener:
    """Takes webhook calls.

    Args:
        store: Where their events go.
        secrets: With one of which they are signed.
        limits: What they may be at most.
        clock: The only clock.
    """

    def __init__(
        self, store: EventStore, secrets: Sequence[Secret], limits: Limits, clock: Clock
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._limits = limits
        self._clock = clock
        self._rates = RateLimit(limits.rate)
        self._calls = 0
        self._ends = False
        self._answers: Counter[int] = Counter()
        self._writer = GroupWriter(store, clock)

    async def run(
        self, address: Address, stopped: asyncio.Event, ready: Callable[[int], None]
    ) -> None:
        """Serve until it is to stop; then answer what came, and write what waits.

        Args:
            address: Where to listen; port 0 takes a free one.
            stopped: Set when it is to stop.
            ready: Told the port once calls are taken.

        Raises:
            OSError: The address can't be listened on.
        """
        app = web.Application(client_max_size=self._limits.body)
        app.router.add_post(WHATSAPP, self._whatsapp)
        app.router.add_post(CHANGES, self._signed_change)
        app.router.add_post(CHANGES + "/{token}", self._unsigned_change)
        app.router.add_get("/healthz", self._health)
        # A signature is of the body as it comes, so nothing unpacks it before.
        runner = web.AppRunner(
            app, access_log=None, auto_decompress=False, shutdown_timeout=CLOSING_SECONDS
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, address.host, address.port)
            await site.start()
            ready(runner.addresses[0][1])
            await self._tell_until(stopped)
            await site.stop()
            await self._calls_end()
        finally:
            await runner.cleanup()
            await asyncio.to_thread(self._writer.close)
            self._tell()

    async def _calls_end(self) -> None:
        """Wait until the calls under way are answered; aiohttp's own end would read no more."""
        self._ends = True
        for _ in range(round(CLOSING_SECONDS / _LOOK_SECONDS)):
            if not self._calls:
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _whatsapp(self, request: web.Request) -> web.Response:
        return await self._answered(request, self._signed, whatsapp_events)

    async def _signed_change(self, request: web.Request) -> web.Response:
        return await self._answered(request, self._signed, self._changes)

    async def _unsigned_change(self, request: web.Request) -> web.Response:
        return await self._answered(request, self._addressed, self._changes)

    def _signed(self, request: web.Request) -> Proven:
        given = request.headers.getall(HEADER, [])
        if not given:
            raise Refusal(401, f"no header {HEADER}")
        return lambda body: is_signed(body, given, self._secrets)

    def _addressed(self, request: web.Request) -> Proven:
        if not is_token(request.match_info["token"], self._secrets):
            raise Refusal(404, "there is nothing here")
        return lambda _body: True

    def _changes(self, body: bytes) -> list[InboundEvent]:
        return [change_event(body, int(self._clock.now() * 1000))]

    async def _answered(
        self,
        request: web.Request,
        prove: Callable[[web.Request], Proven],
        events_of: Callable[[bytes], list[InboundEvent]],
    ) -> web.Response:
        """The answer to a call.

        Args:
            request: The call.
            prove: Tells whether a body comes from who knows a secret; refuses what can't.
            events_of: What a body holds.
        """
        self._calls += 1
        try:
            await self._take(request, prove, events_of)
        except Refusal as refusal:
            answer = _json(refusal.status, f'{{"error": "{refusal}"}}')
            if refusal.retry_after:
                answer.headers["Retry-After"] = str(math.ceil(refusal.retry_after))
            if request.can_read_body and not request.content.is_eof():
                answer.force_close()  # what is left of the body is not read
        else:
            answer = _json(_TAKEN, "{}")
        finally:
            self._calls -= 1
        if self._ends:
            answer.force_close()
        self._answers[answer.status] += 1
        return answer

    async def _take(
        self,
        request: web.Request,
        prove: Callable[[web.Request], Proven],
        events_of: Callable[[bytes], list[InboundEvent]],
    ) -> None:
        self._check_rates(request.remote or "")
        proven = prove(request)
        body = await self._body(request)
        if not proven(body):
            raise Refusal(401, "not signed with a secret of this listener")
        try:
            events = events_of(body)
        except NotJson:
            raise Refusal(400, "the body is no JSON") from None
        await self._keep(events)

    def _check_rates(self, address: str) -> None:
        wait = self._rates.wait(address, self._clock.monotonic())
        if wait:
            raise Refusal(429, "too many calls", wait)
        if self._calls > MOST_CALLS:
            raise Refusal(503, "too many calls at a time", 1)

    async def _body(self, request: web.Request) -> bytes:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise Refusal(415, "the body is packed")
        try:
            return await asyncio.wait_for(request.read(), self._limits.seconds)
        except web.HTTPRequestEntityTooLarge:
            raise Refusal(413, f"the body has more than {self._limits.body} bytes") from None
        except asyncio.TimeoutError:
            raise Refusal(408, "the body comes too slowly") from None
        except (web.RequestPayloadError, OSError):
            raise Refusal(400, "the body broke off") from None

    async def _keep(self, events: Sequence[InboundEvent]) -> None:
        try:
            done = self._writer.put(events)
        except Busy:
            raise Refusal(503, "too many calls wait for the disk", 1) from None
        try:
            await asyncio.wrap_future(done)
        except EventStoreError:
            raise Refusal(503, "the store takes no writes", 10) from None

    async def _health(self, _request: web.Request) -> web.Response:
        """Whether calls are taken; while the store fails, a small write shows if it is mended."""
        if self._writer.is_failing:
            try:
                await self._keep(())
            except Refusal as refusal:
                return _json(503, f'{{"status": "{refusal}"}}')
        return _json(_TAKEN, '{"status": "ok"}')

    async def _tell_until(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            try:
                await asyncio.wait_for(stopped.wait(), _TELL_SECONDS)
            except asyncio.TimeoutError:
                self._tell()

    def _tell(self) -> None:
        """Say what came since the last time, if anything did."""
        if not self._answers:
            return
        calls, writer = self._answers.total(), self._writer
        refused = sorted((Counter(self._answers) - Counter({_TAKEN: calls})).items())
        told = "".join(f", {count:,} refused with {status}" for status, count in refused)
        _log.info(
            "%s calls%s; %s events stored, %s were there already",
            f"{calls:,}",
            told,
            f"{writer.stored:,}",
            f"{writer.repeated:,}",
        )
        self._answers.clear()


def _json(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="application/json")
