"""Measures `tap-chakra listen` on loopback: `python benchmarks/by_hand/bench_webhooks.py`.

Callers in a process of their own send signed calls of one message each, one behind the other on
a connection each; every answer is waited for. Beside the listener stands a bare aiohttp server that
reads the body and answers, which is what the same machine can do without signature, JSON and disk.
Writes `benchmarks/results/webhooks.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from aiohttp import web

from benchmarks.machine import described
from tests.support.listening import HEADER, listening, passed_through, payloads, signed

RESULTS = Path(__file__).parent.parent / "results" / "webhooks.md"
CALLERS = (1, 8, 64, 256)
SYNCS = 200


@dataclass(frozen=True)
class Measured:
    """What callers saw.

    Attributes:
        rate: Calls per second.
        half: Milliseconds in which half of them were answered.
        most: Milliseconds in which 99 of 100 were.
        cpu: Microseconds of CPU that the server took for each.
    """

    rate: float
    half: float
    most: float
    cpu: float


async def bare() -> None:
    """The bare server: reads a body, answers. Prints its port, and ends when it is killed."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text="{}", content_type="application/json")

    app = web.Application(client_max_size=4 << 20)
    app.router.add_post("/whatsapp", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def _request(name: str) -> bytes:
    body = json.dumps(passed_through(name)).encode()
    head = f"POST /whatsapp HTTP/1.1\r\nHost: localhost\r\n{HEADER}: {signed(body)}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def call(port: int, callers: int, seconds: float, mark: str) -> None:
    """Call for so long; prints when each call was answered, as one object."""
    took: list[float] = []
    ends = time.monotonic() + seconds

    async def one(at: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        number = 0
        while time.monotonic() < ends:
            number += 1
            sent = _request(f"{mark}.{at}.{number}")
            began = time.monotonic()
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head:
                raise SystemExit(head.decode())
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            took.append((time.monotonic() - began) * 1000)
        writer.close()

    began = time.monotonic()
    await asyncio.gather(*(one(at) for at in range(callers)))
    spent = time.monotonic() - began
    half, most = statistics.median(took), statistics.quantiles(took, n=100)[98]
    print(json.dumps({"calls": len(took), "seconds": spent, "half": half, "most": most}))


def cpu_seconds(process: int) -> float:
    """The CPU that a process has taken."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def measured(process: int, port: int, callers: int, seconds: float) -> tuple[Measured, int]:
    """What a process of callers sees; and how many calls were answered."""
    before = cpu_seconds(process)
    mark = f"{port}.{callers}"
    options = [str(each) for each in (port, callers, seconds, mark)]
    done = subprocess.run(
        [sys.executable, __file__, "--call", *options], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    cpu = (cpu_seconds(process) - before) / said["calls"] * 1e6
    found = Measured(said["calls"] / said["seconds"], said["half"], said["most"], cpu)
    return found, said["calls"]


def sync_ms(folder: Path) -> float:
    """Milliseconds of a small write that the disk is asked to keep."""
    took = []
    with (folder / "sync").open("wb") as file:
        for _ in range(SYNCS):
            began = time.monotonic()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            took.append((time.monotonic() - began) * 1000)
    return statistics.median(took)


def page(seconds: float) -> str:
    """The page of results."""
    lines = []
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(
            [sys.executable, __file__, "--bare"], stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        folder = Path(name)
        assert server.stdout is not None  # noqa: S101 - a pipe was asked for
        plain = int(server.stdout.readline())
        answered = 0
        with listening(folder, "--max-rate", "100000") as listener:
            for callers in CALLERS:
                ceiling, _ = measured(server.pid, plain, callers, seconds)
                disk = sync_ms(folder)
                found, calls = measured(listener.process.pid, listener.port, callers, seconds)
                answered += calls
                lines.append(
                    f"| {callers} | {found.rate:,.0f} | {found.half:.1f} | {found.most:.1f} |"
                    f" {disk:.1f} | {found.cpu:,.0f} | {ceiling.rate:,.0f} | {ceiling.cpu:,.0f} |"
                )
            code, _ = listener.stop()
        server.kill()
        kept = len(payloads(folder))
    rows = "\n".join(lines)
    machine = described().replace("the reader, the sandbox and what counts the lines", "all of it")
    return f"""\
# The listener, measured

Written by `benchmarks/by_hand/bench_webhooks.py`: calls of one message each on loopback, the
callers in a process of their own, each answered once its event is on disk (SQLite,
`synchronous=FULL`). Beside it a bare aiohttp server that reads the body and answers.

{machine}

| callers | events per second | p50, ms | p99, ms | sync, ms | CPU, µs | bare, per s | CPU, µs |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

*sync* is what a write of 4 KB takes that the disk is asked to keep, right before (median of
{SYNCS}); *CPU* is the server's own, for each call. One caller waits for a sync each time; many
share one. {answered:,} events were answered with 200, {kept:,} are in the store; the listener
ended with {code}.
"""


def main() -> None:
    """Measure, or be one of the processes that it takes."""
    parser = argparse.ArgumentParser(description="Measure the listener on loopback.")
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--call", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        asyncio.run(bare())
    elif options.call:
        port, callers, seconds, mark = options.call
        asyncio.run(call(int(port), int(callers), float(seconds), mark))
    else:
        text = page(options.seconds)
        RESULTS.write_text(text)
        print(text)


if __name__ == "__main__":
    main()
