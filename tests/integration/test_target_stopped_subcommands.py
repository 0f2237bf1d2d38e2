"""Signals end `retry` in order: before its run begins, and between its rows."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.in_process import KEY, Told, run_target, world_of, written
from tests.support.target_process import record, schema

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.world import World

ROWS = 40


class SignalAt:
    """Sends a signal with the first answer to a request of a kind."""

    def __init__(self, path: str, how: signal.Signals) -> None:
        self._path = path
        self._how = how
        self.came = False

    def __call__(self, request: Request, response: Response) -> Response:
        if self._path in f"{request.method} {request.path}" and not self.came:
            self.came = True
            signal.raise_signal(self._how)
        return response


def rejected(folder: Path) -> tuple[World, list[str]]:
    """An account whose rejects could be sent by now, and the options for it."""
    config: dict[str, Any] = {
        "api_key": KEY,
        "api_url": "http://chakra.test",
        "streams": [{"stream": "scores", "procedure": "lead", "mode": "update", "key": "lead_id"}],
        "journal": f"sqlite:///{folder}/journal.db",
        "batch_size": 2,
        "concurrency": 1,
        "max_rejects": 0,
    }
    args = ["--config", written(folder, "config.json", config)]
    rows = [record("scores", lead_id=f"L-{at:06d}", score=at) for at in range(1, ROWS + 1)]
    lines = "\n".join(map(json.dumps, [schema("scores", ["lead_id", "score"]), *rows]))
    told = run_target(world_of(0), [*args, "--input", written(folder, "in", lines)])
    assert told.code == ExitCode.REJECTS, told.stderr
    return world_of(ROWS), args


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("at", ["GET /v1/ext/config", "PATCH"])
def test_a_signal_ends_it_with_9_and_leaves_the_rest_to_be_sent(
    tmp_path: Path, how: signal.Signals, at: str
) -> None:
    world, args = rejected(tmp_path)
    spoil = SignalAt(at, how)
    told: Told = run_target(world, [*args, "retry"], spoil)
    assert spoil.came
    assert told.code == ExitCode.STOPPED, told.stderr
    assert f"Stopped by signal {int(how)}" in told.stderr
    assert "Traceback" not in told.stderr
    again = run_target(world, [*args, "retry"])
    assert again.code == 0, again.stderr
    assert run_target(world, [*args, "rejects"]).stdout == ""
