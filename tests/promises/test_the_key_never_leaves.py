"""The API key never appears in a log, an error, a state, a journal or a rejects file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.support.target_process import operate, record, schema, settings, state, write

if TYPE_CHECKING:
    from pathlib import Path

SITUATIONS: dict[str, dict[str, Any]] = {
    "all is well": {},
    "errors that quote": {"error_shape": "objects", "entry_error_rate": 0.5},
    "answers that are lost": {"faults": [{"kind": "502_after", "at": [1], "match": "bulk-create"}]},
    "pages of a proxy": {"faults": [{"kind": "html", "every_nth": 2, "match": "list"}]},
}


@pytest.mark.parametrize("knobs", SITUATIONS.values(), ids=SITUATIONS.keys())
def test_the_key_is_in_nothing_that_a_run_leaves(knobs: dict[str, Any], tmp_path: Path) -> None:
    with start_sandbox(["--rows", "50"]) as sandbox:
        sandbox.knobs(job_duration_ms=50, **knobs)
        mapping = {"stream": "scores", "procedure": "lead"}
        config = settings(sandbox, streams=[mapping], rejects_path="rejects.jsonl", max_rejects=99)
        # A row that carries the key by mistake is the user's own data, and not what is meant.
        rows = [record("scores", lead_id=f"K-{n}", score=n if n % 3 else "bad") for n in range(12)]
        told = write(
            tmp_path, config, [schema("scores", ["lead_id", "score"]), *rows, state({"at": 1})]
        )
        assert told.receipt["rows_in"] == 12
        said = [told.stdout, told.stderr]
        for command in ("runs", "rejects", "unknown", "doctor"):
            listed = operate(tmp_path, config, command)
            said += [listed.stdout, listed.stderr]
        wrong = write(tmp_path, {**config, "api_key": sandbox.api_key + "x"}, [])
        said += [wrong.stdout, wrong.stderr]
    (tmp_path / "config.json").unlink()
    assert not [text for text in said if sandbox.api_key in text]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 1
    assert not [path for path in files if sandbox.api_key.encode() in path.read_bytes()]
