"""When messages leave: their pace, their quiet hours, and what waits for its turn meanwhile.

In process, by a clock that jumps; the sandbox says at which moment each message arrived.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chakra_api.exit_codes import ExitCode
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, Told, run_target, world_of, written
from tests.support.messages import BY_NUMBER, FREE, WHATSAPP, visits

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.world import World

QUIET = {"from": "21:00", "until": "08:00", "zone": "Asia/Kolkata"}


def at(text: str) -> FakeClock:
    return FakeClock(datetime.fromisoformat(text).timestamp())


@dataclass
class Office:
    """Runs of one journal, at the times of one clock."""

    folder: Path
    clock: FakeClock
    world: World = field(default_factory=lambda: world_of(10))

    def run(self, rows: list[dict[str, Any]], *mappings: dict[str, Any], spoil: Any = None) -> Told:
        journal = f"sqlite:///{self.folder / 'journal.db'}"
        config = {"api_key": KEY, "whatsapp": WHATSAPP, "streams": mappings, "journal": journal}
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        files = [written(self.folder, "config.json", config), written(self.folder, "rows", text)]
        args = ["--config", files[0], "--input", files[1]]
        return run_target(self.world, args, spoil, clock=self.clock)

    @property
    def moments(self) -> list[tuple[float, str]]:
        """When messages arrived, by our clock, and what they say."""
        return [(each["at_ms"] / 1000, each["text"]) for each in self.world.whatsapp.told()]


def outcomes(told: Told) -> dict[str, int]:
    (line,) = (each for each in told.stderr.splitlines() if each.startswith('{"run"'))
    found: dict[str, int] = json.loads(line)["outcomes"]
    return {name: count for name, count in found.items() if count}


def test_a_rate_of_two_a_minute_is_one_each_half_minute(tmp_path: Path) -> None:
    office = Office(tmp_path, at("2026-11-30T10:00:00+05:30"))
    told = office.run(visits(range(5)), {**BY_NUMBER, "rate": 2})
    assert (told.code, outcomes(told)) == (0, {"created": 5}), told.stderr
    apart = [round(after - before, 3) for (before, _), (after, _) in pairwise(office.moments)]
    assert apart == [30.0] * 4


def test_a_stream_without_a_pace_does_not_wait_for_one_that_has(tmp_path: Path) -> None:
    office = Office(tmp_path, at("2026-11-30T10:00:00+05:30"))
    began = office.clock.now()
    slow, quick = {**BY_NUMBER, "stream": "slow", "rate": 1}, {**FREE, "stream": "quick"}
    rows = [
        {**each, "stream": name} for name in ("slow", "quick") for each in visits(range(4))[:-1]
    ]
    assert office.run(rows, slow, quick).code == 0
    quickly = [moment for moment, text in office.moments if text.startswith("Hello")]
    slowly = [moment for moment, text in office.moments if text.startswith("Hi")]
    assert max(quickly) - began < 1
    assert max(slowly) - began >= 180


def test_an_evening_that_comes_ends_the_stream_and_the_morning_sends_the_rest(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path, at("2026-11-30T20:57:30+05:30"))
    mapping = {**BY_NUMBER, "rate": 1, "quiet_hours": QUIET}
    told = office.run(visits(range(6)), mapping)
    assert (told.code, outcomes(told)) == (ExitCode.STOPPED, {"created": 3, "not sent": 3})
    assert "Run it again after 2026-12-01T08:00+05:30" in told.stderr
    assert told.lines == []
    again = office.run(visits(range(6)), mapping)
    assert (again.code, outcomes(again)) == (ExitCode.STOPPED, {"unchanged": 3, "not sent": 3})
    office.clock.sleep(11 * 3600)
    last = office.run(visits(range(6)), mapping)
    assert (last.code, outcomes(last)) == (0, {"unchanged": 3, "created": 3})
    quiet = [datetime.fromisoformat(f"2026-{day}+05:30").timestamp()
             for day in ("11-30T21:00", "12-01T08:00")]  # fmt: skip
    assert [moment for moment, _ in office.moments if quiet[0] <= moment < quiet[1]] == []
    assert sorted(text for _, text in office.moments) == [f"Hi Mira {n}" for n in range(6)]


def test_what_was_throttled_in_the_evening_does_not_leave_at_night(tmp_path: Path) -> None:
    office = Office(tmp_path, at("2026-11-30T20:59:50+05:30"))
    mapping = {**BY_NUMBER, "quiet_hours": QUIET}
    refused: list[float] = []

    def busy(request: Request, response: Response) -> Response:
        if "send-template-message" not in request.path or refused:
            return response
        refused.append(office.clock.now())
        list_of_sent = office.world.whatsapp._sent  # noqa: SLF001 - a 429 did nothing
        list_of_sent.clear()
        return replace(response, status=429, headers={"retry-after": "30"}, body=b"{}")

    told = office.run(visits([1]), mapping, spoil=busy)
    assert refused
    assert (told.code, outcomes(told)) == (ExitCode.STOPPED, {"not sent": 1}), told.stderr
    assert office.moments == []
    office.clock.sleep(11 * 3600)
    assert outcomes(office.run(visits([1]), mapping)) == {"created": 1}
