"""A row that lacks its key is one reject, however often it comes, until its user closes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.synced import SCORES, Desk, desk_of

if TYPE_CHECKING:
    from pathlib import Path

WELL = "('L-1', 5, 'a')"
KEYLESS = "(NULL, 7, 'b')"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_of(tmp_path)


def filled(desk: Desk, *rows: str) -> None:
    desk.sql(
        "CREATE OR REPLACE TABLE scores (lead_id varchar, score integer, name varchar)",
        f"INSERT INTO scores VALUES {', '.join(rows)}",
    )


def listed(desk: Desk, *args: str) -> list[dict[str, Any]]:
    told = desk.run("rejects", "--json", *args)
    assert told.code == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_a_row_that_comes_again_as_it_was_is_one_open_reject(desk: Desk) -> None:
    filled(desk, WELL, KEYLESS)
    for _ in range(3):
        assert desk.sync("--table", "scores").code == ExitCode.REJECTS
    (left,) = listed(desk)
    assert left["run"] == 3
    assert [each["closed"] for each in listed(desk, "--all")] == ["rejected again"] * 2 + [None]
    assert desk.run("retry").code == ExitCode.REJECTS
    assert len(listed(desk)) == 1


def test_rows_of_another_content_or_twice_in_one_run_are_rejects_of_their_own(desk: Desk) -> None:
    filled(desk, KEYLESS, KEYLESS, "(NULL, 8, 'b')")
    for _ in range(2):
        desk.sync("--table", "scores")
    assert sorted(each["row"]["score"] for each in listed(desk)) == [7, 7, 8]
    assert {each["run"] for each in listed(desk)} == {2}


def test_what_is_corrected_in_the_source_is_closed_by_its_users_word(desk: Desk) -> None:
    filled(desk, KEYLESS, "(NULL, 8, 'c')")
    desk.sync("--table", "scores")
    filled(desk, "('L-2', 7, 'b')", "('L-3', 8, 'c')")
    assert desk.sync("--table", "scores").code == 0
    first, second = (each["id"] for each in listed(desk))
    (shown,) = listed(desk, str(second))
    assert shown["id"] == second
    told = desk.run("rejects", "--close", str(first))
    assert told.code == 0
    assert told.stderr.strip() == "1 row closed"
    assert [each["id"] for each in listed(desk)] == [second]
    assert listed(desk, "--all")[0]["closed"] == "closed by hand"
    assert "rejects --close NUMBERS" in desk.run("rejects").stderr
    assert desk.run("retry").code == ExitCode.REJECTS, "only the other one was sent again"


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (("--close",), {}, "No rejects are named"),
        (("--close", "99"), {}, "no such reject 99"),
        (("99",), {}, "no such reject 99"),
        (("--close", "1"), {"dry_run": True}, "dry_run is set"),
        (("--close", "1", "--stream", "others"), {}, "no such reject 1"),
    ],
)
def test_nothing_is_closed_that_is_not_named(
    desk: Desk, words: tuple[str, ...], settings: dict[str, Any], said: str
) -> None:
    filled(desk, KEYLESS)
    desk.sync("--table", "scores")
    told = desk.run("rejects", *words, **settings)
    assert told.code == ExitCode.SETTINGS
    assert said in told.stderr
    assert len(listed(desk)) == 1


def test_rows_that_lack_what_names_a_call_are_one_reject_too(tmp_path: Path) -> None:
    users = {
        "stream": "scores",
        "kind": "user",
        "user": "lead_id",
        "fields": {"name": "displayName"},
    }
    desk = Desk(tmp_path, desk_of(tmp_path).world, (users, SCORES))
    filled(desk, KEYLESS)
    for _ in range(2):
        assert desk.sync("--table", "scores").code == ExitCode.REJECTS
    assert len(listed(desk)) == 1
