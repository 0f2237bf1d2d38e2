"""Cases that run until each row is settled: what was refused without need is sent again at the end.

Judged are the STATE lines as they come, and what the server holds at the end.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from chakra_api.exit_codes import ExitCode
from target_chakra.history.reports import Reports
from target_chakra.settings import LAG_SECONDS
from tests.campaigns.simulated.target import Scenario, Simulation
from tests.campaigns.simulated.target_judges import of_no_input

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.campaigns.simulated.target import Plan


class SettledSimulation(Simulation):
    """A case that goes on until all of its rows are settled.

    Args:
        scenario: What is run.
        plan: Says which faults come.

    Attributes:
        early: Of rows that a STATE has passed, and that were not written.
    """

    def __init__(self, scenario: Scenario, plan: Plan) -> None:
        self.early: list[str] = []
        super().__init__(scenario, plan)

    def _replay(self) -> None:
        """Send the rejects again, without any fault: what a faulty answer refused is written.

        Somebody has to look at them first, and lists have caught up by then.
        """
        self._calm = True
        self.turns.sleep(LAG_SECONDS)
        with closing(Reports(self.disk.journal)) as reports:
            found = reports.rejects()
        if found and self.history.ended[-1].code is not None:
            self.history.ended.append(self._once(lambda session: session.retry(found)))

    def condemned(self) -> list[str]:
        """What is wrong at the end."""
        history = self.history
        found = of_no_input(history, history.ended[-1:])
        if history.ended[-1].code not in (ExitCode.DONE, ExitCode.REJECTS):
            return [*found, f"the rows were never settled: {[e.code for e in history.ended]}"]
        late = (f"states_are_covered: {why}" for why in self.early)
        return [*found, *late, *self._wrong()]

    def _wrong(self) -> Iterable[str]:
        """What is wrong with what the server holds."""
        raise NotImplementedError
