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
    from collections.abc import Callable, Iterator

    from chakra_sandbox.launch import Sandbox

EMPTY = ("--rows", "0", "--tickets", "0", "--orders", "0")
JOB_MS, LONG_JOB_MS = 300, 5000
KILLED_ROWS = 3000
AT_A_TIME = 8
RESULT = Path(__file__).parent.parent / "results" / "write.md"
WHO = (
    "Each way is a program of its own, with a sandbox of its own, from its start to its end. The"
    " loop, the BatchSink and the custom destination (`benchmarks/peers`) share a module of the"
    " calls that they make: look up a hundred keys at a time, send what differs a thousand rows"
    " per job, wait for the job, ask it what it refused. Counts are the sandbox's own."
)
COSTS = (
    "Of ten rows six change a lead, two are as it is, two are new; 20 columns. All ways end with"
    " every row as it came. Rows/s depend on what else runs on the machine; requests, jobs and CPU"
    " do not."
)
BAD = (
    "Half of them hold a word where a number goes, half a text that ChakraHQ refuses. Named: its"
    " key is in the output, or in the file of rejects. Written anyway: something of it is in"
    " ChakraHQ; dlt makes a column of its own (`score__v_text`) of the word, and ChakraHQ an"
    " attribute of the column. An exit code of 0 with rows refused is the peers' own choice: to"
    " raise there stops the BatchSink before its STATE, and has dlt try the same batch again."
)
KILLED = (
    "{seeds} seeds each of {rows:,} rows, {at_a_time} runs at a time, summed. The kill comes when a"
    " quarter to a half of the rows is written, at any point of the {seconds} s after, which a job"
    " takes. Then each is begun again until it ends with 0, at most five times: a Singer target"
    " from the last STATE that came out, dlt with what is pending, the loop at the first row. Of"
    " rows with a key each tenth comes twice, with another value."
)
LEFT = (
    "A row with a key is twice where the next run looks it up while the job that creates it is"
    " still under way: dlt comes back to it at once, a loop once it has looked at all before."
    " Without a key: singer-sdk lets a STATE out every five minutes and at the end, dlt notes a"
    " batch after it was written. Looked up by hand: rows without a key of which `target-chakra`"
    " says that it can't know whether they were created; a person decides (`unknown --as`)."
    " `lost_answer_horizon` is 10 s here, by default 300: where a submit had no answer it is waited"
    " for."
)


@contextmanager
def empty_sandbox() -> Iterator[tuple[Sandbox, Path]]:
    """A sandbox without leads, and a folder, while the block lasts."""
    with start_sandbox(EMPTY) as sandbox, tempfile.TemporaryDirectory() as folder:
        yield sandbox, Path(folder)


@dataclass(frozen=True, slots=True)
class Cost:
    """What rows cost one way.

    Attributes:
        seconds: From its start to its end.
        cpu: Its CPU seconds.
        requests: What the sandbox got.
        jobs: Bulk requests among them.
        share: Of one core, the sandbox's.
    """

    seconds: float
    cpu: float
    requests: int
    jobs: int
    share: float

    def told(self, way: Way, count: int) -> tuple[str, ...]:
        """Its line in the table."""
        return (
            way.name,
            f"{count / self.seconds:,.0f}",
            f"{self.requests:,}",
            str(self.jobs),
            f"{self.cpu / count * 1e6:.0f}",
            f"{self.share:.0%}",
        )


def cost(way: Way, count: int, latency_ms: int) -> Cost:
    """What rows cost one way, once."""
    rows = keyed(count)
    with empty_sandbox() as (sandbox, folder):
        fill(sandbox, rows)
        sandbox.knobs(job_duration_ms=JOB_MS, latency_ms=latency_ms)
        sandbox.forget_requests()
        before = sandbox.stats()
        ended = Run(way, Place(sandbox, folder, rows, KEY)).end()
        after = sandbox.stats()
        right = judged(sandbox.oracle(), rows, KEY).right
        if ended.code or right != count:
            raise SystemExit(f"{way.name}: {ended.code}, {right:,} right\n{ended.said[-3000:]}")
        return Cost(
            ended.seconds,
            ended.cpu,
            after["requests"] - before["requests"],
            submits(sandbox),
            (after["cpu_seconds"] - before["cpu_seconds"]) / ended.seconds,
        )


def costs(count: int, latency_ms: int, turns: int) -> str:
    """What rows cost every way: the best of several turns, in turn."""
    found: dict[Way, list[Cost]] = {way: [] for way in WAYS}
    for _ in range(turns):
        for way in WAYS:
            found[way].append(cost(way, count, latency_ms))
    # The least is what it costs; the rest is what else the machine did.
    best = {way: min(each, key=lambda cost: cost.seconds) for way, each in found.items()}
    head = ("way", "rows/s", "requests", "jobs", "CPU µs per row", "CPU of the sandbox")
    return Table(head, tuple(each.told(way, count) for way, each in best.items())).markdown()


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


def cost_section(options: argparse.Namespace) -> Iterator[str]:
    """What rows cost."""
    yield f"## {options.rows:,} rows"
    for latency_ms in (0, 50):
        yield (
            f"The sandbox answers after {latency_ms} ms, a job takes {JOB_MS} ms; of each way the"
            f" fastest of {options.turns} runs, in turn; {load()}:"
        )
        yield costs(options.rows, latency_ms, options.turns)
    yield COSTS


def bad_section(options: argparse.Namespace) -> Iterator[str]:
    """What becomes of bad rows."""
    count = options.rows // 2
    yield f"## {count // 100} bad rows among {count:,}"
    yield all_bad_rows(count)
    yield BAD


def kill_section(options: argparse.Namespace) -> Iterator[str]:
    """What a kill leaves."""
    yield "## A SIGKILL in the middle"
    yield KILLED.format(
        seeds=options.seeds, rows=KILLED_ROWS, seconds=LONG_JOB_MS // 1000, at_a_time=AT_A_TIME
    )
    for kills in KILLS:
        yield all_killed(kills, KILLED_ROWS, options.seeds)
    yield LEFT


SECTIONS = {"cost": cost_section, "bad": bad_section, "kills": kill_section}


def load() -> str:
    """How busy the machine is."""
    return f"the machine's load before it was {os.getloadavg()[0]:.1f}"


def measure(section: Callable[[argparse.Namespace], Iterator[str]], of: argparse.Namespace) -> str:
    """A section, printed as it comes."""
    blocks = []
    for block in section(of):
        print(block, end="\n\n", flush=True)
        blocks.append(block)
    return "\n\n".join(blocks)


def main() -> None:
    """Measure; a section that is not asked for stays as the page has it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=3, help="of what rows cost")
    parser.add_argument("--seeds", type=int, default=5, help="of kills")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    options = parser.parse_args()
    _, *there = RESULT.read_text().strip().split("\n\n## ") if RESULT.exists() else [""]
    whole = there if len(there) == len(SECTIONS) else []
    kept = {name: f"## {text}" for name, text in zip(SECTIONS, whole, strict=False)}
    kept |= {name: measure(SECTIONS[name], options) for name in options.sections}
    head = [
        "# Writing, beside what a user would pick instead",
        "Written by `make bench-target`.",
        f"{described()} dlt {version('dlt')}.",
        WHO,
    ]
    sections = [kept[name] for name in SECTIONS if name in kept]
    RESULT.write_text("\n\n".join([*head, *sections]) + "\n")


if __name__ == "__main__":
    main()
