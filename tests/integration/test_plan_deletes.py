"""A plan's delete, and people who work on beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox.launch import start_sandbox
from tests.support.people import edit
from tests.support.target_process import living, operate, record, schema, settings, write

if TYPE_CHECKING:
    from pathlib import Path


def test_what_people_wrote_since_the_plan_is_not_deleted(tmp_path: Path) -> None:
    mapping = {"stream": "gone", "procedure": "lead", "key": "lead_id", "mode": "delete"}
    keys = [f"L-{number:06d}" for number in range(1, 7)]
    lines = [schema("gone", ["lead_id"]), *(record("gone", lead_id=key) for key in keys)]
    with start_sandbox(["--rows", "20"]) as sandbox:
        plan = tmp_path / "plan.parquet"
        config = settings(sandbox, streams=[mapping], max_deletes=10, plan_path=str(plan))
        assert write(tmp_path, config, lines).code == 0
        edit(sandbox, keys[1], remarks="precious")
        edit(sandbox, keys[4], score=99)
        del config["plan_path"]

        refused = operate(tmp_path, {**config, "max_deletes": 1}, "apply", str(plan), "--yes")
        assert "max_deletes" in refused.stderr
        told = operate(tmp_path, config, "apply", str(plan), "--yes")

        assert told.code == 7, told.stderr
        assert {keys[1], keys[4]} == living(sandbox).keys() & set(keys)
        assert "Changed since the plan: its process was written since" in told.stderr
        again = operate(tmp_path, config, "apply", str(plan), "--yes")
        assert again.code == 7, again.stderr
        assert "Nothing of this plan is left to do" in again.stderr
        # Not the second run, which was refused before it did anything.
        assert "its actions have an outcome, of run 3 (" in again.stderr
        assert "2 rows rejected and still open" in again.stderr
