"""The journal keeps what it is told, for its account, until nobody needs it any more."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chakra_api.errors import JournalError, SettingsError
from target_chakra.batches import Batch, Settlement
from target_chakra.changes import Action, Change, Key, Kind, Known, Mode, Reject
from target_chakra.history.reports import Reports
from target_chakra.journal.codec import encode_outcomes
from target_chakra.journal.journal import Journal
from target_chakra.journal.records import (
    Claim,
    Confirmation,
    Entry,
    Owned,
    StreamKey,
    Unknown,
)
from target_chakra.lifecycle import BatchState, Outcome
from target_chakra.moments import Moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = 86_400_000


def url(path: Path) -> str:
    return f"sqlite:///{path / 'journal.db'}"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(url(tmp_path))
    made.hold()
    made.begin_run("acme", "pid 1 on here", 1000)
    yield made
    made.close()


LEFT = Moment(2001, 2004)


def change(number: int, key: str | int | None = "L-1") -> Change:
    named = Key("lead", "lead_id", key) if key is not None else None
    row = {"lead_id": key, "score": number}
    return Change(number, number, "s", "lead", named, Mode.UPSERT, False, {"data.score": 1}, row)  # noqa: FBT003 - a record


def action(number: int, key: str | int | None = "L-1", twin: str | None = None) -> Action:
    made = change(number, key)
    kind = Kind.CREATE if twin else Kind.UPDATE
    return Action(made, kind, None if twin else "p", {"data.score": 1}, {"data.score": 0}, twin)


def batch(*actions: Action) -> Batch:
    return Batch(0, "lead", actions[0].kind, actions, BatchState.INTENDED, shape="nested")


def known(**more: object) -> Known:
    made = Known("p", {"data.score": 1}, {}, False, "s", True, 5, 9)  # noqa: FBT003 - a record
    return replace(made, **more)  # type: ignore[arg-type]  # fields by name


def test_an_open_batch_comes_back_as_it_was_left(journal: Journal, tmp_path: Path) -> None:
    stored = journal.intend(batch(action(1), action(2, "L-2")), 2000)
    sent = replace(stored, state=BatchState.SUBMITTED, job="j-1", sent=LEFT, server=2002)
    journal.move(sent)
    done = {0: Settlement(sent.actions[0], Outcome.UPDATED, "p")}
    lost = replace(sent, state=BatchState.LOST)
    journal.settle(lost, Entry(2003, encode_outcomes(done)))
    journal.close()
    again = Journal(url(tmp_path))
    again.hold()
    again.begin_run("acme", "pid 2 on here", 3000)
    (found,) = again.open_batches()
    assert found.outcomes == {0: Outcome.UPDATED}
    back = found.batch
    assert (back.state, back.job, back.sent, back.server) == (BatchState.LOST, "j-1", LEFT, 2002)
    assert [a.change.key for a in back.actions] == [a.change.key for a in sent.actions]
    assert [a.before for a in back.actions] == [{"data.score": 0}] * 2
    assert {a.change.seq for a in back.actions} == {0}
    again.close()


def test_outcomes_of_a_batch_add_up_over_several_settlements(journal: Journal) -> None:
    actions = action(1), action(2, "L-2"), action(3, "L-3")
    stored = replace(journal.intend(batch(*actions), 2000), state=BatchState.LOST)
    for at in (1, 0):
        done = {at: Settlement(stored.actions[at], Outcome.UPDATED, "p")}
        journal.settle(stored, Entry(2000, encode_outcomes(done)))
    (found,) = journal.open_batches()
    assert found.outcomes == {0: Outcome.UPDATED, 1: Outcome.UPDATED}


def test_what_was_confirmed_is_known_by_key(journal: Journal) -> None:
    first, second = Key("lead", "lead_id", "L-1"), Key("lead", "lead_id", 105)
    values = (Confirmation(first, known()), Confirmation(second, known(deleted=True)))
    journal.record(Entry(1, confirmations=values))
    journal.record(Entry(1, confirmations=(Confirmation(first, known(learned={"a": "b"})),)))
    found = journal.known([first, second, Key("lead", "lead_id", "L-3")])
    assert found == {first: known(learned={"a": "b"}), second: known(deleted=True)}


def test_what_was_confirmed_is_doubted_once_a_later_write_is_unknown(journal: Journal) -> None:
    """Compared with the journal, a job that ran after it was given up would stay unseen."""
    stored = replace(journal.intend(batch(action(1)), 2000), state=BatchState.SETTLED)
    keys = {name: Key("lead", name, value) for name, value in (("lead_id", "L-1"), ("id", "p"))}
    other = Key("lead", "lead_id", "L-2")
    confirmed = [Confirmation(key, known()) for key in keys.values()]
    confirmed.append(Confirmation(other, known(process_id="q")))
    journal.record(Entry(2000, confirmations=tuple(confirmed)))
    lost = {0: Settlement(stored.actions[0], Outcome.UNKNOWN, "p")}
    unknown = Unknown(stored.actions[0], "lost", Moment(9_000, None))
    journal.settle(stored, Entry(2001, encode_outcomes(lost), unknowns=(unknown,)))
    for key in keys.values():
        assert journal.known([key])[key] == known(fields={})
    assert journal.known([other])[other].fields == {"data.score": 1}


def test_accounts_never_see_each_others_entries(journal: Journal) -> None:
    key = Key("lead", "lead_id", "L-1")
    journal.intend(batch(action(1)), 1)
    reject = Reject(change(3), "bad", "mend it")
    unknown = Unknown(action(4), "lost", Moment(99, None))
    journal.record(
        Entry(
            1,
            confirmations=(Confirmation(key, known()),),
            rejects=(reject,),
            unknowns=(unknown,),
            owned=(Owned("s", key, Claim.WRITTEN, "p"),),
        )
    )
    journal.found("lead", "shape.update", "flat")
    journal.begin_run("another", "pid 1 on here", 2000)
    assert journal.open_batches() == ()
    assert journal.known([key]) == {}
    assert journal.unknowns() == ()
    assert journal.rejected_keys() == set()
    assert journal.findings() == {}
    assert journal.absent("s", "lead", 99) == {}


def test_a_second_run_is_told_who_holds_it_and_reading_needs_no_lock(
    journal: Journal, tmp_path: Path
) -> None:
    second = Journal(url(tmp_path))
    with pytest.raises(JournalError, match="pid 1 on here"):
        second.hold()
    reports = Reports(url(tmp_path))
    assert [run.holder for run in reports.runs()] == ["pid 1 on here"]
    reports.close()
    journal.close()
    second.hold()
    second.close()


def test_the_files_are_their_owners_alone(journal: Journal, tmp_path: Path) -> None:
    journal.record(Entry(1, rejects=(Reject(change(1), "bad", "mend it"),)))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes
    assert all(mode & 0o077 == 0 for mode in modes.values()), modes


def test_a_newer_journal_is_refused(journal: Journal, tmp_path: Path) -> None:
    journal.close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("UPDATE version SET number = 99")
    with pytest.raises(JournalError, match="newer"):
        Journal(url(tmp_path))


def test_clearing_keeps_all_that_somebody_still_needs(journal: Journal) -> None:
    key = Key("lead", "lead_id", "L-1")
    settled = replace(journal.intend(batch(action(1)), 1), state=BatchState.SETTLED)
    entry = Entry(
        1,
        confirmations=(Confirmation(key, known()),),
        rejects=(Reject(change(2), "bad", "mend it"),),
        unknowns=(Unknown(action(3), "lost", Moment(99, None)),),
        owned=(Owned("s", key, Claim.WRITTEN, "p"),),
    )
    journal.settle(settled, entry)
    journal.intend(batch(action(4, "L-4")), 1)
    journal.clear(30 * DAY)
    assert journal.known([key])
    assert journal.rejected_keys() == {StreamKey("s", key)}
    assert len(journal.unknowns()) == 1
    assert journal.absent("s", "lead", 99) == {key: "p"}
    assert len(journal.open_batches()) == 1


def test_a_newer_row_closes_older_rejects_of_its_key_and_not_its_own(journal: Journal) -> None:
    key = StreamKey("s", Key("lead", "lead_id", "L-1"))
    journal.record(Entry(1, rejects=(Reject(change(1), "bad", "mend it"),)))
    newer = Reject(change(2), "worse", "mend it")
    journal.record(Entry(2, rejects=(newer,), overtaken=(key,)))
    assert journal.rejected_keys() == {key}
    journal.record(Entry(3, overtaken=(key._replace(stream="another"),)))
    assert journal.rejected_keys() == {key}
    journal.record(Entry(3, overtaken=(key,)))
    assert journal.rejected_keys() == set()


def keyless_reject(seq: int, score: int) -> Reject:
    return Reject(replace(change(seq, None), row={"name": "n", "score": score}), "full", "mend it")


def again(journal: Journal, tmp_path: Path) -> Journal:
    journal.close()
    later = Journal(url(tmp_path))
    later.hold()
    later.begin_run("acme", "pid 2 on here", 3000)
    return later


def test_a_reject_without_a_key_is_uncovered_until_a_state_has_passed(
    journal: Journal, tmp_path: Path
) -> None:
    journal.record(Entry(1, rejects=(keyless_reject(1, 5), keyless_reject(2, 6))))
    assert journal.uncovered_rejects() == {}, "this run's own rows do not come again"
    journal.pass_twins(1)
    journal.forget_twins()
    later = again(journal, tmp_path)
    ((stream, row), numbers), *others = later.uncovered_rejects().items()
    assert (stream, others) == ("s", [])
    assert b'"score":6' in row
    later.close_rejects(numbers, "came again")
    assert later.uncovered_rejects() == {}
    later.close()


@pytest.mark.parametrize("covered", [True, False])
def test_what_is_rejected_again_by_a_retry_stands_as_the_reject_before(
    journal: Journal, tmp_path: Path, *, covered: bool
) -> None:
    journal.record(Entry(1, rejects=(keyless_reject(1, 5),)))
    if covered:
        journal.pass_twins(1)
        journal.forget_twins()
    later = again(journal, tmp_path)
    later.record(Entry(2, rejects=(keyless_reject(1, 5),)))
    later.close_rejects([1], "rejected again")
    later.let_rejects_stand([1])
    last = again(later, tmp_path)
    assert sum(map(len, last.uncovered_rejects().values())) == (0 if covered else 1)
    last.close()


def test_a_mirror_owns_what_it_wrote_and_misses_what_did_not_come(journal: Journal) -> None:
    first, second = Key("lead", "lead_id", "L-1"), Key("lead", "lead_id", 2)
    foreign = Key("lead", "lead_id", "F")
    owned = (
        Owned("s", first, Claim.WRITTEN, "p1"),
        Owned("s", second, Claim.WRITTEN),
        Owned("s", foreign, Claim.FOUND, "pf"),
    )
    journal.record(Entry(1, owned=owned))
    run = journal.begin_run("acme", "pid 1 on here", 2000)
    journal.record(Entry(1, owned=(Owned("s", first, Claim.CAME),)))
    assert journal.absent("s", "lead", run) == {second: None}
    assert journal.absent("s", "ticket", run) == {}, "a statement is about one procedure"
    journal.record(Entry(1, owned=(Owned("s", second, Claim.GONE),)))
    assert journal.absent("s", "lead", run) == {}


def test_a_process_that_a_row_names_otherwise_came_all_the_same(journal: Journal) -> None:
    """The mapping names rows by their id from now on: each of them was absent."""
    key, by_id = Key("lead", "lead_id", "L-1"), Key("lead", "id", "p1")
    journal.record(Entry(1, owned=(Owned("s", key, Claim.WRITTEN, "p1"),)))
    run = journal.begin_run("acme", "pid 1 on here", 2000)
    journal.record(Entry(1, owned=(Owned("s", by_id, Claim.FOUND, "p1"),)))
    assert journal.absent("s", "lead", run) == {}
    later = journal.begin_run("acme", "pid 1 on here", 3000)
    assert journal.absent("s", "lead", later) == {key: "p1"}
    journal.record(Entry(1, owned=(Owned("s", by_id, Claim.GONE, "p1"),)))
    assert journal.absent("s", "lead", later) == {}


def test_what_was_sent_is_owned_once_it_is_known_to_be_written(journal: Journal) -> None:
    keys = [Key("lead", "lead_id", f"L-{n}") for n in range(3)]
    journal.record(Entry(1, owned=tuple(Owned("s", key, Claim.SENT) for key in keys)))
    run = journal.begin_run("acme", "pid 1 on here", 2000)
    assert journal.absent("s", "lead", run) == {}
    journal.record(Entry(1, owned=(Owned("s", keys[0], Claim.FOUND, "p0"),)))
    journal.record(Entry(1, owned=(Owned("s", keys[1], Claim.CAME),)))
    assert journal.absent("s", "lead", run + 1) == {keys[0]: "p0"}


def test_a_row_of_an_earlier_run_is_owned_as_of_that_run(journal: Journal) -> None:
    """It did not come in the run that settles it, which may be the one that misses it."""
    key = Key("lead", "lead_id", "L-1")
    stored = journal.intend(batch(action(1)), 1)
    run = journal.begin_run("acme", "pid 1 on here", 2000)
    settled = replace(stored, state=BatchState.SETTLED)
    journal.settle(settled, Entry(1, owned=(Owned("s", key, Claim.WRITTEN, "p"),)))
    assert journal.absent("s", "lead", run) == {key: "p"}
    journal.record(Entry(1, owned=(Owned("s", key, Claim.CAME),)))
    journal.settle(settled, Entry(1, owned=(Owned("s", key, Claim.WRITTEN, "p"),)))
    assert journal.absent("s", "lead", run) == {}, "it came in both"


def test_twins_are_known_until_a_state_passes_or_their_batch_is_released(
    journal: Journal,
) -> None:
    keyless = [action(n, None, twin="h") for n in (1, 2, 3)]
    stored = journal.intend(batch(*keyless), 1)
    journal.begin_run("acme", "pid 2 on here", 2000)
    numbers = journal.twins("s", ["h", "other"])["h"]
    assert len(numbers) == 3
    journal.come_again(numbers[0], 1)
    assert len(journal.twins("s", ["h"])["h"]) == 2
    journal.pass_twins(1)
    journal.forget_twins()
    refused = Entry(2, encode_outcomes({}), refused=(1,))
    journal.settle(replace(stored, state=BatchState.LOST), refused)
    assert len(journal.twins("s", ["h"])["h"]) == 1
    journal.move(replace(stored, state=BatchState.RELEASED))
    assert journal.twins("s", ["h"]) == {}


def test_a_twin_that_has_ended_is_known_though_the_rest_of_its_batch_is_released(
    journal: Journal,
) -> None:
    keyless = [action(n, None, twin=f"h{n}") for n in (1, 2)]
    stored = journal.intend(batch(*keyless), 1)
    lost = replace(stored, state=BatchState.LOST)
    ended = {0: Settlement(keyless[0], Outcome.UNKNOWN)}
    journal.settle(lost, Entry(2, encode_outcomes(ended)))
    journal.move(replace(stored, state=BatchState.RELEASED))
    journal.begin_run("acme", "pid 2 on here", 2000)
    assert list(journal.twins("s", ["h1", "h2"])) == ["h1"]


def test_an_unknown_row_names_its_process_and_is_resolved_by_word(
    journal: Journal, tmp_path: Path
) -> None:
    journal.record(Entry(1, unknowns=(Unknown(action(1, 105), "lost", Moment(77, 78)),)))
    (found,) = journal.unknowns()
    assert found.names == (Key("lead", "lead_id", 105), Key("lead", "id", "p"))
    assert found.free == Moment(77, 78)
    reports = Reports(url(tmp_path))
    (line,) = reports.unknowns()
    assert (line.key, line.kind, line.reason) == ("lead_id=105", "update", "lost")
    reports.resolve([line.id], "written")
    reports.close()
    assert journal.unknowns() == ()


@pytest.mark.parametrize("given", ["nonsense", "mysql://host/db", "sqlite://"])
def test_an_url_that_means_nothing_is_refused(given: str) -> None:
    with pytest.raises(SettingsError):
        Journal(given)


def test_a_place_that_can_t_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="can't be written"):
        Journal(f"sqlite:///{tmp_path / 'file' / 'journal.db'}")
