"""The control endpoints under `/_sandbox/`: knobs, oracle, log, mutations, webhook calls."""

from __future__ import annotations

import resource
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, get_args

from aiohttp import web

from chakra_sandbox import exact_json
from chakra_sandbox.knob_values import KnobError
from chakra_sandbox.messages import Rejection
from chakra_sandbox.serving.calling import FORMS, Calls, bodies, send
from chakra_sandbox.whatsapp.made_templates import Status
from chakra_sandbox.writes.changes import Mutation

if TYPE_CHECKING:
    from chakra_sandbox.world import World

_LINES = 2000
CHANGED = 100
"""Processes that change webhooks name, in turn."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Handlers of the control endpoints; who may ask: `visitors.py`."""

    def __init__(self, world: World, now_ms: Callable[[], int]) -> None:
        self._world = world
        self._now_ms = now_ms

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "knobs", self._get_knobs),
            ("PATCH", "knobs", self._patch_knobs),
            ("GET", "oracle", self._oracle),
            ("GET", "arrived", self._arrived),
            ("POST", "review", self._review),
            ("GET", "requests", self._requests),
            ("DELETE", "requests", self._clear_requests),
            ("POST", "mutate", self._mutate),
            ("POST", "call", self._call),
            ("GET", "stats", self._stats),
        ]
        for method, name, handler in routes:
            app.router.add_route(method, f"/_sandbox/{name}", handler)

    async def _get_knobs(self, _request: web.Request) -> web.Response:
        return _json(asdict(self._world.knobs))

    async def _patch_knobs(self, request: web.Request) -> web.Response:
        changes = await _object(request)
        # What fell due before falls under the knobs as they were.
        self._world.advance(self._now_ms())
        try:
            return _json(asdict(self._world.change_knobs(changes)))
        except KnobError as error:
            return _json({"error": str(error)}, status=400)

    async def _oracle(self, request: web.Request) -> web.StreamResponse:
        self._world.advance(self._now_ms())
        name = request.query.get("procedure", "lead")
        try:
            lines = self._world.oracle(name)
        except Rejection as rejection:
            return _json({"error": rejection.message}, status=404)
        return await _stream(request, lines)

    async def _arrived(self, request: web.Request) -> web.StreamResponse:
        self._world.advance(self._now_ms())
        kinds = self._world.arrived()
        kind = request.query.get("kind", "messages")
        if kind not in kinds:
            return _json({"error": f"kind is one of {', '.join(kinds)}"}, status=404)
        return await _stream(request, (exact_json.dumps(row) + b"\n" for row in kinds[kind]))

    async def _review(self, request: web.Request) -> web.Response:
        body = await _object(request)
        status = body.get("status")
        if status not in get_args(Status):
            return _json({"error": f"status is one of {', '.join(get_args(Status))}"}, status=400)
        name = str(body.get("template"))
        if not self._world.whatsapp.templates.set_status(name, str(status)):
            return _json({"error": f"no template {name}"}, status=404)
        return _json({})

    async def _requests(self, request: web.Request) -> web.StreamResponse:
        return await _stream(request, self._world.log.lines())

    async def _clear_requests(self, _request: web.Request) -> web.Response:
        self._world.log.clear()
        return _json({})

    async def _mutate(self, request: web.Request) -> web.Response:
        body = await _object(request)
        counts = {f.name: _count(body, f.name) for f in fields(Mutation)}
        self._world.advance(self._now_ms())
        try:
            done = self._world.mutate(
                str(body.get("procedure", "lead")), Mutation(**counts), _count(body, "seed")
            )
        except Rejection as rejection:
            return _json({"error": rejection.message}, status=404)
        return _json(done)

    async def _call(self, request: web.Request) -> web.Response:
        body = await _object(request)
        calls = Calls(
            str(body.get("url", "")),
            str(body.get("secret", "")),
            str(body.get("form", "chakra")),
            _count(body, "count", 1),
            _count(body, "first", 1),
        )
        if calls.form not in FORMS or not calls.url.startswith(("http://", "https://")):
            return _json({"error": f"url is an address, form one of {', '.join(FORMS)}"}, 400)
        self._world.advance(self._now_ms())
        try:
            changed = self._world.living(str(body.get("procedure", "lead")), CHANGED)
        except Rejection as rejection:
            return _json({"error": rejection.message}, status=404)
        made = bodies(calls, self._now_ms(), changed)
        return _json({"answers": await send(calls, made)})

    async def _stats(self, _request: web.Request) -> web.Response:
        self._world.advance(self._now_ms())
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return _json(
            {
                "requests": self._world.log.count,
                "rows": self._world.row_counts(),
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
                "now_ms": self._world.now_ms,
            }
        )


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=exact_json.dumps(value), headers={"content-type": "application/json"}
    )


async def _object(request: web.Request) -> dict[str, object]:
    try:
        body = exact_json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise web.HTTPBadRequest(text='{"error": "the body is not JSON"}') from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text='{"error": "the body is not an object"}')
    return body


def _count(body: dict[str, object], name: str, default: int = 0) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise web.HTTPBadRequest(text=f'{{"error": "{name} is a whole number"}}')
    return value


async def _stream(request: web.Request, lines: Iterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
    # One moment: the lines are taken before the first await lets another request in.
    taken = list(lines)
    await response.prepare(request)
    for start in range(0, len(taken), _LINES):
        await response.write(b"".join(taken[start : start + _LINES]))
    await response.write_eof()
    return response
