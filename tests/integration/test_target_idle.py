"""A run waits for answers and for moments that are set, never for nothing: it would be a second."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import in_process
from tests.support.in_process import KEY, AtOnce, run_target, world_of, written

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from chakra_sandbox.world import World
    from tests.support.in_process import Told

HELD = [f"L-{number:06d}" for number in range(1, 251)]
NEW = [f"key-{number}" for number in range(250)]

WAYS: dict[str, dict[str, Any]] = {
    "compared with ChakraHQ": {},
    "compared with the journal": {"compare": "journal"},
    "without look-ups": {"compare": "never", "streams": {"mode": "insert"}},
    "update": {"streams": {"mode": "update"}},
    "dry run": {"dry_run": True},
    "one by one": {"bulk": "never"},
    "arrays are ignored": {"knobs": {"array_filter": "ignored"}},
}


class WaitsCounted(AtOnce):
    """Notes each wait that nothing could have ended."""

    idle_waits = 0

    def pump(self, patience: float) -> Generator[Any, None, bool]:
        """Do what is due."""
        nothing = self.idle
        did = yield from super().pump(patience)
        if nothing and not did and patience > 0:
            type(self).idle_waits += 1
        return did


def write(world: World, folder: Path, keys: list[str], city: str, **settings: Any) -> Told:
    named = {"stream": "leads", "procedure": "lead", "key": "lead_id"}
    config = {
        "api_key": KEY,
        "journal": f"sqlite:///{folder}/journal.db",
        "stop_at_reject_percent": 100,
        "max_rejects": 1000,
        **settings,
        "streams": [{**named, **settings.get("streams", {})}],
    }
    columns = {"lead_id": {"type": "string"}, "city": {"type": "string"}}
    schema = {"type": "object", "properties": columns}
    lines: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": "leads", "schema": schema, "key_properties": []}
    ]
    lines += [
        {"type": "RECORD", "stream": "leads", "record": {"lead_id": key, "city": city}}
        for key in keys
    ]
    lines.append({"type": "STATE", "value": {"at": city}})
    source = written(folder, "in.singer", "".join(f"{json.dumps(line)}\n" for line in lines))
    return run_target(world, ["--config", written(folder, "c.json", config), "--input", source])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_no_run_waits_while_nothing_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: dict[str, Any]
) -> None:
    monkeypatch.setattr(in_process, "AtOnce", WaitsCounted)
    monkeypatch.setattr(WaitsCounted, "idle_waits", 0)
    knobs, settings = way.get("knobs", {}), {k: v for k, v in way.items() if k != "knobs"}
    world = world_of(300, **knobs)
    # Twice the same, a change, and rows that are rejected: cities of no such name.
    for city in ("goa", "goa", "pune", "nowhere at all"):
        told = write(world, tmp_path, [*HELD[:120], *NEW[:130]], city, **settings)
        assert told.code in (0, 1), told.stderr
    assert WaitsCounted.idle_waits == 0
