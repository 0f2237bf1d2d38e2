"""A stream that fails: the others are read, the end names it, and the gravest exit code counts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.knobs import Knobs
from chakra_sandbox.rows.access import default_tokens
from chakra_sandbox.rows.account import Account, MadeSizes, made_account
from chakra_sandbox.rows.moments import Span
from chakra_sandbox.world import World
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, run_tap, written
from tests.support.tap_process import catalog_of, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.launch import Sandbox
    from tests.support.in_process import Told

PROCEDURES = ("lead", "order", "ticket")
CONFIG = {"api_key": KEY, "api_url": "https://x.test", "concurrency": 2}


class Answers:
    """Answers some paths with a status in place of what the account says.

    Args:
        statuses: By a part of the path: the status, and after how many answers.
    """

    def __init__(self, statuses: Mapping[str, tuple[int, int]]) -> None:
        self._statuses = statuses
        self._seen = dict.fromkeys(statuses, 0)

    def __call__(self, request: Request, response: Response) -> Response:
        for part, (status, after) in self._statuses.items():
            if part in request.path:
                self._seen[part] += 1
                if self._seen[part] > after:
                    return replace(response, status=status, body=b'{"_errors": ["not for you"]}')
        return response


@pytest.fixture(scope="module")
def world() -> World:
    """An account of three procedures with rows, that nobody changes."""
    now = int(FakeClock().now() * 1000)
    sizes = MadeSizes(leads=1100, tickets=260, orders=240)
    account = Account(made_account(sizes, Span.before(now), 1, "bursts"), default_tokens(KEY))
    return World(account, Knobs())


def told(
    world: World,
    folder: Path,
    answers: Mapping[str, tuple[int, int]],
    state: Any = None,
    **config: Any,
) -> Told:
    """A run of the tap over the account, with these answers."""
    args = ["--config", written(folder, "config.json", CONFIG | config)]
    if state is not None:
        args += ["--state", written(folder, "state.json", state)]
    return run_tap(world, args, Answers(answers))


def ids(run: Told, procedure: str) -> set[str]:
    stream = f"process_{procedure}"
    lines = [x for x in run.lines if x["type"] == "RECORD" and x["stream"] == stream]
    return {line["record"]["id"] for line in lines}


def living(world: World, procedure: str) -> set[str]:
    """Ids of the rows that live, as the sandbox's own books have them."""
    lines = map(json.loads, world.oracle(procedure))
    return {line["id"] for line in lines if line["died_ms"] is None}


def last_state(run: Told) -> dict[str, Any]:
    states = [x["value"] for x in run.lines if x["type"] == "STATE"]
    bookmarks: dict[str, Any] = states[-1]["bookmarks"]
    return bookmarks


def test_a_report_tells_of_the_stream_that_failed_and_of_the_others(
    world: World, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    run = told(world, tmp_path, {"procedure/order/": (500, 0)}, report_path=str(report))
    found = json.loads(report.read_text())
    assert found["exit_code"] == run.code == ExitCode.UNREACHABLE
    failed = {each["stream"]: each["error"] for each in found["streams"] if each["error"]}
    assert failed.keys() == {"process_order"}
    assert "500" in failed["process_order"]
    done = {each["stream"]: each for each in found["streams"] if each["complete"]}
    assert done["process_lead"]["rows"] == len(living(world, "lead"))
    assert "process_order" not in done


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, ExitCode.NO_ACCESS), (404, ExitCode.SETTINGS), (500, ExitCode.UNREACHABLE)],
)
def test_the_other_streams_are_read_and_their_state_moves(
    world: World, tmp_path: Path, status: int, code: ExitCode
) -> None:
    run = told(world, tmp_path, {"procedure/order/": (status, 0)}, emit_scan_ids=True)
    assert run.code == code
    assert {name: ids(run, name) for name in PROCEDURES} == {
        "lead": living(world, "lead"),
        "order": set(),
        "ticket": living(world, "ticket"),
    }
    state = last_state(run)
    assert "replication_key_value" in state["process_lead"]
    assert "replication_key_value" in state["process_ticket"]
    assert not state.get("process_order")
    scans = [x for x in run.lines if x["type"] == "RECORD" and x["stream"] == "complete_scans"]
    assert {scan["record"]["procedure"] for scan in scans} == {"lead", "ticket"}
    errors = [line for line in run.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == 2
    assert "process_order failed" in errors[0]
    assert str(status) in errors[0]
    assert "1 of 24 streams failed" in errors[1]
    assert "Traceback" not in run.stderr


def test_of_several_failures_the_gravest_counts_and_each_has_its_line(
    world: World, tmp_path: Path
) -> None:
    answers = {"procedure/lead/": (500, 0), "procedure/order/": (403, 0), "ext/users": (403, 0)}
    run = told(world, tmp_path, answers)
    assert run.code == ExitCode.NO_ACCESS
    for name in ("process_lead", "process_order", "users"):
        assert f"{name} failed" in run.stderr
    assert ids(run, "ticket") == living(world, "ticket")
    assert "may not list the users (403)" in run.stderr


def test_state_of_a_failed_stream_stays_what_it_was(world: World, tmp_path: Path) -> None:
    """Also where it fails behind rows: with BATCH those may not be in a file yet."""
    first = last_state(told(world, tmp_path, {}))
    batches = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": tmp_path.as_uri(), "prefix": "rows-"},
    }
    for more in ({}, {"batch_config": batches, "batch_size": 100_000}):
        run = told(
            world,
            tmp_path,
            {"procedure/lead/": (500, 6)},
            {"bookmarks": {**first, "process_lead": {}}},
            change_detection="scan",
            concurrency=1,
            **more,
        )
        assert run.code == ExitCode.UNREACHABLE
        after = last_state(run)
        assert "replication_key_value" not in after.get("process_lead", {})
        assert after["process_ticket"] != {}
        if more:
            assert not after.get("process_lead"), "no file holds what was read of it"


def test_users_that_answer_nothing_leave_processes_without_names_and_their_bookmarks_alone(
    world: World, tmp_path: Path
) -> None:
    run = told(world, tmp_path, {"ext/users": (500, 0)})
    assert run.code == ExitCode.UNREACHABLE
    assert ids(run, "lead") == living(world, "lead")
    assert "users could not be listed (500)" in run.stderr
    assert not any("replication_key_value" in entry for entry in last_state(run).values())


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"procedure/lead/": (401, 1)}, ExitCode.NO_ACCESS),
        ({"ext/config": (500, 0)}, ExitCode.UNREACHABLE),
        ({"procedure/lead/": (502, 1), "ext/config": (502, 1)}, ExitCode.UNREACHABLE),
    ],
)
def test_what_concerns_all_ends_the_run(
    world: World, tmp_path: Path, answers: Mapping[str, tuple[int, int]], code: ExitCode
) -> None:
    run = told(world, tmp_path, answers)
    assert run.code == code
    assert not ids(run, "order") | ids(run, "ticket")
    assert "streams failed" not in run.stderr


def test_a_stream_that_failed_before_the_run_ended_is_told_too(
    world: World, tmp_path: Path
) -> None:
    answers = {"procedure/lead/": (403, 0), "procedure/order/": (401, 0)}
    run = told(world, tmp_path, answers)
    assert run.code == ExitCode.NO_ACCESS
    errors = [line for line in run.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == 2
    assert "process_lead failed" in errors[0]
    assert "401" in errors[1]


def test_a_failed_full_table_stream_says_nothing_about_deletes(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    catalog = catalog_of(
        tmp_path, config, "process_lead", "process_ticket", "users", method="FULL_TABLE"
    )
    output = run(tmp_path, config | {"api_key": "sandbox-lead-only-key"}, catalog=catalog)
    assert output.code == ExitCode.NO_ACCESS
    versions = {line["stream"] for line in output.lines if line["type"] == "ACTIVATE_VERSION"}
    assert versions == {"process_lead", "users"}
    alive = {row.id for row in sandbox.oracle("lead") if row.died_ms is None}
    assert set(output.ids("process_lead")) == alive
    assert "process_ticket failed" in output.stderr
