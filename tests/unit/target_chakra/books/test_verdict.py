"""A run that did not end well says so in one line: how many rows, why, and what to type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chakra_api.errors import LimitCrossed, SettingsError
from target_chakra.books.reasons import MOST_KINDS, Reasons
from target_chakra.books.receipt import Cost, Receipt
from target_chakra.books.verdict import Held, Verdict
from target_chakra.changes import Change, Key, Mode
from target_chakra.lifecycle import Outcome
from target_chakra.settings import Limits

COST = Cost(1, 0, 1, 1.0, 0.0)


def change(number: int) -> Change:
    key = Key("lead", "lead_id", f"L-{number}")
    return Change(number, number, "s", "lead", key, Mode.UPSERT, deletes=False, fields={}, row={})


def reasons(*texts: str) -> Reasons:
    made = Reasons()
    for number, text in enumerate(texts):
        made.note(change(number), text.replace("KEY", f"lead_id=L-{number}"))
    return made


def verdict(outcomes: dict[Outcome, int], rejected: Reasons | None = None, **more: Any) -> Verdict:
    made = Receipt(7, {"s": sum(outcomes.values())}, {"s": outcomes}, {}, COST, **more)
    why = {
        Outcome.REJECTED: rejected or Reasons(),
        Outcome.UNKNOWN: reasons("the answer was lost and it has no key"),
    }
    return Verdict(made, Limits(max_rejects=1), why, lambda words: f"target-chakra {words}")


def test_reasons_that_differ_in_keys_and_values_are_one_kind() -> None:
    many = [f"score: '{n}x' is no number" for n in range(20)]
    gone = ["There is no process with KEY in 'lead'"] * 12
    told = reasons(*many, *gone, "a", "b", "a", "b", "b").said()
    assert told == (
        "such as score: '0x' is no number (20 rows); such as There is no process with lead_id=L-20"
        " in 'lead' (12 rows); b (3 rows); other reasons (2 rows)"
    )


def test_reasons_of_endlessly_many_kinds_are_counted_in_bounded_memory() -> None:
    def word(number: int) -> str:
        return "".join(chr(ord("a") + int(digit)) for digit in str(number))

    told = reasons(*(f"reason {word(n)}" for n in range(3 * MOST_KINDS))).said()
    assert told.endswith(f"other reasons ({3 * MOST_KINDS - 3:,} rows)")


def test_rows_that_were_not_sent_are_told_until_when_their_process_is_held() -> None:
    held = Held(until_ms=1_790_000_312_000, seconds=312)
    (line,) = replace(verdict({Outcome.NOT_SENT: 2}), held=held).errors()
    assert line == (
        "2 rows not sent, to come again from the source: what was sent to their process before,"
        " outcome unknown, may still be written until 2026-09-21T14:18:32.000Z by ChakraHQ's clock"
        " (312 s from now). Run it again after that."
    )


def test_rejects_over_the_limit_are_one_line_with_the_commands() -> None:
    (line,) = verdict({Outcome.REJECTED: 2}, reasons("bad", "bad")).errors()
    assert line == (
        "2 rows were rejected, and max_rejects allows 1. Rejected most often: bad (2 rows)."
        " List them with: target-chakra rejects --run 7. Once corrected, send them again with:"
        " target-chakra retry."
    )


def test_in_a_dry_run_no_command_lists_them() -> None:
    (line,) = verdict({Outcome.REJECTED: 2}, reasons("bad", "bad"), dry_run=True).errors()
    assert "would be rejected" in line
    assert "adds none to the rejects on record, and takes none away" in line
    assert "target-chakra" not in line


def test_a_run_that_only_makes_a_plan_is_called_so() -> None:
    told = verdict({Outcome.REJECTED: 2}, reasons("bad"), dry_run=True, plan="plan.parquet")
    (line,) = told.errors()
    assert "A plan adds none to the rejects on record" in line


def test_unknown_rows_are_one_line_with_what_is_in_flight_and_what_was_not_sent() -> None:
    told = verdict({Outcome.UNKNOWN: 1, Outcome.IN_FLIGHT: 300, Outcome.NOT_SENT: 4})
    (line,) = told.errors()
    assert "whether 1 row was written" in line
    assert "the answer was lost and it has no key (1 row)" in line
    assert "target-chakra unknown" in line
    assert "300 rows are in flight; the next run with this journal follows them." in line
    assert "4 rows not sent" in line
    assert list(told.warnings()) == []


def test_what_is_in_flight_is_said_beside_what_broke_the_run_off() -> None:
    told = verdict({Outcome.IN_FLIGHT: 1}, error=SettingsError("Line 5 is broken", "See it"))
    assert list(told.errors()) == ["Line 5 is broken. See it."]
    assert list(told.warnings()) == [
        "1 row is in flight; the next run with this journal follows them"
    ]
    stopped = verdict({Outcome.IN_FLIGHT: 2}, stopped=True)
    assert list(stopped.errors()) == []
    assert str(stopped.left()).startswith("Stopped: 0 rows were not sent, 2 in flight, and what")
    assert told.left() is None
    assert len(list(stopped.warnings())) == 1


def test_a_limit_that_stops_the_run_says_why_in_the_same_line() -> None:
    error = LimitCrossed("Too many", "Mend them")
    (line,) = verdict({Outcome.REJECTED: 5}, reasons("bad"), error=error).errors()
    assert line.startswith("Too many. Mend them. Rejected most often: bad (1 row).")


def test_a_run_that_ended_well_says_nothing() -> None:
    told = verdict({Outcome.CREATED: 5, Outcome.REJECTED: 1}, reasons("bad"))
    assert [*told.errors(), *told.warnings()] == []


ORDER = "target-chakra unknown --as written|not-written NUMBERS"


def test_only_their_users_word_ends_unknown_rows_without_a_key() -> None:
    """Four rows were unknown in each run, and "Run it again to go on" never went on."""
    (line,) = replace(verdict({Outcome.UNKNOWN: 4}), keyless=4).errors()
    assert "4 rows have no key to be read back by, and no run can find out" in line
    assert line.endswith(f"then say so, by number, with: {ORDER}. Then run it again.")
    (line,) = replace(verdict({Outcome.UNKNOWN: 4, Outcome.NOT_SENT: 1}), keyless=1).errors()
    assert f"1 row has no key to be read back by, and no run can find out: {LOOK}" in line
    assert line.endswith("Run it again to go on.")


LOOK = f"look in ChakraHQ whether it is there, then say so, by number, with: {ORDER}."


def test_unknown_rows_are_told_until_when_they_hold_their_processes() -> None:
    holds = Held(until_ms=1_790_000_312_000, seconds=312)
    (line,) = replace(verdict({Outcome.UNKNOWN: 1}), holds=holds).errors()
    said = "What was sent may still be written, and holds its process"
    time = "2026-09-21T14:18:32.000Z by ChakraHQ's clock (312 s from now)"
    assert line.endswith(f"{said} until {time}. Run it again after that.")
    (line,) = replace(verdict({Outcome.UNKNOWN: 1}), holds=Held(None, 0)).errors()
    assert f"{said}; ChakraHQ's answers tell no time (Date)" in line
    both = replace(verdict({Outcome.UNKNOWN: 1, Outcome.NOT_SENT: 1}), held=holds, holds=holds)
    assert "\n".join(both.errors()).count(time) == 1


def test_the_next_command_shows_what_nobody_knows_before_what_was_rejected() -> None:
    commands = {
        "target-chakra unknown": verdict({Outcome.UNKNOWN: 1, Outcome.REJECTED: 1}),
        "target-chakra rejects --run 7": verdict({Outcome.REJECTED: 1, Outcome.CREATED: 9}),
        "target-chakra runs 7": verdict({Outcome.NOT_SENT: 1}, stopped=True),
        "": verdict({Outcome.CREATED: 1}),
    }
    assert {words: each.next_command for words, each in commands.items()} == {
        words: words for words in commands
    }
    assert verdict({Outcome.REJECTED: 5}, dry_run=True).next_command == ""


def test_reasons_without_values_are_counted_beside_those_with() -> None:
    made = Reasons()
    for number in range(MOST_KINDS + 5):
        made.note(change(number), f"a is '{number}'", f"a value does not fit: c{number}")
    made.note(change(1), "told to nobody")
    made.note(change(1), "a is 'x'", "a value does not fit: c7")
    assert made.briefs[:2] == (("another reason", 5), ("a value does not fit: c7", 2))
    assert sum(rows for _, rows in made.briefs) == MOST_KINDS + 6
