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
from benchmarks.by_hand.target_rows import (
    COLUMNS,
    held,
    is_there,
    produce,
    produce_for_sandbox,
)
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
from target_chakra.singer.input import LineReader
from target_chakra.singer.target import TargetChakra

NOW = 1_795_514_950_453
PEER_ROWS = 100_000
"""Rows of the comparison, at most: what one costs does not depend on how many there are."""
RESULT = Path(__file__).parent.parent / "results" / "target.md"


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


def prepared(transport: InProcess, folder: str, clock: SystemClock, **more: object) -> TargetChakra:
    """A target whose run has begun, against the transport."""
    # Many jobs at a time: the pauses between looks at a job are not the target's own work.
    settings = config("http://localhost", folder, concurrency=32, **more)
    target = TargetChakra(config=settings)
    client = ChakraClient(transport, Pacer(clock, None), clock, RetryPolicy())
    parsed = parse_settings(target.config, user_agent="bench", journal="")
    target.session = Session(parsed, clock, "bench", stand_ins=StandIns(client))
    return target


def run(
    transport: InProcess, folder: str, source: BinaryIO, clock: SystemClock, **more: object
) -> tuple[float, float]:
    """Run the target on an input; its CPU and its wall seconds."""
    target = prepared(transport, folder, clock, **more)
    began, cpu, own = time.perf_counter(), time.process_time(), transport.cpu
    target.open_session().run(lambda: target._take(source))  # noqa: SLF001 - what the command runs
    used = time.process_time() - cpu - (transport.cpu - own)
    return used, time.perf_counter() - began


def read_and_mapped(source: Path) -> tuple[float, float]:
    """The CPU seconds of the target's first two steps alone: lines read, and rows mapped, too."""
    with tempfile.TemporaryDirectory() as folder:
        target = prepared(InProcess(), folder, SystemClock())
        session = target.open_session()
        session.open_stream("s", dict.fromkeys(COLUMNS, False))
        incoming = session.writer._incoming  # noqa: SLF001 - what a run calls for each row

        def nothing(_message: dict[str, Any]) -> None:
            pass

        def mapped(message: dict[str, Any]) -> None:
            incoming.mapped("s", 1, message["record"], "")

        used: list[float] = []
        for row in (nothing, mapped):
            with source.open("rb") as lines:
                began = time.process_time()
                callbacks = {"SCHEMA": nothing, "RECORD": row, "STATE": nothing}
                LineReader(lambda: False).process_lines(lines, callbacks)
                used.append(time.process_time() - began)
        session.close()
        return used[0], used[1]


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


def peers(rows: int) -> tuple[Work, ...]:
    """The sink that does nothing, the bare loop, the target's first steps, and a rerun."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.singer"
        with path.open("wb") as out:
            produce(rows, out)
        sink = Work("a BatchSink of singer-sdk that does nothing", rows, batch_sink(path))
        loop = Work("a bare loop, no journal", rows, bare_loop(path, InProcess()))
        read, mapped = read_and_mapped(path)
        steps = (
            Work("of the target: lines read and parsed", rows, read),
            Work("of the target: the same, and rows mapped", rows, mapped),
        )
        with path.open("wb") as out:
            produce(rows, out, fit=True)
        transport, used = InProcess(), 0.0
        for clock in (SystemClock(), AnHourLater()):
            with path.open("rb") as source:
                used, _ = run(transport, folder, source, clock, compare="journal")
        again = Work("target-chakra, nothing changed, `compare: journal`", rows, used)
        return sink, loop, *steps, again


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
    sink, *others = peers(min(options.rows, PEER_ROWS))
    table = Table(
        ("CPU without the other side's", "rows/s of one core", "µs per row", "times the BatchSink"),
        tuple(each.told(sink) for each in (sink, *others, work)),
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
