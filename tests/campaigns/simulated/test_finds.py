"""What the campaigns found in the target, each as the shortest history that showed it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.campaigns.simulated.scenarios import (
    COLUMNS,
    dead,
    lead,
    note,
    old,
    settings,
    small_world,
)
from tests.campaigns.simulated.target import Scenario, Simulation
from tests.campaigns.simulated.target_judges import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.campaigns.simulated.history import History, Wish
    from tests.campaigns.simulated.kinds import Step


class Named:
    """A plan of faults by what a step does: `("settle", 1, "disk full")` is at the first settle."""

    def __init__(self, *hits: tuple[str, int, str]) -> None:
        self._hits = {(what, number): kind for what, number, kind in hits}
        self._seen: dict[str, int] = {}
        self.came = 0

    def at(self, step: Step) -> str | None:
        number = self._seen[step.what] = self._seen.get(step.what, 0) + 1
        kind = self._hits.get((step.what, number))
        self.came += kind is not None
        return kind

    def near(self, _number: int) -> bool:
        return True


def play(
    wishes: Sequence[Wish],
    *hits: tuple[str, int, str],
    knobs: dict[str, Any] | None = None,
    states: frozenset[int] | None = None,
    pauses: frozenset[int] = frozenset(),
    **more: Any,
) -> History:
    """Run rows under faults, all of which must come; every judge must agree with what follows."""
    scenario = Scenario(
        seed=1,
        world=partial(small_world, 20, 4, knobs or {}, 1),
        wishes=wishes,
        columns=COLUMNS,
        states=frozenset({len(wishes)}) if states is None else states,
        pauses=pauses,
        settings=settings(wishes, **{"batch_size": 10, "concurrency": 1, **more}),
    )
    plan = Named(*hits)
    history = Simulation(scenario, plan).play()
    assert plan.came == len(hits)
    assert verdict(history) == []
    return history


def codes(history: History) -> list[int | None]:
    return [ended.code for ended in history.ended]


def test_a_reject_is_sent_again_though_its_row_lacks_columns_that_the_mapping_names() -> None:
    """`retry` ended with 3: the columns were those of the rejected rows alone."""
    bad = lead(old(1), "x", fits=False)
    assert set(bad.row) < set(COLUMNS["scores"])
    replay = play([bad]).replay
    assert replay is not None
    assert replay.receipt["outcomes"]["rejected"] == 1


def test_a_run_whose_journal_fails_gives_a_receipt_all_the_same() -> None:
    """Nothing was printed: storing the receipt failed as the rest had."""
    history = play([lead(old(1), 50)], ("intend", 1, "disk full"))
    assert codes(history) == [10, 0]
    assert history.ended[0].receipt["outcomes"]["not sent"] == 1


def test_a_run_that_can_only_not_store_its_receipt_says_so() -> None:
    history = play([lead(old(1), 50)], ("change", 1, "disk full"))
    assert history.ended[0].code == 10
    assert history.ended[0].receipt["outcomes"]["updated"] == 1


def test_rows_whose_outcome_could_not_be_stored_are_in_flight_not_gone() -> None:
    """The batch was in nobody's hands while its outcomes were stored, and counted nowhere."""
    history = play([lead(old(1), 50)], ("settle", 1, "fsync error"))
    assert codes(history) == [10, 0]
    assert history.ended[0].receipt["outcomes"]["in flight"] == 1


def test_a_rejects_file_on_a_full_disk_is_no_fault_of_ours() -> None:
    """It ended with a traceback; the rows are in the journal."""
    history = play([lead(old(1), "x", fits=False)], ("rejects", 1, "disk full"))
    assert codes(history) == [10, 0]


def test_what_waits_is_sent_after_the_last_job_in_flight_was_lost() -> None:
    """The run hung: a lost batch freed its place, and nobody looked who waited for it."""
    wishes = [lead(old(n), 1000 + n) for n in range(1, 15)] + [
        lead(f"new-{n}", n) for n in range(9)
    ]
    history = play(wishes, ("PATCH process", 1, "reset before"), batch_size=2)
    assert codes(history) == [0]


def test_a_delete_that_is_planned_again_is_one_delete() -> None:
    """It was counted twice, and the run stopped at `max_deletes`."""
    history = play([dead(old(1))], ("PATCH process", 1, "reset before"))
    assert codes(history) == [0]


def test_a_row_that_comes_again_before_its_delete_makes_nothing_anew() -> None:
    """The process was made a second time, and deleted again."""
    wishes = [lead(old(1), 1), *(lead(old(n), n + 50) for n in range(2, 12)), dead(old(1))]
    history = play(wishes, ("STATE", 1, "crash before"))
    assert codes(history) == [None, 0]


def test_a_row_that_comes_again_without_its_delete_is_written_at_the_end() -> None:
    """The source may have changed its mind: nothing is kept back for ever."""
    wishes = [lead("new-1", 1), dead("new-1")]
    scenario_end = play(wishes, ("STATE", 1, "crash after"))
    assert codes(scenario_end) == [None, 0]


def test_a_first_delete_is_not_taken_for_one_without_effect_while_lists_lag() -> None:
    """After four seconds another shape was tried, refused, and the deleted row called rejected."""
    history = play([lead(old(2), 5), dead(old(1))], knobs={"index_lag_ms": 20_000})
    assert history.ended[-1].receipt["outcomes"]["deleted"] == 1


def test_rows_without_a_key_are_not_made_again_if_the_crash_comes_before_the_state() -> None:
    """They were forgotten before the STATE that covers them was printed."""
    wishes = [note(f"n{n}", n) for n in range(4)]
    for moment in ("crash before", "crash after"):
        history = play(wishes, ("STATE", 1, moment))
        assert codes(history)[0] is None


def test_after_a_state_that_arrived_an_equal_row_is_a_row_of_its_own() -> None:
    """What was covered is forgotten by the next run, though the crash came before it could be."""
    wishes = [note("a", 1), note("b", 2), note("c", 3), note("a", 1)]
    history = play(wishes, ("STATE", 1, "crash after"), states=frozenset({2, 4}))
    assert sum(kept.name[1] == "a" for kept in history.kept) == 2


def test_a_reject_survives_a_line_that_a_crash_cut_short() -> None:
    """The next line was written behind the torn one, and could not be read either."""
    wishes = [lead(old(n), "x", fits=False) for n in (1, 2)]
    play(wishes, ("rejects", 1, "torn line"))


def test_an_old_value_is_not_believed_while_lists_lag_and_show_no_time_of_change() -> None:
    """The second row asked for what the list still showed: it was called unchanged (1274)."""
    wishes = [lead(old(n), n + 50) for n in (2, 3, 4, 5, 1)] + [lead(old(1), 1)]
    knobs = {"index_lag_ms": 20_000, "updated_at": "absent"}
    history = play(wishes, knobs=knobs, batch_size=4, pauses=frozenset({5}))
    assert codes(history) == [0]
    assert history.ended[0].receipt["outcomes"]["updated"] == len(wishes)


def test_a_server_that_takes_but_the_first_rows_of_a_batch_is_found_out_once() -> None:
    """Every run lost the rest of a batch of each kind again, and ended as unknown (1052)."""
    wishes = [lead(old(n), n + 50) for n in range(1, 19)]
    wishes += [lead(f"new-{n}", n) for n in range(60)]
    knobs = {"max_batch": 12, "over_batch": "truncate"}
    history = play(wishes, knobs=knobs, batch_size=50)
    assert codes(history) == [8, 0]
    jobs = [len(job.until_ms) for job in history.jobs]
    assert max(jobs) == 12
