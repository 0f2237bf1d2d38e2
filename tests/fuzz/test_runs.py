"""Any sequence of runs on one journal: whatever came in before, right rows arrive.

Hypothesis draws the steps: rows and lines that are wrong, answers that are, commands, somebody else
who writes. Behind each, a run that brings right rows must leave them in ChakraHQ.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.writes.changes import Mutation
from tests.fuzz.endings import STEPS, TARGET_CODES, ends_in_order
from tests.fuzz.inputs import many
from tests.fuzz.test_answers import HITS, SEEDS, Spoiling
from tests.fuzz.test_lines import BROKEN, MODES, TAKEN, lines_of
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, Told, run_target, world_of, written

EVERY_KEY = {f"L-{n:06d}" for n in range(1, 15)}
KEYS = st.sampled_from(sorted(EVERY_KEY))
RIGHT = st.dictionaries(KEYS, st.integers(-9, 9), min_size=1, max_size=14)
COMPARE = st.sampled_from(["always", "journal"])
HOW = st.fixed_dictionaries(
    {"mode": MODES, "compare": COMPARE, "max_rejects": st.just(20), "max_deletes": st.just(9)}
)
LINES = st.builds(lines_of, many(TAKEN, 15), st.lists(BROKEN, max_size=1))
COMMANDS = st.sampled_from(["runs", "rejects", "unknown", "retry", "runs 1", "unknown --json"])


class Runs(RuleBasedStateMachine):
    """One account, one journal, and whatever comes."""

    @initialize(job_duration_ms=st.sampled_from([0, 500, 30_000]))
    def begin(self, job_duration_ms: int) -> None:
        self.disk = tempfile.TemporaryDirectory()
        self.folder = Path(self.disk.name)
        self.clock = FakeClock()
        self.world = world_of(9, job_duration_ms=job_duration_ms)
        self.behind_our_back: set[str] = set()
        """Keys of rows that `compare: journal` may be wrong about: as it is documented."""

    def teardown(self) -> None:
        if hasattr(self, "disk"):
            self.disk.cleanup()

    def run_with(self, settings: dict[str, object], *words: str, spoil: Any = None) -> Told:
        stream = {"stream": "scores", "procedure": "lead", "key": "lead_id"}
        config = {
            "api_key": KEY,
            "api_url": "http://chakra.test",
            "streams": [{**stream, "mode": settings.pop("mode", "upsert")}],
            "journal": f"sqlite:///{self.folder}/journal.db",
            "batch_size": 5,
            "lost_answer_horizon": 60,
            "job_timeout": 120,
            **settings,
        }
        args = ["--config", written(self.folder, "config.json", config)]
        told = run_target(self.world, [*args, *words], spoil, clock=self.clock)
        ends_in_order(told, TARGET_CODES)
        return told

    def feed(self, lines: list[bytes], spoil: Any = None, **settings: object) -> Told:
        STEPS["runs on one journal"] += len(lines)
        path = written(self.folder, "in", b"\n".join(lines))
        return self.run_with(settings, "--input", path, spoil=spoil)

    @rule(how=HOW, lines=LINES, spoil=st.none() | st.builds(Spoiling, HITS, SEEDS))
    def anything_comes(
        self, how: dict[str, object], lines: list[bytes], spoil: Spoiling | None
    ) -> None:
        self.feed(lines, spoil, **how)
        if spoil is not None:  # an answer may have said that what failed is written
            self.behind_our_back |= EVERY_KEY

    @rule(command=COMMANDS)
    def a_person_asks(self, command: str) -> None:
        STEPS["runs on one journal"] += 1
        self.run_with({}, *command.split())

    @rule(seed=st.integers(0, 99), count=st.integers(1, 4))
    def somebody_else_writes(self, seed: int, count: int) -> None:
        STEPS["runs on one journal"] += 1
        before = self.there()
        self.world.mutate("lead", Mutation(update=count), seed)
        self.behind_our_back |= {k for k, score in self.there().items() if score != before[k]}

    @rule(rows=RIGHT, compare=COMPARE)
    def right_rows_come(self, rows: dict[str, int], compare: str) -> None:
        records = [
            {"type": "RECORD", "stream": "scores", "record": {"lead_id": key, "score": score}}
            for key, score in rows.items()
        ]
        told = self.feed(lines_of(records), compare=compare)
        if told.code != ExitCode.DONE:
            receipt = json.loads(told.stderr.splitlines()[-1])
            assert told.code == ExitCode.UNKNOWN, told.stderr
            assert receipt["outcomes"]["unknown"], told.stderr
            return
        if compare == "always":
            self.behind_our_back -= rows.keys()
        there = self.there()
        vouched = rows.keys() - self.behind_our_back
        assert {key: there[key] for key in vouched} == {key: rows[key] for key in vouched}

    def there(self) -> dict[str, object]:
        """The score of each lead that lives."""
        lives = map(json.loads, self.world.oracle("lead"))
        data = [life["row"]["data"] for life in lives if life["died_ms"] is None]
        return {row["lead_id"]: row.get("score") for row in data}


TestRuns = Runs.TestCase
TestRuns.settings = settings(max_examples=settings().max_examples // 4, stateful_step_count=20)
