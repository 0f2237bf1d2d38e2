"""Tables that dlt writes back: modes, hints, values, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.dlt_loads import (
    NOTES,
    SCORES,
    Plan,
    Table,
    load,
    new,
    scores,
    settings,
)
from tests.support.target_process import living, writes

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox


FIELDS = {"lead_id": "data.lead_id", "score": "data.score"}


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """The account of this module, with quick jobs and nothing asked of it yet."""
    shared_sandbox.knobs(job_duration_ms=100, latency_ms=0, faults=[])
    shared_sandbox.forget_requests()
    return shared_sandbox


def test_a_merge_writes_what_differs_and_a_second_one_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [*scores(sandbox, 30), *new(20)]
    plan = Plan((Table("scores", rows),), settings(sandbox, SCORES))
    told = load(tmp_path, plan)
    assert (told.code, told.error) == (0, ""), told.output
    assert told.outcomes == {"created": 20, "updated": 30}
    before = writes(sandbox)
    again = load(tmp_path, plan)
    assert again.outcomes == {"unchanged": 50}
    assert writes(sandbox) == before


def test_append_creates_each_row_once_equal_ones_too(sandbox: Sandbox, tmp_path: Path) -> None:
    rows = [{"name": "twin", "score": 1}] * 3 + [{"name": "other", "score": 2}]
    plan = Plan((Table("notes", rows, "append"),), settings(sandbox, NOTES))
    before = len(sandbox.oracle())
    assert load(tmp_path, plan).outcomes == {"created": 4}
    # Another load brings other rows, however equal.
    assert load(tmp_path, plan).outcomes == {"created": 4}
    assert len(sandbox.oracle()) == before + 8


def test_append_with_a_key_is_for_new_ones_only(sandbox: Sandbox, tmp_path: Path) -> None:
    rows = [*scores(sandbox, 1), *new(1)]
    plan = Plan((Table("scores", rows, "append"),), settings(sandbox, SCORES, max_rejects=1))
    assert load(tmp_path, plan).outcomes == {"created": 1, "rejected": 1}


HINTS: dict[str, tuple[Table, dict[str, int]]] = {
    "the primary key": (Table("scores", [], "merge", "lead_id"), {"created": 1, "updated": 1}),
    "the merge key": (
        Table("scores", [], "merge", None, {"lead_id": {"merge_key": True}}),
        {"created": 1, "updated": 1},
    ),
    "a merge that only inserts": (
        Table("scores", [], {"disposition": "merge", "strategy": "insert-only"}, "lead_id"),
        {"created": 1, "rejected": 1},
    ),
    "a mark of deletion": (
        Table("scores", [], "merge", "lead_id", {"gone": {"hard_delete": True}}),
        {"created": 1, "deleted": 1},
    ),
}


@pytest.mark.parametrize(("table", "outcomes"), HINTS.values(), ids=HINTS.keys())
def test_what_a_table_says_counts_where_the_mapping_is_silent(
    sandbox: Sandbox, tmp_path: Path, table: Table, outcomes: dict[str, int]
) -> None:
    rows = [{**scores(sandbox, 1)[0], "gone": True}, {**new(1)[0], "gone": False}]
    silent = {"stream": "sc*", "procedure": "lead", "fields": FIELDS}
    given = settings(sandbox, silent, max_rejects=1, max_deletes=1)
    told = load(tmp_path, Plan((replace(table, rows=rows),), given))
    assert told.outcomes == outcomes, told.output


def test_what_the_mapping_says_counts_before_the_table(sandbox: Sandbox, tmp_path: Path) -> None:
    rows = [{"crm": row["lead_id"], "n": row["score"]} for row in (*scores(sandbox, 1), *new(1))]
    key = {"column": "crm", "attribute": "lead_id"}
    fields = {"crm": "lead_id", "n": "data.score"}
    mapping = {**SCORES, "key": key, "mode": "update", "fields": fields}
    plan = Plan((Table("scores", rows, "replace", "n"),), settings(sandbox, mapping, max_rejects=1))
    assert load(tmp_path, plan).outcomes == {"updated": 1, "rejected": 1}


def test_values_of_dlts_types_arrive_as_a_tap_would_send_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    row = {
        **new(1)[0],
        "score": Decimal("42.00"),
        "budget": Decimal("1.5"),
        "last_contacted": datetime(2026, 1, 5, 9, 15, tzinfo=timezone.utc),
        "birth_date": date(1987, 8, 24),
        "tags": ["vip"],
        "name": "Mira",
    }
    told = load(tmp_path, Plan((Table("scores", [row]),), settings(sandbox, SCORES)))
    assert told.outcomes == {"created": 1}, told.output
    held = living(sandbox)[row["lead_id"]]["data"]
    assert (held["score"], held["budget"], held["tags"]) == (42, 1.5, ["vip"])
    assert load(tmp_path, Plan((Table("scores", [row]),), settings(sandbox, SCORES))).outcomes == {
        "unchanged": 1
    }


def test_times_without_a_zone_are_dlts_until_their_column_has_the_hint(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    naive = datetime(2026, 3, 4, 5, 6, 7)  # noqa: DTZ001 - it is about such times
    aware = naive.replace(tzinfo=timezone.utc)
    row = {**new(1)[0], "last_contacted": naive, "birth_date": date(1987, 8, 24)}
    given = settings(sandbox, SCORES, naive_timezone="Asia/Kolkata")
    hint = {"data_type": "timestamp", "timezone": False}

    def sent(time: object, columns: Any, given: dict[str, Any]) -> tuple[str, int]:
        table = Table("scores", [{**row, "last_contacted": time}], columns=columns)
        told = load(tmp_path, Plan((table,), given))
        assert told.error == "", told.output
        return told.output, living(sandbox)[row["lead_id"]]["data"]["last_contacted"]

    for time in (naive, "2026-03-04 05:06:07"):
        said, held = sent(time, None, given)
        assert said.count("'last_contacted' of the table 'scores'") == 1, said
        assert '"timezone": False' in said
        assert said.count("naive_timezone") == 1, said  # not of a day, not of dlt's own
        assert held == 1772600767000  # 05:06:07 UTC
    plain = {name: value for name, value in given.items() if name != "naive_timezone"}
    unwritten = {**SCORES, "fields": {"lead_id": "data.lead_id", "score": "data.score"}}
    for quiet in (plain, {**given, "streams": [unwritten]}):
        assert "name no zone" not in sent(naive, None, quiet)[0]
    said, held = sent(naive, {"last_contacted": hint}, given)
    assert "are written as UTC" not in said
    assert held == 1772580967000  # 05:06:07 in India
    said, held = sent(aware, {"last_contacted": {**hint, "timezone": True}}, given)
    assert "name no zone" not in said
    assert held == 1772600767000


def test_a_value_of_another_type_is_not_lost_to_dlts_variant_columns(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [*new(2), {**new(1)[0], "score": "many"}]
    mapping = {**SCORES, "fields": FIELDS}
    plan = Plan((Table("scores", rows),), settings(sandbox, mapping, max_rejects=1))
    assert load(tmp_path, plan).outcomes == {"created": 2, "rejected": 1}


def test_parquet_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    plan = Plan((Table("scores", new(1)),), settings(sandbox, SCORES), file_format="parquet")
    assert "parquet" in load(tmp_path, plan).error


def test_a_load_without_rows_asks_nothing_of_chakrahq(sandbox: Sandbox, tmp_path: Path) -> None:
    told = load(tmp_path, Plan((Table("scores", []),), settings(sandbox, SCORES)))
    assert (told.error, told.pending) == ("", False)
    assert sandbox.requests() == []


REFUSED: dict[str, tuple[Table, dict[str, Any], str]] = {
    "replace": (Table("scores", [], "replace"), {}, "mirror"),
    "two keys": (Table("scores", [], "merge", ["lead_id", "score"]), {"key": None}, "one value"),
    "scd2": (
        Table("scores", [], {"disposition": "merge", "strategy": "scd2"}),
        {},
        "scd2",
    ),
    "dedup_sort": (
        Table("scores", [], "merge", None, {"score": {"dedup_sort": "desc"}}),
        {},
        "dedup_sort",
    ),
    "no mapping": (Table("others", []), {}, "no mapping for the stream 'others'"),
    "no procedure": (Table("scores", []), {"procedure": "leed"}, "leed"),
    "no attribute": (Table("scores", []), {"fields": {"score": "data.nope"}}, "nope"),
}


@pytest.mark.parametrize(("table", "option", "word"), REFUSED.values(), ids=REFUSED.keys())
def test_what_can_not_be_done_is_refused_by_name(
    sandbox: Sandbox, tmp_path: Path, table: Table, option: dict[str, Any], word: str
) -> None:
    rows = scores(sandbox, 3)
    given = settings(sandbox, {**SCORES, **option})
    told = load(tmp_path, Plan((replace(table, rows=rows),), given))
    assert word in told.error
    assert told.pending
    assert writes(sandbox) == 0
