"""An API key that is not shown what it creates, on a server that permits equal keys (Q12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chakra_sandbox.rows.people import USERS
from target_chakra.history.reports import Reports
from tests.campaigns.mirrors.weeks import MirrorWeeks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.campaigns.simulated.history import Ended
    from tests.campaigns.simulated.kinds import Step

ROWS = [{"lead_id": f"H-{n}", "score": n} for n in range(3)]
MODES = ("upsert", "insert", "mirror")


class DiesAtItsJob:
    """Kills the target at its first look at a job, if it is to."""

    def __init__(self, *, kills: bool) -> None:
        self._kills = kills

    def at(self, step: Step) -> str | None:
        if not self._kills or step.what != "job":
            return None
        self._kills = False
        return "crash"

    def near(self, _number: int) -> bool:
        return True


class Narrowed(MirrorWeeks):
    """A target whose key sees one row of the server, and none that it creates.

    Args:
        mode: Of its stream.
        kills: Whether its first run is killed while its job runs.
    """

    def __init__(self, mode: str, *, kills: bool = False) -> None:
        super().__init__(0, 0, DiesAtItsJob(kills=kills))
        self._settings["streams"][0]["mode"] = mode
        self._settings["max_rejects"] = 0
        store = self.world.account.shelves["lead"].store
        row = {**store.row(0), "assignedTo": USERS[0].id}
        store.replace(0, row, self.server.now_ms)
        self.world.change_knobs({"duplicate_pk": "duplicate", "entry_error_rate": 0.0})
        self.see_all(so=False)

    def see_all(self, *, so: bool = True) -> None:
        self.world.change_knobs({"default_role": "ADMIN" if so else "USER"})

    def run(self) -> Ended:
        """A run on all rows, a minute after the one before."""
        self.turns.sleep(60.0)
        return self.bring(ROWS)

    def say(self, word: str) -> None:
        reports = Reports(self.disk.journal)
        reports.resolve([each.id for each in reports.unknowns()], word)
        reports.close()

    @property
    def made(self) -> list[str]:
        """The keys of all processes that the target made."""
        return sorted(each.key for each in self._processes() if each.made_ms is not None)


@pytest.fixture
def narrowed(mode: str, *, kills: bool) -> Iterator[Narrowed]:
    made = Narrowed(mode, kills=kills)
    if kills:
        assert made.run().code is None
    yield made
    made.turns.close()
    made.disk.close()


KEYS = [row["lead_id"] for row in ROWS]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kills", [False])
def test_what_was_created_and_is_not_shown_is_never_created_again(narrowed: Narrowed) -> None:
    """It was created once in each run: the look-up missed it."""
    first, second, third = (narrowed.run() for _ in range(3))
    assert [each.code for each in (first, second, third)] == [8, 7, 7]
    assert second.receipt["outcomes"]["rejected"] == len(ROWS)
    assert third.listed is not None
    assert [each.key for each in third.listed] == [f"lead_id={key}" for key in KEYS]
    assert narrowed.made == KEYS
    narrowed.see_all()
    fourth = narrowed.run()
    assert (fourth.code, fourth.listed) == (0, ())
    assert fourth.receipt["outcomes"]["unchanged"] == len(ROWS)
    assert narrowed.made == KEYS


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kills", [True])
def test_nor_where_a_later_run_learned_that_it_was_created(narrowed: Narrowed) -> None:
    assert [narrowed.run().code for _ in range(2)] == [7, 7]
    assert narrowed.made == KEYS
    narrowed.see_all()
    assert narrowed.run().receipt["outcomes"]["unchanged"] == len(ROWS)
    assert narrowed.made == KEYS


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kills", [False])
def test_its_users_word_says_what_became_of_it(narrowed: Narrowed) -> None:
    narrowed.run()
    narrowed.run()
    narrowed.say("not-written")
    assert narrowed.run().code == 8  # they are created, as their user wishes
    assert narrowed.made == sorted(2 * KEYS)
    narrowed.say("written")
    assert narrowed.run().code == 7
    assert narrowed.made == sorted(2 * KEYS)
