"""A fixed slice of the mirrors' campaign, and what its judge condemns; `make mirrors` runs all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.campaigns.mirrors.histories import live
from tests.campaigns.mirrors.judge import Ending, Process, Weeks, verdict
from tests.campaigns.mirrors.weeks import MirrorWeeks

if TYPE_CHECKING:
    from tests.campaigns.simulated.kinds import Step

SLICE = (3, 7, 2)
"""One history of each way in which a statement ends; rows move to a mirror, an upsert, nowhere."""


@pytest.mark.parametrize("number", SLICE)
def test_what_a_whole_statement_no_longer_brings_is_deleted_and_nothing_else(number: int) -> None:
    result = live(number, 7)
    assert result.condemned == ()
    assert result.counts["deleted"] > 0


def test_a_history_is_the_same_whenever_it_is_lived() -> None:
    assert live(3, 2) == live(3, 2)


class DiesOnce:
    """Kills the target behind its first submit."""

    def __init__(self) -> None:
        self.came = False

    def at(self, step: Step) -> str | None:
        if self.came or step.family != "submit":
            return None
        self.came = True
        return "crash after"

    def near(self, _number: int) -> bool:
        return True


def test_rows_of_a_killed_run_are_the_streams_own_once_the_next_one_has_settled_them() -> None:
    """Eight rows, killed; settled as eight unchanged; of three the other five stayed for ever."""
    made = MirrorWeeks(0, 0, DiesOnce())
    rows = [{"lead_id": f"K-{n}", "score": n} for n in range(8)]
    ended = [made.bring(rows), made.bring(rows), made.bring(rows[:3])]
    made.turns.close()
    made.disk.close()
    assert [each.code for each in ended] == [None, 0, 0]
    assert ended[1].receipt["outcomes"]["unchanged"] == 8
    assert ended[2].receipt["mirror_deletes"]["deleted"] == 5


class HitsOnce:
    """One fault at the step of that name and number."""

    def __init__(self, what: str, number: int, kind: str) -> None:
        self._hit, self._seen = (what, number, kind), 0

    def at(self, step: Step) -> str | None:
        what, number, kind = self._hit
        self._seen += step.what == what
        return kind if (step.what, self._seen) == (what, number) else None

    def near(self, _number: int) -> bool:
        return True


def test_a_source_that_resumes_a_whole_statement_has_its_first_rows_spared() -> None:
    """All were deleted that it brought before the last STATE: the deletes were done already."""
    made = MirrorWeeks(0, 0, HitsOnce("STATE", 3, "crash before"))
    made._resumes = True  # noqa: SLF001 - how its source goes on
    made._settings.update(max_deletes=99)  # noqa: SLF001 - more than there is
    rows = [{"lead_id": f"R-{n}", "score": n} for n in range(25)]
    ended = [made.bring(rows)]
    assert made._scan.covered == 20  # noqa: SLF001 - by the STATE that was passed last
    ended.append(made._once_ending(made._feed_scan, commits=False))  # noqa: SLF001 - the rest
    made.turns.close()
    made.disk.close()
    assert [each.code for each in ended] == [None, 0]
    assert ended[1].receipt["rows_in"] == 5
    assert ended[1].receipt["mirror_deletes"]["deleted"] == 0


WRITTEN = Process("a", "A", written_ms=5)
STRANGE = Process("b", "B", None)
ENDING = Ending(
    began_ms=100,
    ended_ms=200,
    brought=frozenset("C"),
    spared=frozenset(),
    whole=True,
    done=True,
    after=(replace(WRITTEN, died_ms=150),),
    doubtful=frozenset(),
)


def weeks(*processes: Process, **changes: object) -> Weeks:
    ending = replace(ENDING, **changes)  # type: ignore[arg-type]  # fields by name
    return Weeks(0, [ending], list(processes))


DEAD = replace(WRITTEN, died_ms=150)
BAD = {
    "before any statement": weeks(replace(WRITTEN, died_ms=50)),
    "by a statement that is not whole": weeks(DEAD, whole=False),
    "what its source brought": weeks(replace(DEAD, key="C")),
    "what the stream never wrote": weeks(replace(STRANGE, died_ms=150)),
    "what was due lives": weeks(after=(WRITTEN,)),
    "made, and hidden": weeks(replace(WRITTEN, made_ms=5), replace(WRITTEN, id="b", made_ms=9)),
    "the last day failed": weeks(DEAD, done=False),
}
GOOD = {
    "what is due": weeks(DEAD),
    "others deleted it": weeks(replace(STRANGE, died_ms=150, by_others=True)),
    "made again": weeks(replace(DEAD, made_ms=5), replace(WRITTEN, id="b", made_ms=160)),
    "hidden": weeks(after=(replace(WRITTEN, seen=False),)),
    "unknown": weeks(after=(WRITTEN,), doubtful=frozenset("A")),
    "spared": weeks(after=(WRITTEN,), spared=frozenset("A")),
    "another's": weeks(after=(STRANGE,)),
}


@pytest.mark.parametrize("history", BAD.values(), ids=BAD)
def test_the_judge_condemns_what_breaks_the_promise(history: Weeks) -> None:
    assert verdict(history)


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD)
def test_the_judge_lets_pass_what_keeps_it(history: Weeks) -> None:
    assert verdict(history) == []
