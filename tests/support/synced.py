"""A warehouse, an account and the real `sync` in this process, for tests of what it does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.world import World
    from tests.support.in_process import Told

SCORES = {
    "stream": "scores",
    "procedure": "lead",
    "key": "lead_id",
    "fields": {"lead_id": "data.lead_id", "score": "data.score", "name": "data.name"},
}
NOTES = {
    "stream": "notes",
    "procedure": "lead",
    "mode": "insert",
    "fields": {"score": "data.score", "name": "data.name"},
}


@dataclass(frozen=True)
class Desk:
    """What somebody who syncs has in front of them.

    Attributes:
        folder: Where everything lies.
        world: The account.
        streams: The mappings.
        journal: URL of the journal.
    """

    folder: Path
    world: World
    streams: tuple[dict[str, Any], ...] = (SCORES, NOTES)
    journal: str = ""

    @property
    def source(self) -> str:
        """URL of the warehouse."""
        return f"duckdb:///{self.folder}/warehouse.duckdb"

    def sql(self, *statements: str) -> None:
        """Change the warehouse."""
        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as warehouse:
            for each in statements:
                warehouse.execute(each)

    def run(self, *args: str, spoil: Any = None, **settings: Any) -> Told:
        """Type a command of the target."""
        config = {
            "api_key": KEY,
            "api_url": "http://chakra.test",
            "streams": list(self.streams),
            "journal": self.journal or f"sqlite:///{self.folder}/journal.db",
            "lost_answer_horizon": 0,
            **settings,
        }
        path = written(self.folder, "config.json", config)
        return run_target(self.world, ["--config", path, *args], spoil)

    def sync(self, *args: str, spoil: Any = None, **settings: Any) -> Told:
        """Sync from the warehouse."""
        return self.run("sync", "--source", self.source, *args, spoil=spoil, **settings)

    def held(self) -> list[dict[str, Any]]:
        """The data of living leads, as they were made."""
        rows = [json.loads(line) for line in self.world.oracle("lead")]
        return [row["row"]["data"] for row in rows if row["died_ms"] is None]

    def by_key(self) -> dict[str, dict[str, Any]]:
        """The data of living leads by primary key, which none of them shares."""
        held = self.held()
        found = {data["lead_id"]: data for data in held}
        assert len(found) == len(held)
        return found


def outcomes(told: Told) -> dict[str, int]:
    """Outcomes that are not zero, from the receipt of a run."""
    receipt = receipt_of(told)
    return {name: count for name, count in receipt["outcomes"].items() if count}


def receipt_of(told: Told) -> dict[str, Any]:
    """The receipt that a run printed."""
    lines = [line for line in told.stderr.splitlines() if line.startswith('{"run"')]
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def desk_of(folder: Path, rows: int = 0) -> Desk:
    """A new one; the account holds so many leads."""
    return Desk(folder, world_of(rows))
