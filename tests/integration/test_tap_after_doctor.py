"""A run after a look asks less, and brings the same, also where the look is wrong by now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.knobs import Knobs
from chakra_sandbox.rows.access import default_tokens
from chakra_sandbox.rows.account import Account, MadeSizes, made_account
from chakra_sandbox.rows.moments import Span
from chakra_sandbox.world import World
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, run_tap, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response

DAY = 86_400.0
CONFIG = {"api_key": KEY, "api_url": "https://x.test", "concurrency": 1}


class Pipeline:
    """A tap, in a folder, at a time; its account is changed by nobody."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        now = int(self.clock.now() * 1000)
        sizes = MadeSizes(leads=400, tickets=60, orders=60)
        self.account = Account(made_account(sizes, Span.before(now), 1, "bursts"), {})
        self.account.tokens.update(default_tokens(KEY))
        self.folder = folder
        self.lists = self.probes = 0
        self.knobs: dict[str, object] = {}

    def doctor(self, *args: str) -> None:
        told = run_tap(self._world(), [*self._config(), "doctor", *args], clock=self.clock)
        assert told.code == 0, told.stderr

    def run(self, state: Any = None, **config: Any) -> tuple[list[Any], Any]:
        """The ids that it emits, and its last STATE; counts lists and filters on updatedAt."""
        args = self._config(**config)
        if state is not None:
            args += ["--state", written(self.folder, "state.json", state)]
        self.lists = self.probes = 0
        told = run_tap(self._world(), args, self._counted, clock=self.clock)
        assert told.code == 0, told.stderr
        lines = [json.loads(line) for line in told.stdout.splitlines()]
        records = [(x["stream"], x["record"]["id"]) for x in lines if x["type"] == "RECORD"]
        return sorted(records), [x["value"] for x in lines if x["type"] == "STATE"][-1]

    def _counted(self, request: Request, response: Response) -> Response:
        self.lists += request.path.endswith("/list")
        self.probes += b"updatedAt" in (request.body or b"")
        return response

    def _world(self) -> World:
        return World(self.account, Knobs().change(self.knobs))

    def _config(self, **config: Any) -> list[str]:
        return ["--config", written(self.folder, "config.json", CONFIG | config)]


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.chdir(tmp_path)
    return Pipeline(tmp_path)


def test_a_run_after_a_look_asks_less_and_brings_the_same(pipeline: Pipeline) -> None:
    _, state = pipeline.run()
    pipeline.clock.sleep(60)
    before, _ = pipeline.run(state)
    asked = pipeline.lists
    pipeline.doctor()
    after, _ = pipeline.run(state)
    assert after == before
    assert pipeline.probes == 0
    assert pipeline.lists <= asked - 6, "three procedures, each with at least two fewer"


def test_a_server_that_filters_since_then_costs_requests_and_no_row(pipeline: Pipeline) -> None:
    _, state = pipeline.run()
    pipeline.clock.sleep(60)
    pipeline.doctor()
    pipeline.knobs = {"updated_at_filter": "honoured"}
    after, _ = pipeline.run(state)
    (pipeline.folder / ".tap-chakra" / "doctor.json").unlink()
    assert after == pipeline.run(state)[0]


@pytest.mark.parametrize("days", [8, -1])
def test_a_look_that_is_old_or_of_the_future_is_not_believed(
    pipeline: Pipeline, days: float
) -> None:
    _, state = pipeline.run()
    pipeline.clock.sleep(60)
    pipeline.run(state)
    asked = pipeline.probes
    assert asked > 0
    pipeline.doctor()
    kept = pipeline.folder / ".tap-chakra" / "doctor.json"
    look = json.loads(kept.read_text())
    look["looked_at"] -= days * DAY * 1000
    kept.write_text(json.dumps(look))
    pipeline.run(state)
    assert pipeline.probes == asked


@pytest.mark.parametrize(
    "spoil",
    [
        lambda look: look | {"account": "0" * 32},
        lambda look: look | {"findings": "all is well"},
        lambda look: look | {"version": 7},
        lambda look: look | {"findings": []},
    ],
    ids=["another account", "damaged", "another version", "nothing found"],
)
def test_a_look_that_says_nothing_of_this_account_is_not_believed(
    pipeline: Pipeline, spoil: Any
) -> None:
    _, state = pipeline.run()
    pipeline.clock.sleep(60)
    pipeline.run(state)
    asked = pipeline.probes
    assert asked > 0
    pipeline.doctor()
    kept = pipeline.folder / ".tap-chakra" / "doctor.json"
    kept.write_text(json.dumps(spoil(json.loads(kept.read_text()))))
    pipeline.run(state)
    assert pipeline.probes == asked


def test_that_a_server_filters_is_asked_again_whatever_a_look_found(pipeline: Pipeline) -> None:
    pipeline.knobs = {"updated_at_filter": "honoured"}
    _, state = pipeline.run()
    pipeline.clock.sleep(60)
    pipeline.run(state)
    asked = pipeline.probes
    assert asked > 0
    pipeline.doctor()
    pipeline.run(state)
    assert pipeline.probes == asked
