"""Measures the write side beside what a user would pick instead: `make bench-target`.

A bare loop, a plain BatchSink of singer-sdk and a custom destination of dlt, each a program of its
own in `benchmarks/peers`, and ours, on sandboxes of the same kind: what rows cost, what each says
of bad rows, and what a SIGKILL leaves. Writes `benchmarks/results/write.md`.

    python benchmarks/by_hand/bench_write.py --rows 20000 --seeds 5
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from benchmarks.by_hand.write_kills import Left, kill_one
from benchmarks.by_hand.write_rows import (
    KEY,
    UNWANTED,
    fill,
    judged,
    keyed,
    keyless,
    touched,
    with_bad,
    with_later,
)
from benchmarks.by_hand.write_ways import WAYS, Place, Run, Way, submits
from benchmarks.machine import described
from benchmarks.report import Table
from chakra_sandbox.launch import start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.launch import Sandbox

EMPTY = ("--rows", "0", "--tickets", "0", "--orders", "0")
JOB_MS, LONG_JOB_MS = 300, 5000
KILLED_ROWS = 3000
AT_A_TIME = 8
RESULT = Path(__file__).parent.parent / "results" / "write.md"
WHO = (
    "Each way is a program of its own, with a sandbox of its own, from its start to its end. The"
    " loop, the BatchSink and the custom destination (`benchmarks/peers`) share a module of the"
    " calls that they make: look up a hundred keys at a time, send what differs a thousand rows a"
    " job, wait for the job, ask it what it refused. Counts are the sandbox's own."
)
COSTS = (
    "Of ten rows six change a lead, two are as it is, two are new; 20 columns. All ways end with"
    " every row as it came."
)
BAD = (
    "Half of them hold a word where a number goes, half a text that ChakraHQ refuses. Named: its"
    " key is in the output, or in the file of rejects. Written anyway: something of it is in"
    " ChakraHQ; dlt makes a column of its own (`score__v_text`) of the word, and ChakraHQ an"
    " attribute of the column. An exit code of 0 with rows refused is the peers' own choice: to"
    " raise there stops the BatchSink before its STATE, and has dlt try the same batch again."
)
KILLED = (
    "{seeds} seeds each of {rows:,} rows, summed. The kill comes when a quarter to a half of the"
    " rows is written, at any point of the {seconds} s after, which is what a job takes. Then each"
    " is begun again until it ends with 0, at most five times: a Singer target from the last STATE"
    " that came out, dlt with what is pending, the loop at the first row. Of rows with a key each"
    " tenth comes twice, with another value."
)
LEFT = (
    "singer-sdk lets a STATE out every five minutes and at the end. dlt notes each batch after it"
    " was written. Rows to look up by hand: `target-chakra` says that it can't know whether they"
    " were created, and by which text to find them; the count is of rows that were looked up so,"
    " and its word taken (`unknown --as`). `lost_answer_horizon` is 10 s here (by default 300): it"
    " is waited for where a submit had no answer."
)


@contextmanager
def empty_sandbox() -> Iterator[tuple[Sandbox, Path]]:
    """A sandbox without leads, and a folder, while the block lasts."""
    with start_sandbox(EMPTY) as sandbox, tempfile.TemporaryDirectory() as folder:
        yield sandbox, Path(folder)


def cost(way: Way, count: int, latency_ms: int) -> tuple[str, ...]:
    """What rows cost one way: its line in the table."""
    rows = keyed(count)
    with empty_sandbox() as (sandbox, folder):
        fill(sandbox, rows)
        sandbox.knobs(job_duration_ms=JOB_MS, latency_ms=latency_ms)
        sandbox.forget_requests()
        before = sandbox.stats()
        ended = Run(way, Place(sandbox, folder, rows, KEY)).end()
        after = sandbox.stats()
        share = (after["cpu_seconds"] - before["cpu_seconds"]) / ended.seconds
        right = judged(sandbox.oracle(), rows, KEY).right
        if ended.code or right != count:
            raise SystemExit(f"{way.name}: {ended.code}, {right:,} right\n{ended.said[-3000:]}")
        return (
            way.name,
            f"{count / ended.seconds:,.0f}",
            f"{after['requests'] - before['requests']:,}",
            f"{submits(sandbox)}",
            f"{ended.cpu / count * 1e6:.0f}",
            f"{share:.0%}",
        )


def costs(count: int, latency_ms: int) -> str:
    """What rows cost every way."""
    head = ("way", "rows/s", "requests", "jobs", "CPU µs a row", "CPU of the sandbox")
    return Table(head, tuple(cost(way, count, latency_ms) for way in WAYS)).markdown()


def bad_rows(way: Way, count: int) -> tuple[str, ...]:
    """What becomes of bad rows, and of the good ones beside them: a line of the table."""
    rows, bad = with_bad(count)
    good = [row for row in rows if row[KEY] not in bad]
    with empty_sandbox() as (sandbox, folder):
        fill(sandbox, rows)
        sandbox.knobs(job_duration_ms=JOB_MS, refused_texts=[UNWANTED])
        began = sandbox.stats()["now_ms"]
        ended = Run(way, Place(sandbox, folder, rows, KEY)).end()
        named = sum(key in ended.said for key in bad)
        return (
            way.name,
            str(ended.code),
            f"{named} of {len(bad)}",
            f"{judged(sandbox.oracle(), good, KEY).right:,} of {len(good):,}",
            str(touched(sandbox, bad, began)),
        )


def all_bad_rows(count: int) -> str:
    """What becomes of bad rows, every way."""
    head = ("way", "exit code", "bad rows named", "good rows arrived", "bad rows written anyway")
    return Table(head, tuple(bad_rows(way, count) for way in WAYS)).markdown()


@dataclass(frozen=True, slots=True)
class Kills:
    """A way of killing writers.

    Attributes:
        title: As the page has it.
        key: The attribute that names a process; None creates one of each row.
        duplicate: What the sandbox does with a create of a key that is there.
    """

    title: str
    key: str | None
    duplicate: str


KILLS = (
    Kills("rows with a key, of which ChakraHQ takes no second one", KEY, "reject"),
    Kills("rows with a key, of which ChakraHQ takes a second one", KEY, "duplicate"),
    Kills("creates without a key", None, "reject"),
)


def killed(kills: Kills, way: Way, count: int, seed: int) -> Left:
    """What one kill leaves of rows that one way writes."""
    rows = with_later(count) if kills.key else keyless(count)
    with empty_sandbox() as (sandbox, folder):
        if kills.key:
            fill(sandbox, keyed(count))
        sandbox.knobs(job_duration_ms=LONG_JOB_MS, duplicate_pk=kills.duplicate)
        return kill_one(way, Place(sandbox, folder, rows, kills.key), seed)


def all_killed(kills: Kills, count: int, seeds: int) -> str:
    """What kills leave, every way, of all seeds."""
    head = (
        kills.title,
        *("missing", "twice", "older value"),
        *("looked up by hand", "runs after the kills", "that never ended well"),
    )
    cases = [(way, seed) for way in WAYS for seed in range(seeds)]
    # Most of it is waiting for jobs.
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        left = list(pool.map(lambda case: killed(kills, case[0], count, case[1]), cases))
    found = {way: Left() for way in WAYS}
    for (way, _), each in zip(cases, left, strict=True):
        found[way] += each
    return Table(head, tuple((way.name, *each.told()) for way, each in found.items())).markdown()


def page(rows: int, seeds: int) -> Iterator[str]:
    """The blocks of the page."""
    yield "# Writing, beside what a user would pick instead"
    yield "Written by `make bench-target`."
    load, _, _ = os.getloadavg()
    yield f"{described()} dlt {version('dlt')}. Before it began the machine's load was {load:.1f}."
    yield WHO
    yield f"## {rows:,} rows"
    for latency_ms in (0, 50):
        yield f"The sandbox answers after {latency_ms} ms, a job takes {JOB_MS} ms:"
        yield costs(rows, latency_ms)
    yield COSTS
    yield f"## {rows // 200} bad rows among {rows // 2:,}"
    yield all_bad_rows(rows // 2)
    yield BAD
    yield "## A SIGKILL in the middle"
    yield KILLED.format(seeds=seeds, rows=KILLED_ROWS, seconds=LONG_JOB_MS // 1000)
    for kills in KILLS:
        yield all_killed(kills, KILLED_ROWS, seeds)
    yield LEFT


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    blocks = []
    for block in page(options.rows, options.seeds):
        print(block, end="\n\n", flush=True)
        blocks.append(block)
    RESULT.write_text("\n\n".join(blocks) + "\n")


if __name__ == "__main__":
    main()
