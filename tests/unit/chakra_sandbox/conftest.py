"""A small account and a caller of its rules, without a server or a clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.knobs import Knobs
from chakra_sandbox.messages import RequestIn, ResponseOut
from chakra_sandbox.rows.account import Account, MadeSizes, Shelf, made_account
from chakra_sandbox.rows.moments import Span
from chakra_sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

NOW_MS = 1_795_514_950_453
PROCESS = "/v1/ext/procedure/lead/process"


@dataclass
class Caller:
    """Sends requests to a world at a time that only moves when told to."""

    world: World
    now_ms: int = NOW_MS
    key: str = "sandbox-admin-key"

    def raw(self, method: str, path: str, body: object = None) -> ResponseOut:
        bare, _, query = path.partition("?")
        request = RequestIn(
            method,
            bare,
            dict(pair.split("=") for pair in query.split("&") if pair),
            {"authorization": f"Bearer {self.key}"},
            b"" if body is None else json.dumps(body).encode(),
        )
        return self.world.receive(request, self.now_ms).response

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        answer = self.raw(method, path, body)
        return answer.status, json.loads(answer.body)

    def list(self, where: object = None, **page: object) -> list[dict[str, Any]]:
        status, answer = self("POST", f"{PROCESS}/list", {"where": where, "limit": 100, **page})
        assert status == 200, answer
        rows: list[dict[str, Any]] = answer["_data"]
        return rows

    def bulk(self, items: list[object]) -> str:
        status, answer = self("PATCH", PROCESS, {"processes": items})
        assert status == 200, answer
        return str(answer["_data"]["id"])

    def counts(self, job_id: str) -> dict[str, int]:
        answer = self("GET", f"/v1/ext/background-job/{job_id}")[1]
        counts: dict[str, int] = answer["_meta"]["bjEntryCompletionStatusVsCount"]
        return {outcome: count for outcome, count in counts.items() if count}

    @property
    def leads(self) -> Shelf:
        return self.world.account.shelves["lead"]


@pytest.fixture
def make_caller() -> Callable[..., Caller]:
    """Return a maker: leads=, and any knob."""

    def make(leads: int = 300, **knobs: object) -> Caller:
        shelves = made_account(MadeSizes(leads, 20, 20), Span.before(NOW_MS), seed=1)
        return Caller(World(Account(shelves), Knobs().change(knobs)))

    return make
