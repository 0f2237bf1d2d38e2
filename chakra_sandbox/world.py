"""The sandbox's rules: a request and a time go in, an answer comes out.

No I/O and no clock; time only moves by what is passed in. Work that is due is done before a
request is answered, so nothing has to run in between, and each request sees one moment.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from chakra_sandbox import exact_json
from chakra_sandbox.faults import Fault, FaultDesk, delivery, spoil, works_first
from chakra_sandbox.messages import (
    Rejection,
    Reply,
    RequestIn,
    ResponseOut,
    envelope,
    ok,
    refusal,
)
from chakra_sandbox.reads.answers import Call, fetch_process, fetch_user, list_processes, list_users
from chakra_sandbox.reads.config_data import config_json
from chakra_sandbox.reads.config_styles import styled
from chakra_sandbox.reads.lagging import Lag
from chakra_sandbox.reads.oracle import Logged, RequestLog, oracle_lines
from chakra_sandbox.routes import Route, find_route
from chakra_sandbox.rows.access import Token, admit, bearer, check_procedure
from chakra_sandbox.rows.making import Draw
from chakra_sandbox.rows.people import UserEdits
from chakra_sandbox.throttle import Throttle, too_many
from chakra_sandbox.whatsapp.desk import WhatsAppDesk
from chakra_sandbox.whatsapp.meta_errors import MetaRejection
from chakra_sandbox.writes.bulk import BulkDesk
from chakra_sandbox.writes.changes import Mutation, mutate
from chakra_sandbox.writes.job_answers import entries_answer, job_accepted, job_answer
from chakra_sandbox.writes.jobs import JobBoard
from chakra_sandbox.writes.photos import PhotoDesk
from chakra_sandbox.writes.single_writes import write_one
from chakra_sandbox.writes.tasks import TaskDesk
from chakra_sandbox.writes.user_changes import update_user
from chakra_sandbox.writes.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chakra_sandbox.knobs import Knobs
    from chakra_sandbox.messages import Row
    from chakra_sandbox.rows.account import Account, Shelf
    from chakra_sandbox.writes.jobs import Job


class World:
    """A ChakraHQ account and everything that happens to it."""

    def __init__(self, account: Account, knobs: Knobs, seed: int = 0) -> None:
        self.account = account
        self.knobs = knobs
        self.log = RequestLog()
        self.now_ms = 0
        self._draw = Draw(f"{seed}:churn")
        self._faults = FaultDesk()
        self._throttle = Throttle()
        self._lags = {name: Lag(shelf.store) for name, shelf in account.shelves.items()}
        self._board = JobBoard(Draw(f"{seed}:jobs"))
        self._config: dict[tuple[str, int, str | None], ResponseOut] = {}
        self._handled = 0
        self.edits = UserEdits()
        self.tasks = TaskDesk(Draw(f"{seed}:tasks"))
        self.photos = PhotoDesk(account.shelves.values(), Draw(f"{seed}:photos"))
        self.whatsapp = WhatsAppDesk(Draw(f"{seed}:messages"))

    def change_knobs(self, changes: Mapping[str, object]) -> Knobs:
        """Turn some knobs.

        Raises:
            KnobError: See `Knobs.change`; nothing is turned.
        """
        self.knobs = self.knobs.change(changes)
        return self.knobs

    def advance(self, now_ms: int) -> None:
        """Let time pass: do the work that is due. Time never goes back."""
        self.now_ms = max(self.now_ms, now_ms)
        self._board.advance(self.knobs, self.now_ms)
        for lag in self._lags.values():
            lag.catch_up(self.now_ms)

    def receive(self, request: RequestIn, now_ms: int) -> Reply:
        """Answer a request, or spoil its answer if a fault hits it; logs it."""
        self.advance(now_ms)
        fault = self._faults.choose(self.knobs.faults, f"{request.method} {request.path}")
        if fault is None:
            reply = Reply(self.handle(request, now_ms))
        else:
            reply = self._faulty(request, now_ms, fault)
        kind = fault.kind if fault else None
        self.log.add(Logged(self.now_ms, request, reply.response.status, kind))
        return reply

    def _faulty(self, request: RequestIn, now_ms: int, fault: Fault) -> Reply:
        if fault.kind == "429":
            return Reply(too_many(self.knobs, self.now_ms, 0))
        answer = self.handle(request, now_ms) if works_first(fault) else refusal(500, "not done")
        return Reply(spoil(fault, answer), delivery(fault), fault.for_ms)

    def handle(self, request: RequestIn, now_ms: int) -> ResponseOut:
        """Answer a request by the rules alone, without faults or a log."""
        self.advance(now_ms)
        throttled = self._throttle.refuse(bearer(request) or "", self.knobs, self.now_ms)
        if throttled is not None:
            return throttled
        try:
            return self._route(request)
        except Rejection as rejection:
            return self._refuse(rejection)

    def _refuse(self, rejection: Rejection) -> ResponseOut:
        if isinstance(rejection, MetaRejection):
            body = exact_json.dumps({"error": rejection.row})
            return ResponseOut(rejection.status, body)
        if self.knobs.error_shape == "objects":
            error = {"code": rejection.status, "message": rejection.message}
            return ResponseOut(rejection.status, envelope(None, None, [error]))
        return refusal(rejection.status, rejection.message)

    def _route(self, request: RequestIn) -> ResponseOut:
        self._handled += 1
        ext_optional = self.knobs.ext_paths == "both"
        route = find_route(request.method, request.path, ext_optional=ext_optional)
        if route.endpoint.startswith("file_"):
            return self._file(request, route)
        if route.endpoint == "health" and not self.knobs.health_checks_key:
            return ok({"status": "ok"})
        token = admit(request, self.account.tokens)
        if token.role == "ADMIN":
            token = replace(token, role=self.knobs.default_role)
        call = Call(request, token, self.knobs, self.now_ms, self._handled)
        if "procedure" in route.parameters:
            return self._process_endpoint(call, route)
        area, _, _ = route.endpoint.partition("_")
        if area == "photo":
            return self.photos.answer(call, route)
        if area in ("message", "template"):
            return self.whatsapp.answer(call, route)
        return self._team_endpoint(call, route)

    def _file(self, request: RequestIn, route: Route) -> ResponseOut:
        """Answer for the host that keeps files: whoever asks, without a key."""
        call = Call(request, Token(), self.knobs, self.now_ms, self._handled)
        keeper = self.photos if route.endpoint == "file_photo" else self.whatsapp
        return keeper.serve(call, route.parameters["id"])

    def _team_endpoint(self, call: Call, route: Route) -> ResponseOut:
        name, version = route.endpoint, int(route.endpoint[-1] == "2") + 1
        if name == "health":
            return ok({"status": "ok"})
        if name == "config":
            return self._config_answer()
        if name in ("fetch_job", "job_entries"):
            job = self._board.find(route.parameters["id"], self.knobs, self.now_ms)
            return job_answer(call, job) if name == "fetch_job" else entries_answer(call, job)
        if name.startswith("users_"):
            return list_users(call, version, self.edits)
        changes = self.knobs.update_user_method == "GET" and call.request.body and version == 1
        if name == "update_user" or changes:
            return update_user(call, route.parameters["id"], self.edits)
        return fetch_user(route.parameters["id"], version, self.edits)

    def _process_endpoint(self, call: Call, route: Route) -> ResponseOut:
        shelf = self._shelf(route.parameters["procedure"])
        reads = route.endpoint in ("list_processes", "fetch_process")
        check_procedure(call.token, shelf.model.short_id, writes=not reads)
        if route.endpoint == "list_processes":
            return self._list(call, shelf)
        if route.endpoint == "fetch_process":
            lag = self._lags[shelf.model.short_id]
            return fetch_process(call, shelf, route.parameters["id"], lag)
        writer = Writer(shelf, self._lags[shelf.model.short_id], self.knobs, call.token, self._draw)
        if route.endpoint == "task_create":
            return self.tasks.create(call, writer, route)
        if route.endpoint == "message_process":
            return self.whatsapp.send_for_process(call, writer, route)
        if route.endpoint.startswith("bulk_"):
            desk = BulkDesk(self._board, writer, self._draw)
            creates = route.endpoint == "bulk_create"
            return job_accepted(desk.create(call) if creates else desk.update(call))
        return write_one(call, writer, route)

    def _list(self, call: Call, shelf: Shelf) -> ResponseOut:
        shows_dead = self.knobs.delete_mode == "soft_listed"
        view = self._lags[shelf.model.short_id].view(shows_dead=shows_dead)
        answer, served = list_processes(call, shelf, view)
        self._churn(shelf, served)
        return answer

    def _shelf(self, name: str) -> Shelf:
        for shelf in self.account.shelves.values():
            if name in (shelf.model.short_id, shelf.model.id):
                return shelf
        raise Rejection(404, f"No procedure {name}")

    def _churn(self, shelf: Shelf, served: list[int]) -> None:
        knobs = self.knobs
        if knobs.churn and (knobs.churn_rate >= 1 or self._draw.chance(knobs.churn_rate)):
            among = served if knobs.churn_hits == "served" else None
            counts = dict.fromkeys(knobs.churn_kinds, knobs.churn)
            mutate(shelf, Mutation(**counts), self._draw, self.now_ms, among)

    def _config_answer(self) -> ResponseOut:
        knobs = self.knobs
        shape = (knobs.config_style, knobs.config_extra_mb, knobs.team_timezone)
        if shape not in self._config:
            style, extra_mb, zone = shape
            config = config_json(self.account.models(), zone)
            self._config[shape] = ok(styled(config, style, extra_mb))
        return self._config[shape]

    def mutate(self, procedure: str, mutation: Mutation, seed: int) -> dict[str, list[str]]:
        """Change rows behind the API's back, now; returns the ids by kind of change."""
        shelf = self._shelf(procedure)
        return mutate(shelf, mutation, Draw(f"{seed}:mutate"), self.now_ms)

    def oracle(self, procedure: str) -> Iterator[bytes]:
        """Yield a JSON line per row that ever was; see `oracle_lines`.

        Raises:
            Rejection: 404 for an unknown procedure.
        """
        return oracle_lines(self._shelf(procedure).store)

    def arrived(self) -> dict[str, Iterator[Row]]:
        """Tell of what arrived beside processes, by kind."""
        return {
            "messages": self.whatsapp.told(),
            "media": self.whatsapp.media_told(),
            "templates": self.whatsapp.templates.told(),
            "tasks": self.tasks.told(),
            "photos": self.photos.told(),
        }

    def living(self, procedure: str, most: int) -> list[tuple[str, str]]:
        """The first living rows of a procedure, each as the procedure's id and its own.

        Raises:
            Rejection: 404 for an unknown procedure, and for one without rows.
        """
        shelf = self._shelf(procedure)
        slots = (slot for slot, life in shelf.store.lives() if life.died_ms is None)
        ids = [str(shelf.store.row(slot)["id"]) for slot in islice(slots, most)]
        if not ids:
            raise Rejection(404, f"No living row in {procedure}")
        return [(shelf.model.id, each) for each in ids]

    def jobs(self) -> Iterable[Job]:
        """Go through all jobs that were accepted, oldest first."""
        return self._board.jobs()

    def row_counts(self) -> dict[str, int]:
        """Count the living rows of each procedure."""
        return {name: shelf.store.living() for name, shelf in self.account.shelves.items()}
