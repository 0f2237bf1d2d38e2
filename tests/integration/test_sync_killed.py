"""Kill -9 of a sync at each of its steps, and the next one: nothing lost, nothing doubled.

The source brings its rows in another order each time, and has new ones by then.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.sync_process import type_command
from tests.support.target_process import FAST, Told

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.timeout(900)
POINTS = [
    ("notes", "intended", 1),
    ("notes", "settled", 3),
    ("notes", "passing on", 1),
    ("notes", "passed on", 1),
    ("notes", "forgetting", 1),
    ("scores", "passing on", 1),
]
"""A stream, the notes have no key; a step, and at which time that it is reached."""


@dataclass(frozen=True)
class Case:
    """A sync that died, and what those after it made of it."""

    died: Told
    told: Told
    again: Told
    held: Counter[Any]


@dataclass(frozen=True)
class Killing:
    """One case: a stream, a warehouse, a journal, and a point."""

    sandbox: Sandbox
    folder: Path
    stream: str
    die: tuple[str, int]

    @property
    def tag(self) -> str:
        return f"{self.stream} {self.die[0]}"

    def type(self, *args: str, die: tuple[str, int] | None = None) -> Told:
        return type_command(self.folder, ["--config", str(self.folder / "config.json"), *args], die)

    def sync(self, die: tuple[str, int] | None = None) -> Told:
        sql = "SELECT * FROM rows ORDER BY mark IS NOT NULL, random()"
        source = f"duckdb:///{self.folder}/warehouse.duckdb"
        args = ("--source", source, "--sql", sql, "--stream", self.stream, "--state", "mark")
        return self.type("sync", *args, die=die)

    def sql(self, text: str) -> None:
        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as warehouse:
            warehouse.execute(text)

    def prepare(self) -> None:
        # Equal rows, too: each of them is a row of its own, where there is no key.
        n = "range // 2" if self.stream == "notes" else "range"
        self.sql(
            f"CREATE TABLE rows AS SELECT '{self.tag} ' || {n} AS key, {n} AS score,"
            f" '{self.tag}' AS name, CASE WHEN range > 4 THEN {n} END AS mark FROM range(60)"
        )
        fields = {"score": "data.score", "name": "data.name"}
        more = {"mode": "insert"}
        if self.stream == "scores":
            fields, more = {**fields, "key": "data.lead_id"}, {"key": "key"}
        mapping = {"stream": self.stream, "procedure": "lead", "fields": fields, **more}
        config = {"api_key": self.sandbox.api_key, "api_url": self.sandbox.url, **FAST}
        config |= {"lost_answer_horizon": 1, "streams": [mapping], "batch_size": 20}
        (self.folder / "config.json").write_text(json.dumps(config))

    def held(self) -> Counter[Any]:
        rows = [row.data for row in self.sandbox.oracle() if row.died_ms is None]
        return Counter(data["score"] for data in rows if data.get("name") == self.tag)

    def wanted(self) -> Counter[Any]:
        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as warehouse:
            return Counter(x for (x,) in warehouse.execute("SELECT score FROM rows").fetchall())

    def take(self) -> Case:
        self.prepare()
        died = self.sync(self.die)
        self.sql(f"INSERT INTO rows VALUES ('{self.tag} x', 77, '{self.tag}', NULL)")
        self.sql(f"INSERT INTO rows VALUES ('{self.tag} y', 78, '{self.tag}', 99)")
        told = self.sync()
        for _ in range(4):
            if told.code == 0:
                break
            if told.code == ExitCode.UNKNOWN and self.stream == "notes":
                self.say()
            told = self.sync()
        return Case(died, told, self.sync(), self.held())

    def say(self) -> None:
        """Look in ChakraHQ, as a user does, for the rows without a key that nobody knows of."""
        unknown = [json.loads(x) for x in self.type("unknown", "--json").stdout.splitlines()]
        missing = self.wanted() - self.held()
        words: dict[str, list[str]] = {"written": [], "not-written": []}
        for each in unknown:
            score = each["fields"]["data.score"]
            words["not-written" if missing[score] > 0 else "written"].append(str(each["id"]))
            missing[score] -= 1
        for word, numbers in words.items():
            if numbers:
                self.type("unknown", "--now", "--as", word, *numbers)


@pytest.fixture(scope="module")
def cases(
    shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Case, Counter[Any]]]:
    """All cases, several at a time: most of each is waiting."""
    shared_sandbox.knobs(job_duration_ms=100)
    killings = [
        Killing(shared_sandbox, tmp_path_factory.mktemp("case"), stream, (place, times))
        for stream, place, times in POINTS
    ]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(Killing.take, killings))
    return [(case, each.wanted()) for each, case in zip(killings, found, strict=True)]


@pytest.mark.parametrize("number", range(len(POINTS)), ids=[f"{s}-{p}-{n}" for s, p, n in POINTS])
def test_the_sync_after_a_kill_writes_every_row_exactly_once(
    cases: list[tuple[Case, Counter[Any]]], number: int
) -> None:
    case, wanted = cases[number]
    assert case.died.code == -9, case.died.stderr
    assert case.told.code == 0, case.told.stderr
    assert case.held == wanted
    # By now a sync reads nothing but what comes again.
    assert case.again.code == 0, case.again.stderr
    assert case.again.receipt["rows_in"] < 10
    assert case.again.outcomes.keys() <= {"unchanged"}
