"""Runs of the tap that read named processes: a fault at every request, row and STATE.

The state that such a run is given comes out as it went in, whatever became of the runs before.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from chakra_sandbox.writes.changes import Mutation
from tests.campaigns.simulated.scenarios import small_world
from tests.campaigns.simulated.tap import STREAM, TapSimulation
from tests.campaigns.simulated.target import BEGAN

if TYPE_CHECKING:
    from tests.campaigns.simulated.target import Plan

LEADS: Final = 130
EVERY: Final = 5
"""One process in so many is not named."""
HIDDEN: Final = 2
"""Processes that no array finds, so that they are fetched by their ids."""
GIVEN: Final = {
    "bookmarks": {
        STREAM: {
            "replication_key": "updatedAt",
            "replication_key_value": "2026-01-01T00:00:00.000Z",
        }
    }
}


class NamedSimulation(TapSimulation):
    """A case on its way.

    Args:
        plan: Says which faults come.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, world=small_world(LEADS, 3, {}, 7, int(BEGAN * 1000)))
        self._state = json.loads(json.dumps(GIVEN))
        ids = sorted(super()._living())
        self._named = [each for at, each in enumerate(ids) if at % EVERY]

    @property
    def config(self) -> dict[str, Any]:
        """The processes that are named."""
        return {"process_ids": {"lead": self._named}}

    def _living(self) -> dict[str, int]:
        living = super()._living()
        return {each: living[each] for each in self._named if each in living}

    def _mutate(self, number: int) -> None:
        """Rows change, and none that is named goes."""
        self.server.catch_up()
        self.world.mutate("lead", Mutation(insert=2, update=5), number)

    def condemned(self) -> list[str]:
        """STATEs that are not as they were given; rows that nobody named."""
        named, lines = frozenset(self._named), self.history.lines
        moved = [each.value for each in lines if each.type == "STATE" and each.value != GIVEN]
        others = {each.value["id"] for each in lines if each.type == "RECORD"} - named
        return [
            *(f"no_state_moves: it became {state}" for state in moved),
            *(f"named_alone_are_read: {each} was read, too" for each in sorted(others)),
        ]
