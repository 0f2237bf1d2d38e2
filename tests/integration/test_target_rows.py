"""What happens to a row: the real command against the sandbox, judged by its oracle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.clock import SystemClock
from chakra_api.connection import Connection, connect
from chakra_api.exit_codes import ExitCode
from chakra_api.redaction import ApiKey
from tests.support.target_process import (
    living,
    operate,
    record,
    schema,
    settings,
    state,
    write,
    writes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", [["--rows", "300"]], indirect=True)


@pytest.fixture(autouse=True)
def quick_jobs(sandbox: Sandbox) -> None:
    sandbox.knobs(job_duration_ms=100)


def config_of(sandbox: Sandbox, mapping: dict[str, Any] | None = None, **more: Any) -> Any:
    given = {"stream": "scores", "procedure": "lead", **(mapping or {})}
    return settings(sandbox, streams=[given], **more)


def keys(sandbox: Sandbox) -> list[str]:
    return sorted(living(sandbox))


def test_rows_are_created_and_updated_and_the_rerun_writes_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    old = keys(sandbox)[:40]
    rows = [record("scores", lead_id=key, score=7000) for key in [*old, "NEW-1", "NEW-2"]]
    lines = [schema("scores", ["lead_id", "score"]), *rows, state({"at": 1})]
    first = write(tmp_path, config_of(sandbox), lines)
    assert (first.code, first.outcomes) == (0, {"created": 2, "updated": 40})
    assert first.states == [{"at": 1}]
    found = living(sandbox)
    assert {found[key]["data"]["score"] for key in [*old, "NEW-1", "NEW-2"]} == {7000}
    sandbox.forget_requests()
    second = write(tmp_path, config_of(sandbox), lines)
    assert second.outcomes == {"unchanged": 42}
    assert writes(sandbox) == 0
    assert second.states == [{"at": 1}]


def test_only_the_fields_that_differ_are_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    (key, row), *_ = living(sandbox).items()
    same = {"lead_id": key, "name": row["data"]["name"]}
    lines = [
        schema("scores", ["lead_id", "name", "score"]),
        record("scores", **same, score=7001),
    ]
    write(tmp_path, config_of(sandbox), lines)
    (sent,) = [r["body"] for r in sandbox.requests() if r["method"] == "PATCH"]
    assert sent == {"processes": [{"id": row["id"], "update": {"data": {"score": 7001}}}]}


def test_a_then_b_then_a_ends_with_a(sandbox: Sandbox, tmp_path: Path) -> None:
    key = keys(sandbox)[0]
    values = [1, 2, 1, 3, 1]
    lines = [schema("scores", ["lead_id", "score"])]
    lines += [record("scores", lead_id=key, score=value) for value in values]
    told = write(tmp_path, config_of(sandbox), lines)
    assert told.code == 0
    assert sum(told.outcomes.values()) == len(values)
    assert living(sandbox)[key]["data"]["score"] == 1


def test_rejects_name_the_row_and_the_reason_and_retry_sends_exactly_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    good, *_ = keys(sandbox)
    config = config_of(sandbox, rejects_path="rejects.jsonl")
    lines = [
        schema("scores", ["lead_id", "score", "city", "state", "assignedTo", "unheard_of"]),
        record("scores", lead_id=good, score=7002),
        record("scores", lead_id="BAD-1", score="many"),
        record("scores", lead_id="BAD-2", city="atlantis"),
        record("scores", lead_id="BAD-3", state="ASLEEP"),
        record("scores", lead_id="BAD-4", assignedTo="nobody.at.all"),
        record("scores", lead_id="BAD-5", unheard_of=1),
        record("scores", score=1),
        state({"at": 1}),
    ]
    told = write(tmp_path, config, lines)
    assert (told.code, told.outcomes) == (ExitCode.REJECTS, {"updated": 1, "rejected": 6})
    assert told.states == [{"at": 1}]
    listed = [json.loads(x) for x in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    # What ChakraHQ may hold all the same is a reject once it is looked up, later than the others.
    listed.sort(key=lambda each: each["line"])
    assert [x["line"] for x in listed] == [3, 4, 5, 6, 7, 8]
    for word, each in zip(
        ("score", "atlantis", "ASLEEP", "nobody.at.all", "unheard_of", "key"), listed, strict=True
    ):
        assert word in each["reason"]
        assert each["next_step"]
    mended = config_of(sandbox, {"fields": {"lead_id": "data.lead_id"}}, max_rejects=10)
    again = operate(tmp_path, mended, "retry")
    assert again.receipt["rows_in"] == 6
    assert again.outcomes == {"created": 5, "rejected": 1}
    assert operate(tmp_path, mended, "rejects", "--rows").stdout.count("\n") == 1


def test_a_reject_that_a_newer_row_has_overtaken_is_not_sent_again(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    columns = schema("scores", ["lead_id", "score"])
    config = config_of(sandbox, max_rejects=9)
    write(tmp_path, config, [columns, record("scores", lead_id="N-1", score="many")])
    write(tmp_path, config, [columns, record("scores", lead_id="N-1", score=5)])
    told = operate(tmp_path, config, "retry")
    assert "newer row" in told.stderr
    assert living(sandbox)["N-1"]["data"]["score"] == 5


@pytest.mark.parametrize(
    "newer", [{"name": "Late"}, {"score": "many"}], ids=["written", "rejected"]
)
def test_a_row_of_another_stream_overtakes_no_reject(
    sandbox: Sandbox, tmp_path: Path, newer: dict[str, Any]
) -> None:
    """What was rejected is not in it: the score would be lost, though `retry` ended well."""
    streams = [
        {"stream": "scores", "procedure": "lead", "key": "lead_id", "mode": "update"},
        {"stream": "leads", "procedure": "lead", "key": "lead_id"},
    ]
    config = settings(sandbox, streams=streams, max_rejects=9)
    scored = [schema("scores", ["lead_id", "score"]), record("scores", lead_id="N-2", score=7)]
    assert write(tmp_path, config, scored).outcomes == {"rejected": 1}
    columns = schema("leads", ["lead_id", *newer])
    write(tmp_path, config, [columns, record("leads", lead_id="N-2", **newer)])
    if "name" not in newer:
        write(tmp_path, config, [schema("leads", ["lead_id"]), record("leads", lead_id="N-2")])
    told = operate(tmp_path, config, "retry", "--stream", "scores")
    assert told.outcomes == {"updated": 1}, told.stderr
    assert living(sandbox)["N-2"]["data"]["score"] == 7


def test_deletes_need_a_number_and_stop_before_it_is_crossed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    first, second, third, *_ = keys(sandbox)
    mapping = {"delete_when": "_sdc_deleted_at"}
    columns = schema("scores", ["lead_id", "score", "_sdc_deleted_at"])
    rows = [
        record("scores", lead_id=key, score=1, _sdc_deleted_at="2026-01-01T00:00:00Z")
        for key in (first, second)
    ]
    refused = write(tmp_path, config_of(sandbox, mapping), [columns, *rows, state(1)])
    assert (refused.code, refused.states) == (ExitCode.REJECTS, [])
    assert "max_deletes" in refused.stderr
    assert {first, second} <= set(living(sandbox))
    done = write(tmp_path, config_of(sandbox, mapping, max_deletes=2), [columns, *rows, state(1)])
    assert (done.code, done.outcomes) == (0, {"deleted": 2})
    assert not {first, second} & set(living(sandbox))
    assert third in living(sandbox)
    again = write(tmp_path, config_of(sandbox, mapping, max_deletes=2), [columns, *rows, state(1)])
    assert again.outcomes == {"unchanged": 2}


def test_insert_knows_its_own_rows_again(sandbox: Sandbox, tmp_path: Path) -> None:
    columns = schema("scores", ["lead_id", "score"])
    rows = [record("scores", lead_id=f"I-{n}", score=n) for n in range(5)]
    foreign = record("scores", lead_id=keys(sandbox)[0], score=1)
    config = config_of(sandbox, {"mode": "insert"}, max_rejects=1)
    first = write(tmp_path, config, [columns, *rows, foreign])
    assert first.outcomes == {"created": 5, "rejected": 1}
    second = write(tmp_path, config, [columns, *rows])
    assert second.outcomes == {"unchanged": 5}
    other = write(tmp_path, config, [columns, record("scores", lead_id="I-1", score=99)])
    assert other.outcomes == {"rejected": 1}


def test_rows_without_a_key_are_sent_once_however_often_they_come(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    columns = schema("scores", ["name", "score"])
    rows = [record("scores", name="Twin", score=1)] * 2 + [record("scores", name="One", score=2)]
    config = config_of(sandbox, {"mode": "insert"})
    before = len(sandbox.oracle())
    first = write(tmp_path, config, [columns, *rows])
    assert first.outcomes == {"created": 3}
    # No STATE was passed on: the source may bring them again.
    second = write(tmp_path, config, [columns, *rows, state(1)])
    assert second.outcomes == {"unchanged": 3}
    assert len(sandbox.oracle()) == before + 3
    # Now it was: these are new ones.
    third = write(tmp_path, config, [columns, *rows])
    assert third.outcomes == {"created": 3}
    assert len(sandbox.oracle()) == before + 6


def test_a_create_that_is_merged_is_not_called_created(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.knobs(phone_merge=True)
    phone = next(
        row["data"]["phone_number"] for row in living(sandbox).values() if row["data"].get("name")
    )
    lines = [
        schema("scores", ["lead_id", "phone_number"]),
        record("scores", lead_id="MERGED-1", phone_number=phone),
        record("scores", lead_id="FRESH-1", phone_number="+15550001111"),
    ]
    told = write(tmp_path, config_of(sandbox), lines)
    assert told.outcomes == {"created": 1, "merged": 1}


def test_a_value_that_chakrahq_stores_otherwise_is_not_sent_for_ever(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(normalise=["trim", "drop_plus"])
    old = keys(sandbox)[:25]
    lines = [schema("scores", ["lead_id", "phone_number"])]
    lines += [
        record("scores", lead_id=key, phone_number=f"+91999{n:07d}") for n, key in enumerate(old)
    ]
    first = write(tmp_path, config_of(sandbox), lines)
    assert first.outcomes == {"updated": 25}
    second = write(tmp_path, config_of(sandbox), lines)
    assert second.outcomes == {"unchanged": 25}
    # Somebody edits one of them: the value is sent again.
    (row,) = [r for k, r in living(sandbox).items() if k == old[3]]
    edit(sandbox, row["id"], {"phone_number": "123"})
    third = write(tmp_path, config_of(sandbox), lines)
    assert third.outcomes == {"updated": 1, "unchanged": 24}


def edit(sandbox: Sandbox, process_id: str, data: dict[str, Any]) -> None:
    """Somebody changes a process in ChakraHQ."""
    connection = Connection(ApiKey(sandbox.api_key), sandbox.url)
    client = connect(connection, SystemClock(), 1)
    client.update_process("lead", process_id, {"data": data})
    client.close()


def test_a_dry_run_writes_nothing_and_says_what_it_would(sandbox: Sandbox, tmp_path: Path) -> None:
    key, *_ = keys(sandbox)
    lines = [
        schema("scores", ["lead_id", "score"]),
        record("scores", lead_id=key, score=7003),
        record("scores", lead_id="D-1", score=1),
        state(1),
    ]
    told = write(tmp_path, config_of(sandbox, dry_run=True), lines)
    assert told.code == 0
    assert writes(sandbox) == 0
    assert told.states == []
    assert "→ 7003" in told.stderr
    assert "1 create, 1 update, 0 deletes" in told.stderr


def test_many_rejects_stop_the_run_before_the_next_submit(sandbox: Sandbox, tmp_path: Path) -> None:
    lines = [schema("scores", ["lead_id", "score"])]
    lines += [record("scores", lead_id=f"S-{n}", score="bad" if n % 3 else n) for n in range(3000)]
    told = write(tmp_path, config_of(sandbox, max_rejects=5000), [*lines, state(1)])
    assert told.code == ExitCode.REJECTS
    assert "stop_at_reject_percent" in told.stderr
    assert told.states == []
    assert told.receipt["rows_in"] == sum(told.outcomes.values())
    assert told.receipt["rows_in"] < 1200


def test_only_if_empty_never_overwrites(sandbox: Sandbox, tmp_path: Path) -> None:
    (key, row), *_ = living(sandbox).items()
    lines = [
        schema("scores", ["lead_id", "name", "website"]),
        record("scores", lead_id=key, name="Other", website="https://example.com"),
    ]
    mapping = {"only_if_empty": ["data.name", "website"]}
    write(tmp_path, config_of(sandbox, mapping), lines)
    assert living(sandbox)[key]["data"]["name"] == row["data"]["name"]


def test_nulls_clear_only_where_the_user_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    key = next(k for k, r in living(sandbox).items() if "city" in r["data"])
    lines = [schema("scores", ["lead_id", "city"]), record("scores", lead_id=key, city=None)]
    assert write(tmp_path, config_of(sandbox), lines).outcomes == {"unchanged": 1}
    told = write(tmp_path, config_of(sandbox, {"nulls": "clear"}), lines)
    assert told.outcomes == {"updated": 1}
    assert "city" not in living(sandbox)[key]["data"]


def test_root_fields_take_names_as_people_write_them(sandbox: Sandbox, tmp_path: Path) -> None:
    key, *_ = keys(sandbox)
    user = sandbox.get_json("/v1/ext/users")["_data"][1]
    lines = [
        schema("scores", ["lead_id", "state", "status", "assignedTo", "nextActionAt"]),
        record(
            "scores",
            lead_id=key,
            state="in progress",
            status="open",
            assignedTo=f"{user['firstName']} {user['lastName']}",
            nextActionAt="2030-01-02T03:04:05Z",
        ),
    ]
    assert write(tmp_path, config_of(sandbox), lines).code == 0
    row = living(sandbox)[key]
    assert (row["state"], row["status"]) == ("IN_PROGRESS", "OPEN")
    assert (row["assignedTo"], row["nextActionAt"]) == (user["id"], 1893553445000)
    assert write(tmp_path, config_of(sandbox), lines).outcomes == {"unchanged": 1}
