"""Promises: undo restores what nobody touched, keep_edits writes over nothing that people changed.

Each is killed (SIGKILL) in the middle and said again; judged by the sandbox's own rows.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.people import edit
from tests.support.taken_back import Sizes, TakenBack, kill_at
from tests.support.target_process import (
    living,
    operate,
    record,
    schema,
    settings,
    start,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZES = Sizes(updates=180, deletes=60, creates=60, edits=50, batch=20)
A_SECOND_AND_MORE = 2.1
"""Who edits what was created is told by a clock that counts seconds."""
KEYS, EDITED = 200, 50


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "400", "--tickets", "0", "--orders", "0"]) as running:
        running.knobs(delete_mode="soft_listed", job_duration_ms=150)
        yield running


def test_a_run_is_taken_back_but_for_what_people_changed(sandbox: Sandbox, tmp_path: Path) -> None:
    story = TakenBack(sandbox, tmp_path, SIZES)
    wrote = story.write().told
    assert wrote.outcomes == {"updated": 180, "deleted": 60, "created": 60}, wrote.stderr
    time.sleep(A_SECOND_AND_MORE)
    story.touch()
    assert len(story.wrong()) > SIZES.written - SIZES.edits - 1

    back = story.kill_an_undo(jobs=5)
    assert 0 < back < SIZES.written - SIZES.edits

    last = story.undo().told
    assert last.code == 0, last.stderr
    assert story.wrong() == []
    assert sum(last.outcomes.values()) == SIZES.written
    assert last.receipt["kept_fields"] == {"scores": len(story.kept())}
    # What the other fields of a process that people edited were, is restored.
    edited = {process for process, done in story.people.items() if done and "city" not in done}
    assert edited <= {process for process, _ in story.kept()}


def rows(keys: list[str], remarks: str, scores: dict[str, int]) -> list[dict[str, Any]]:
    made = [record("scores", lead_id=key, score=scores[key], remarks=remarks) for key in keys]
    return [schema("scores", ["lead_id", "score", "remarks"]), *made]


def test_no_edit_is_overwritten_until_its_source_changes(sandbox: Sandbox, tmp_path: Path) -> None:
    keys = sorted(living(sandbox))[:KEYS]
    stream = {"stream": "scores", "procedure": "lead", "key": "lead_id", "keep_edits": True}
    config = settings(sandbox, streams=[{**stream, "mode": "update"}], batch_size=20)
    scores = {key: 9000 + n for n, key in enumerate(keys)}
    assert write(tmp_path, config, rows(keys, "first", scores)).outcomes == {"updated": KEYS}
    edited = {key: n for n, key in enumerate(keys[20 : 20 + EDITED])}
    for key, score in edited.items():
        edit(sandbox, key, score=score)

    # All rows are written, each but for its edit; the run is killed, and its rows come again.
    lines = "".join(f"{json.dumps(line)}\n" for line in rows(keys, "second", scores))
    (tmp_path / "rows.singer").write_text(lines)
    sandbox.forget_requests()
    kill_at(4, start(tmp_path, config, "--input", "rows.singer"), sandbox)
    again = write(tmp_path, config, rows(keys, "second", scores))
    assert again.code == 0, again.stderr
    held = {key: living(sandbox)[key]["data"] for key in keys}
    assert {held[key]["remarks"] for key in keys} == {"second"}
    assert {key: int(held[key]["score"]) for key in keys} == scores | edited
    assert again.receipt["kept_fields"] == {"scores": EDITED}
    listed = operate(tmp_path, config, "kept", "--json").stdout.splitlines()
    told = {json.loads(line)["key"]: json.loads(line)["held"] for line in listed}
    assert told == {f"lead_id={key}": score for key, score in edited.items()}

    # The source changes ten of them.
    anew = {key: 7000 + n for n, key in enumerate(list(edited)[:10])}
    last = write(tmp_path, config, rows(keys, "second", scores | anew))
    assert last.outcomes == {"updated": 10, "kept": EDITED - 10, "unchanged": KEYS - EDITED}
    now = living(sandbox)
    assert {key: int(now[key]["data"]["score"]) for key in keys} == scores | edited | anew
