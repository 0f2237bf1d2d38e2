"""undo: a run is taken back where nobody has touched since what it wrote."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.people import delete, edit, edit_by_id
from tests.support.target_process import (
    COMMAND,
    living,
    operate,
    record,
    schema,
    settings,
    start,
    write,
    writes,
)
from tests.support.terminal import answered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = schema("scores", ["lead_id", "score", "remarks", "gone"])


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "300"]) as running:
        given = {"delete_mode": "soft_listed", **getattr(request, "param", {})}
        running.knobs(job_duration_ms=50, **given)
        yield running


def config_of(sandbox: Sandbox, **more: Any) -> Any:
    mapping = {
        "stream": "scores",
        "procedure": "lead",
        "key": "lead_id",
        "fields": {"lead_id": "data.lead_id", "score": "data.score", "remarks": "data.remarks"},
        "delete_when": "gone",
        **more.pop("mapping", {}),
    }
    return settings(sandbox, streams=[mapping], **{"max_deletes": 500, **more})


def row(key: str, score: int, remarks: str = "from the model", *, gone: bool = False) -> Any:
    return record("scores", lead_id=key, score=score, remarks=remarks, gone=gone)


def held(sandbox: Sandbox, key: str) -> tuple[Any, Any]:
    """Its score and remarks; the sandbox stores a number that is written as a text as a number."""
    data = living(sandbox)[key]["data"]
    score = data.get("score")
    return int(score) if isinstance(score, str) else score, data.get("remarks")


@pytest.mark.parametrize(
    "sandbox",
    [{}, {"delete_mode": "soft_hidden"}, {"array_filter": "ignored"}, {"id_filter": "ignored"}],
    indirect=True,
    ids=["listed", "hidden", "no arrays", "no filter on ids"],
)
def test_updates_go_back_deletes_come_back_and_creates_are_left(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    keys = sorted(living(sandbox))[:40]
    before = {key: held(sandbox, key) for key in keys}
    config = config_of(sandbox)
    lines = [COLUMNS, *(row(key, 9000 + n) for n, key in enumerate(keys[:20]))]
    lines += [row(key, 0, gone=True) for key in keys[20:30]]
    lines += [row(f"N-{n}", n) for n in range(5)]
    done = write(tmp_path, config, lines)
    assert done.outcomes == {"updated": 20, "deleted": 10, "created": 5}
    undone = operate(tmp_path, config, "undo", "--yes", "1", "--json")
    assert undone.code == 0, undone.stderr
    assert undone.outcomes == {"updated": 30}
    assert {key: held(sandbox, key) for key in keys} == before
    assert {f"N-{n}" for n in range(5)} <= living(sandbox).keys()
    told = json.loads(undone.stdout)
    assert (told["undoes"], told["created_left"], told["run"]) == (1, 5, 2)
    assert "undo" in operate(tmp_path, config, "runs").stdout


@pytest.mark.parametrize("knobs", [{"restores": False}, {"delete_mode": "hard"}])
def test_a_process_that_can_t_be_brought_back_is_on_record(
    sandbox: Sandbox, tmp_path: Path, knobs: dict[str, Any]
) -> None:
    sandbox.knobs(**knobs)
    first, second = sorted(living(sandbox))[:2]
    before = held(sandbox, first)
    config = config_of(sandbox)
    write(tmp_path, config, [COLUMNS, row(first, 9000), row(second, 0, gone=True)])
    undone = operate(tmp_path, config, "undo", "--yes", "1")
    assert (undone.code, undone.outcomes) == (7, {"updated": 1, "rejected": 1})
    assert held(sandbox, first) == before
    assert "retry" not in undone.stderr
    # It has no row to be sent again.
    again = operate(tmp_path, config, "retry")
    assert "1 reject of an undo is left" in again.stderr


def test_what_others_changed_since_is_left_and_listed(sandbox: Sandbox, tmp_path: Path) -> None:
    keys = sorted(living(sandbox))[:6]
    before = {key: held(sandbox, key) for key in keys}
    config = config_of(sandbox)
    write(tmp_path, config, [COLUMNS, *(row(key, 9000) for key in keys)])
    edit(sandbox, keys[0], score=1)
    edit(sandbox, keys[1], score=1, remarks="by hand")
    delete(sandbox, living(sandbox)[keys[2]]["id"])
    undone = operate(tmp_path, config, "undo", "--yes", "1")
    assert undone.code == 0, undone.stderr
    assert undone.outcomes == {"updated": 4, "kept": 2}
    assert undone.receipt["kept_fields"] == {"scores": 4}
    assert held(sandbox, keys[0]) == (1, before[keys[0]][1])
    assert held(sandbox, keys[1]) == (1, "by hand")
    assert keys[2] not in living(sandbox)
    assert {key: held(sandbox, key) for key in keys[3:]} == {k: before[k] for k in keys[3:]}
    listed = [json.loads(x) for x in operate(tmp_path, config, "kept", "--json").stdout.split("\n")
              if x]  # fmt: skip
    told = sorted((each["field"], each["held"], each["written"]) for each in listed)
    assert told == [
        ("data.remarks", "by hand", "from the model"),
        ("data.score", 1, 9000),
        ("data.score", 1, 9000),
        ("isDeleted", True, None),
    ]


@pytest.mark.parametrize("sandbox", [{}, {"updated_at": "absent"}], indirect=True)
def test_created_ones_are_deleted_where_nobody_touched_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox)
    write(tmp_path, config, [COLUMNS, *(row(f"N-{n}", n) for n in range(5))])
    time.sleep(2.1)  # ChakraHQ's clock is known to the second
    edit(sandbox, "N-1", city="Pune")  # a field that the run did not write
    edit(sandbox, "N-2", score=77)
    few = {**config, "max_deletes": 1}
    refused = operate(tmp_path, few, "undo", "--yes", "1", "--delete-created")
    assert (refused.code, "max_deletes allows 1" in refused.stderr) == (7, True)
    undone = operate(tmp_path, config, "undo", "--yes", "1", "--delete-created")
    assert undone.code == 0, undone.stderr
    assert undone.receipt["outcomes"]["kept"] == 2
    assert {key for key in living(sandbox) if key.startswith("N-")} == {"N-1", "N-2"}


def test_an_undo_is_taken_back_and_that_again(sandbox: Sandbox, tmp_path: Path) -> None:
    keys = sorted(living(sandbox))[:6]
    before = {key: held(sandbox, key) for key in keys}
    config = config_of(sandbox)
    lines = [COLUMNS, *(row(key, 9000) for key in keys[:4]), row(keys[4], 0, gone=True)]
    write(tmp_path, config, lines)
    after = {key: living(sandbox).get(key, {}).get("data") for key in keys}
    assert operate(tmp_path, config, "undo", "--yes", "1").outcomes == {"updated": 5}
    assert {key: held(sandbox, key) for key in keys} == before
    again = operate(tmp_path, config, "undo", "--yes", "2", "--delete-created")
    assert again.outcomes == {"updated": 4, "deleted": 1}
    assert {key: living(sandbox).get(key, {}).get("data") for key in keys} == after
    # The journal knows that ChakraHQ holds what the stream wrote.
    journal = write(tmp_path, {**config, "compare": "journal"}, [COLUMNS, row(keys[0], 9000)])
    assert journal.outcomes == {"unchanged": 1}
    assert operate(tmp_path, config, "undo", "--yes", "3").outcomes == {"updated": 5}
    assert {key: held(sandbox, key) for key in keys} == before


def test_several_writes_to_a_process_go_back_to_what_was_before_the_first(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    first, second = sorted(living(sandbox))[:2]
    before = held(sandbox, first), held(sandbox, second)
    config = config_of(sandbox)
    run = start(tmp_path, config)
    assert run.stdin is not None
    for score in (9000, 9001, 9002):
        remarks = "from the model" if score == 9000 else f"remark {score}"
        lines = [COLUMNS, row(first, score), row(second, score, remarks)]
        run.stdin.write("".join(f"{json.dumps(line)}\n" for line in lines))
        run.stdin.flush()
        until = time.monotonic() + 60
        while held(sandbox, second)[0] != score and time.monotonic() < until:
            time.sleep(0.1)
    run.communicate()
    assert held(sandbox, second) == (9002, "remark 9002")
    # A person puts back a value that the run wrote on its way, and did not leave.
    edit(sandbox, second, score=9001)
    undone = operate(tmp_path, config, "undo", "--yes", "1")
    assert undone.outcomes == {"updated": 2}
    assert held(sandbox, first) == before[0]
    assert held(sandbox, second) == (9001, before[1][1])


@pytest.mark.parametrize("compare", ["always", "journal"])
def test_the_next_run_writes_again_and_with_keep_edits_keeps(
    sandbox: Sandbox, tmp_path: Path, compare: str
) -> None:
    key = min(living(sandbox))
    before = held(sandbox, key)
    config = config_of(sandbox, compare=compare)
    write(tmp_path, config, [COLUMNS, row(key, 9000)])
    operate(tmp_path, config, "undo", "--yes", "1")
    keeping = config_of(sandbox, compare=compare, mapping={"keep_edits": True})
    kept = write(tmp_path, keeping, [COLUMNS, row(key, 9000)])
    assert kept.outcomes == {"kept": 1}
    assert held(sandbox, key) == before
    assert write(tmp_path, config, [COLUMNS, row(key, 9000)]).outcomes == {"updated": 1}
    assert held(sandbox, key) == (9000, "from the model")


def test_a_dry_run_shows_it_and_leaves_no_trace(sandbox: Sandbox, tmp_path: Path) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox)
    write(tmp_path, config, [COLUMNS, row(key, 9000), row("N-1", 1)])
    before = writes(sandbox)
    dry = operate(tmp_path, {**config, "dry_run": True}, "undo", "--yes", "1")
    assert dry.code == 0
    assert "1 updated process gets its values back, 0 deleted ones come back" in dry.stderr
    assert "1 created one is left" in dry.stderr
    assert "Dry run: 0 creates, 1 update, 0 deletes" in dry.stderr
    assert f"9000 → {living(sandbox)[key]['data'].get('score')}" not in dry.stderr
    assert writes(sandbox) == before
    assert held(sandbox, key) == (9000, "from the model")
    assert operate(tmp_path, config, "undo", "--yes", "1").outcomes == {"updated": 1}


def test_what_a_mirror_deleted_comes_back_and_is_its_own_again(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    keys = sorted(living(sandbox))[:10]
    mirror = config_of(sandbox, mapping={"mode": "mirror", "delete_when": None})
    columns = schema("scores", ["lead_id", "score", "remarks"])
    rows = [record("scores", lead_id=key, score=9000, remarks="m") for key in keys]
    write(tmp_path, mirror, [columns, *rows])
    write(tmp_path, mirror, [columns, *rows[:7]])
    assert operate(tmp_path, mirror, "mirror-commit").code == 0
    assert not set(keys[7:]) & living(sandbox).keys()
    undone = operate(tmp_path, mirror, "undo", "--yes", "3")
    assert undone.outcomes == {"updated": 3}
    assert set(keys) <= living(sandbox).keys()
    # The statement of run 2 deletes them no more; the next whole one that misses them does.
    again = operate(tmp_path, mirror, "mirror-commit").receipt
    assert again.get("mirror_deletes", {}).get("deleted", 0) == 0
    assert set(keys) <= living(sandbox).keys()
    write(tmp_path, mirror, [columns, *rows[:7]])
    operate(tmp_path, mirror, "mirror-commit")
    assert not set(keys[7:]) & living(sandbox).keys()


def test_a_process_whose_key_others_changed_is_found_by_its_id(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    key = min(living(sandbox))
    process, before = living(sandbox)[key]["id"], held(sandbox, key)
    config = config_of(sandbox)
    write(tmp_path, config, [COLUMNS, row(key, 9000)])
    edit_by_id(sandbox, process, lead_id="renamed")
    assert operate(tmp_path, config, "undo", "--yes", "1").outcomes == {"updated": 1}
    assert held(sandbox, "renamed") == before


def test_a_state_and_an_assignee_go_back_in_the_form_that_chakrahq_takes(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    shown = {k: (v["state"], v.get("assignedTo")) for k, v in living(sandbox).items()}
    keys = [key for key, (_, assignee) in shown.items() if assignee][:20]
    fields = {"lead_id": "data.lead_id", "stage": "state"}
    config = config_of(sandbox, mapping={"fields": fields, "delete_when": None})
    target = shown[keys[0]][0]
    columns = schema("scores", ["lead_id", "stage"])
    rows = [record("scores", lead_id=key, stage=target) for key in keys]
    done = write(tmp_path, config, [columns, *rows])
    assert done.outcomes["updated"] > 0
    assert operate(tmp_path, config, "undo", "--yes", "1").code == 0
    now = {k: (v["state"], v.get("assignedTo")) for k, v in living(sandbox).items()}
    assert {key: now[key] for key in keys} == {key: shown[key] for key in keys}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("undo", "--yes", "9"), "There is no run 9"),
        (("undo", "--yes", "2"), "wrote nothing on purpose"),
        (("undo", "--yes", "3"), "Nothing of run 3 is to be taken back"),
    ],
)
def test_what_can_t_be_taken_back_is_told(
    sandbox: Sandbox, tmp_path: Path, args: tuple[str, ...], said: str
) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox)
    write(tmp_path, config, [COLUMNS, row(key, 9000)])
    write(tmp_path, {**config, "dry_run": True}, [COLUMNS, row(key, 9000)])
    write(tmp_path, config, [COLUMNS, row(key, 9000)])
    before = writes(sandbox)
    told = operate(tmp_path, config, *args)
    assert said in told.stderr
    assert told.code == (0 if "Nothing" in said else 3)
    assert writes(sandbox) == before


def test_a_run_whose_batches_were_cleared_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox)
    write(tmp_path, config, [COLUMNS, row(key, 9000)])
    time.sleep(1.1)  # how old a run is, ChakraHQ's clock says, in whole seconds
    write(tmp_path, {**config, "journal_retention_days": 0}, [COLUMNS, row(key, 9000)])
    refused = operate(tmp_path, config, "undo", "--yes", "1")
    assert refused.code == 3
    assert "batches were cleared" in refused.stderr
    assert held(sandbox, key) == (9000, "from the model")


def test_a_run_of_another_account_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    key = min(living(sandbox))
    write(tmp_path, config_of(sandbox), [COLUMNS, row(key, 9000)])
    with start_sandbox(["--rows", "300", "--seed", "77"]) as other:
        before = writes(other)
        refused = operate(tmp_path, config_of(other), "undo", "--yes", "1")
        same_team = sandbox.get_json("/v1/ext/config") == other.get_json("/v1/ext/config")
        if not same_team:
            assert (refused.code, "wrote to another account" in refused.stderr) == (3, True)
            assert writes(other) == before


def test_a_no_takes_nothing_back_and_a_script_can_tell(sandbox: Sandbox, tmp_path: Path) -> None:
    key = min(living(sandbox))
    write(tmp_path, config_of(sandbox), [COLUMNS, row(key, 9000)])
    code, screen = answered(tmp_path, [*COMMAND, "--config", "config.json", "undo", "1"], "n")
    assert code == ExitCode.STOPPED, screen
    account = sandbox.get_json("/v1/ext/config")["_data"]["team"]["id"]
    assert f"Take run 1 back, in account {account} at {sandbox.url}? [y/N]" in screen
    assert "Nothing was taken back." in screen
    assert held(sandbox, key) == (9000, "from the model")


def test_an_undo_at_another_address_is_refused_or_asked_in_words(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """A copy of the account (a staging ChakraHQ) has the same id: the address tells them apart."""
    key = min(living(sandbox))
    write(tmp_path, config_of(sandbox), [COLUMNS, row(key, 9000)])
    with start_sandbox(["--rows", "300"]) as copy:
        team = [each.get_json("/v1/ext/config")["_data"]["team"] for each in (sandbox, copy)]
        assert team[0] == team[1]
        elsewhere = config_of(copy)
        before = writes(copy)
        refused = operate(tmp_path, elsewhere, "undo", "1", "--yes")
        assert refused.code == ExitCode.SETTINGS
        assert f"Run 1 wrote to {sandbox.url}, and api_url is {copy.url}" in refused.stderr
        words = [*COMMAND, "--config", "config.json", "undo", "1"]
        code, screen = answered(tmp_path, words, "n")
        assert code == ExitCode.STOPPED
        assert f"Run 1 wrote to {sandbox.url}, and api_url is {copy.url}" in screen
        assert "another ChakraHQ, unless it has moved" in screen
        assert writes(copy) == before
    told = operate(tmp_path, config_of(sandbox), "runs", "1")
    assert f"at {sandbox.url}" in told.stdout
    assert operate(tmp_path, config_of(sandbox), "undo", "1", "--yes").code == 0


def test_a_run_whose_address_is_not_known_is_taken_back(sandbox: Sandbox, tmp_path: Path) -> None:
    """As a journal of an earlier version has it."""
    key = min(living(sandbox))
    config = config_of(sandbox)
    write(tmp_path, config, [COLUMNS, row(key, 9000)])
    with closing(sqlite3.connect(tmp_path / ".target-chakra" / "journal.db")) as journal, journal:
        journal.execute("UPDATE runs SET api_url = ''")
    words = [*COMMAND, "--config", "config.json", "undo", "1"]
    code, screen = answered(tmp_path, words, "y")
    assert "At which address run 1 wrote is not known" in screen
    assert code == ExitCode.DONE, screen


def test_what_was_written_without_a_look_can_t_be_taken_back(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    key = min(living(sandbox))
    config = config_of(sandbox, compare="never", mapping={"mode": "update"})
    write(tmp_path, config, [COLUMNS, row(key, 9000)])
    undone = operate(tmp_path, config, "undo", "--yes", "1")
    assert (undone.code, undone.outcomes) == (7, {"rejected": 1})
    assert "compare was never" in operate(tmp_path, config, "rejects").stdout


def test_a_dry_undo_counts_and_shows_each_field_that_would_be_left(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox)
    write(tmp_path, config, [COLUMNS, row("L-000001", 1), row("L-000002", 2)])
    edit(sandbox, "L-000001", score=77)  # its remarks are still as the run wrote them
    dry = operate(tmp_path, {**config, "dry_run": True}, "undo", "1")
    assert dry.code == 0, dry.stderr
    assert dry.receipt["kept_fields"] == {"scores": 1}
    assert "data.score: 77 is left as others changed it" in dry.stderr
    undone = operate(tmp_path, config, "undo", "--yes", "1")
    assert undone.receipt["kept_fields"] == dry.receipt["kept_fields"]
