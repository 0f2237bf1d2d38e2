"""A dry run shows the first rows of each kind, before and after, and what it all would cost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from target_chakra.books.dry_run import ROWS_SHOWN, DryRun
from target_chakra.changes import Action, Change, Key, Kind, Mode, Reject, deletion_of

Row = dict[str, object]


def action_of(kind: Kind, fields: Row, before: Row | None = None, line: int = 1) -> Action:
    change = Change(
        seq=line, line=line, stream="s", procedure="lead", key=Key("lead", "lead_id", line),
        mode=Mode.UPSERT, deletes=kind is Kind.DELETE, fields=fields, row={},
    )  # fmt: skip
    return Action(change, kind, "x", fields, before)


def lines(*noted: Action | Reject, size: int = 10) -> list[str]:
    dry_run = DryRun()
    for each in noted:
        if isinstance(each, Reject):
            dry_run.note_reject(each)
        else:
            dry_run.note(each)
    return list(dry_run.lines(size))


def test_an_update_shows_what_was_held_and_what_would_be() -> None:
    update = action_of(Kind.UPDATE, {"data.score": 5, "data.city": None}, {"data.city": "pune"})
    assert lines(update)[:-1] == [
        "update lead_id=1 (line 1)",
        "  data.score: nothing → 5",
        '  data.city: "pune" → nothing',
    ]


def test_a_create_shows_its_fields_and_a_delete_its_key_alone() -> None:
    create = action_of(Kind.CREATE, {"data.score": 5}, {})
    delete = action_of(Kind.DELETE, {"data.score": 5}, {"isDeleted": False}, line=2)
    assert lines(create, delete)[:-1] == [
        "create lead_id=1 (line 1)",
        "  data.score: 5",
        "delete lead_id=2 (line 2)",
    ]


def test_only_the_first_rows_of_each_kind_are_shown() -> None:
    many = [action_of(Kind.DELETE, {}, line=n) for n in range(1, 2 * ROWS_SHOWN)]
    one = action_of(Kind.CREATE, {}, line=99)
    shown = lines(*many, one)
    assert [line for line in shown if line.startswith("delete")] == [
        f"delete lead_id={n} (line {n})" for n in range(1, ROWS_SHOWN + 1)
    ]
    assert "create lead_id=99 (line 99)" in shown
    assert f"Of the deletes, {ROWS_SHOWN} of {2 * ROWS_SHOWN - 1} shown" in shown


@given(st.permutations(range(1, 3 * ROWS_SHOWN)))
def test_which_look_up_is_answered_first_changes_nothing_that_is_shown(order: list[int]) -> None:
    said = lines(*(action_of(Kind.UPDATE, {}, line=n) for n in order))
    assert said == lines(*(action_of(Kind.UPDATE, {}, line=n) for n in sorted(order)))
    assert said[0] == "update lead_id=1 (line 1)"
    rejects = lines(*(Reject(action_of(Kind.UPDATE, {}, line=n).change, "bad", "") for n in order))
    assert [line.split(":")[0] for line in rejects[:ROWS_SHOWN]] == [
        f"reject lead_id={n} (line {n})" for n in range(1, ROWS_SHOWN + 1)
    ]


def test_what_no_row_asks_for_is_shown_behind_the_rows() -> None:
    missing = deletion_of("s", Key("lead", "lead_id", 7), "x")
    dry_run = DryRun()
    dry_run.note(Action(missing, Kind.DELETE, "x", {}, None))
    dry_run.note(action_of(Kind.UPDATE, {}, line=5))
    said = list(dry_run.lines(10))
    assert said[0].startswith("update")
    assert said[1].startswith("delete")


def test_rejects_are_shown_with_their_reason_and_what_to_do() -> None:
    change = action_of(Kind.CREATE, {}).change
    shown = lines(*(Reject(change, "bad", "Mend it") for _ in range(1488)))
    assert shown.count("reject lead_id=1 (line 1): bad. Mend it.") == ROWS_SHOWN
    assert "Of the rejects, 10 of 1,488 shown" in shown
    assert "0 deletes, 1,488 rejects;" in shown[-1]


def test_the_end_counts_all_that_would_be_sent_in_jobs_of_one_kind_each() -> None:
    planned = {Kind.CREATE: 11, Kind.UPDATE: 10, Kind.DELETE: 1}
    *_, said = lines(
        *(action_of(kind, {}) for kind, count in planned.items() for _ in range(count))
    )
    assert said.startswith("Dry run: 11 creates, 10 updates, 1 delete; 4 jobs")
    assert "; nothing was sent" in said


def test_a_run_that_would_send_nothing_says_so() -> None:
    (said,) = lines()
    assert said.startswith("Dry run: 0 creates, 0 updates, 0 deletes; 0 jobs")


def test_calls_are_told_by_what_they_make() -> None:
    dry_run = DryRun()
    for number in range(1, 4):
        dry_run.note(action_of(Kind.CALL, {"text": "Hi"}, line=number))
        dry_run.calls["message"] += 1
    dry_run.calls["task"] += 1
    (*_, said) = dry_run.lines(10)
    assert said.startswith("Dry run: 0 creates, 0 updates, 0 deletes, 3 messages, 1 task; 0 jobs")
    assert dry_run.counts == {"creates": 0, "updates": 0, "deletes": 0, "messages": 3, "tasks": 1}
