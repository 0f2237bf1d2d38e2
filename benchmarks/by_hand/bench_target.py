"""Measures the target's own work: `python benchmarks/by_hand/bench_target.py --rows 1000000`.

Rows of 20 columns come from a file that was made before: 20 % unchanged, 60 % with three fields
that differ, 15 % new, 5 % with a wrong type. The transport answers in process, and the CPU that it
takes is measured and left out. Beside it, in the same run: a BatchSink of singer-sdk that does
nothing, a bare loop that writes the same, and with `compare: journal` the rerun of a file that has
not changed. Then such rows go to a sandbox, end to end. What came out is written to
`benchmarks/results/target.md`.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

import orjson

from benchmarks.by_hand.target_peers import bare_loop, batch_sink
from benchmarks.machine import described
from benchmarks.report import Table
from chakra_api.clock import SystemClock
from chakra_api.endpoints.client import ChakraClient
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_api.wire.transport import Request, Response
from chakra_plugin.rare_gc import RARE_THRESHOLDS
from chakra_sandbox.knobs import Knobs
from chakra_sandbox.launch import start_sandbox
from chakra_sandbox.messages import RequestIn
from chakra_sandbox.rows.account import Account, MadeSizes, made_account
from chakra_sandbox.rows.moments import Span
from chakra_sandbox.world import World
from target_chakra.run.session import Session
from target_chakra.run.wiring import StandIns
from target_chakra.settings import parse_settings
from target_chakra.singer.target import TargetChakra

NOW = 1_795_514_950_453
STATE_EVERY = 10_000
PEER_ROWS = 100_000
"""Rows of the comparison, at most: what one costs does not depend on how many there are."""
RESULT = Path(__file__).parent.parent / "results" / "target.md"
CITIES = ("pune", "goa", "mumbai", "chennai")


def held(n: int) -> dict[str, Any]:
    """What ChakraHQ holds for a key."""
    return {
        "lead_id": f"L-{n:07d}",
        "name": f"Person {n}",
        "phone_number": f"91555{n:07d}",
        "email": f"person{n}@example.com",
        "city": CITIES[n % 4],
        "source": "web",
        "score": n % 100,
        "budget": n * 1.5,
        "rating": (n % 50) / 10,
        "is_hot": n % 2 == 0,
        "consent": "yes",
        "tags": ["vip", "q1"],
        "last_contacted": 1_700_000_000_000 + n,
        "follow_up": "2026-01-05T09:15:00.000Z",
        "birth_date": 556_761_600_000,
        "call_time": 36_000_000,
        "renewal_month": "5",
        "website": f"https://example.com/{n}",
        "summary": "met at the fair",
        "remarks": "wants an invoice with tax number; prefers the evening",
    }


def wanted(n: int) -> dict[str, Any]:
    """The row of a key."""
    row = held(n)
    row["last_contacted"] = "2023-11-14T22:13:20.000Z" if n == 0 else row["last_contacted"]
    kind = n % 100
    if 20 <= kind < 80:
        row |= {"score": n % 100 + 1, "city": CITIES[(n + 1) % 4], "summary": "called back"}
    elif kind >= 95:
        row["score"] = "many"
    return row


TYPES: dict[str, Any] = {
    "lead_id": {"type": "string"},
    "score": {"type": ["integer", "string", "null"]},
    "budget": {"type": ["number", "null"]},
    "rating": {"type": ["number", "null"]},
    "is_hot": {"type": ["boolean", "null"]},
    "tags": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
    "last_contacted": {"type": ["integer", "string", "null"]},
    "follow_up": {"type": ["string", "null"], "format": "date-time"},
    "birth_date": {"type": ["integer", "null"]},
    "call_time": {"type": ["integer", "null"]},
}
"""The columns that are no plain texts, as a tap declares them."""
COLUMNS = tuple(held(0))
SCHEMA = {name: TYPES.get(name, {"type": ["string", "null"]}) for name in COLUMNS}


def is_there(n: int) -> bool:
    """Whether ChakraHQ holds it before the run."""
    return not 80 <= n % 100 < 95


def produce(rows: int, out: BinaryIO, *, fit: bool = False) -> None:
    """Write the input; of rows that all fit their types, where that is asked for."""
    dumps = orjson.dumps
    schema = {"type": "object", "properties": SCHEMA}
    message = {"type": "SCHEMA", "stream": "s", "schema": schema, "key_properties": ["lead_id"]}
    out.write(dumps(message) + b"\n")
    for n in range(rows):
        row = held(n) if fit and n % 100 >= 95 else wanted(n)
        out.write(dumps({"type": "RECORD", "stream": "s", "record": row}) + b"\n")
        if n % STATE_EVERY == STATE_EVERY - 1:
            out.write(dumps({"type": "STATE", "value": {"rows": n + 1}}) + b"\n")
    out.flush()


class InProcess:
    """Answers requests in process, and counts its own CPU."""

    def __init__(self) -> None:
        account = Account(made_account(MadeSizes(5, 5, 5), Span(NOW - 10**9, NOW), seed=1))
        self._world = World(account, Knobs())
        self._lock = threading.Lock()
        self._jobs = 0
        self._changed: dict[str, dict[str, Any]] = {}
        self._made: set[str] = set()
        self.cpu = 0.0
        self.requests: dict[str, int] = {}

    def close(self) -> None:
        """Nothing is open."""

    def send(self, request: Request) -> Response:
        """Answer a request."""
        began = time.thread_time()
        try:
            return self._answer(request)
        finally:
            with self._lock:
                self.cpu += time.thread_time() - began

    def _answer(self, request: Request) -> Response:
        kind = request.path.rsplit("/", 1)[-1]
        name = "job" if "background-job" in request.path else kind
        with self._lock:
            self.requests[name] = self.requests.get(name, 0) + 1
        if name in ("config", "users"):
            headers = {"authorization": "Bearer sandbox-admin-key"}
            reply = self._world.receive(RequestIn("GET", request.path, {}, headers), NOW)
            return _response(reply.response.body)
        if name == "job":
            return self._job(kind)
        body = orjson.loads(request.body or b"{}")
        return self._list(body) if name == "list" else self._bulk(body)

    def _list(self, body: dict[str, Any]) -> Response:
        where = body.get("where")
        if where is None:
            rows = [self._row(n) for n in range(60)]
            return _page([row for row in rows if row], more=True)
        ((_, keys),) = where.items()
        found = [self._row(_number(key)) for key in keys if key[:2] in ("L-", "id")]
        return _page([row for row in found if row], more=False)

    def _row(self, n: int) -> dict[str, Any] | None:
        data = held(n)
        key = data["lead_id"]
        if not is_there(n) and key not in self._made:
            return None
        data.update(self._changed.get(f"id-{n:07d}", {}))
        created = NOW + 10_000 if key in self._made else NOW - 10_000
        return {
            "id": f"id-{n:07d}",
            "status": "OPEN",
            "state": "NEW",
            "data": data,
            "createdAt": created,
            "updatedAt": created,
            "isDeleted": False,
        }

    def _bulk(self, body: dict[str, Any] | list[dict[str, Any]]) -> Response:
        items = body if isinstance(body, list) else body["processes"]
        if isinstance(body, list):
            self._made.update(item["lead_id"] for item in items)
        elif len(items) <= 10:
            self._changed.update({item["id"]: item["update"]["data"] for item in items})
        with self._lock:
            self._jobs += 1
            job = {"id": f"{self._jobs}-{len(items)}", "createdAt": NOW}
        return _response(orjson.dumps({"_data": job}))

    def _job(self, job: str) -> Response:
        counts = {"SUCCESS": int(job.split("-")[1])}
        data = {"id": job, "completionStatus": "COMPLETED", "completedAt": NOW + 20_000}
        return _response(
            orjson.dumps({"_data": data, "_meta": {"bjEntryCompletionStatusVsCount": counts}})
        )


def _number(key: str) -> int:
    return int(key.split("-")[1])


def _page(rows: list[dict[str, Any]], *, more: bool) -> Response:
    return _response(orjson.dumps({"_data": rows, "_meta": {"hasMore": more}}))


def _response(body: bytes) -> Response:
    return Response(200, {"content-type": "application/json"}, body)


def config(url: str, folder: str, **more: object) -> dict[str, Any]:
    """Settings of a run that goes on through its rejects."""
    return {
        "api_key": "sandbox-admin-key",
        "api_url": url,
        "streams": [{"stream": "s", "procedure": "lead", "key": "lead_id"}],
        "journal": f"sqlite:///{folder}/journal.db",
        "max_rejects": 10**9,
        "stop_at_reject_percent": 100,
        **more,
    }


def run(
    transport: InProcess, folder: str, source: BinaryIO, clock: SystemClock, **more: object
) -> tuple[float, float]:
    """Run the target on an input; its CPU and its wall seconds."""
    # Many jobs at a time: the pauses between looks at a job are not the target's own work.
    settings = config("http://localhost", folder, concurrency=32, **more)
    target = TargetChakra(config=settings)
    client = ChakraClient(transport, Pacer(clock, None), clock, RetryPolicy())
    parsed = parse_settings(target.config, user_agent="bench", journal="")
    target.session = Session(parsed, clock, "bench", stand_ins=StandIns(client))
    began, cpu, own = time.perf_counter(), time.process_time(), transport.cpu
    target.session.run(lambda: target._take(source))  # noqa: SLF001 - what the command runs
    used = time.process_time() - cpu - (transport.cpu - own)
    return used, time.perf_counter() - began


class AnHourLater(SystemClock):
    """The clock of a run when lists have long caught up with the one before."""

    def now(self) -> float:
        """Epoch seconds."""
        return super().now() + 3600


@dataclass(frozen=True, slots=True)
class Work:
    """What one way to write rows took.

    Attributes:
        way: What wrote them.
        rows: How many.
        cpu: CPU seconds, without the transport's.
    """

    way: str
    rows: int
    cpu: float

    def told(self, sink: Work) -> tuple[str, ...]:
        """Its line in the table, beside the sink that does nothing."""
        speed = self.rows / self.cpu
        ratio = speed * sink.cpu / sink.rows
        return self.way, f"{speed:,.0f}", f"{self.cpu / self.rows * 1e6:.0f}", f"{ratio:.2f}"


def own_work(rows: int, *, profiled: bool) -> tuple[Work, str]:
    """The target's own work; what is to be said of it, and the profile."""
    with tempfile.TemporaryDirectory() as folder:
        transport = InProcess()
        profile = cProfile.Profile()
        path = Path(folder) / "rows.singer"
        with path.open("wb") as out:
            produce(rows, out)
        with path.open("rb") as source:
            if profiled:
                profile.enable()
            used, wall = run(transport, folder, source, SystemClock())
            profile.disable()
        path.unlink()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        journal = sum(path.stat().st_size for path in Path(folder).iterdir()) / 2**20
        said = (
            f"Own work: {rows:,} rows, {used:.1f} s CPU without the transport's"
            f" {transport.cpu:.1f} s, {wall:.1f} s wall; peak memory {peak:.0f} MB;"
            f" journal {journal:.0f} MB; requests {transport.requests}."
        )
        if profiled:
            pstats.Stats(profile).sort_stats("tottime").print_stats(32)
        return Work("target-chakra, journal on disk", rows, used), said


def peers(rows: int) -> tuple[Work, Work, Work]:
    """The sink that does nothing, the bare loop, and the rerun of a file that has not changed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.singer"
        with path.open("wb") as out:
            produce(rows, out)
        sink = Work("a BatchSink of singer-sdk that does nothing", rows, batch_sink(path))
        loop = Work("a bare loop, no journal", rows, bare_loop(path, InProcess()))
        with path.open("wb") as out:
            produce(rows, out, fit=True)
        transport, used = InProcess(), 0.0
        for clock in (SystemClock(), AnHourLater()):
            with path.open("rb") as source:
                used, _ = run(transport, folder, source, clock, compare="journal")
        return sink, loop, Work("target-chakra, nothing changed, `compare: journal`", rows, used)


def end_to_end(rows: int) -> str:
    """The same kind of rows to a sandbox on the same cores: the real command."""
    with start_sandbox(["--rows", str(rows)]) as sandbox, tempfile.TemporaryDirectory() as folder:
        sandbox.knobs(job_duration_ms=300)
        path = Path(folder) / "config.json"
        path.write_bytes(orjson.dumps(config(sandbox.url, folder)))
        lines = Path(folder) / "rows.singer"
        with lines.open("wb") as out:
            produce_for_sandbox(rows, out)
        before = sandbox.stats()["cpu_seconds"]
        began = time.perf_counter()
        command = [sys.executable, "-m", "target_chakra", "--config", str(path)]
        done = subprocess.run(
            [*command, "--input", str(lines)], capture_output=True, check=False, cwd=folder
        )
        wall = time.perf_counter() - began
        share = (sandbox.stats()["cpu_seconds"] - before) / wall
        receipt = orjson.loads(done.stderr.strip().splitlines()[-1])
        counts = {name: count for name, count in receipt["outcomes"].items() if count}
        return (
            f"End to end: {rows:,} rows in {wall:.1f} s: {rows / wall:,.0f} rows/s, the sandbox's"
            f" CPU {share:.0%} of one core; {counts}; {receipt['requests']:,} requests,"
            f" {receipt['jobs']} jobs."
        )


def produce_for_sandbox(rows: int, out: BinaryIO) -> None:
    """Rows on the sandbox's own keys: it holds other values, so that most are updates."""
    schema = {"type": "SCHEMA", "stream": "s", "schema": {"properties": SCHEMA}}
    out.write(orjson.dumps(schema) + b"\n")
    for n in range(rows):
        row = {**wanted(n), "lead_id": f"L-{n + 1:06d}" if is_there(n) else f"NEW-{n}"}
        out.write(orjson.dumps({"type": "RECORD", "stream": "s", "record": row}) + b"\n")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sandbox-rows", type=int, default=100_000, help="0 leaves it out")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    # As the command does.
    gc.set_threshold(*RARE_THRESHOLDS)
    work, said = own_work(options.rows, profiled=options.profile)
    sink, loop, again = peers(min(options.rows, PEER_ROWS))
    table = Table(
        ("CPU without the other side's", "rows/s of one core", "µs a row", "times the BatchSink"),
        tuple(each.told(sink) for each in (sink, loop, work, again)),
    )
    blocks = ["# The target, measured", "Written by `make bench-target`.", described()]
    blocks += [table.markdown(), said]
    if options.sandbox_rows:
        blocks.append(end_to_end(options.sandbox_rows))
    page = "\n\n".join(blocks) + "\n"
    print(page)
    RESULT.write_text(page)


if __name__ == "__main__":
    main()
