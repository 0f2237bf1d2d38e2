"""Puts the rules on a port: reads requests, sends answers, breaks connections when told to."""

from __future__ import annotations

import asyncio
import time
import zlib
from email.utils import formatdate
from typing import TYPE_CHECKING

from aiohttp import web

from chakra_sandbox.messages import Reply, RequestIn, ResponseOut
from chakra_sandbox.serving.control import Control
from chakra_sandbox.serving.visitors import only_known

if TYPE_CHECKING:
    from chakra_sandbox.world import World

_MAX_BODY = 256 * 1024 * 1024
_GZIP_FROM = 1400
_GZIP_WBITS = 31


def now_ms() -> int:
    """Return the server's time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def _work(cpu_us: float) -> None:
    """Use so much CPU, as a database does that goes over rows: nobody else is served meanwhile."""
    ends = time.thread_time_ns() + cpu_us * 1000
    while time.thread_time_ns() < ends:
        pass


class Server:
    """The sandbox on a port."""

    def __init__(self, world: World, host: str, port: int) -> None:
        self._world = world
        self._host = host
        self.port = port
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._closing = asyncio.Event()
        self._reopening: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://{self._host}:{self.port}"

    async def start(self) -> None:
        """Listen; port 0 becomes the one that was free.

        Raises:
            OSError: The port is taken.
        """
        known = only_known(self._host)
        app = web.Application(client_max_size=_MAX_BODY, middlewares=[known])
        Control(self._world, now_ms).add_to(app)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await self._listen()

    async def stop(self) -> None:
        """Close everything."""
        self._closing.set()
        for task in self._reopening:
            task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _listen(self) -> None:
        if self._runner is None:
            return
        site = web.TCPSite(self._runner, self._host, self.port, reuse_address=True)
        await site.start()
        self._site = site
        self.port = self._runner.addresses[0][1]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self._world.knobs.latency_ms:
            await asyncio.sleep(self._world.knobs.latency_ms / 1000)
        made = RequestIn(
            method=request.method,
            path=request.rel_url.raw_path,
            query=request.query,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
        )
        at_ms = now_ms()
        reply = self._world.receive(made, at_ms)
        _work(reply.response.cpu_us)
        if reply.delivery == "whole":
            return self._answer(request, reply.response, at_ms)
        return await self._broken(request, reply)

    def _answer(self, request: web.Request, answer: ResponseOut, at_ms: int) -> web.Response:
        headers = {**answer.headers, "date": formatdate(at_ms // 1000, usegmt=True)}
        body = answer.body
        if self._compresses(request, body):
            packer = zlib.compressobj(level=1, wbits=_GZIP_WBITS)
            body = packer.compress(body) + packer.flush()
            headers["content-encoding"] = "gzip"
        return web.Response(status=answer.status, body=body, headers=headers)

    def _compresses(self, request: web.Request, body: bytes) -> bool:
        accepted = request.headers.get("accept-encoding", "")
        return self._world.knobs.gzip and len(body) >= _GZIP_FROM and "gzip" in accepted

    async def _broken(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        if reply.delivery == "truncate":
            await self._truncate(request, reply.response)
        elif reply.delivery == "hang":
            await self._closing.wait()
        elif reply.delivery == "refuse":
            await self._refuse_for(reply.refuse_ms)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def _truncate(self, request: web.Request, answer: ResponseOut) -> None:
        """Promise the whole body, send half of it."""
        response = web.StreamResponse(status=answer.status, headers=dict(answer.headers))
        response.content_length = len(answer.body)
        await response.prepare(request)
        await response.write(answer.body[: len(answer.body) // 2])

    async def _refuse_for(self, refuse_ms: int) -> None:
        """Stop listening for a while, so that new connections are refused."""
        if self._site is None:
            return
        site, self._site = self._site, None
        await site.stop()
        task = asyncio.create_task(self._reopen(refuse_ms / 1000))
        self._reopening.add(task)
        task.add_done_callback(self._reopening.discard)

    async def _reopen(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._listen()
