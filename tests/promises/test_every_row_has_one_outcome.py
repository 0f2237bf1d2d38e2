"""Every row that came in has one outcome; every rejected row is on record, and can be sent again.

Drawn rows, good and bad, to the real command and the sandbox, which refuses some for no reason.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.support.target_process import (
    living,
    operate,
    record,
    schema,
    settings,
    state,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = [3, 11]


def drawn(seed: int, keys: list[str]) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for n in range(250):
        key = draw.choice([*keys, f"NEW-{n}", f"NEW-{n // 2}", None if n % 25 == 0 else f"B-{n}"])
        score = draw.choice([n, n, n, str(n), "no number", None])
        city = draw.choice(["goa", "pune", "atlantis", None])
        rows.append(record("scores", lead_id=key, score=score, city=city))
    return rows


@pytest.mark.parametrize("seed", SEEDS)
def test_outcomes_add_up_and_every_reject_is_on_record(seed: int, tmp_path: Path) -> None:
    with start_sandbox(["--rows", "100"]) as sandbox:
        sandbox.knobs(job_duration_ms=50, entry_error_rate=0.2)
        rows = drawn(seed, sorted(living(sandbox))[:30])
        mapping = {"stream": "scores", "procedure": "lead"}
        config = settings(sandbox, streams=[mapping], rejects_path="rejects.jsonl", max_rejects=999)
        columns = schema("scores", ["lead_id", "score", "city"])
        told = write(tmp_path, config, [columns, *rows, state({"at": 1})])
        assert told.code == 0, told.stderr
        assert told.states == [{"at": 1}]
        assert told.receipt["rows_in"] == len(rows) == sum(told.outcomes.values())
        lines = [json.loads(x) for x in (tmp_path / "rejects.jsonl").read_text().splitlines()]
        assert len(lines) == told.outcomes["rejected"]
        assert all(x["reason"] and x["next_step"] for x in lines)
        for line in lines:
            assert line["row"] == rows[line["line"] - 2]["record"]
        refused = [x for x in lines if x["job"]]
        assert refused, "the sandbox refused nothing"
        open_rejects = operate(tmp_path, config, "rejects", "--json").stdout.splitlines()
        again = operate(tmp_path, config, "retry")
        assert again.receipt["rows_in"] == len(open_rejects)
        assert sum(again.outcomes.values()) == len(open_rejects)
        left = Counter(json.loads(x)["key"] for x in _open(tmp_path, config))
        assert sum(left.values()) == again.outcomes.get("rejected", 0)
        living(sandbox)


def _open(folder: Path, config: dict[str, Any]) -> list[str]:
    return operate(folder, config, "rejects", "--json").stdout.splitlines()
