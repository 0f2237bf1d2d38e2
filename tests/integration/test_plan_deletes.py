"""A plan's delete, and people who work on beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.support.people import edit
from tests.support.target_process import living, operate, record, schema, settings, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("updated_at", ["usable", "zero", "absent"])
def test_what_people_wrote_since_the_plan_is_not_deleted(tmp_path: Path, updated_at: str) -> None:
    mapping = {"stream": "gone", "procedure": "lead", "key": "lead_id", "mode": "delete"}
    keys = [f"L-{number:06d}" for number in range(1, 7)]
    lines = [schema("gone", ["lead_id"]), *(record("gone", lead_id=key) for key in keys)]
    with start_sandbox(["--rows", "20"]) as sandbox:
        sandbox.knobs(updated_at=updated_at)
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
        listed = operate(tmp_path, config, "rejects").stdout
        if updated_at == "usable":
            assert "2 rows: Changed since the plan: its process was written since" in listed
        else:
            assert "Changed since the plan: data.remarks was " in listed
            assert " and is 'precious'" in listed
            assert "Changed since the plan: data.score was " in listed
        again = operate(tmp_path, config, "apply", str(plan), "--yes")
        assert again.code == 7, again.stderr
        assert "Nothing of this plan is left to do" in again.stderr
        # Not the second run, which was refused before it did anything.
        assert "its actions have an outcome, of run 3 (" in again.stderr
        assert "2 rows rejected and still open" in again.stderr


def test_a_delete_whose_process_tells_no_more_when_it_was_written_is_left(tmp_path: Path) -> None:
    mapping = {"stream": "gone", "procedure": "lead", "key": "lead_id", "mode": "delete"}
    lines = [schema("gone", ["lead_id"]), record("gone", lead_id="L-000003")]
    with start_sandbox(["--rows", "20"]) as sandbox:
        plan = tmp_path / "plan.parquet"
        config = settings(sandbox, streams=[mapping], max_deletes=10, plan_path=str(plan))
        assert write(tmp_path, config, lines).code == 0
        sandbox.knobs(updated_at="absent")
        del config["plan_path"]

        told = operate(tmp_path, config, "apply", str(plan), "--yes")

        assert told.code == 7, told.stderr
        assert "L-000003" in living(sandbox)
        assert "ChakraHQ shows no updatedAt of its process, which would tell" in told.stderr


@pytest.mark.parametrize("updated_at", ["usable", "absent"])
def test_what_the_plan_itself_writes_it_deletes(tmp_path: Path, updated_at: str) -> None:
    mapping = {"stream": "rows", "procedure": "lead", "key": "lead_id", "delete_when": "gone"}
    columns = schema("rows", ["lead_id", "score", "gone"])
    there, new = "L-000003", "N-1"
    lines = [columns]
    for key in (there, new):
        lines += [record("rows", lead_id=key, score=7, gone=False)]
    # Rows between, so that the delete does not take the place of the write.
    lines += [record("rows", lead_id=f"F-{n}", score=n, gone=False) for n in range(40)]
    lines += [record("rows", lead_id=key, score=7, gone=True) for key in (there, new)]
    with start_sandbox(["--rows", "20"]) as sandbox:
        sandbox.knobs(updated_at=updated_at)
        plan = tmp_path / "plan.parquet"
        config = settings(sandbox, streams=[mapping], max_deletes=10, batch_size=5)
        planned = write(tmp_path, {**config, "plan_path": str(plan)}, lines)
        assert planned.code == 0, planned.stderr

        told = operate(tmp_path, config, "apply", str(plan), "--yes")

        assert told.code == 0, told.stderr
        assert not {there, new} & living(sandbox).keys()
        assert len({key for key in living(sandbox) if key.startswith("F-")}) == 40
