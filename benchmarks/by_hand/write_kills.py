"""Kills writers in the middle, begins them again as their users would, and counts what is left.

A Singer target is begun again from the last STATE that came out, dlt loads what is pending, a loop
begins at the first row. Of rows that ours says nobody knows of, its user looks into ChakraHQ, as
the command asks, and gives a word.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.by_hand.write_rows import Judged, judged
from benchmarks.by_hand.write_ways import ROOT, Run

if TYPE_CHECKING:
    from benchmarks.by_hand.write_ways import Place, Way
    from chakra_sandbox.launch import Sandbox

LIST = "/v1/ext/procedure/lead/process/list"
AGAIN = 5
"""How often a run is begun again, at most."""
TEXT = "remarks"
LOOKS_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Left:
    """What a kill left once the runs after it had ended.

    Attributes:
        rows: What became of the rows.
        runs: Runs after the kill.
        asked: Rows that the user had to look up and give a word on.
        gave_up: Whether the last run did not end well.
    """

    rows: Judged = field(default_factory=Judged)
    runs: int = 0
    asked: int = 0
    gave_up: int = 0

    def __add__(self, other: Left) -> Left:
        """The sums."""
        return Left(
            self.rows + other.rows,
            self.runs + other.runs,
            self.asked + other.asked,
            self.gave_up + other.gave_up,
        )

    def told(self) -> tuple[str, ...]:
        """The numbers of its line in the table."""
        rows = self.rows
        found = (rows.missing, rows.twice, rows.older, self.asked, self.runs, self.gave_up)
        return tuple(f"{each:,}" for each in found)


def kill_one(way: Way, place: Place, seed: int) -> Left:
    """Kill a way when ChakraHQ has about half of the rows, and go on to the end."""
    draw = random.Random(f"write kill {seed}")
    job = place.sandbox.knobs()["job_duration_ms"] / 1000
    began_ms = place.sandbox.stats()["now_ms"]
    run = Run(way, place)
    written = len(place.rows) * draw.uniform(0.25, 0.5)
    while run.alive() and _written(place.sandbox, began_ms) < written:
        time.sleep(LOOKS_EVERY)
    time.sleep(draw.uniform(0, job))
    if not run.alive():
        raise SystemExit(f"{way.name} ended before it was killed:\n{run.end().said[-3000:]}")
    run.kill()
    passed, asked, code, runs = run.end().passed, 0, -1, 0
    while code and runs < AGAIN:
        ended = Run(way, place, passed).end()
        passed, code, runs = ended.passed, ended.code, runs + 1
        if code and way.journalled:
            asked += _give_word(place)
    by = place.key or TEXT
    return Left(judged(place.sandbox.oracle(), place.rows, by), runs, asked, gave_up=int(code != 0))


def _written(sandbox: Sandbox, since_ms: int) -> int:
    return sum(each.updated_ms > since_ms for each in sandbox.oracle())


def _give_word(place: Place) -> int:
    """Look for the rows of which nobody knows, and say what is so; how many they were."""
    time.sleep(place.settings()["lost_answer_horizon"])
    listed = _unknown(place, "--json")
    rows = [json.loads(line) for line in listed.splitlines() if line.startswith("{")]
    texts = [each["fields"][f"data.{TEXT}"] for each in rows]
    there = _there(place.sandbox, texts)
    words: dict[str, list[str]] = {"written": [], "not-written": []}
    for each, text in zip(rows, texts, strict=True):
        words["written" if text in there else "not-written"].append(str(each["id"]))
    for word, numbers in words.items():
        if numbers:
            _unknown(place, "--now", "--as", word, *numbers)
    return len(rows)


def _there(sandbox: Sandbox, texts: list[str]) -> set[str]:
    """Those of the texts that a process has."""
    found: set[str] = set()
    for at in range(0, len(texts), 100):
        body = {"where": {TEXT: texts[at : at + 100]}, "limit": 100}
        found |= {each["data"][TEXT] for each in sandbox.post_json(LIST, body)["_data"]}
    return found


def _unknown(place: Place, *words: Any) -> str:  # noqa: ANN401 - words of a command
    config = place.write("config.json", place.settings())
    command = [sys.executable, "-m", "target_chakra", "--config", config, "unknown", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout
