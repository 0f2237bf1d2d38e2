"""The sandbox on a real port: deliveries, faults, limits, tokens, control and the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
import requests

from chakra_sandbox.launch import Sandbox, SandboxError, start_sandbox
from tests.support.target_process import wait_until

if TYPE_CHECKING:
    from pathlib import Path

PROCESS = "/v1/ext/procedure/lead/process"
Call = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "500"]) as running:
        yield running


@pytest.fixture
def call(sandbox: Sandbox) -> Iterator[Call]:
    """Send a request with the key; the knobs are put back afterwards."""
    before = sandbox.knobs()
    with requests.Session() as session:
        session.trust_env = False

        def send(method: str, path: str, body: object = None, **options: Any) -> requests.Response:
            headers = {"Authorization": f"Bearer {options.pop('key', sandbox.api_key)}"}
            return session.request(
                method, sandbox.url + path, json=body, headers=headers, timeout=5, **options
            )

        yield send
    sandbox.knobs(**before)


def test_a_list_comes_with_a_true_date_and_compressed(call: Call, sandbox: Sandbox) -> None:
    answer = call("POST", f"{PROCESS}/list", {"limit": 100})
    date = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    assert abs(date - time.time()) < 5
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.json()["_data"]) == 100
    sandbox.knobs(gzip=False)
    assert "Content-Encoding" not in call("POST", f"{PROCESS}/list", {"limit": 100}).headers


@pytest.mark.parametrize(
    ("kind", "done"), [("reset_before", 0), ("reset_after", 1), ("truncate", 1)]
)
def test_broken_connections(call: Call, sandbox: Sandbox, kind: str, done: int) -> None:
    sandbox.knobs(faults=[{"kind": kind, "at": [1], "match": "^POST .*process$"}])
    body = {"data": {"lead_id": f"W-{kind}", "remarks": "x" * 5000}}
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        call("POST", PROCESS, body)
    found = call("POST", f"{PROCESS}/list", {"where": {"lead_id": f"W-{kind}"}}).json()["_data"]
    assert len(found) == done


def test_a_hanging_request_never_answers(call: Call, sandbox: Sandbox) -> None:
    sandbox.knobs(faults=[{"kind": "hang", "at": [1]}])
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{sandbox.url}/v1/health", timeout=0.3)
    assert call("GET", "/v1/health").status_code == 200


def is_answered(call: Call) -> bool:
    try:
        return bool(call("GET", "/v1/health").status_code == HTTPStatus.OK)
    except requests.ConnectionError:
        return False


def test_refused_connections_come_back(call: Call, sandbox: Sandbox) -> None:
    sandbox.knobs(faults=[{"kind": "refuse", "at": [1], "for_ms": 2_000}])
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{sandbox.url}/v1/health", timeout=5)
    wait_until(lambda: is_answered(call))


@pytest.mark.parametrize(
    ("kind", "status", "start"),
    [
        ("garbage", 200, b'{"_data"'),
        ("html", 200, b"<!doctype"),
        ("500", 500, b'{"_data":null'),
        ("502", 502, b"<!doctype"),
        ("errors_in_200", 200, b'{"_data":null'),
    ],
)
def test_spoiled_answers(
    call: Call, sandbox: Sandbox, kind: str, status: int, start: bytes
) -> None:
    sandbox.knobs(faults=[{"kind": kind, "at": [1]}])
    answer = call("GET", "/v1/ext/config")
    assert answer.status_code == status
    assert answer.content.startswith(start)
    assert call("GET", "/v1/ext/config").status_code == 200


def test_the_rate_limit_answers_429_with_both_forms_of_retry_after(
    call: Call, sandbox: Sandbox
) -> None:
    sandbox.knobs(rate_limit_rps=0.5)
    assert call("GET", "/v1/ext/config").status_code == 200
    answer = call("GET", "/v1/ext/config")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    sandbox.knobs(retry_after="date")
    told = parsedate_to_datetime(call("GET", "/v1/ext/config").headers["Retry-After"])
    assert 0 < told.timestamp() - time.time() < 5


@pytest.mark.parametrize(
    ("key", "status"), [("wrong", 401), ("sandbox-forbidden-key", 403), ("sandbox-user-key", 200)]
)
def test_tokens(call: Call, key: str, status: int) -> None:
    assert call("POST", f"{PROCESS}/list", {}, key=key).status_code == status


def test_a_job_runs_later_and_tells_its_entries(call: Call, sandbox: Sandbox) -> None:
    sandbox.knobs(job_duration_ms=300)
    items = [{"data": {"lead_id": f"J-{n}"}} for n in range(3)]
    job = call("POST", f"{PROCESS}/bulk-create", items).json()["_data"]["id"]
    where = {"where": {"lead_id": ["J-0", "J-1", "J-2"]}}
    assert call("POST", f"{PROCESS}/list", where).json()["_data"] == []
    path = f"/v1/ext/background-job/{job}"
    deadline = time.monotonic() + 10
    while call("GET", path).json()["_data"]["completionStatus"] == "IN_PROGRESS":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    outcomes = [e["completionStatus"] for e in call("GET", f"{path}/entries").json()["_data"]]
    assert outcomes == ["SUCCESS"] * 3
    assert len(call("POST", f"{PROCESS}/list", where).json()["_data"]) == 3


def test_latency_delays_answers(call: Call, sandbox: Sandbox) -> None:
    sandbox.knobs(latency_ms=150)
    start = time.monotonic()
    call("GET", "/v1/health")
    assert time.monotonic() - start >= 0.15


def test_rows_that_are_skipped_cost_the_server_cpu(call: Call, sandbox: Sandbox) -> None:
    def cpu(skip_us: int) -> float:
        sandbox.knobs(skip_us=skip_us)
        before = sandbox.stats()["cpu_seconds"]
        for _ in range(20):
            call("POST", f"{PROCESS}/list", {"limit": 1, "skip": 50})
        spent: float = sandbox.stats()["cpu_seconds"] - before
        return spent

    assert cpu(400) - cpu(0) > 0.3  # a thousand rows of 400 µs


def test_a_list_is_one_moment_under_churn(call: Call, sandbox: Sandbox) -> None:
    sandbox.knobs(churn=3, list_order="shuffled_per_request")
    start_ms = sandbox.stats()["now_ms"]
    seen = [
        {row["id"] for row in call("POST", f"{PROCESS}/list", {"limit": 100}).json()["_data"]}
        for _ in range(5)
    ]
    assert all(len(ids) == 100 for ids in seen)
    rows = sandbox.oracle()
    assert sum(row.died_ms is not None and row.died_ms >= start_ms for row in rows) >= 15
    assert set().union(*seen) <= {row.id for row in rows}


def test_mutations_show_in_the_oracle(sandbox: Sandbox) -> None:
    before = sandbox.stats()["now_ms"]
    done = sandbox.mutate(insert=2, update=3, delete=1, seed=9)
    rows = {row.id: row for row in sandbox.oracle()}
    assert all(rows[i].born_ms >= before for i in done["inserted"])
    assert all(rows[i].updated_ms >= before for i in done["updated"])
    assert all((rows[i].died_ms or 0) >= before for i in done["deleted"])


def test_control_refuses_nonsense(sandbox: Sandbox) -> None:
    control = sandbox.control
    assert requests.patch(f"{control}/knobs", json={"x": 1}, timeout=5).status_code == 400
    kind = {"Content-Type": "application/json"}
    turned = requests.patch(f"{control}/knobs", data="{", headers=kind, timeout=5)
    assert turned.status_code == 400
    # What a page's form can send without asking is refused before it is read.
    assert requests.patch(f"{control}/knobs", data="{", timeout=5).status_code == 403
    assert requests.post(f"{control}/mutate", json={"update": -1}, timeout=5).status_code == 400
    assert requests.get(f"{control}/oracle?procedure=no", timeout=5).status_code == 404
    assert requests.get(f"{control}/nothing", timeout=5).status_code == 404


def test_requests_are_logged_without_control_calls(call: Call, sandbox: Sandbox) -> None:
    sandbox.forget_requests()
    call("GET", "/v1/ext/users")
    assert [(r["path"], r["status"]) for r in sandbox.requests()] == [("/v1/ext/users", 200)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_the_port_is_on_file(tmp_path: Path, number: int) -> None:
    port_file = tmp_path / "port"
    child = subprocess.Popen(
        [sys.executable, "-m", "chakra_sandbox", "--rows", "10", "--port-file", str(port_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        ready = json.loads(child.stdout.readline())
        assert ready["url"].endswith(":" + port_file.read_text().strip())
        child.send_signal(number)
        assert child.wait(5) == 0
        assert child.stderr is not None
        assert child.stderr.read() == ""


def test_it_ends_when_its_starter_is_gone() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "chakra_sandbox", "--rows", "10", "--stop-on-eof"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdin is not None
        child.stdout.readline()
        child.stdin.close()
        assert child.wait(5) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "latency=1"], "no such knob: latency"),
        (["--set", "latency_ms"], "--set takes knob=value"),
        (["--load", "no.csv"], "cannot read no.csv"),
        (["--knobs", "no.json"], "--knobs no.json"),
        (["--rows", "many"], "'many' is not a whole number"),
        (["--rows", "1", "--host", "203.0.113.1"], "203.0.113.1"),
    ],
    ids=str,
)
def test_a_mistake_on_the_command_line_is_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(SandboxError) as caught, start_sandbox(arguments):
        pass
    assert message in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_file_of_ones_own_is_served(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("mail,age\na@x.de,3\nb@x.de,4\n")
    with start_sandbox(["--load", str(path), "--procedure", "person", "--key", "mail"]) as running:
        body = {"where": {"mail": "b@x.de"}}
        answer = running.post_json("/v1/ext/procedure/person/process/list", body)
        assert [row["data"] for row in answer["_data"]] == [{"mail": "b@x.de", "age": 4}]
        config = running.get_json("/v1/ext/config")["_data"]
        assert [procedure["shortId"] for procedure in config["procedures"]] == ["person"]


def test_it_starts_where_the_current_folder_is_that_of_the_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(sysconfig.get_path("purelib"))
    with start_sandbox(["--rows", "5"]) as started:
        assert len(started.oracle()) == 5
