"""Tasks that rows ask for: each is made once, and what is not known is not made again."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.target_process import (
    kill_once,
    operate,
    record,
    schema,
    settings,
    state,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("visit", "lead", "said", "owner", "done")
MAPPING = {
    "stream": "visits",
    "kind": "task",
    "procedure": "lead",
    "process": "lead",
    "task": "lead_follow_up",
    "once_by": "visit",
    "fields": {"said": "data.remarks", "owner": "assignedTo", "done": "status"},
}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "60"]) as server:
        yield server


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    before = running.knobs()
    running.forget_requests()
    yield running
    running.knobs(**before)


def config(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return settings(sandbox, streams=[MAPPING], max_rejects=100, **more)


def visit(name: str, lead: object, **more: Any) -> dict[str, Any]:
    return record("visits", visit=name, lead=lead, **more)


def made_of(sandbox: Sandbox, prefix: str) -> list[dict[str, Any]]:
    """The tasks whose remarks begin so, in their order."""
    tasks = sandbox.arrived("tasks")
    return [each for each in tasks if str(each["data"].get("remarks")).startswith(prefix)]


def test_a_row_becomes_a_task_with_its_values(sandbox: Sandbox, tmp_path: Path) -> None:
    lead = sandbox.oracle()[3]
    lines = [
        schema("visits", COLUMNS),
        visit("v1", lead.data["lead_id"], said="one: was there", owner="asha.k", done="completed"),
        visit("v2", lead.id, said="one: by id", owner=None, done=None),
        state({"at": 2}),
    ]
    told = write(tmp_path, config(sandbox), lines)
    assert (told.code, told.outcomes, told.states) == (0, {"created": 2}, [{"at": 2}])
    by_remark = {each["data"]["remarks"]: each for each in made_of(sandbox, "one: ")}
    assert set(by_remark) == {"one: was there", "one: by id"}
    assert {each["process"] for each in by_remark.values()} == {lead.id}
    assert by_remark["one: was there"]["status"] == "COMPLETED"
    assert by_remark["one: was there"]["assignedTo"] is not None
    assert by_remark["one: by id"]["status"] == "OPEN"
    again = write(tmp_path, config(sandbox), lines)
    assert (again.code, again.outcomes) == (0, {"unchanged": 2})
    assert len(made_of(sandbox, "one: ")) == 2


def test_what_does_not_fit_is_a_reject_and_is_made_once_mended(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    lines = [
        schema("visits", COLUMNS),
        visit("v1", "L-000001", said="two: ok"),
        visit("v2", "L-999999", said="two: no such lead"),
        visit("v3", None, said="two: no lead"),
        visit("v4", "L-000002", said="two: status", done="perhaps"),
        visit("v5", "L-000003", said="two: owner", owner="nobody.at.all"),
        visit("", "L-000004", said="two: no value"),
        visit("v7", "..", said="two: no path"),
        state(1),
    ]
    told = write(tmp_path, config(sandbox), lines)
    assert told.outcomes == {"created": 1, "rejected": 6}
    assert told.states == [1]
    rejects = operate(tmp_path, config(sandbox), "rejects", "--json")
    reasons = {
        str(each["row"]["visit"]): each["reason"]
        for each in map(json.loads, rejects.stdout.splitlines())
    }
    assert "No process found" in reasons["v2"]
    assert reasons["v3"] == "lead is null or missing"
    assert "is none of OPEN, COMPLETED, CANCELLED" in reasons["v4"]
    assert "nobody.at.all" in reasons["v5"]
    assert reasons[""].startswith("once_by: visit")
    assert "cannot stand in the path" in reasons["v7"]
    mended = [schema("visits", COLUMNS), visit("v2", "L-000005", said="two: mended"), state(2)]
    again = write(tmp_path, config(sandbox), mended)
    assert again.outcomes == {"created": 1}
    left = operate(tmp_path, config(sandbox), "rejects", "--json").stdout.splitlines()
    assert "v2" not in {json.loads(each)["row"]["visit"] for each in left}
    assert [each["data"]["remarks"] for each in made_of(sandbox, "two")] == [
        "two: ok",
        "two: mended",
    ]
    retried = operate(tmp_path, config(sandbox), "retry")
    assert retried.outcomes == {"rejected": 5}


def test_a_process_of_the_same_run_is_not_seen_yet_and_retry_makes_its_task(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(job_duration_ms=1500)
    leads = {"stream": "leads", "procedure": "lead", "mode": "upsert", "key": "lead_id"}
    both = settings(sandbox, streams=[leads, MAPPING])
    lines = [
        schema("leads", ("lead_id", "name")),
        schema("visits", COLUMNS),
        record("leads", lead_id="L-NEW", name="New"),
        visit("v1", "L-NEW", said="new: of the same run"),
        state(1),
    ]
    told = write(tmp_path, both, lines)
    assert (told.code, told.outcomes, told.states) == (7, {"created": 1, "rejected": 1}, [1])
    listed = operate(tmp_path, both, "rejects").stdout
    assert "404: No process found for lead_id L-NEW" in listed
    assert "send it again with target-chakra retry" in listed
    assert operate(tmp_path, both, "retry").outcomes == {"created": 1}
    assert len(made_of(sandbox, "new: ")) == 1
    assert operate(tmp_path, both, "rejects", "--json").stdout == ""
    assert write(tmp_path, both, lines).outcomes == {"unchanged": 2}
    assert len(made_of(sandbox, "new: ")) == 1


@pytest.mark.parametrize("fault", ["reset_after", "502_after", "truncate", "reset_before", "502"])
def test_a_lost_answer_stays_unknown_until_its_user_says(
    sandbox: Sandbox, tmp_path: Path, fault: str
) -> None:
    prefix = f"three {fault}: "
    lines = [
        schema("visits", COLUMNS),
        *(visit(f"v{n}", f"L-{n:06d}", said=f"{prefix}{n}") for n in range(1, 6)),
        state(1),
    ]
    sandbox.knobs(faults=[{"kind": fault, "match": "/task/", "at": [3]}])
    told = write(tmp_path, config(sandbox, concurrency=1), lines)
    sandbox.knobs(faults=[])
    assert told.outcomes == {"created": 4, "unknown": 1}
    assert (told.code, told.states) == (8, [])
    is_made = len(made_of(sandbox, prefix)) == 5
    assert is_made == (fault not in ("reset_before", "502"))
    again = write(tmp_path, config(sandbox), lines)
    assert again.outcomes == {"unchanged": 4, "unknown": 1}
    assert again.states == []
    (unknown,) = operate(tmp_path, config(sandbox), "unknown", "--json").stdout.splitlines()
    found = json.loads(unknown)
    assert (found["kind"], found["key"]) == ("task", "visit=v3")
    word = "written" if is_made else "not-written"
    said = operate(tmp_path, config(sandbox), "unknown", "--as", word, "--now", str(found["id"]))
    assert said.code == 0
    last = write(tmp_path, config(sandbox), lines)
    assert last.outcomes == ({"unchanged": 5} if is_made else {"unchanged": 4, "created": 1})
    assert (last.code, last.states) == (0, [1])
    assert Counter(each["data"]["remarks"] for each in made_of(sandbox, prefix)) == {
        f"{prefix}{n}": 1 for n in range(1, 6)
    }


def test_killed_in_the_middle_nothing_is_made_twice(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.knobs(latency_ms=60)
    lines = [
        schema("visits", COLUMNS),
        *(visit(f"v{n}", f"L-{n % 50 + 1:06d}", said=f"four: {n}") for n in range(40)),
    ]
    kill_once(lambda: len(made_of(sandbox, "four: ")) >= 10, tmp_path, config(sandbox), lines)
    sandbox.knobs(latency_ms=0)
    told = write(tmp_path, config(sandbox), [*lines, state(1)])
    made = Counter(each["data"]["remarks"] for each in made_of(sandbox, "four: "))
    assert set(made.values()) == {1}
    assert told.outcomes["unknown"] <= 4  # those that were under way, at most `concurrency`
    assert sum(told.outcomes.values()) == 40
    assert len(made) >= 40 - told.outcomes["unknown"]


def test_a_dry_run_shows_them_and_a_plan_makes_them(sandbox: Sandbox, tmp_path: Path) -> None:
    lines = [
        schema("visits", COLUMNS),
        visit("v1", "L-000001", said="five: a", done="OPEN"),
        visit("v2", "L-000002", said="five: b"),
        visit("v2", "L-000002", said="five: b"),
        visit("v3", "L-000003", done="perhaps"),
    ]
    dry = write(tmp_path, config(sandbox, dry_run=True), lines)
    assert made_of(sandbox, "five") == []
    assert "task lead/lead_follow_up visit=v1 (line 2)" in dry.stderr
    assert 'remarks: "five: a"' in dry.stderr or "data.remarks: five: a" in dry.stderr
    plan = tmp_path / "plan.parquet"
    planned = write(tmp_path, config(sandbox, plan_path=str(plan)), lines)
    assert planned.code in (0, 7)
    assert made_of(sandbox, "five") == []
    shown = operate(tmp_path, config(sandbox), "plan", str(plan))
    assert "five: a" in shown.stdout
    applied = operate(tmp_path, config(sandbox), "apply", str(plan), "--yes")
    assert applied.outcomes == {"created": 2}
    assert sorted(each["data"]["remarks"] for each in made_of(sandbox, "five")) == [
        "five: a",
        "five: b",
    ]
    operate(tmp_path, config(sandbox), "apply", str(plan), "--yes")
    assert len(made_of(sandbox, "five")) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "tsk"}, "tsk"),
        ({"once_by": None}, "once_by is missing"),
        ({"process": None}, "process is missing"),
        ({"task": "lead_folow_up"}, "the nearest one is 'lead_follow_up'"),
        ({"procedure": "leed"}, "leed"),
        ({"fields": {"said": 7}}, "fields is not an object"),
        ({"mode": "update"}, "there is no option mode"),
        ({"once_by": "visitt"}, "names the column 'visitt'"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused_before_the_first_row(
    sandbox: Sandbox, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    mapping = {name: each for name, each in {**MAPPING, **changes}.items() if each is not None}
    lines = [schema("visits", COLUMNS), visit("v1", "L-000001", said="six")]
    told = write(tmp_path, settings(sandbox, streams=[mapping]), lines)
    assert told.code == 3
    assert said in told.stderr
    assert "Traceback" not in told.stderr
    assert made_of(sandbox, "six") == []


def test_a_key_that_may_not_stops_the_run_and_leaves_nothing_unknown(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    lines = [schema("visits", COLUMNS), visit("v1", "L-000001", said="seven"), state(1)]
    told = write(tmp_path, {**config(sandbox), "api_key": "sandbox-no-such-key"}, lines)
    assert told.code not in (0, 1)
    told = write(tmp_path, config(sandbox), lines)
    assert told.outcomes == {"created": 1}


def test_the_commands_beside_a_run_know_tasks(sandbox: Sandbox, tmp_path: Path) -> None:
    looked = operate(tmp_path, config(sandbox), "doctor")
    assert looked.code == 0, looked.stdout
    said = " ".join(looked.stdout.split())
    assert "visits: a task for each row (task lead/lead_follow_up), once for each" in said
    lines = [schema("visits", COLUMNS), visit("v1", "L-000001", said="eight"), state(1)]
    told = write(tmp_path, config(sandbox), lines)
    number = str(told.receipt["run"])
    undone = operate(tmp_path, config(sandbox), "undo", number, "--yes")
    assert undone.code == 0
    assert "stays: 1 of kind task" in undone.stderr
    audited = operate(tmp_path, config(sandbox), "audit", "--run", number)
    assert audited.code == 3
    assert "it made 1 of kind task" in audited.stderr
    assert len(made_of(sandbox, "eight")) == 1


def test_a_warehouse_table_asks_for_tasks_without_a_tap(sandbox: Sandbox, tmp_path: Path) -> None:
    source = tmp_path / "visits.csv"
    source.write_text("visit,lead,said,owner,done\n1,L-000001,nine,,open\n2,L-000002,nine,,open\n")
    for wanted in ({"created": 2}, {"unchanged": 2}):
        told = operate(tmp_path, config(sandbox), "sync", "--source", str(source))
        assert (told.code, told.outcomes) == (0, wanted), told.stderr
    assert len(made_of(sandbox, "nine")) == 2
