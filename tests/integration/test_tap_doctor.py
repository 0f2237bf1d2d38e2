"""`tap-chakra doctor` as its user runs it: what it costs, how it ends, what it leaves behind."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.rows.people import USERS
from tests.support import warm
from tests.support.described import served
from tests.support.tap_process import COMMAND, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

USER_KEY = "sandbox-user-key"
MOST_REQUESTS = 60
MOST_SECONDS = 10.0
STARTS = 12.0
"""Seconds more that a process may take to start and end on a busy machine."""


def doctor(
    folder: Path, sandbox: Sandbox, *args: str, **config: Any
) -> subprocess.CompletedProcess[str]:
    """Run it, in a folder."""
    settings = {"api_key": sandbox.api_key, "api_url": sandbox.url} | config
    (folder / "config.json").write_text(json.dumps(settings))
    words = [*COMMAND, "--config", str(folder / "config.json"), "doctor", *args]
    return warm.run(words, cwd=folder, env=environment())


def page(folder: Path, sandbox: Sandbox, *args: str, **config: Any) -> dict[str, Any]:
    done = doctor(folder, sandbox, "--json", *args, **config)
    assert done.stdout, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_a_page_says_what_the_key_sees(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    done = doctor(tmp_path, shared_sandbox)
    assert done.returncode == ExitCode.DONE, done.stderr
    assert "3 of 3 can be read: lead, ticket, order" in done.stdout
    assert "12 users are listed" in done.stdout
    assert "ChakraHQ's clock and this machine's agree" in done.stdout


def test_the_share_that_a_user_key_sees_is_told(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    found = page(tmp_path, shared_sandbox, api_key=USER_KEY)["findings"]
    (share,) = [x for x in found if x["topic"] == "role of the key" and x["about"] == "lead"]
    assert share["severity"] == "warning"
    rows = [each for each in shared_sandbox.oracle("lead") if each.died_ms is None]
    own = sum(each.row["assignedTo"] == USERS[0].id for each in rows)
    assert 0 < own < len(rows)
    assert f"{own:,} rows are seen" in share["found"]


def test_a_refused_procedure_is_a_fault_with_the_exit_code_of_no_access(
    tmp_path: Path, shared_sandbox: Sandbox
) -> None:
    done = doctor(tmp_path, shared_sandbox, api_key="sandbox-lead-only-key")
    assert done.returncode == ExitCode.NO_ACCESS
    assert "ticket: can't be read (403)" in done.stdout
    assert "1 of 3 can be read: lead" in done.stdout


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """An account of twelve procedures with keys, half of them longer than a page."""
    account = [
        {
            "shortId": f"kind{number}",
            "primaryKey": "code",
            "attributes": {"code": "string", "city": "string"},
            "rows": [
                {"data": {"code": f"C{number}-{row}", "city": "Goa"}}
                for row in range(250 if number % 2 else 60)
            ],
        }
        for number in range(12)
    ]
    with served(tmp_path_factory.mktemp("twelve"), account) as sandbox:
        yield sandbox


@pytest.mark.parametrize("key", ["sandbox-admin-key", USER_KEY])
def test_twelve_procedures_cost_no_more_than_sixty_requests_and_ten_seconds(
    tmp_path: Path, twelve: Sandbox, key: str
) -> None:
    twelve.forget_requests()
    made = page(tmp_path, twelve, api_key=key)
    assert made["requests"] == len(twelve.requests()) <= MOST_REQUESTS
    assert made["seconds"] < MOST_SECONDS
    topics = {each["topic"] for each in made["findings"]}
    assert {"order of lists", "createdAt filter", "updatedAt filter", "keys"} <= topics
    proven = [each for each in made["findings"] if each["topic"] == "look-ups by array"]
    left_out = [each for each in made["left_out"] if each.startswith("look-ups in")]
    assert len(proven) + len(left_out) == 13


def test_a_slow_server_is_left_in_time_and_what_was_left_out_is_said(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    sandbox.knobs(latency_ms=1500)
    began = time.monotonic()
    done = doctor(tmp_path, sandbox)
    assert time.monotonic() - began < MOST_SECONDS + STARTS
    seconds = float(re.findall(r"requests in ([0-9.]+) s", done.stdout)[0])
    assert seconds < MOST_SECONDS
    assert done.returncode == ExitCode.DONE, done.stderr
    assert "no time was left" in done.stdout
    assert "3 of 3 can be read" in done.stdout


def test_answers_of_more_than_three_seconds_make_a_page_that_says_how_slow_they_are(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    sandbox.knobs(latency_ms=3500)
    done = doctor(tmp_path, sandbox, "--json")
    assert done.returncode == ExitCode.DONE, done.stderr
    made = json.loads(done.stdout)
    found = {each["topic"]: each["found"] for each in made["findings"]}
    assert made["seconds"] < MOST_SECONDS
    assert found["procedures"].startswith("3 of 3 can be read")
    assert found["latency"].startswith("An answer takes 3,5")
    assert "the order of lists (no time was left)" in made["left_out"]


def test_what_was_not_answered_in_time_is_no_finding_about_the_account(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    """One answer is had, that of the configuration: no procedure is said to be missing."""
    sandbox.knobs(latency_ms=6000)
    done = doctor(tmp_path, sandbox, "--json")
    assert done.returncode == ExitCode.DONE, done.stderr
    made = json.loads(done.stdout)
    topics = {each["topic"] for each in made["findings"]}
    assert not {"role of the key", "attribute types", "keys", "rows and types"} & topics
    (listed,) = [each for each in made["findings"] if each["topic"] == "procedures"]
    assert listed["found"] == "3 of 3 were not answered in the time of this look"
    assert sum(each.startswith("rows of '") for each in made["left_out"]) == 3


def test_a_look_sends_nothing_but_questions(tmp_path: Path, sandbox: Sandbox) -> None:
    before = [(each.id, each.updated_ms, each.died_ms) for each in sandbox.oracle("lead")]
    sandbox.forget_requests()
    page(tmp_path, sandbox)
    asked = {(each["method"], each["path"].rpartition("/")[2]) for each in sandbox.requests()}
    assert asked == {("GET", "config"), ("GET", "users"), ("POST", "list")}
    assert [(x.id, x.updated_ms, x.died_ms) for x in sandbox.oracle("lead")] == before


@pytest.mark.parametrize("key", ["no-such-key", "sandbox-forbidden-key"])
def test_a_key_that_is_refused_ends_with_no_access(
    tmp_path: Path, shared_sandbox: Sandbox, key: str
) -> None:
    done = doctor(tmp_path, shared_sandbox, api_key=key)
    assert done.returncode == ExitCode.NO_ACCESS
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".tap-chakra").exists()
    made = page(tmp_path, shared_sandbox, api_key=key)
    (connection,) = [each for each in made["findings"] if each["topic"] == "connection"]
    assert (connection["severity"], connection["code"]) == ("fault", ExitCode.NO_ACCESS)
    assert "key" in connection["follows"]


def test_a_host_that_is_not_there_is_unreachable(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    done = doctor(tmp_path, shared_sandbox, "--json", api_url="http://127.0.0.1:9")
    assert done.returncode == ExitCode.UNREACHABLE
    assert "Traceback" not in done.stderr
    found = json.loads(done.stdout)["findings"]
    assert {each["topic"]: each["code"] for each in found} == {
        "connection": ExitCode.UNREACHABLE,
        "latency": ExitCode.DONE,
    }


def test_a_procedure_that_does_not_exist_is_a_fault_on_the_page(
    tmp_path: Path, shared_sandbox: Sandbox
) -> None:
    done = doctor(tmp_path, shared_sandbox, "--json", procedures=["leed"])
    assert done.returncode == ExitCode.SETTINGS
    (said,) = [x for x in json.loads(done.stdout)["findings"] if x["topic"] == "settings"]
    assert "leed" in said["found"]


def test_a_server_that_fails_now_and_then_is_told_and_asked_again(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    sandbox.knobs(faults=[{"kind": "502", "every_nth": 5, "match": "list"}])
    made = page(tmp_path, sandbox)
    (failed,) = [each for each in made["findings"] if each["topic"] == "failed answers"]
    hit = sum(each["status"] == 502 for each in sandbox.requests())
    assert failed["found"].endswith(f"{hit} x 502")


def test_a_rate_limit_is_seen_with_its_header(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.knobs(rate_limit_rps=8)
    made = page(tmp_path, sandbox)
    (rate,) = [each for each in made["findings"] if each["topic"] == "rate limit"]
    assert rate["severity"] == "note"
    assert "were 429 or 503; headers that tell of a limit: retry-after" in rate["found"]


def test_answers_that_are_not_compressed_are_told(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.knobs(gzip=False)
    assert "Answers are not compressed" in doctor(tmp_path, sandbox).stdout


def test_a_later_look_says_what_has_changed(tmp_path: Path, sandbox: Sandbox) -> None:
    assert page(tmp_path, sandbox)["since"] is None
    assert page(tmp_path, sandbox)["since"]["differences"] == []
    sandbox.knobs(list_order="id", state_read="object")
    made = page(tmp_path, sandbox)
    assert made["since"]["differences"] == [
        {
            "topic": "order of lists",
            "about": "lead",
            "before": "by createdAt, oldest first",
            "now": "by id",
        },
        {"topic": "state", "about": "", "before": "as shortId", "now": "as an object"},
    ]
    kept = tmp_path / ".tap-chakra" / "doctor.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_what_is_kept_names_no_row_and_no_key(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    page(tmp_path, shared_sandbox)
    kept = (tmp_path / ".tap-chakra" / "doctor.json").read_text()
    assert shared_sandbox.api_key not in kept
    assert not [x for x in shared_sandbox.oracle("lead") if x.id in kept or x.data["email"] in kept]


def test_a_damaged_look_is_passed_over_with_a_word_and_replaced(
    tmp_path: Path, shared_sandbox: Sandbox
) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text('{"version": 1')
    first = doctor(tmp_path, shared_sandbox, "--keep", str(kept))
    assert first.returncode == ExitCode.DONE
    assert "passed over" in first.stderr
    second = doctor(tmp_path, shared_sandbox, "--keep", str(kept))
    assert "nothing has changed" in second.stdout
    assert "passed over" not in second.stderr


def test_where_nothing_can_be_kept_the_page_is_printed_all_the_same(
    tmp_path: Path, shared_sandbox: Sandbox
) -> None:
    (tmp_path / "file").write_text("")
    done = doctor(tmp_path, shared_sandbox, "--keep", str(tmp_path / "file" / "doctor.json"))
    assert done.returncode == ExitCode.DONE
    assert "could not be kept" in done.stderr
    assert "3 of 3 can be read" in done.stdout


def test_with_no_keep_nothing_is_written(tmp_path: Path, shared_sandbox: Sandbox) -> None:
    doctor(tmp_path, shared_sandbox, "--no-keep")
    assert [each.name for each in tmp_path.iterdir()] == ["config.json"]
    both = doctor(tmp_path, shared_sandbox, "--no-keep", "--keep", "x.json")
    assert both.returncode == ExitCode.USAGE


def test_a_mask_hides_nothing_from_the_look_and_no_value_is_told(
    tmp_path: Path, shared_sandbox: Sandbox
) -> None:
    mask = {"process_lead.lead_id": "drop", "process_lead.phone_number": "drop"}
    done = doctor(tmp_path, shared_sandbox, "--json", "--no-keep", mask=mask)
    assert done.returncode == ExitCode.DONE, done.stderr
    found = json.loads(done.stdout)["findings"]
    keys = {each["about"]: each["fact"] for each in found if each["topic"] == "keys"}
    assert keys["lead.lead_id"] == "unique"
    rows = shared_sandbox.oracle("lead")
    assert not [x for x in rows if x.data["lead_id"] in done.stdout]


def test_a_signal_ends_a_look_at_once_and_in_order(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.knobs(latency_ms=3000)
    settings = {"api_key": sandbox.api_key, "api_url": sandbox.url}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    sandbox.forget_requests()
    look = subprocess.Popen(
        [*COMMAND, "--config", "config.json", "doctor", "--transcript", "t.jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    transcript = tmp_path / "t.jsonl"
    while not (transcript.exists() and transcript.read_text()):
        assert look.poll() is None, look.communicate()
        time.sleep(0.05)
    time.sleep(0.5)
    look.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, said = look.communicate(timeout=30)
    assert look.returncode == ExitCode.STOPPED, said
    assert time.monotonic() - began < STARTS
    assert "Traceback" not in said
    assert not (tmp_path / ".tap-chakra").exists()
