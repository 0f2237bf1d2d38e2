"""What the kill campaigns found, each as the shortest history that shows it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from target_chakra.singer.target import TargetChakra
from tests.support.in_process import KEY, Told, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from chakra_sandbox.world import World

SCHEMA = {"type": "SCHEMA", "stream": "notes", "schema": {"properties": {"name": {}}}}
ROW = {"type": "RECORD", "stream": "notes", "record": {"name": "a note without a key"}}
STATE = {"type": "STATE", "value": {"rows": 1}}


class Killed(BaseException):
    """The process ends here."""


def run(folder: Path, world: World) -> Told:
    config = {
        "api_key": KEY,
        "api_url": "http://chakra.test",
        "streams": [{"stream": "notes", "procedure": "lead", "mode": "insert"}],
        "journal": f"sqlite:///{folder}/journal.db",
    }
    args = ["--config", written(folder, "config.json", config)]
    lines = "\n".join(map(json.dumps, [SCHEMA, ROW, STATE]))
    return run_target(world, [*args, "--input", written(folder, "in", lines)])


def names(world: World) -> list[str]:
    rows = [json.loads(line)["row"]["data"] for line in world.oracle("lead")]
    return [row["name"] for row in rows if row.get("name") == ROW["record"]["name"]]


def test_a_row_without_a_key_is_created_once_though_the_run_dies_before_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_of(3)

    def dies(_: TargetChakra, __: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(TargetChakra, "_pass_on", dies)
        assert run(tmp_path, world).stdout == ""
    assert names(world) == [ROW["record"]["name"]]
    # The disk as the run left it; it still holds its journal here.
    left = tmp_path / "left"
    shutil.copytree(tmp_path, left, ignore=shutil.ignore_patterns("*.lock", "left"))
    again = run(left, world)
    assert again.code == 0, again.stderr
    assert names(world) == [ROW["record"]["name"]]
